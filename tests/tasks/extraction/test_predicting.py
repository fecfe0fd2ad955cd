"""From scores of tokens to entities: against a search through all spans, one window at a time."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import CHARACTERS

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.extraction.model import ExtractionModel, batch_of, make_head
from baihua.tasks.extraction.predicting import (
    FoundSpan,
    entities_of,
    find_spans,
    probability,
    score_of,
    threshold_scores,
)
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings
from baihua.tasks.extraction.windows import make_windows
from baihua.text.entities import Entity

RNG = np.random.default_rng(0)
TEXTS = ["".join(RNG.choice(list(CHARACTERS), size)) for size in RNG.integers(1, 100, 40)]
TYPES = ["人", "地"]
LEAST = [0.2, -0.1]
unhurried = settings(database=None, deadline=None)


@pytest.fixture(scope="module")
def encoder(bert_folder):
    return load_encoder(str(bert_folder), device="cpu")


def model_of(encoder, head):
    torch.manual_seed(5)
    made = make_head(head, 16, len(TYPES), ExtractionSettings(max_width=6))
    return ExtractionModel(encoder.model, made)


@pytest.fixture(scope="module")
def windows(encoder):
    return make_windows(encoder.backend(), TEXTS, encoder.max_length, 6)


def search(model, window):
    """All spans of one window above the thresholds, by looking at each."""
    model.eval()
    with torch.no_grad():
        batch = batch_of([window])
        states = model.encoder(input_ids=batch["ids"], attention_mask=batch["mask"]).last_hidden_state[:, 1:-1]
        scores = model.head(states, batch["lengths"])[0]  # (types, length, length)
    for kind, first, last in (scores > torch.tensor(LEAST)[:, None, None]).nonzero().tolist():
        start, end = int(window.offsets[first, 0]), int(window.offsets[last, 1])
        if window.owns(start, end):
            yield (window.text, start, end, kind), float(scores[kind, first, last])


@pytest.mark.parametrize("head", [name for name in HEADS if name != "crf"])
def test_all_spans_above_the_threshold_are_found_once(encoder, windows, head):
    model = model_of(encoder, head)
    found = list(find_spans(model, windows, LEAST))
    expected = dict(pair for window in windows for pair in search(model, window))
    scores = {(span.text, span.start, span.end, span.kind): span.score for span in found}
    assert len(scores) == len(found) > 200
    sure = {place for place, score in expected.items() if score > LEAST[place[3]] + 1e-4}
    assert sure <= scores.keys()
    for place, score in scores.items():
        assert score == pytest.approx(expected.get(place, LEAST[place[3]]), abs=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_what_stands_beside_a_text_does_not_matter(encoder, windows, head):
    model = model_of(encoder, head)
    least = [model.head.default_threshold] * 2
    together = list(find_spans(model, windows, least))
    alone = [span for window in windows for span in find_spans(model, [window], least)]
    scores = [{(one.text, one.start, one.end, one.kind): one.score for one in found} for found in (together, alone)]
    assert len(scores[0]) > 50
    for place in scores[0].keys() | scores[1].keys():
        edge = least[0] if math.isfinite(least[0]) else math.nan
        assert scores[0].get(place, edge) == pytest.approx(scores[1].get(place, edge), abs=1e-5)


def test_progress_and_mode(encoder, windows):
    model = model_of(encoder, "global_pointer").train()
    done = []
    found = list(find_spans(model, windows, LEAST, advance=done.append))
    assert sum(done) == len(windows) > len(TEXTS)
    assert model.training
    assert found == list(find_spans(model, windows, LEAST))  # no dropout although it is in training
    abandoned = find_spans(model, windows, LEAST)
    next(abandoned)
    assert not model.training
    abandoned.close()
    assert model.training
    model.eval()
    assert list(find_spans(model, [], LEAST)) == []
    assert not model.training


def test_bfloat16_gives_finite_scores_close_by(encoder, windows):
    for head in HEADS:
        model = model_of(encoder, head)
        least = [max(model.head.default_threshold, -1.0)] * 2
        exact, rough = ([*find_spans(model, windows, least, precision=name)] for name in ("float32", "bfloat16"))
        assert all(math.isfinite(span.score) for span in rough)
        assert len(rough) == pytest.approx(len(exact), rel=0.3)


def test_a_span_found_twice_counts_once_with_its_best_score():
    spans = [
        FoundSpan(1, 0, 2, 0, 0.1),
        FoundSpan(1, 0, 2, 1, 0.4),
        FoundSpan(1, 0, 2, 0, 0.3),
        FoundSpan(0, 4, 5, 0, -1),
    ]
    found = entities_of(iter(spans), 3, TYPES, "nested")
    assert found == [[Entity(4, 5, "人")], [Entity(0, 2, "人"), Entity(0, 2, "地")], []]
    assert [entity.score for mine in found for entity in mine] == [probability(-1), probability(0.3), probability(0.4)]


spans = st.builds(
    lambda text, start, width, kind, score: FoundSpan(text, start, start + width, kind, score),
    st.integers(0, 2),
    st.integers(0, 8),
    st.integers(1, 4),
    st.integers(0, 1),
    st.floats(-30, 30),
)


@unhurried
@given(st.lists(spans, max_size=20))
def test_overlaps_are_settled_in_each_text_by_itself(found):
    nested, apart, flat = (entities_of(iter(found), 3, TYPES, name) for name in ("nested", "no_crossing", "flat"))
    assert {(number, one.start, one.end, one.type) for number, mine in enumerate(nested) for one in mine} == {
        (one.text, one.start, one.end, TYPES[one.kind]) for one in found
    }
    for mine in nested + apart + flat:
        assert mine == sorted(set(mine))
    for mine in flat:
        assert all(before.end <= after.start for before, after in itertools.pairwise(mine))
    for mine in apart:
        assert not any(one.start < other.start < one.end < other.end for one in mine for other in mine)
    for number, mine in enumerate(nested):
        best = max(mine, key=lambda one: one.score, default=None)
        assert best is None or max(one.score for one in flat[number]) == best.score
        assert set(flat[number]) <= set(mine)
        assert set(apart[number]) <= set(mine)


@unhurried
@given(st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_a_probability_grows_with_its_score(one, other):
    low, high = sorted([one, other])
    assert 0 <= probability(low) <= probability(high) <= 1
    assert probability(one) + probability(-one) == pytest.approx(1)


@unhurried
@given(st.floats(1e-300, 1 - 1e-9))
def test_score_and_probability_are_inverse(chance):
    assert probability(score_of(chance)) == pytest.approx(chance, rel=1e-6)
    assert threshold_scores([chance]) == [max(score_of(chance), -100)]


def test_thresholds_are_probabilities():
    assert [score_of(chance) for chance in (0, 0.5, 1)] == [-math.inf, 0, math.inf]
    assert threshold_scores([0, 0.5, 1]) == [-100, 0, 100]
    for wrong in (-0.1, 1.5, math.nan):
        with pytest.raises(InvalidValue, match="probabilities from 0 to 1"):
            threshold_scores([0.5, wrong])


@pytest.mark.parametrize("head", HEADS)
def test_thresholds_at_both_ends_leave_scores_numbers(encoder, windows, head):
    model = model_of(encoder, head)
    everything = list(find_spans(model, windows[:3], threshold_scores([0, 0])))
    assert everything
    assert all(math.isfinite(span.score) for span in everything)
    assert list(find_spans(model, windows[:3], threshold_scores([1, 1]))) == []
