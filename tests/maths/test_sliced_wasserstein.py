"""Distances along lines, and over them."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from baihua.checks import InvalidValue
from baihua.maths.sliced_wasserstein import (
    line_wasserstein,
    max_sliced_wasserstein,
    random_directions,
    sliced_wasserstein,
)
from baihua.maths.transport import wasserstein


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("num_x", "num_y"), [(1, 1), (1, 5), (4, 6), (7, 3), (50, 50), (97, 100)])
def test_on_a_line_it_is_scipys(num_x, num_y):
    x, y = points(num_x), points(num_y, seed=1)
    assert float(line_wasserstein(x, y)) == pytest.approx(wasserstein_distance(x.numpy(), y.numpy()), rel=1e-12)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_sizes_that_differ_are_copies_of_points(p):
    x, y = points(4), points(6, seed=1)
    copied = line_wasserstein(x.repeat_interleave(3), y.repeat_interleave(2), p)
    assert float(line_wasserstein(x, y, p)) == pytest.approx(float(copied), rel=1e-12)


def test_leading_axes_are_lines():
    x, y = points(3, 2, 5), points(3, 2, 8, seed=1)
    found = line_wasserstein(x, y, 2)
    assert found.shape == (3, 2)
    assert float(found[1, 1]) == pytest.approx(float(line_wasserstein(x[1, 1], y[1, 1], 2)))


def test_gradients():
    x, y = points(5, 3).requires_grad_(), points(7, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: sliced_wasserstein(a, b, 2, num_directions=9), (x, y))
    same = points(5, 3)
    free = same.clone().requires_grad_()
    sliced_wasserstein(free, same, 2).backward()
    assert torch.equal(free.grad, torch.zeros_like(same))


def test_in_width_1_it_is_the_distance():
    x, y = points(20, 1), points(20, 1, seed=1)
    assert float(sliced_wasserstein(x, y)) == pytest.approx(float(wasserstein(x, y).value), rel=1e-12)


@pytest.mark.parametrize("width", [2, 3, 10])
@pytest.mark.parametrize("p", [1, 2])
def test_a_shift_is_the_mean_of_its_shadow(width, p):
    # E|u·s|^p over the sphere: |s| Γ(width/2) / (√π Γ((width+1)/2)) for p = 1, |s|²/width for p = 2.
    x = points(10, width)
    shift = torch.zeros(width, dtype=torch.float64)
    shift[0] = 4.0
    found = float(sliced_wasserstein(x, x + shift, p, num_directions=40_000))
    mean = (
        math.gamma(width / 2) / (math.sqrt(math.pi) * math.gamma((width + 1) / 2)) if p == 1 else math.sqrt(1 / width)
    )
    assert found == pytest.approx(4 * mean, rel=0.02)


def test_slices_are_below_the_widest_and_that_below_the_distance():
    x, y = points(60, 4), points(60, 4, seed=1) * 1.5 + 0.3
    mean, most, whole = sliced_wasserstein(x, y, 2), max_sliced_wasserstein(x, y, 2), wasserstein(x, y, 2)
    assert float(mean) < float(most.value) < float(whole.value)


def test_the_widest_direction_is_found_where_variances_differ():
    # The means agree, so that no start points there.
    x, y = points(2000, 5), points(2000, 5, seed=1)
    y[:, 3] *= 4
    found = max_sliced_wasserstein(x, y, 2)
    assert abs(float(found.direction[3])) > 0.99
    assert float(found.value) == pytest.approx(3, rel=0.1)


def test_no_direction_of_a_grid_is_wider():
    x, y = points(40, 2), points(30, 2, seed=1) * 1.7
    angles = torch.linspace(0, math.pi, 2000, dtype=torch.float64)
    grid = torch.stack([angles.cos(), angles.sin()], dim=1)
    best = float(line_wasserstein(grid @ x.mT, grid @ y.mT).max())
    assert float(max_sliced_wasserstein(x, y).value) >= best - 1e-6


def test_equal_sets():
    x = points(6, 3)
    assert float(sliced_wasserstein(x, x.flip(0))) == 0
    found = max_sliced_wasserstein(x, x)
    assert float(found.value) == 0
    assert float(torch.linalg.vector_norm(found.direction)) == pytest.approx(1)


def test_arrays_give_floats_and_the_seed_decides():
    x, y = np.eye(3), np.eye(3) + 1.0
    assert isinstance(sliced_wasserstein(x, y), float)
    assert sliced_wasserstein(x, y, seed=1) == sliced_wasserstein(x, y, seed=1) != sliced_wasserstein(x, y, seed=2)
    before = torch.get_rng_state()
    random_directions(3, 4, 0)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("function", [sliced_wasserstein, max_sliced_wasserstein])
def test_bad_input(function):
    with pytest.raises(InvalidValue, match="different widths"):
        function(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(InvalidValue, match="p must be at least 1"):
        function(np.ones((2, 3)), np.ones((2, 3)), 0.5)
    with pytest.raises(InvalidValue, match="Row 0 of y"):
        function(np.ones((2, 3)), np.full((2, 3), np.nan))


def test_no_direction():
    with pytest.raises(InvalidValue, match="At least one direction"):
        sliced_wasserstein(np.ones((2, 3)), np.ones((2, 3)), num_directions=0)
