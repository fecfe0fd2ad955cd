"""The c-transform is the best feasible potential; the soft one lies above it and comes down with ε."""

import mpmath
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.c_transform import c_transform, largest_violation, soft_c_transform, soft_minimum
from baihua.maths.ground_cost import euclidean_distances
from baihua.maths.sinkhorn import entropic_transport
from baihua.maths.transport import wasserstein


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_pair_is_feasible_and_tight():
    x, y, f = points(30, 3), points(20, 3, seed=1), points(30, seed=2)
    costs = euclidean_distances(x, y)
    g = c_transform(f, costs)
    assert abs(float(largest_violation(f, g, costs))) < 1e-12
    assert float(largest_violation(f, g + 1e-3, costs)) == pytest.approx(1e-3)
    assert bool(((costs - f.unsqueeze(1) - g).amin(dim=0) < 1e-12).all())


def test_any_potential_gives_a_lower_bound_and_the_best_gives_the_distance():
    x, y = points(40, 2), points(40, 2, seed=1) + 1
    costs = euclidean_distances(x, y)
    found = wasserstein(x, y)
    f = found.potentials[0]
    assert float(f.mean() + c_transform(f, costs).mean()) == pytest.approx(float(found.value), rel=1e-12)
    for seed in range(20):
        other = points(40, seed=seed)
        assert float(other.mean() + c_transform(other, costs).mean()) <= float(found.value) + 1e-12


def test_climbing_on_potentials_alone_reaches_the_assignment():
    # No network: the constraint is not what is too tight. Ascent on the dual, with steps that shrink.
    x, y = points(24, 2), points(24, 2, seed=1) + 0.5
    costs = euclidean_distances(x, y)
    f = torch.zeros(24, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([f], lr=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.997**step)
    for _ in range(4000):
        optimizer.zero_grad()
        (-(f.mean() + c_transform(f, costs).mean())).backward()
        optimizer.step()
        schedule.step()
    reached = float(f.detach().mean() + c_transform(f.detach(), costs).mean())
    exact = float(wasserstein(x, y).value)
    assert exact - 1e-4 < reached <= exact + 1e-12


def test_soft_form_is_a_soft_minimum_above_the_hard_one():
    costs, f = points(30, 20).abs(), points(30, seed=1)
    hard = c_transform(f, costs)
    last = None
    for epsilon in [1e-4, 1e-2, 0.1, 1.0, 10.0, 1e3]:
        soft = soft_c_transform(f, costs, epsilon)
        assert bool((soft >= hard - 1e-12).all())
        assert last is None or bool((soft >= last - 1e-12).all())  # it grows with ε
        last = soft
    assert torch.allclose(soft_c_transform(f, costs, 1e-4), hard, atol=1e-3)
    # With ε → ∞ it is the mean of c − f.
    assert torch.allclose(soft_c_transform(f, costs, 1e7), (costs - f.unsqueeze(1)).mean(dim=0), atol=1e-4)


def test_the_sign():
    # Two x: with f = 0 a soft minimum prefers the nearer. The soft maximum of the same would be above the mean.
    costs = torch.tensor([[1.0], [5.0]], dtype=torch.float64)
    found = float(soft_c_transform(torch.zeros(2, dtype=torch.float64), costs, 0.5))
    exact = -mpmath.mpf("0.5") * mpmath.log((mpmath.exp(-2) + mpmath.exp(-10)) / 2)
    assert found == pytest.approx(float(exact), rel=1e-14)
    assert found < 3


def test_the_soft_pair_at_the_optimum_is_sinkhorns():
    x, y = points(15, 2), points(25, 2, seed=1)
    costs = euclidean_distances(x, y)
    found = entropic_transport(x, y, 0.3, tolerance=1e-12)
    f, g = found.potentials
    assert torch.allclose(soft_c_transform(f, costs, 0.3), g, atol=1e-9)
    assert float(f.mean() + g.mean()) == pytest.approx(float(found.value), abs=1e-9)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e3, 1e200])
def test_soft_minimum_neither_over_nor_underflows(scale):
    values = torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64) * scale
    weights = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    with mpmath.workdps(50):
        terms = [
            mpmath.mpf(float(w)) * mpmath.exp(-mpmath.mpf(float(v)) / scale)
            for v, w in zip(values, weights, strict=True)
        ]
        exact = -mpmath.mpf(scale) * mpmath.log(mpmath.fsum(terms))
    assert float(soft_minimum(values, scale, weights)) == pytest.approx(float(exact), rel=1e-13)


def test_gradient_of_the_generators_cost_is_the_straight_line_to_the_assigned_point():
    x, f = points(30, 4), points(30, seed=2)
    y = points(10, 4, seed=1).requires_grad_()
    costs = euclidean_distances(x, y)
    c_transform(f, costs).mean().backward()
    nearest = (costs.detach() - f.unsqueeze(1)).argmin(dim=0)
    apart = y.detach() - x[nearest]
    expected = apart / torch.linalg.vector_norm(apart, dim=1, keepdim=True) / 10
    assert torch.allclose(y.grad, expected, atol=1e-12)


def test_problems_side_by_side():
    costs, f = points(5, 30, 20).abs(), points(5, 30, seed=1)
    assert torch.equal(c_transform(f, costs)[3], c_transform(f[3], costs[3]))
    assert torch.allclose(soft_c_transform(f, costs, 0.2)[3], soft_c_transform(f[3], costs[3], 0.2))
    assert largest_violation(f, c_transform(f, costs), costs).shape == (5,)


@pytest.mark.parametrize("epsilon", [0, -1, float("nan")])
def test_no_epsilon(epsilon):
    with pytest.raises(InvalidValue, match="epsilon must be above 0"):
        soft_c_transform(torch.zeros(2), torch.ones(2, 2), epsilon)
