"""Penalties are what their formulas say, and clipping clips."""

import pytest
import torch

from baihua.nn.lipschitz import GradientPenalty, Unconstrained, WeightClipping, gradient_lengths, gradients
from baihua.nn.side_by_side import SideBySideMLP


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slope(length):
    """A function with a gradient of that length everywhere, one per net."""
    return lambda x: x[..., 0] * torch.tensor(length, dtype=torch.float64).unsqueeze(-1)


SHARES = torch.full((2, 5, 1), 0.25, dtype=torch.float64)


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (GradientPenalty(10, "one"), [10 * 0.25, 10 * 4.0]),
        (GradientPenalty(10, "one_sided"), [0.0, 10 * 4.0]),
        (GradientPenalty(2, "zero", 6), [2 * 0.5**6, 2 * 3.0**6]),
        (GradientPenalty(0.5, "zero"), [0.125, 4.5]),
    ],
)
def test_penalties_of_known_slopes(penalty, expected):
    found = penalty.penalty(slope([0.5, 3.0]), points(2, 5, 3), points(2, 5, 3, seed=1), SHARES)
    assert found.tolist() == pytest.approx(expected)


def test_it_looks_between_real_and_made_points():
    seen = []

    def f(x):
        seen.append(x.detach())
        return x.square().sum(dim=-1)

    real, fake = points(2, 5, 3), points(2, 5, 3, seed=1)
    found = GradientPenalty(1, "zero").penalty(f, real, fake, SHARES)
    between = 0.25 * real + 0.75 * fake
    assert torch.allclose(seen[0], between)
    assert torch.allclose(found, 4 * between.square().sum(dim=-1).mean(dim=-1))


def test_gradient_of_the_penalty_in_the_parameters():
    net = SideBySideMLP((0, 1), (3, 4, 1)).double()
    names = [name for name, _ in net.named_parameters()]
    real, fake = points(2, 5, 3), points(2, 5, 3, seed=1)

    def loss(*values):
        def f(x):
            return torch.func.functional_call(net, dict(zip(names, values, strict=True)), (x,)).squeeze(-1)

        return GradientPenalty(10, "one").penalty(f, real, fake, SHARES)

    assert torch.autograd.gradcheck(loss, tuple(p.detach().clone().requires_grad_() for p in net.parameters()))


def test_a_flat_critic_has_a_finite_gradient():
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    penalty = GradientPenalty(10, "one").penalty(lambda x: x.sum(dim=-1) * weight, *[points(2, 5, 3)] * 2, SHARES)
    penalty.sum().backward()
    assert torch.isfinite(weight.grad).all()


def test_lengths_and_gradients_of_a_quadratic():
    x = points(2, 5, 3)
    assert torch.allclose(gradients(lambda y: y.square().sum(dim=-1), x), 2 * x)
    assert torch.allclose(
        gradient_lengths(lambda y: y.square().sum(dim=-1), x), 2 * torch.linalg.vector_norm(x, dim=-1)
    )


def test_clipping():
    net = SideBySideMLP((0,), (3, 4, 1))
    WeightClipping(limit=0.02).after_step(net)
    assert max(float(p.detach().abs().max()) for p in net.parameters()) == pytest.approx(0.02)


def test_nothing():
    net = SideBySideMLP((0,), (3, 4, 1))
    before = [p.detach().clone() for p in net.parameters()]
    Unconstrained().after_step(net)
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert Unconstrained().penalty(slope([1.0, 1.0]), *[points(2, 5, 3)] * 2, SHARES).tolist() == [0, 0]
