"""Thresholds against trying every one out."""

import numpy as np
import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.training.span_metrics import PrecisionRecall
from baihua.training.thresholds import best_threshold, best_thresholds, threshold_curve


def candidates(seed, most=12, levels=6, dtype=np.float64):
    """Scores with many ties, which of them are right, and a few gold entities that are no candidates."""
    rng = np.random.default_rng(seed)
    num = int(rng.integers(1, most))
    scores = (rng.integers(-levels, levels, size=num) / 4).astype(dtype)
    right = rng.random(num) < 0.4
    return scores, right, int(right.sum() + rng.integers(0, 4))


def reached(scores, right, num_gold, threshold):
    kept = scores >= threshold
    return PrecisionRecall(int((kept & right).sum()), int(kept.sum()), num_gold)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("seed", range(40))
def test_no_other_threshold_does_better(seed, dtype):
    scores, right, num_gold = candidates(seed, dtype=dtype)
    best = best_threshold(scores, right, num_gold, otherwise=0.1)
    assert best.reached == reached(scores, right, num_gold, best.threshold)
    everything = [reached(scores, right, num_gold, one) for one in [*scores, np.inf]]
    assert best.reached.f1 == max(one.f1 for one in everything)
    if right.any():
        assert best.reached.found == min(one.found for one in everything if one.f1 == best.reached.f1)
        kept, left = scores[scores >= best.threshold], scores[scores < best.threshold]
        assert best.threshold == ((kept.min() + left.max()) / 2 if len(left) else kept.min())


@pytest.mark.parametrize("seed", range(40))
def test_the_curve_counts_what_scores_at_least_so_much(seed):
    scores, right, num_gold = candidates(seed)
    curve = threshold_curve(scores, right, num_gold)
    assert curve.thresholds.tolist() == sorted(set(scores.tolist()), reverse=True)
    for place, threshold in enumerate(curve.thresholds):
        counts = reached(scores, right, num_gold, threshold)
        assert (curve.right[place], curve.found[place], curve.num_gold) == (counts.right, counts.found, num_gold)
        assert (curve.precision[place], curve.recall[place], curve.f1[place]) == (
            counts.precision,
            counts.recall,
            counts.f1,
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_between_neighbouring_numbers_the_upper_one_is_taken(dtype):
    lower = dtype(0.7)
    upper = np.nextafter(lower, dtype(1))
    best = best_threshold(np.array([upper, lower], dtype=dtype), [True, False], 1, otherwise=0.5)
    assert best.threshold == float(upper)
    assert best.reached == PrecisionRecall(1, 1, 1)


def test_the_order_of_candidates_does_not_matter():
    rng = np.random.default_rng(0)
    scores, right, num_gold = candidates(1, most=500)
    order = rng.permutation(len(scores))
    assert best_threshold(scores, right, num_gold, 0.5) == best_threshold(scores[order], right[order], num_gold, 0.5)


def test_where_nothing_can_be_learned_the_threshold_stays():
    assert best_threshold([], [], 3, otherwise=0.5).reached == PrecisionRecall(0, 0, 3)
    wrong = best_threshold([0.9, 0.2], [False, False], 3, otherwise=0.5)
    assert (wrong.threshold, wrong.reached) == (0.5, PrecisionRecall(0, 1, 3))
    assert best_threshold([0.9], [False], 0, otherwise=0.5).reached.f1 == 0
    empty = threshold_curve([], [], 0)
    assert [len(part) for part in (empty.thresholds, empty.precision, empty.recall, empty.f1)] == [0, 0, 0, 0]


def test_each_type_has_its_own():
    scores, right, num_gold = candidates(2)
    best = best_thresholds({"地点": (scores, right)}, {"姓名": 4, "地点": num_gold}, otherwise=0.5)
    assert list(best) == ["姓名", "地点"]
    assert best["地点"] == best_threshold(scores, right, num_gold, 0.5)
    assert best["姓名"] == best_threshold([], [], 4, 0.5)


def test_whole_numbers_will_do_as_scores():
    assert best_threshold([3, 2, 1], [True, False, False], 1, otherwise=0).threshold == 2.5


@pytest.mark.parametrize(
    ("scores", "right", "num_gold", "sentence"),
    [
        ([0.5], [True, False], 1, "scores and right must have the same length, but received 1 and 2"),
        ([0.5, float("nan")], [True, False], 1, "Item 1 of scores is nan"),
        ([float("-inf")], [True], 1, "Item 0 of scores is -inf"),
        ([0.5, 0.4], [True, True], 1, "2 candidates are right, but there are only 1 gold"),
        ([0.5], [False], -1, "only -1 gold"),
    ],
)
def test_values_that_cannot_be(scores, right, num_gold, sentence):
    with pytest.raises(InvalidValue, match=sentence):
        best_threshold(scores, right, num_gold, otherwise=0.5)


def test_other_mistakes():
    with pytest.raises(InvalidType, match="scores must be a row of numbers"):
        threshold_curve(["0.5"], [True], 1)
    with pytest.raises(InvalidType, match=r"scores must be a row of numbers, but received shape \(1, 1\)"):
        threshold_curve([[0.5]], [True], 1)
    with pytest.raises(InvalidType, match="right must be a row of truth values"):
        threshold_curve([0.5], [2], 1)
    with pytest.raises(InvalidValue, match="num_gold lacks the types 地点"):
        best_thresholds({"地点": ([0.5], [True])}, {"姓名": 1}, otherwise=0.5)
