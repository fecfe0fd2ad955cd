"""Answering only where one is sure: every point against a count by hand, and thresholds that keep what they promise."""

import numpy as np
import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.maths.proportion import wilson_interval
from baihua.training.answered_share import answered_shares, suggest_threshold

CHANCES = [0.9, 0.9, 0.8, 0.7, 0.6, 0.5]
RIGHT = [True, True, True, False, True, False]


def drawn(num=400, seed=0):
    """Answers that are right as often as their probability says."""
    rng = np.random.default_rng(seed)
    chances = rng.uniform(0.5, 1.0, num).round(2)  # with ties
    return chances, rng.random(num) < chances


def test_points_are_what_one_counts():
    points = answered_shares(CHANCES, RIGHT, num_points=6)
    assert [point.threshold for point in points] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert [(point.num_right, point.num_answered) for point in points] == [(4, 6), (4, 5), (3, 4), (3, 3), (2, 2)]
    assert points[0].share == 1.0
    assert points[0].accuracy == 4 / 6
    assert points[0].interval == wilson_interval(4, 6)


def test_every_point_against_a_count():
    chances, right = drawn()
    points = answered_shares(chances, right)
    assert len(points) == 10
    for point, share in zip(points, np.arange(1.0, 0.0, -0.1), strict=True):
        kept = chances >= point.threshold
        assert (point.num_answered, point.num_right, point.num_texts) == (kept.sum(), right[kept].sum(), 400)
        assert point.share <= share + 1e-9
    accuracies = [point.accuracy for point in points]
    assert accuracies[-1] > accuracies[0]


def test_a_point_that_would_answer_nobody_is_left_out():
    assert len(answered_shares([0.5] * 4, [True, False, True, False])) == 1
    assert [point.num_answered for point in answered_shares([0.9, 0.5, 0.5], [True, True, False], num_points=3)] == [
        3,
        1,
    ]


def test_order_plays_no_part():
    chances, right = drawn()
    order = np.random.default_rng(1).permutation(len(chances))
    assert answered_shares(chances, right) == answered_shares(chances[order], right[order])


def test_json_has_fractions():
    found = answered_shares(CHANCES, RIGHT, num_points=1)[0].to_dict()
    assert found.keys() == {"threshold", "share", "accuracy", "interval", "answered", "right"}
    assert found["accuracy"] == 4 / 6


@pytest.mark.parametrize("accuracy", [0.6, 0.8, 0.9])
def test_a_threshold_answers_as_many_as_it_may(accuracy):
    chances, right = drawn()
    threshold = suggest_threshold(chances, right, accuracy=accuracy)
    kept = chances >= threshold
    assert right[kept].mean() >= accuracy
    for lower in np.unique(chances[~kept]):
        assert right[chances >= lower].mean() < accuracy


def test_an_accuracy_that_is_never_reached_has_no_threshold():
    assert suggest_threshold([0.9, 0.8], [False, True], accuracy=0.9) is None
    assert suggest_threshold([0.9, 0.8], [True, True], accuracy=1.0) == 0.8


def test_without_an_accuracy_right_answers_are_told_from_wrong_ones():
    chances, right = drawn()
    threshold = suggest_threshold(chances, right)

    def f1(bar):
        kept = chances >= bar
        return 2 * right[kept].sum() / (kept.sum() + right.sum())

    assert f1(threshold) == max(f1(bar) for bar in np.unique(chances))
    assert suggest_threshold([0.9, 0.8], [False, False]) == 0.5


@pytest.mark.parametrize("accuracy", [0.0, -1.0, 1.5, float("nan")])
def test_an_accuracy_is_a_fraction(accuracy):
    with pytest.raises(InvalidValue, match="above 0 and at most 1"):
        suggest_threshold(CHANCES, RIGHT, accuracy=accuracy)


def test_mistakes():
    with pytest.raises(InvalidValue, match="At least one text"):
        answered_shares([], [])
    with pytest.raises(InvalidValue, match="At least one text and one point"):
        answered_shares(CHANCES, RIGHT, num_points=0)
    with pytest.raises(InvalidValue, match="same length"):
        answered_shares(CHANCES, RIGHT[:2])
    with pytest.raises(InvalidType, match="truth values"):
        answered_shares(CHANCES, [1, 1, 1, 0, 1, 0])
    with pytest.raises(InvalidValue, match="no finite number"):
        suggest_threshold([float("nan")], [True])
