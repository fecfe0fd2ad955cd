"""Entropic transport and the divergence made of it: against closed forms, brute force and POT."""

import math
import warnings

import numpy as np
import pytest
import torch

import baihua.maths.sinkhorn_rounds as sinkhorn_rounds
from baihua.checks import InvalidValue
from baihua.maths.c_transform import soft_minimum
from baihua.maths.ground_cost import euclidean_distances
from baihua.maths.sinkhorn import entropic_transport, sinkhorn_divergence
from baihua.maths.transport import wasserstein


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def plain_rounds(costs, epsilon, rounds=3_000):
    """Return OT_ε by the textbook's rounds in the log domain."""
    mu, nu = (torch.full((num,), 1 / num, dtype=torch.float64) for num in costs.shape)
    f, g = torch.zeros_like(mu), torch.zeros_like(nu)
    for _ in range(rounds):
        f = soft_minimum(costs - g, epsilon, nu)
        g = soft_minimum(costs.mT - f, epsilon, mu)
    return float(f.mean() + g.mean())


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 1.0, 100.0])
@pytest.mark.parametrize(("num_x", "num_y"), [(1, 1), (1, 4), (12, 9), (20, 20)])
def test_fast_rounds_are_the_textbooks(num_x, num_y, epsilon):
    x, y = points(num_x, 2), points(num_y, 2, seed=1)
    found = entropic_transport(x, y, epsilon, tolerance=1e-9)
    assert float(found.value) == pytest.approx(plain_rounds(euclidean_distances(x, y), epsilon), abs=1e-9)
    assert found.marginal_error < 1e-9
    # The primal value of the plan is the dual one.
    costs, plan = euclidean_distances(x, y), found.plan
    entropy = (plan * (plan * num_x * num_y).log()).nansum()
    assert float((plan * costs).sum() + epsilon * entropy) == pytest.approx(float(found.value), abs=1e-7)


@pytest.mark.parametrize("epsilon", [1e-6, 1e-4, 1e-3])
def test_small_epsilon_comes_to_the_exact_distance_from_above(epsilon):
    x, y = points(30, 2), points(30, 2, seed=1) + 1
    exact = float(wasserstein(x, y).value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = entropic_transport(x, y, epsilon, tolerance=1e-4)
    assert exact - 1e-4 < float(found.value) < exact + epsilon * math.log(30) + 1e-12
    assert bool(torch.isfinite(found.plan).all())


def test_large_epsilon_comes_to_independence():
    x, y = points(10, 2), points(12, 2, seed=1)
    found = entropic_transport(x, y, 1e6)
    assert torch.allclose(found.plan, torch.full((10, 12), 1 / 120, dtype=torch.float64), atol=1e-7)
    assert float(found.value) == pytest.approx(float(euclidean_distances(x, y).mean()), rel=1e-5)


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("p", [1, 2])
def test_a_set_and_itself(epsilon, p):
    x = points(60, 3)
    assert abs(float(sinkhorn_divergence(x, x, epsilon, p=p).value)) < 1e-6
    assert abs(float(sinkhorn_divergence(x, x.flip(0), epsilon, p=p).value)) < 1e-6
    assert float(entropic_transport(x, x, epsilon, p=p).value) > 1e-3


def test_entropic_transport_between_gaussians_has_a_closed_form():
    # Janati et al. (2020) on a line, cost |x − y|², ε of KL: with s, t the deviations and D = √(4 s² t² + ε²/4),
    # OT_ε = m² + s² + t² − D + (ε/2) log((2 D + ε) / (2 ε)) … the divergence takes the constants off.
    epsilon, s, t, m = 0.5, 1.0, 2.0, 1.5

    def cost(a, b):
        root = math.sqrt(4 * a * a * b * b + epsilon * epsilon / 4)
        return a * a + b * b - root + epsilon / 2 * math.log((2 * root + epsilon) / (2 * epsilon))

    exact = m * m + cost(s, t) - (cost(s, s) + cost(t, t)) / 2
    nodes = torch.special.ndtri((torch.arange(1500, dtype=torch.float64) + 0.5) / 1500).unsqueeze(1)
    found = float(sinkhorn_divergence(s * nodes, t * nodes + m, epsilon, p=2).value)
    assert found == pytest.approx(exact, rel=2e-3)


def test_divergence_goes_from_transport_to_an_energy_distance():
    x, y = points(40, 2), points(40, 2, seed=1) + 0.7
    exact = float(wasserstein(x, y).value)
    energy = float(
        euclidean_distances(x, y).mean() - (euclidean_distances(x, x).mean() + euclidean_distances(y, y).mean()) / 2
    )
    assert float(sinkhorn_divergence(x, y, 1e-3, tolerance=1e-4).value) == pytest.approx(exact, rel=1e-2)
    assert float(sinkhorn_divergence(x, y, 1e6).value) == pytest.approx(energy, rel=1e-4)


@pytest.mark.parametrize("function", [entropic_transport, sinkhorn_divergence])
def test_gradient_by_the_envelope_theorem(function):
    x, y = points(5, 2).requires_grad_(), points(6, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: function(a, b, 0.4, tolerance=1e-13).value, (x, y), atol=1e-6)


def test_gradient_of_the_divergence_vanishes_at_equal_sets():
    x = points(8, 2)
    free = x.clone().requires_grad_()
    sinkhorn_divergence(free, x, 0.2, tolerance=1e-12).value.backward()
    assert float(free.grad.abs().max()) < 1e-6


@pytest.mark.parametrize("epsilon", [0.02, 0.2, 2.0])
def test_pot_agrees(epsilon):
    ot = pytest.importorskip("ot")
    x, y = points(50, 3).numpy(), points(40, 3, seed=1).numpy()
    costs = ot.dist(x, y, "euclidean")
    theirs = ot.sinkhorn([], [], costs, epsilon, method="sinkhorn_log", stopThr=1e-9, numItermax=100_000)
    found = entropic_transport(x, y, epsilon, tolerance=1e-9)
    assert np.abs(found.plan - theirs).sum() < 1e-6


def test_weights():
    x, y = points(4, 3), points(5, 3, seed=1)
    twice = torch.cat([x, x[:1]])
    found = sinkhorn_divergence(x, y, 0.3, weights=([2, 1, 1, 1], None))
    assert float(found.value) == pytest.approx(float(sinkhorn_divergence(twice, y, 0.3).value), abs=1e-7)
    nothing = entropic_transport(x, y, 0.3, weights=([0, 1, 1, 1], None))
    assert float(nothing.value) == pytest.approx(float(entropic_transport(x[1:], y, 0.3).value), abs=1e-7)


def test_potentials_are_the_divergence():
    x, y = points(20, 2), points(25, 2, seed=1) + 1
    found = sinkhorn_divergence(x, y, 0.3, tolerance=1e-10)
    f, g = found.potentials
    assert float(f.mean() + g.mean()) == pytest.approx(float(found.value), abs=1e-9)


def test_arrays_give_floats():
    found = sinkhorn_divergence(np.eye(3), np.eye(3) + 1, 0.5)
    assert isinstance(found.value, float)
    assert isinstance(found.plan, np.ndarray)


def test_too_few_rounds_are_said(monkeypatch):
    monkeypatch.setattr(sinkhorn_rounds, "MOST_ROUNDS", 20)
    monkeypatch.setattr(sinkhorn_rounds, "ROUNDS_ON_THE_WAY", 10)
    with pytest.warns(UserWarning, match="marginal_error"):
        found = entropic_transport(points(40, 2), points(40, 2, seed=1), 1e-4)
    assert found.marginal_error > 1e-6


def test_overrelaxation_needs_fewer_rounds(monkeypatch):
    x, y = points(100, 2), points(100, 2, seed=1)
    done = []
    run = sinkhorn_rounds._run

    def counted(*args):
        done[-1] += run_result[1] if (run_result := run(*args)) else 0
        return run_result

    monkeypatch.setattr(sinkhorn_rounds, "_run", counted)
    for relaxed in (True, False):
        if not relaxed:
            monkeypatch.setattr(sinkhorn_rounds, "_next_relaxation", lambda relaxation, rate: 1.0)
        done.append(0)
        entropic_transport(x, y, 0.02)
    assert done[0] < done[1] / 3


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf])
def test_no_epsilon(bad):
    with pytest.raises(InvalidValue, match="epsilon must be a finite number above 0"):
        sinkhorn_divergence([[0.0]], [[1.0]], bad)
    with pytest.raises(InvalidValue, match="tolerance must be"):
        sinkhorn_divergence([[0.0]], [[1.0]], 0.1, tolerance=bad)
