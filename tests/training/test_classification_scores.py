"""Scores against scikit-learn's, by hand, and where scikit-learn has no answer: labels never seen."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from baihua.checks import InvalidValue
from baihua.maths.proportion import wilson_interval
from baihua.training.classification_scores import score_labels

LABELS = ["体育", "娱乐", "财经"]


def case(seed, num, num_labels, absent=0):
    """Random probabilities and answers; the last labels never come."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.ones(num_labels), num)
    labels = [f"标签{number:02d}" for number in range(num_labels)]
    gold = [labels[place] for place in rng.integers(0, num_labels - absent, num)]
    return chances, labels, gold


@settings(deadline=None, database=None, max_examples=60)
@given(seed=st.integers(0, 10_000), num=st.integers(1, 60), num_labels=st.integers(2, 8), absent=st.integers(0, 1))
def test_as_scikit_learn_has_it(seed, num, num_labels, absent):
    chances, labels, gold = case(seed, num, num_labels, absent)
    given_labels = [labels[place] for place in chances.argmax(axis=1)]
    scores = score_labels(chances, labels, gold)
    assert scores.accuracy == metrics.accuracy_score(gold, given_labels)
    assert scores.macro_f1 == pytest.approx(metrics.f1_score(gold, given_labels, average="macro", zero_division=0))
    assert np.array_equal(scores.confusion, metrics.confusion_matrix(gold, given_labels, labels=labels))
    assert scores.log_loss == pytest.approx(metrics.log_loss(gold, chances, labels=labels))
    present = sorted({*gold, *given_labels})
    assert sorted(scores.per_label) == present
    each = metrics.precision_recall_fscore_support(gold, given_labels, labels=present, zero_division=0)
    for label, precision, recall, f1, support in zip(present, *each, strict=True):
        mine = scores.per_label[label]
        assert (mine.precision, mine.recall, mine.f1, mine.gold) == pytest.approx((precision, recall, f1, support))


def test_by_hand():
    chances = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]]
    scores = score_labels(chances, LABELS, ["体育", "娱乐", "娱乐", "财经"])
    assert (scores.num_right, scores.num_texts, scores.accuracy) == (3, 4, 0.75)
    assert scores.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    assert scores.per_label["体育"].precision == 0.5
    assert scores.per_label["娱乐"].recall == 0.5
    assert scores.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert scores.log_loss == pytest.approx(-np.log([0.7, 0.8, 0.3, 0.6]).mean())
    assert scores.calibration_error == pytest.approx(0.75 - np.mean([0.7, 0.8, 0.6, 0.6]))
    assert scores.interval == wilson_interval(3, 4)


def test_a_label_never_seen_counts_as_wrong():
    chances = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]
    scores = score_labels(chances, ["好", "坏"], ["好", "坏", "新"])
    assert (scores.num_right, scores.num_texts, scores.num_unknown) == (2, 3, 1)
    assert scores.labels == ("坏", "好", "新") == tuple(sorted("好坏新"))
    assert scores.per_label["新"].recall == 0
    assert sum(map(sum, scores.confusion)) == 3
    assert scores.log_loss == pytest.approx(-np.log([0.9, 0.8]).mean())


def test_where_no_label_is_known_there_is_no_log_loss():
    scores = score_labels([[0.5, 0.5]], ["好", "坏"], ["新"])
    assert (scores.accuracy, scores.log_loss, scores.num_unknown) == (0, None, 1)


def test_of_equal_probabilities_the_first_label_is_given():
    assert score_labels([[0.5, 0.5]], ["b", "a"], ["b"]).accuracy == 1


def test_an_impossible_answer_costs_no_more_than_rounding_allows():
    scores = score_labels([[1.0, 0.0]], ["a", "b"], ["b"])
    assert scores.log_loss == pytest.approx(-math.log(np.finfo(np.float64).eps))
    assert scores.calibration_error == 1


@pytest.mark.parametrize("sharpness", [1.0, 3.0])
def test_calibration_error_tells_sure_from_right(sharpness):
    """Answers drawn with the probabilities themselves have hardly any; the same probabilities made sharper have some."""
    rng = np.random.default_rng(0)
    right = rng.uniform(0.5, 1, 4000)
    gold = np.where(rng.random(4000) < right, "a", "b").tolist()
    odds = (right / (1 - right)) ** sharpness
    said = odds / (1 + odds)
    error = score_labels(np.stack([said, 1 - said], axis=1), ["a", "b"], gold).calibration_error
    assert error < 0.03 if sharpness == 1 else error > 0.1


def test_it_can_be_written_as_json():
    scores = score_labels(*case(0, 30, 4))
    plain = json.loads(json.dumps(scores.to_dict(), ensure_ascii=False))
    assert plain["accuracy"] == scores.accuracy
    assert plain["interval"] == list(scores.interval)
    assert plain["per_label"]["标签00"]["f1"] == scores.per_label["标签00"].f1
    assert plain["confusion"] == [list(row) for row in scores.confusion]


@pytest.mark.parametrize(
    ("chances", "labels", "gold", "message"),
    [
        (np.empty((0, 2)), ["a", "b"], [], "no text to score"),
        ([[0.5, 0.5]], ["a", "b"], ["a", "b"], r"have shape \(2, 2\), but received \(1, 2\)"),
        ([[0.5, 0.5]], ["a", "b", "c"], ["a"], r"have shape \(1, 3\)"),
        ([[0.5, 0.5]], ["a", "a"], ["a"], "2 different labels"),
        ([[0.5, 0.6]], ["a", "b"], ["a"], "must add up to 1"),
        ([[-0.5, 1.5]], ["a", "b"], ["a"], "must not be below 0"),
        ([[np.nan, 1.0]], ["a", "b"], ["a"], "must add up to 1"),
    ],
)
def test_mistakes(chances, labels, gold, message):
    with pytest.raises(InvalidValue, match=message):
        score_labels(chances, labels, gold)
