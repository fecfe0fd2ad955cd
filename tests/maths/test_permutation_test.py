"""Permutation tests: all splits by brute force, the level where there is nothing to see, the power where there is."""

import math
from itertools import combinations

import numpy as np
import pytest
import scipy.stats
import torch

from baihua.checks import InvalidValue
from baihua.maths import permutation_test as module
from baihua.maths.energy_distance import squared_energy_distance
from baihua.maths.permutation_test import (
    PermutationTest,
    deal_splits,
    energy_test,
    permutation_test,
    sliced_test,
)
from baihua.maths.sliced_wasserstein import sliced_wasserstein

STATISTICS = {
    "energy": (energy_test, lambda x, y, seed=0: squared_energy_distance(x, y)),
    "sliced": (
        lambda x, y, num, seed=0: sliced_test(x, y, num, num_directions=16, seed=seed),
        lambda x, y, seed=0: sliced_wasserstein(x, y, num_directions=16, seed=seed),
    ),
}


def samples(num_x, num_y, width=3, shift=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num_x, width)), rng.normal(shift, size=(num_y, width))


def every_split(x, y, statistic):
    """The statistic of every way to choose as many points as ``x`` has, the observed way first."""
    pooled = np.concatenate([x, y])
    values = []
    for chosen in combinations(range(len(pooled)), len(x)):
        others = [place for place in range(len(pooled)) if place not in chosen]
        values.append(statistic(pooled[list(chosen)], pooled[others]))
    return np.array(values)


@pytest.mark.parametrize("kind", STATISTICS)
@pytest.mark.parametrize("sizes", [(3, 3), (2, 5), (5, 2)])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_of_few_points_every_split_is_looked_at(kind, sizes, shift):
    fast, slow = STATISTICS[kind]
    x, y = samples(*sizes, shift=shift)
    found = fast(x, y, 999)
    expected = every_split(x, y, slow)
    assert found.exact
    assert found.observed == pytest.approx(expected[0], rel=1e-9)
    np.testing.assert_allclose(found.permuted, expected[1:], rtol=1e-9, atol=1e-12)
    reaching = (expected >= expected[0] - 1e-9).sum()
    assert found.p_value == reaching / math.comb(sum(sizes), sizes[0])


@pytest.mark.parametrize("kind", STATISTICS)
@pytest.mark.parametrize("sizes", [(20, 20), (12, 31)])
def test_random_splits_have_the_distance_they_would_have_alone(kind, sizes, monkeypatch):
    fast, slow = STATISTICS[kind]
    x, y = samples(*sizes, shift=0.3)
    pooled = np.concatenate([x, y])
    found = fast(x, y, 40, seed=7)
    assert not found.exact
    for in_first, value in zip(deal_splits(*sizes, 40, 7).in_first, found.permuted, strict=True):
        expected = slow(pooled[in_first], pooled[~in_first], seed=7)
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)
    monkeypatch.setattr(module, "NUMBERS_AT_ONCE", 7 * len(pooled))
    monkeypatch.setattr(module, "SPLITS_AT_ONCE", 9)
    np.testing.assert_allclose(fast(x, y, 40, seed=7).permuted, found.permuted, rtol=1e-9, atol=1e-12)


def test_any_statistic_gets_the_places_of_both_parts():
    x, y = samples(15, 10)
    pooled = np.concatenate([x, y])
    slow = permutation_test(lambda i, j: squared_energy_distance(pooled[i], pooled[j]), (15, 10), 50, seed=3)
    fast = energy_test(x, y, 50, seed=3)
    assert slow.observed == pytest.approx(fast.observed, rel=1e-9)
    np.testing.assert_allclose(slow.permuted, fast.permuted, rtol=1e-9, atol=1e-12)
    assert slow.p_value == fast.p_value


def test_splits_are_all_different_where_all_are_taken_and_of_the_right_size():
    splits = deal_splits(3, 4, 1000)
    assert splits.exact
    assert len({tuple(row) for row in splits.in_first.tolist()}) == math.comb(7, 3) - 1
    drawn = deal_splits(30, 10, 100, seed=1)
    assert not drawn.exact
    for some in (splits.in_first, drawn.in_first):
        assert set(some.sum(axis=1)) == {3 if some is splits.in_first else 30}
    assert (drawn.in_first == deal_splits(30, 10, 100, seed=1).in_first).all()
    assert (drawn.in_first != deal_splits(30, 10, 100, seed=2).in_first).any()


@pytest.mark.parametrize("kind", ["energy", "sliced", "means"])
@pytest.mark.parametrize("sizes", [(15, 15), (8, 25)])
def test_p_values_are_uniform_where_there_is_nothing_to_see(kind, sizes):
    """With 19 splits p-values are multiples of 1/20, all equally likely."""
    repeats, num = 300, 19
    values = []
    for seed in range(repeats):
        x, y = samples(*sizes, width=2, seed=seed)
        if kind == "energy":
            values.append(energy_test(x, y, num, seed=seed).p_value)
        elif kind == "sliced":
            values.append(sliced_test(x, y, num, num_directions=4, seed=seed).p_value)
        else:
            points = np.concatenate([x, y])[:, 0]
            test = permutation_test(lambda i, j, p=points: p[i].mean() - p[j].mean(), sizes, num, seed=seed)
            values.append(test.p_value)
    counts = np.bincount(np.rint(np.array(values) * 20).astype(int), minlength=21)
    assert counts[0] == 0
    assert scipy.stats.chisquare(counts[1:]).pvalue > 1e-3


@pytest.mark.parametrize("kind", STATISTICS)
def test_a_shift_and_another_spread_are_seen(kind):
    test = STATISTICS[kind][0]
    for num_x, num_y in ((40, 40), (20, 90)):
        assert test(*samples(num_x, num_y, shift=1.0), 199).p_value == 1 / 200
        x, y = samples(num_x, num_y)
        assert test(x, y * 3, 199).p_value == 1 / 200


@pytest.mark.parametrize("kind", STATISTICS)
def test_ties_count_as_reaching(kind):
    test = STATISTICS[kind][0]
    same = np.ones((20, 3))
    assert test(same, same, 99).p_value == 1
    x, _ = samples(30, 1)
    assert test(x, x, 99).p_value == 1  # nothing is nearer than equal samples
    # Of points that take two values many splits are the same but for the order in which their sums are rounded.
    x, y = np.repeat([[0.1], [0.7]], [7, 3], axis=0), np.repeat([[0.1], [0.7]], [2, 8], axis=0)
    found = test(x, y, 9999)
    low_in_first = scipy.stats.hypergeom(20, 9, 10).pmf  # observed: 7 of the 9 low ones; 2 would be as far from half
    assert found.p_value == pytest.approx(sum(low_in_first(k) for k in (0, 1, 2, 7, 8, 9)), abs=0.012)


def test_a_p_value_is_never_0():
    assert PermutationTest(1.0, np.zeros(99), exact=False).p_value == 0.01
    assert PermutationTest(0.0, np.zeros(99), exact=False).p_value == 1
    assert PermutationTest(1.0, np.array([1 - 1e-12] * 9), exact=False).p_value == 1


def test_tensors_give_what_arrays_give():
    x, y = samples(20, 30, shift=0.2)
    for test in (energy_test, sliced_test):
        tensors = test(torch.tensor(x, requires_grad=True), torch.tensor(y), 29)
        assert tensors.observed == test(x, y, 29).observed
        np.testing.assert_array_equal(tensors.permuted, test(x, y, 29).permuted)


@pytest.mark.parametrize("test", [energy_test, sliced_test])
@pytest.mark.parametrize(
    ("sizes", "num", "said"),
    [
        ((5, 5), 0, "were asked for"),
        ((5, 5), -3, "were asked for"),
        ((5, 5), 10**12, "1 to 214748364 permutations"),
    ],
)
def test_numbers_that_cannot_be_are_refused(test, sizes, num, said):
    with pytest.raises(InvalidValue, match=said):
        test(*samples(*sizes), num)


def test_other_mistakes_are_said():
    with pytest.raises(InvalidValue, match="at least 2 points"):
        energy_test(*samples(1, 5))
    with pytest.raises(InvalidValue, match="different widths"):
        energy_test(samples(5, 5)[0], samples(5, 5, width=2)[1])
    with pytest.raises(InvalidValue, match="NaN or infinity"):
        permutation_test(lambda i, j: math.nan, (5, 5), 9)
    with pytest.raises(InvalidValue, match="on either side"):
        permutation_test(lambda i, j: 0.0, (0, 5), 9)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("test", [energy_test, sliced_test])
def test_a_gpu_gives_the_same(test):
    x, y = samples(50, 40)
    found = test(torch.tensor(x).cuda(), torch.tensor(y).cuda(), 99)
    np.testing.assert_allclose(found.permuted, test(x, y, 99).permuted, rtol=1e-9, atol=1e-12)
