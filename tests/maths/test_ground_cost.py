"""Distances between points: exact however close they are, with a gradient at 0."""

import mpmath
import numpy as np
import pytest
import torch

from baihua.checks import InvalidType, InvalidValue
from baihua.maths.ground_cost import check_points, check_two, euclidean_distances, in_features, whitened
from baihua.maths.whitening import Whitening


def points(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("apart", [0.0, 1e-150, 1e-12, 1e-7, 1e-4, 1e-2, 0.1, 1.0])
@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_close_points_keep_their_digits(apart, shift):
    x = points(20, 5) + shift
    y = x + apart * points(20, 5, seed=1)
    found = euclidean_distances(x, y)
    for i, j in [(0, 0), (3, 3), (7, 7), (0, 1), (5, 2)]:
        exact = mpmath.sqrt(
            sum((mpmath.mpf(float(a)) - mpmath.mpf(float(b))) ** 2 for a, b in zip(x[i], y[j], strict=True))
        )
        assert abs(float(found[i, j]) - float(exact)) <= 1e-12 * float(exact)


def test_equal_points_are_at_distance_0_exactly():
    x = points(50, 300) + 100
    assert torch.equal(euclidean_distances(x, x).diagonal(), torch.zeros(50, dtype=torch.float64))


def test_gradient_is_that_of_the_formula_and_0_at_equal_points():
    x, y = points(4, 3).requires_grad_(), points(5, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(euclidean_distances, (x, y))
    same = torch.ones(2, 3, requires_grad=True)
    euclidean_distances(same, torch.ones(2, 3)).sum().backward()
    assert torch.equal(same.grad, torch.zeros(2, 3))


def test_leading_axes_are_problems_side_by_side():
    x, y = points(2, 3, 6, 4), points(2, 3, 7, 4, seed=1)
    y[1, 2, 0] = x[1, 2, 0]
    found = euclidean_distances(x, y)
    assert found.shape == (2, 3, 6, 7)
    assert torch.allclose(found[1, 2], torch.cdist(x[1, 2], y[1, 2], compute_mode="donot_use_mm_for_euclid_dist"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_in_is_lower_precision_out(dtype):
    x = points(8, 4).to(dtype)
    found = euclidean_distances(x, x + 1)
    assert found.dtype == dtype
    assert torch.allclose(found.double(), torch.cdist(x.double(), (x + 1).double()), rtol=1e-2)


def test_two_tight_groups_far_apart():
    x = torch.cat([points(30, 2) * 1e-9, points(30, 2, seed=1) * 1e-9 + 1e3])
    assert torch.allclose(
        euclidean_distances(x, x), torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist"), rtol=1e-9
    )


def test_whitened_distance_is_that_of_transformed_points_and_differentiable():
    x = points(100, 3) * torch.tensor([1.0, 10.0, 0.1], dtype=torch.float64)
    white = Whitening().fit(x)
    seen = white.transform(x)
    free = x.clone().requires_grad_()
    found = whitened(white)(free, x)
    assert torch.allclose(
        found.detach(), torch.cdist(seen, seen, compute_mode="donot_use_mm_for_euclid_dist"), atol=1e-9
    )
    found.sum().backward()
    assert bool(torch.isfinite(free.grad).all())
    assert float(free.grad.abs().max()) > 0


def test_distance_of_features():
    x = points(4, 3)
    assert torch.allclose(in_features(torch.tanh)(x, x), euclidean_distances(x.tanh(), x.tanh()))


@pytest.mark.parametrize(
    ("wrong", "error", "word"),
    [
        ("words", InvalidType, "real numbers"),
        (np.ones(3), InvalidValue, "shape"),
        (np.ones((0, 3)), InvalidValue, "shape"),
        ([[1.0], [float("nan")]], InvalidValue, "Row 1"),
        ([[1.0, float("inf")]], InvalidValue, "Row 0"),
    ],
)
def test_no_points(wrong, error, word):
    with pytest.raises(error, match=word):
        check_points(wrong, "x")


def test_two_widths_are_refused():
    with pytest.raises(InvalidValue, match="different widths: 2 and 3"):
        check_two(np.ones((4, 2)), np.ones((4, 3)))
