"""The von Mises–Fisher distribution against mpmath, scipy, quadrature and its own samples."""

import math

import mpmath
import numpy as np
import pytest
import scipy.stats
import torch
from scipy.integrate import quad
from torch.distributions import kl_divergence

from baihua.checks import InvalidValue
from baihua.maths.hyperspherical_uniform import HypersphericalUniform, log_surface_area
from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher

WIDTHS = (2, 3, 4, 5, 16, 64, 128, 256, 312, 768, 1024, 4096)
KAPPAS = (0.0, 1e-6, 1e-3, 0.1, 1.0, 10.0, 100.0, 1e3, 1e5, 1e6)


def law(width, kappa, dtype=torch.float64):
    return VonMisesFisher(unit(torch.arange(1, width + 1, dtype=dtype)), torch.tensor(kappa, dtype=dtype))


def growth(width, kappa):
    """log(I_v(κ) Γ(v+1) (2/κ)^v), zero at κ = 0."""
    order = mpmath.mpf(width) / 2 - 1
    if kappa < 100:
        return mpmath.log(mpmath.hyp0f1(order + 1, kappa * kappa / 4))
    return mpmath.log(mpmath.besseli(order, kappa)) + mpmath.loggamma(order + 1) - order * mpmath.log(kappa / 2)


def ratio(width, kappa):
    if kappa == 0:
        return mpmath.mpf(0)
    return mpmath.besseli(mpmath.mpf(width) / 2, kappa) / mpmath.besseli(mpmath.mpf(width) / 2 - 1, kappa)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-9), (torch.float32, 1e-5)])
def test_density_entropy_and_divergence_over_the_grid(width, dtype, bound):
    """The cosine of the point is that of the vectors as rounded, so that the density is tested and not the point."""
    for value in KAPPAS:
        one = law(width, value, dtype)
        kappa = mpmath.mpf(float(one.concentration))
        with mpmath.workdps(50):
            mean_cosine, grown = ratio(width, kappa), growth(width, kappa)
            area = mpmath.mpf(log_surface_area(width))
            divergence = kappa * mean_cosine - grown
            away = unit(one.loc + 0.3 * torch.eye(width, dtype=dtype)[0])
            apart = sum(
                (mpmath.mpf(a) - mpmath.mpf(b)) ** 2 for a, b in zip(away.tolist(), one.loc.tolist(), strict=True)
            )
            at_peak, at_away = kappa - grown - area, kappa - grown - area - kappa * apart / 2
        found = float(kl_divergence(one, HypersphericalUniform(width)))
        assert abs(found - divergence) <= bound * divergence + 1e-40
        for number, expected in (
            (one.entropy(), area - divergence),
            (one.log_prob(one.loc), at_peak),
            (one.log_prob(away), at_away),
        ):
            assert abs(float(number) - expected) <= bound * max(1, abs(expected))
        assert abs(float(one.mean[0]) - float(mean_cosine) * float(one.loc[0])) <= bound


@pytest.mark.parametrize(("width", "kappa"), [(2, 0.0), (2, 3.0), (3, 0.5), (5, 20.0), (10, 1.0)])
def test_the_density_integrates_to_one(width, kappa):
    one = law(width, kappa)
    across = torch.zeros(width, dtype=torch.float64)
    across[:2] = torch.tensor([one.loc[1], -one.loc[0]])
    across = unit(across)

    def density(angle):
        point = unit(math.cos(angle) * one.loc + math.sin(angle) * across)
        return math.exp(float(one.log_prob(point))) * math.sin(angle) ** (width - 2)

    assert quad(density, 0, math.pi)[0] * math.exp(log_surface_area(width - 1)) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("width", [2, 3, 16, 60])
def test_it_agrees_with_scipy_where_scipy_has_a_value(width):
    one = law(width, 12.0)
    peer = scipy.stats.vonmises_fisher(one.loc.numpy(), 12.0)
    x = one.sample((5,))
    np.testing.assert_allclose(one.log_prob(x), peer.logpdf(x.numpy()), rtol=1e-10)
    assert float(one.entropy()) == pytest.approx(peer.entropy(), rel=1e-9)


@pytest.mark.parametrize("width", [2, 3, 4, 10, 50, 200, 768])
@pytest.mark.parametrize("kappa", [0.0, 0.5, 20.0, 1e3, 1e6])
def test_samples_follow_the_law(width, kappa):
    """The angle by Kolmogorov and Smirnov against quadrature, length, mean cosine, and what lies across."""
    torch.manual_seed(1)
    one, num = law(width, kappa), 20_000
    x = one.sample((num,))
    assert (torch.linalg.vector_norm(x, dim=-1) - 1).abs().max() < 1e-12
    gaps = (x - one.loc).square().sum(dim=-1) / 2  # 1 − cosine, with its digits
    angles = np.sort(2 * np.arcsin(np.sqrt(np.clip(gaps.numpy() / 2, 0, 1))))
    points = np.linspace(0, min(math.pi, angles[-1] * 1.2), 20_001)
    with np.errstate(divide="ignore"):
        logs = (width - 2) * np.log(np.sin(points)) if width > 2 else np.zeros_like(points)
    density = np.exp(logs - 2 * kappa * np.sin(points / 2) ** 2 - np.max(logs - 2 * kappa * np.sin(points / 2) ** 2))
    running = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    assert scipy.stats.kstest(np.interp(angles, points, running / running[-1]), "uniform").pvalue > 1e-4
    gap = float(1 - ratio(width, mpmath.mpf(kappa)))
    assert abs(float(gaps.mean()) - gap) < 5 * float(gaps.std()) / math.sqrt(num)
    beside = unit(x - (x @ one.loc).unsqueeze(-1) * one.loc)
    assert beside.mean(dim=0).abs().max() < 6 / math.sqrt(num * (width - 1))


def test_moments_are_those_of_samples():
    torch.manual_seed(0)
    one = law(5, 8.0)
    x = one.sample((200_000,))
    torch.testing.assert_close(x.mean(dim=0), one.mean, atol=5e-3, rtol=0)
    torch.testing.assert_close(x.var(dim=0), one.variance, atol=2e-3, rtol=0)
    torch.testing.assert_close(law(5, 0.0).variance, torch.full((5,), 0.2, dtype=torch.float64))


@pytest.mark.parametrize(("width", "kappa"), [(2, 1.0), (3, 10.0), (16, 50.0), (128, 20.0), (768, 1000.0)])
def test_the_gradient_in_the_concentration_is_unbiased(width, kappa):
    """Against d E[μ·x] / dκ = A' within four standard errors, over batches of samples."""
    torch.manual_seed(0)
    loc = unit(torch.ones(width, dtype=torch.float64))
    concentration = torch.tensor(kappa, dtype=torch.float64, requires_grad=True)
    found = []
    for _ in range(50):
        score = (VonMisesFisher(loc, concentration).rsample((1000,)) @ loc).mean()
        found.append(float(torch.autograd.grad(score, concentration)[0]))
    mean_cosine = ratio(width, mpmath.mpf(kappa))
    expected = float(1 - mean_cosine**2 - (width - 1) * mean_cosine / kappa)
    assert abs(np.mean(found) - expected) < 4 * np.std(found, ddof=1) / math.sqrt(len(found))


def test_the_gradient_in_the_direction_is_unbiased():
    torch.manual_seed(0)
    loc = unit(torch.randn(6, dtype=torch.float64)).requires_grad_()
    weight = torch.randn(6, dtype=torch.float64)
    found = []
    for _ in range(40):
        (gradient,) = torch.autograd.grad((VonMisesFisher(loc, 9.0).rsample((3000,)) @ weight).mean(), loc)
        found.append(gradient - (gradient @ loc) * loc)
    stacked = torch.stack(found).detach()
    expected = float(ratio(6, mpmath.mpf(9))) * (weight - (weight @ loc) * loc).detach()
    assert ((stacked.mean(dim=0) - expected).abs() <= 4.5 * stacked.std(dim=0) / math.sqrt(40) + 1e-12).all()


def test_one_law_and_many_draw_alike():
    """A shared concentration is drawn from a kept table, different ones from a table each."""
    loc = unit(torch.randn(4, 7, dtype=torch.float64))
    torch.manual_seed(3)
    shared = VonMisesFisher(loc, 5.0).sample((2000,))
    torch.manual_seed(3)
    each = VonMisesFisher(loc, torch.full((4,), 5.0, dtype=torch.float64)).sample((2000,))
    assert shared.shape == each.shape == (2000, 4, 7)
    cosines = [(x * loc).sum(dim=-1).flatten().numpy() for x in (shared, each)]
    assert scipy.stats.ks_2samp(*cosines, method="asymp").pvalue > 1e-4


@pytest.mark.parametrize("width", [2, 16, 768])
def test_divergence_between_two_laws_to_the_last_digits(width):
    """Between close concentrations, where the plain formula subtracts nearly equal numbers, and far ones."""
    for kappa in (1e-3, 1.0, 50.0, 1e4):
        for factor in (0.0, 1e-3, 0.7, 1 + 1e-9, 1.001, 2.0, 10.0):
            loc = unit(torch.arange(1.0, width + 1, dtype=torch.float64))
            one, other = (VonMisesFisher(loc, torch.tensor(x, dtype=torch.float64)) for x in (kappa, kappa * factor))
            first, second = (mpmath.mpf(float(x.concentration)) for x in (one, other))
            with mpmath.workdps(50):
                expected = growth(width, second) - growth(width, first) - ratio(width, first) * (second - first)
            assert float(kl_divergence(one, other)) == pytest.approx(float(expected), rel=1e-9)


def test_divergence_between_directions_is_the_mean_of_the_log_ratio():
    torch.manual_seed(0)
    one, other = law(5, 12.0), VonMisesFisher(unit(torch.tensor([1.0, 0, 2, 0, 1], dtype=torch.float64)), 4.0)
    x = one.sample((200_000,))
    logs = one.log_prob(x) - other.log_prob(x)
    assert float(kl_divergence(one, other)) == pytest.approx(float(logs.mean()), abs=5 * float(logs.std()) / 447)
    assert float(kl_divergence(one, one)) == 0


def test_fitting_finds_the_law_that_samples_came_from():
    torch.manual_seed(0)
    one = law(20, 40.0)
    found = VonMisesFisher.fit(one.sample((50_000,)))
    assert float(found.concentration) == pytest.approx(40, rel=0.02)
    assert float(found.loc @ one.loc) > 0.9999
    x = one.sample((10,))
    twice = VonMisesFisher.fit(torch.cat([x, x[:3]]))
    weighted = VonMisesFisher.fit(x, torch.tensor([2.0] * 3 + [1.0] * 7))
    torch.testing.assert_close(twice.concentration, weighted.concentration)


def test_the_grammar_of_distributions():
    laws = VonMisesFisher(unit(torch.randn(2, 1, 4)), torch.tensor([0.0, 1.0, 100.0]))
    assert (laws.batch_shape, laws.event_shape) == ((2, 3), (4,))
    assert laws.rsample((5,)).shape == (5, 2, 3, 4)
    assert laws.rsample((5,)).dtype == torch.float32
    assert laws.log_prob(laws.sample()).shape == laws.entropy().shape == (2, 3)
    assert laws.mean.shape == laws.mode.shape == laws.variance.shape == (2, 3, 4)
    wider = laws.expand((6, 2, 3))
    assert wider.sample().shape == (6, 2, 3, 4)
    assert kl_divergence(wider, HypersphericalUniform(4)).shape == (6, 2, 3)
    assert kl_divergence(wider, laws).shape == (6, 2, 3)
    single = VonMisesFisher(torch.tensor([1.0, 0]), 2.0).expand((3,))
    assert single.sample((0,)).shape == (0, 3, 2)


def test_bad_input():
    with pytest.raises(ValueError, match="loc"):
        VonMisesFisher(torch.ones(3), 1.0, validate_args=True)
    with pytest.raises(ValueError, match="concentration"):
        law(3, -1.0)
    with pytest.raises(ValueError, match="within the support"):
        law(3, 1.0).log_prob(torch.ones(3, dtype=torch.float64))
    with pytest.raises(InvalidValue, match="different widths, 3 and 4"):
        kl_divergence(law(3, 1.0), HypersphericalUniform(4))
    with pytest.raises(InvalidValue, match="cosine must be at least 0 and below 1"):
        VonMisesFisher.fit(torch.tensor([[1.0, 0.0]] * 5))
