"""Differences of two ways: their two intervals."""

import math

import numpy as np
import pytest

from baihua.maths.mean_interval import t_interval
from baihua.maths.proportion import paired_difference
from baihua.studies.ptuning.differences import difference, difference_from_mean
from baihua.studies.ptuning.record import Cell


def cell(right):
    right = np.array(right, dtype=bool)
    return Cell(float(right.mean()), right, (), 1.0)


def random_cells(num, seed, share=0.7):
    rng = np.random.default_rng(seed)
    return [cell(rng.random(200) < share) for _ in range(num)]


def test_a_difference_is_that_of_the_same_samples():
    first, second = random_cells(5, 0), random_cells(5, 1, 0.6)
    found, back = difference(first, second), difference(second, first)
    apart = [one.accuracy - other.accuracy for one, other in zip(first, second, strict=True)]
    assert found.mean == pytest.approx(np.mean(apart))
    assert found.over_samples == pytest.approx(t_interval(apart))
    reviews = paired_difference(first[0].right, second[0].right)
    assert found.over_reviews == (reviews.low, reviews.high)
    assert back.mean == -found.mean
    assert back.over_reviews == pytest.approx((-found.over_reviews[1], -found.over_reviews[0]))


def test_the_interval_over_samples_decides_where_there_are_several():
    many, one = difference(random_cells(3, 0), random_cells(3, 1)), difference(random_cells(1, 0), random_cells(1, 1))
    assert many.interval == many.over_samples != many.over_reviews
    assert one.interval == one.over_reviews
    watched = Cell(0.5, None, ((1, 0.5),), 1.0)
    assert difference([watched], [watched]).interval == (-math.inf, math.inf)


def test_a_mean_of_ways_is_compared_sample_by_sample():
    first, others = random_cells(4, 0), [random_cells(4, seed) for seed in (1, 2, 3)]
    found = difference_from_mean(first, others)
    assert found.mean == pytest.approx(np.mean([difference(first, other).mean for other in others]))
    same = difference_from_mean(first, [others[0]])
    assert (same.mean, same.over_samples) == (
        pytest.approx(difference(first, others[0]).mean),
        pytest.approx(difference(first, others[0]).over_samples),
    )


def test_ways_on_other_numbers_of_samples_are_not_compared():
    with pytest.raises(ValueError, match="zip"):
        difference(random_cells(3, 0), random_cells(2, 1))


def test_it_is_spelled_in_points():
    found = difference([cell([1] * 90 + [0] * 10)] * 2, [cell([1] * 80 + [0] * 20)] * 2)
    assert found.spell("en") == "+10.00 [+10.00, +10.00] (over samples) [+5.52, +17.44] (first sample, over reviews)"
    assert found.spell("zh") == "+10.00 [+10.00, +10.00] (对样本) [+5.52, +17.44] (首个样本，对评论)"
