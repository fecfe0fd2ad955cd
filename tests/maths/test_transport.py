"""The exact Wasserstein distance: against closed forms, brute force, and POT."""

import itertools
import math

import numpy as np
import pytest
import torch

import baihua.maths.transport as transport
from baihua.checks import InvalidValue, MissingPackage
from baihua.maths.ground_cost import euclidean_distances
from baihua.maths.transport import wasserstein

SOLVERS = [0, 10**9]  # points up to which scipy is asked: POT always, scipy always


@pytest.fixture(params=SOLVERS, ids=["simplex", "assignment"])
def _solver(request, monkeypatch):
    if request.param == 0:
        pytest.importorskip("ot")
    monkeypatch.setattr(transport, "BY_ASSIGNMENT", request.param)


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def brute_force(x, y, p):
    costs = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist") ** p
    orders = itertools.permutations(range(len(x)))
    return min(float(sum(costs[i, j] for i, j in enumerate(order))) / len(x) for order in orders) ** (1 / p)


@pytest.mark.usefixtures("_solver")
@pytest.mark.parametrize("p", [1, 2, 3.5])
@pytest.mark.parametrize("num", [1, 2, 5, 7])
def test_every_permutation_is_tried(num, p):
    x, y = points(num, 3), points(num, 3, seed=1)
    assert float(wasserstein(x, y, p).value) == pytest.approx(brute_force(x, y, p), rel=1e-12)


@pytest.mark.usefixtures("_solver")
@pytest.mark.parametrize("num", [1, 3, 64, 300])
def test_on_a_line_sorting_solves_it(num):
    x, y = points(num, 1), points(num, 1, seed=1)
    sorted_apart = (x.sort(dim=0).values - y.sort(dim=0).values).abs()
    assert float(wasserstein(x, y).value) == pytest.approx(float(sorted_apart.mean()), rel=1e-12)
    assert float(wasserstein(x, y, 2).value) == pytest.approx(float(sorted_apart.square().mean().sqrt()), rel=1e-12)


@pytest.mark.usefixtures("_solver")
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("num", [1, 2, 40, 130])
def test_potentials_prove_the_plan(num, p):
    x, y = points(num, 2), points(num, 2, seed=1) + 0.5
    found = wasserstein(x, y, p)
    f, g = found.potentials
    costs = euclidean_distances(x, y) ** p
    gaps = costs - f.unsqueeze(1) - g
    assert float(gaps.min()) > -1e-10
    assert float((gaps * found.plan).sum()) < 1e-10
    assert float(f.mean() + g.mean()) == pytest.approx(float(found.value) ** p, abs=1e-10)
    assert float(g.mean()) == pytest.approx(0, abs=1e-12)


@pytest.mark.usefixtures("_solver")
def test_translation_and_itself_and_triangle():
    x, y, z = points(50, 4), points(50, 4, seed=1), points(50, 4, seed=2)
    shift = torch.tensor([3.0, 0, 4, 0], dtype=torch.float64)
    assert float(wasserstein(x, x + shift).value) == pytest.approx(5, rel=1e-12)
    assert float(wasserstein(x, x).value) == 0
    assert float(wasserstein(x, x, 2).value) == 0
    one, other, both = (float(wasserstein(*pair).value) for pair in ((x, y), (y, z), (x, z)))
    assert both <= one + other
    assert one == pytest.approx(float(wasserstein(y, x).value), rel=1e-12)


def test_gaussian_samples_come_near_the_closed_form():
    # Between Gaussians of covariance S and T that commute, W_2² = |m|² + Σ (√s − √t)².
    x = points(2000, 2) * torch.tensor([1.0, 3.0])
    y = points(2000, 2, seed=1) * torch.tensor([2.0, 1.0]) + torch.tensor([1.0, -2.0])
    assert float(wasserstein(x, y, 2).value) == pytest.approx(math.sqrt(1 + 4 + 1 + 4), rel=0.05)


def test_weights_and_sizes_that_differ():
    pytest.importorskip("ot")
    found = wasserstein([[0.0], [1.0]], [[0.0]])
    assert found.value == pytest.approx(0.5)
    assert found.plan.sum(axis=1) == pytest.approx([0.5, 0.5])
    assert wasserstein([[0.0], [1.0]], [[0.0]], x_weights=[3, 1]).value == pytest.approx(0.25)
    # A point of weight 2 is two points.
    x, y = points(4, 3), points(5, 3, seed=1)
    twice = wasserstein(torch.cat([x, x[:1]]), y).value
    assert float(wasserstein(x, y, x_weights=[2, 1, 1, 1]).value) == pytest.approx(float(twice), rel=1e-12)


def test_without_pot_equal_sizes_still_work_and_others_say_what_is_missing(monkeypatch):
    def absent(module, extra):
        raise MissingPackage(zh=f"缺 {extra}", en=f"missing {extra}")

    monkeypatch.setattr(transport, "need_package", absent)
    monkeypatch.setattr(transport, "BY_ASSIGNMENT", 2)
    assert wasserstein(np.zeros((5, 1)), np.ones((5, 1))).value == pytest.approx(1)
    with pytest.raises(MissingPackage, match="missing transport"):
        wasserstein(np.zeros((5, 1)), np.ones((4, 1)))


@pytest.mark.parametrize("p", [1, 2])
def test_gradient_is_that_of_the_plan_held(p):
    x, y = points(6, 2).requires_grad_(), points(6, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: wasserstein(a, b, p).value, (x, y))


def test_gradient_at_0_is_finite():
    x = points(5, 2).requires_grad_()
    wasserstein(x, x.detach().clone(), 2).value.backward()
    assert torch.equal(x.grad, torch.zeros(5, 2, dtype=torch.float64))


def test_another_cost():
    found = wasserstein([[0.0, 5.0]], [[3.0, -5.0]], cost=lambda x, y: (x[:, None, 0] - y[None, :, 0]).abs())
    assert found.value == 3
    with pytest.raises(InvalidValue, match=r"shape \(1, 1\)"):
        wasserstein([[0.0]], [[3.0]], cost=lambda x, y: torch.zeros(2, 2))


@pytest.mark.parametrize("p", [0.5, 0, -1, math.inf, math.nan])
def test_powers_that_are_none(p):
    with pytest.raises(InvalidValue, match="p must be at least 1"):
        wasserstein([[0.0]], [[1.0]], p)


@pytest.mark.parametrize("weights", [[1.0], [1, -1], [0, 0], [float("nan"), 1], [math.inf, 1]])
def test_weights_that_are_none(weights):
    with pytest.raises(InvalidValue, match="x_weights"):
        wasserstein([[0.0], [2.0]], [[1.0]], x_weights=weights)
