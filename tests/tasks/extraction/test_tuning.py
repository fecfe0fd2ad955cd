"""Thresholds chosen on known entities: never worse than those there were, and the best of each type where types are apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baihua.tasks.extraction.predicting import FoundSpan, entities_of, probability, score_of, threshold_scores
from baihua.tasks.extraction.tuning import LEAST_CANDIDATE, least_scores, tuned_thresholds
from baihua.text.entities import Entity
from baihua.training.span_metrics import score_entities

NAMES = ["人", "地"]
USUAL = {"人": 0.5, "地": 0.5}
unhurried = settings(database=None, deadline=None, max_examples=200)


def span(start, score, kind=0, text=0, width=1):
    return FoundSpan(text, start, start + width, kind, score)


def f1_with(thresholds, found, gold, overlap="nested"):
    least = threshold_scores([thresholds[name] for name in NAMES])
    above = (one for one in found if one.score > least[one.kind])
    return score_entities(entities_of(above, len(gold), NAMES, overlap), gold)


spans = st.builds(
    span,
    st.integers(0, 6),
    st.floats(-1.9, 25).map(lambda score: round(score, 2)),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(1, 3),
)
golds = st.lists(
    st.sets(st.tuples(st.integers(0, 6), st.integers(1, 3), st.sampled_from([*NAMES, "山"])), max_size=6),
    min_size=2,
    max_size=2,
).map(lambda texts: [sorted(Entity(start, start + width, name) for start, width, name in mine) for mine in texts])
chances = st.floats(0, 1)


@unhurried
@given(
    st.lists(spans, max_size=14), golds, st.tuples(chances, chances), st.sampled_from(["nested", "no_crossing", "flat"])
)
def test_f1_over_all_never_falls(found, gold, current, overlap):
    before = dict(zip(NAMES, current, strict=True))
    after = tuned_thresholds(found, gold, before, 0.5, overlap)
    assert after.keys() == before.keys()
    assert all(0 <= threshold < 1 or threshold == before[name] for name, threshold in after.items())
    assert f1_with(after, found, gold, overlap).f1 >= f1_with(before, found, gold, overlap).f1
    assert f1_with(after, found, gold, overlap).f1 >= f1_with(USUAL, found, gold, overlap).f1


@unhurried
@given(st.lists(spans, max_size=14), golds)
def test_of_one_type_no_threshold_is_better(found, gold):
    found = [FoundSpan(one.text, one.start, one.end, 0, min(one.score, 15)) for one in found]
    gold = [[entity for entity in mine if entity.type == "人"] for mine in gold]
    reached = f1_with(tuned_thresholds(found, gold, USUAL, 0.5, "nested"), found, gold).f1
    for score in [one.score - 1e-3 for one in found] + [16]:
        assert reached >= f1_with({"人": probability(score), "地": 0.5}, found, gold).f1


def test_the_lowest_candidate_is_found_when_it_is_right():
    found, gold = [span(0, 2.0), span(1, -1.0)], [[Entity(0, 1, "人"), Entity(1, 2, "人")]]
    tuned = tuned_thresholds(found, gold, USUAL, 0.5, "nested")
    assert f1_with(tuned, found, gold).f1 == 1
    assert score_of(tuned["人"]) == pytest.approx(-1, abs=0.1)


def test_the_usual_threshold_stays_where_it_is_as_good():
    gold = [[Entity(0, 1, "人"), Entity(3, 4, "地")]]
    assert tuned_thresholds([span(0, 3.0), span(1, -1.0)], gold, USUAL, 0.5, "nested") == USUAL
    assert tuned_thresholds([span(0, 40.0), span(1, 0.0)], gold, USUAL, 0.5, "nested") == USUAL
    assert tuned_thresholds([span(5, 40.0)], gold, USUAL, 0.5, "nested") == USUAL
    assert tuned_thresholds([], gold, USUAL, 0.5, "nested") == USUAL


def test_a_new_threshold_lies_halfway():
    gold = [[Entity(0, 1, "人")]]
    tuned = tuned_thresholds([span(0, 3.0), span(1, 1.0)], gold, USUAL, 0.5, "nested")
    assert tuned == {"人": pytest.approx(probability(2.0)), "地": 0.5}


def test_scores_beyond_the_last_digit_of_a_probability():
    """Both probabilities are 1.0 in float64, and a threshold of 1 would find nothing any more."""
    found, gold = [span(0, 30.0), span(1, 25.0), span(2, 1.0)], [[Entity(0, 1, "人")]]
    tuned = tuned_thresholds(found, gold, USUAL, 0.5, "nested")
    assert [one.start for one in entities_of(iter(found[:2]), 1, NAMES, "nested")[0]] == [0, 1]
    assert f1_with(tuned, found, gold).num_found == 2


def test_types_that_gain_by_themselves_do_not_make_the_whole_worse():
    """Of the first type a hundred more are found for ten right ones: better for it, worse for all together."""
    found = [span(number, 2.0, 0) for number in range(4)] + [span(number, -1.0, 0) for number in range(4, 200)]
    found += [span(number, 2.0, 1, text=1) for number in range(40)]
    gold = [
        [Entity(number, number + 1, "人") for number in range(3, 60)],
        [Entity(number, number + 1, "地") for number in range(40)],
    ]
    tuned = tuned_thresholds(found, gold, USUAL, 0.5, "nested")
    alone = tuned_thresholds(found[:200], [gold[0], []], USUAL, 0.5, "nested")
    assert f1_with(alone, found, gold).per_type["人"].f1 > f1_with(USUAL, found, gold).per_type["人"].f1
    assert f1_with(alone, found, gold).f1 < f1_with(USUAL, found, gold).f1
    assert f1_with(tuned, found, gold).f1 >= f1_with(USUAL, found, gold).f1


def test_what_is_found_already_is_a_candidate():
    assert least_scores(NAMES, USUAL, 0.5) == [score_of(LEAST_CANDIDATE)] * 2
    assert least_scores(NAMES, {"人": 0.001, "地": 0.5}, 0.5) == [score_of(0.001), score_of(LEAST_CANDIDATE)]
    assert least_scores(NAMES, USUAL, 0.0) == [-100, -100]  # the CRF's
