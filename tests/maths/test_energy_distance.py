"""Energy distance and MMD against sums by hand, scipy in one dimension, their expectations, and their gradients."""

import numpy as np
import pytest
import scipy.stats
import torch

from baihua.checks import InvalidType, InvalidValue
from baihua.maths import energy_distance
from baihua.maths.energy_distance import (
    energy_witness,
    left_out_witness,
    median_distance,
    squared_energy_distance,
    squared_mmd,
)


def gap(a, b):
    return float(np.sqrt(((a - b) ** 2).sum()))


def by_hand(x, y, kernel, unbiased):
    """E k(X, X') + E k(Y, Y') − 2 E k(X, Y), pair by pair."""

    def within(points):
        pairs = [(i, j) for i in range(len(points)) for j in range(len(points)) if i != j or not unbiased]
        return np.mean([kernel(gap(points[i], points[j])) for i, j in pairs])

    return within(x) + within(y) - 2 * np.mean([kernel(gap(a, b)) for a in x for b in y])


def two_samples(num_x=13, num_y=9, width=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num_x, width)), rng.normal(loc=0.4, scale=1.3, size=(num_y, width))


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("sizes", [(13, 9), (2, 2), (40, 3)])
def test_both_are_the_sums_over_pairs(unbiased, sizes):
    x, y = two_samples(*sizes)
    y[0] = x[0]  # a point of both
    energy = by_hand(x, y, lambda distance: -distance, unbiased)
    assert squared_energy_distance(x, y, unbiased=unbiased) == pytest.approx(energy, rel=1e-12, abs=1e-13)
    mmd = by_hand(x, y, lambda distance: np.exp(-(distance**2) / (2 * 1.7**2)), unbiased)
    assert squared_mmd(x, y, bandwidth=1.7, unbiased=unbiased) == pytest.approx(mmd, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("unbiased", [True, False])
def test_blocks_change_nothing(monkeypatch, unbiased):
    x, y = two_samples(23, 31)
    whole = squared_energy_distance(x, y, unbiased=unbiased), squared_mmd(x, y, unbiased=unbiased)
    witness = energy_witness(x, x, y)
    monkeypatch.setattr(energy_distance, "ROWS_AT_ONCE", 4)
    monkeypatch.setattr(energy_distance, "COLUMNS_AT_ONCE", 7)
    assert squared_energy_distance(x, y, unbiased=unbiased) == pytest.approx(whole[0], rel=1e-13)
    assert squared_mmd(x, y, unbiased=unbiased) == pytest.approx(whole[1], rel=1e-13)
    np.testing.assert_allclose(energy_witness(x, x, y), witness, rtol=1e-13)


def test_one_dimension_agrees_with_scipy():
    rng = np.random.default_rng(1)
    for num_x, num_y in ((50, 50), (31, 77), (1, 8)):
        x, y = rng.normal(size=num_x), rng.exponential(size=num_y)
        expected = scipy.stats.energy_distance(x, y) ** 2
        assert squared_energy_distance(x[:, None], y[:, None], unbiased=False) == pytest.approx(expected, rel=1e-10)


def test_the_unbiased_estimate_is_right_on_average_and_the_other_too_large():
    """Of normal laws whose means are far apart by δ: 2 E|X − Y| − 2 E|X − X'|, in closed form through the folded normal."""
    rng = np.random.default_rng(2)
    shift, size, draws = 1.0, 4, 20_000
    folded = scipy.stats.foldnorm(shift / np.sqrt(2), scale=np.sqrt(2)).mean()
    truth = 2 * folded - 2 * 2 / np.sqrt(np.pi)
    x = rng.normal(size=(draws, size))
    y = rng.normal(shift, size=(draws, size))
    between = np.abs(x[:, :, None] - y[:, None, :]).mean(axis=(1, 2))
    within = [np.abs(z[:, :, None] - z[:, None, :]).sum(axis=(1, 2)) for z in (x, y)]
    fast = 2 * between - sum(within) / (size * (size - 1))
    for row in range(5):  # what is averaged is what the function returns
        assert squared_energy_distance(x[row, :, None], y[row, :, None]) == pytest.approx(fast[row], rel=1e-9)
    error = fast.std() / np.sqrt(draws)
    assert abs(fast.mean() - truth) < 4 * error
    biased = 2 * between - sum(within) / size**2
    assert biased.mean() - truth == pytest.approx(2 * 2 / np.sqrt(np.pi) / size, abs=4 * error)


def test_mmd_is_right_on_average():
    rng = np.random.default_rng(3)
    values = [squared_mmd(rng.normal(size=(3, 1)), rng.normal(1.0, size=(4, 1)), bandwidth=1.0) for _ in range(1500)]
    # E exp(−(a − b)² / 2) for a − b normal with mean δ and variance 2 is exp(−δ² / 6) / √3
    truth = 2 / np.sqrt(3) * (1 - np.exp(-1 / 6))
    assert abs(np.mean(values) - truth) < 4 * np.std(values) / np.sqrt(len(values))


def test_equal_samples():
    x, _ = two_samples()
    assert squared_energy_distance(x, x, unbiased=False) == pytest.approx(0, abs=1e-13)
    assert squared_energy_distance(x, x) < 0
    same = np.ones((5, 3))
    assert squared_energy_distance(same, same) == 0
    assert squared_mmd(same, same) == 0


@pytest.mark.parametrize("unbiased", [True, False])
def test_gradients_are_those_of_differences(unbiased):
    x, y = (torch.tensor(points, requires_grad=True) for points in two_samples(6, 4, 3))
    assert torch.autograd.gradcheck(lambda a, b: squared_energy_distance(a, b, unbiased=unbiased), (x, y))
    assert torch.autograd.gradcheck(lambda a, b: squared_mmd(a, b, bandwidth=1.5, unbiased=unbiased), (x, y))
    assert torch.autograd.gradcheck(energy_witness, (x, x.detach() + 1, y))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_at_equal_points_are_finite(dtype):
    x = torch.ones(4, 3, dtype=dtype, requires_grad=True)
    y = torch.ones(5, 3, dtype=dtype, requires_grad=True)
    for statistic in (squared_energy_distance, squared_mmd):
        value = statistic(x, y)
        assert value.dtype == dtype
        for gradient in torch.autograd.grad(value, (x, y)):
            assert bool(torch.isfinite(gradient).all())


def test_a_gradient_step_brings_samples_together():
    x, y = (torch.tensor(points) for points in two_samples(20, 20))
    x.requires_grad_()
    before = squared_energy_distance(x, y, unbiased=False)
    (gradient,) = torch.autograd.grad(before, x)
    assert squared_energy_distance(x - 0.5 * len(x) * gradient, y, unbiased=False) < 0.8 * before


def test_close_points_keep_their_digits_in_float32():
    rng = np.random.default_rng(4)
    x = (100 + rng.normal(size=(30, 16)) * 1e-3).astype(np.float32)
    y = (100 + rng.normal(size=(20, 16)) * 1e-3).astype(np.float32)
    exact = by_hand(x.astype(np.float64), y.astype(np.float64), lambda distance: -distance, True)
    assert squared_energy_distance(x, y) == pytest.approx(exact, rel=1e-5)


def test_the_witness_differs_in_mean_by_the_distance():
    x, y = two_samples(30, 20)
    biased = energy_witness(x, x, y).mean() - energy_witness(y, x, y).mean()
    assert biased == pytest.approx(squared_energy_distance(x, y, unbiased=False), rel=1e-12)
    of_x, of_y = left_out_witness(x, y)
    assert of_x.mean() - of_y.mean() == pytest.approx(squared_energy_distance(x, y), rel=1e-12)
    by_pairs = np.mean([gap(x[3], b) for b in y]) - np.mean([gap(x[3], x[i]) for i in range(30) if i != 3])
    assert of_x[3] == pytest.approx(by_pairs, rel=1e-12)


def test_copies_are_left_out_on_both_sides():
    x, y = two_samples(30, 20)
    y[:10] = x[:10]
    x[29] = x[0]
    of_x, of_y = left_out_witness(x, y)
    np.testing.assert_allclose(of_x[:10], of_y[:10], rtol=1e-12)
    by_pairs = np.mean([gap(x[0], y[j]) for j in range(1, 20)]) - np.mean([gap(x[0], x[i]) for i in range(1, 29)])
    assert of_x[0] == pytest.approx(by_pairs, rel=1e-12)
    same = np.ones((4, 2))
    np.testing.assert_array_equal(left_out_witness(same, same)[0], np.zeros(4))


def test_the_kind_that_comes_in_goes_out():
    x, y = two_samples()
    assert isinstance(squared_energy_distance(x, y), float)
    assert isinstance(energy_witness(x, x, y), np.ndarray)
    for mixed in ((torch.tensor(x), y), (x, torch.tensor(y))):
        assert isinstance(squared_mmd(*mixed), torch.Tensor)
        assert isinstance(left_out_witness(*mixed)[0], torch.Tensor)
    assert isinstance(energy_witness(torch.tensor(x), x, y), torch.Tensor)
    half = squared_energy_distance(torch.tensor(x).half(), torch.tensor(y).bfloat16())
    assert half.dtype == torch.float32
    assert squared_energy_distance([[0], [1]], [[5], [9]]) == pytest.approx(2 * 6.5 - 1 - 4)


def test_the_median_is_over_different_points():
    x, y = two_samples()
    pooled = np.concatenate([x, y])
    gaps = sorted(gap(pooled[i], pooled[j]) for i in range(len(pooled)) for j in range(i))
    assert median_distance(x, y) == pytest.approx(gaps[(len(gaps) - 1) // 2])
    assert median_distance([[0.0]] * 5, [[0.0], [3.0]]) == pytest.approx(3 * 6 / 21)  # most are equal: the mean
    assert median_distance([[0.0]], [[0.0]]) == 1


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([[1.0]], [[1.0], [2.0]], "x must hold at least 2 points"),
        ([[1.0], [2.0]], [[1.0]], "y must hold at least 2 points"),
        ([[1.0], [2.0]], [[1.0, 2.0], [1.0, 3.0]], "different widths: 1 and 2"),
        ([[1.0], [float("nan")]], [[1.0], [2.0]], "Row 1 of x"),
        ([1.0, 2.0], [[1.0], [2.0]], "shape"),
        (np.empty((0, 3)), [[1.0, 2.0, 3.0]], "must hold points"),
    ],
)
def test_what_is_no_sample_is_refused(x, y, said):
    for statistic in (squared_energy_distance, squared_mmd, left_out_witness):
        with pytest.raises(InvalidValue, match=said):
            statistic(x, y)


def test_one_point_has_a_biased_distance():
    assert squared_energy_distance([[1.0]], [[3.0]], unbiased=False) == 4


def test_other_mistakes_are_said():
    with pytest.raises(InvalidType):
        squared_energy_distance(["一", "二"], [[1.0]])
    for bandwidth in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidValue, match="bandwidth must be above 0"):
            squared_mmd(*two_samples(), bandwidth=bandwidth)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_same():
    x, y = two_samples(50, 40)
    on_gpu = squared_energy_distance(torch.tensor(x).cuda(), torch.tensor(y).cuda())
    assert float(on_gpu) == pytest.approx(squared_energy_distance(x, y), rel=1e-10)
