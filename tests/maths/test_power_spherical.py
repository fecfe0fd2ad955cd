"""The power spherical distribution against mpmath, quadrature and its own samples."""

import math

import mpmath
import pytest
import scipy.stats
import torch
from scipy.integrate import quad
from torch.distributions import kl_divergence

from baihua.checks import InvalidValue
from baihua.maths.hyperspherical_uniform import HypersphericalUniform, log_surface_area
from baihua.maths.power_spherical import PowerSpherical, divergence, log_mean_power
from baihua.maths.sphere import unit

WIDTHS = (2, 3, 4, 5, 16, 64, 128, 256, 312, 768, 1024, 4096)
CONCENTRATIONS = (0, 1e-6, 1e-3, 0.1, 1, 10, 100, 1e3, 1e5, 1e6)


def law(width, concentration, dtype=torch.float64):
    loc = unit(torch.arange(1, width + 1, dtype=dtype))
    return PowerSpherical(loc, torch.tensor(concentration, dtype=dtype))


def truth(width, concentration):
    """The log of E[(1 + t)^κ] and the divergence from the uniform distribution."""
    half, power = mpmath.mpf(width - 1) / 2, mpmath.mpf(concentration)
    log_mean = (
        power * mpmath.log(2)
        + mpmath.loggamma(half + power)
        - mpmath.loggamma(2 * half + power)
        - mpmath.loggamma(half)
        + mpmath.loggamma(2 * half)
    )
    slope = mpmath.log(2) + mpmath.digamma(half + power) - mpmath.digamma(2 * half + power)
    return log_mean, power * slope - log_mean


@pytest.mark.parametrize("width", WIDTHS)
def test_divergence_and_normalizer_to_the_last_digits(width):
    found = divergence(width, torch.tensor(CONCENTRATIONS, dtype=torch.float64))
    logs = log_mean_power(width, torch.tensor(CONCENTRATIONS, dtype=torch.float64))
    with mpmath.workdps(50):
        for place, concentration in enumerate(CONCENTRATIONS):
            log_mean, expected = truth(width, concentration)
            assert abs(float(found[place]) - expected) <= 1e-9 * expected + 1e-40  # mpmath's own rounding at κ = 0
            assert abs(float(logs[place]) - log_mean) <= 1e-9 * max(1, abs(log_mean))


def test_float32_is_computed_in_float64():
    for concentration in CONCENTRATIONS:
        rounded = float(torch.tensor(concentration, dtype=torch.float32))
        found = float(kl_divergence(law(768, rounded, torch.float32), HypersphericalUniform(768)))
        assert found == pytest.approx(float(truth(768, rounded)[1]), rel=1e-6)


def test_values_of_the_paper_and_its_slip():
    """The paper's repository prints 1.2486 for a concentration of 4, which is the value at 10."""
    found = [float(kl_divergence(law(*pair), HypersphericalUniform(pair[0]))) for pair in ((2, 4.0), (2, 10.0))]
    assert found == pytest.approx([0.827695, 1.248637], abs=1e-6)


@pytest.mark.parametrize(("width", "concentration"), [(2, 0.0), (2, 3.0), (3, 0.5), (5, 20.0), (10, 1.0)])
def test_the_density_integrates_to_one(width, concentration):
    one = law(width, concentration)
    across = unit(torch.linalg.qr(torch.stack([one.loc, torch.eye(width, dtype=torch.float64)[0]], 1))[0][:, 1])

    def density(angle):
        point = math.cos(angle) * one.loc + math.sin(angle) * across
        return math.exp(float(one.log_prob(unit(point)))) * math.sin(angle) ** (width - 2)

    around = math.exp(log_surface_area(width - 1))
    assert quad(density, 0, math.pi)[0] * around == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("width", [2, 3, 4, 50, 768])
@pytest.mark.parametrize("concentration", [0.0, 0.5, 20.0, 1e4])
def test_samples_follow_the_law(width, concentration):
    torch.manual_seed(0)
    one = law(width, concentration)
    x = one.sample((20_000,))
    torch.testing.assert_close(torch.linalg.vector_norm(x, dim=-1), torch.ones(20_000, dtype=torch.float64))
    half = (width - 1) / 2
    cosines = x @ one.loc
    p_value = scipy.stats.kstest((cosines.numpy() + 1) / 2, scipy.stats.beta(half + concentration, half).cdf).pvalue
    assert p_value > 1e-4
    beside = unit(x - cosines.unsqueeze(-1) * one.loc)
    assert beside.mean(dim=0).abs().max() < 6 / math.sqrt(20_000 * (width - 1))


def test_entropy_is_minus_the_mean_log_density_of_samples():
    torch.manual_seed(0)
    one = law(6, 15.0)
    logs = one.log_prob(one.sample((100_000,)))
    assert float(one.entropy()) == pytest.approx(-float(logs.mean()), abs=5 * float(logs.std()) / math.sqrt(1e5))


def test_gradients_of_samples_are_unbiased_in_both_parameters():
    """E[x] = κ / (κ + d − 1) μ, so that the gradient of E[x·c] in κ is (d − 1) / (κ + d − 1)² μ·c."""
    torch.manual_seed(0)
    width, concentration = 5, torch.tensor(7.0, dtype=torch.float64, requires_grad=True)
    loc = unit(torch.randn(width, dtype=torch.float64)).requires_grad_()
    weight = torch.randn(width, dtype=torch.float64)
    found = []
    for _ in range(40):
        score = (PowerSpherical(loc, concentration).rsample((5000,)) @ weight).mean()
        in_loc, in_concentration = torch.autograd.grad(score, (loc, concentration))
        found.append(torch.cat([in_loc - (in_loc @ loc) * loc, in_concentration.reshape(1)]).detach())
    stacked = torch.stack(found)
    error = stacked.std(dim=0) / math.sqrt(len(found))
    mean_cosine = 7 / (7 + width - 1)
    in_loc = mean_cosine * (weight - (weight @ loc) * loc)  # along the sphere
    in_concentration = (width - 1) / (7 + width - 1) ** 2 * (loc @ weight)
    expected = torch.cat([in_loc, in_concentration.reshape(1)]).detach()
    assert ((stacked.mean(dim=0) - expected).abs() <= 4.5 * error).all()


def test_divergence_has_the_gradient_of_its_definition():
    concentration = torch.tensor([1e-3, 0.3, 3.0, 50.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: divergence(6, x), (concentration,))
    (at_zero,) = torch.autograd.grad(
        divergence(6, zero := torch.zeros((), dtype=torch.float64, requires_grad=True)), zero
    )
    assert float(at_zero) == 0


def test_the_grammar_of_distributions():
    laws = PowerSpherical(unit(torch.randn(2, 1, 4)), torch.tensor([0.0, 1.0, 100.0]))
    assert (laws.batch_shape, laws.event_shape) == ((2, 3), (4,))
    assert laws.rsample((5,)).shape == (5, 2, 3, 4)
    assert laws.log_prob(laws.sample()).shape == laws.entropy().shape == (2, 3)
    assert laws.mean.shape == laws.mode.shape == (2, 3, 4)
    wider = laws.expand((6, 2, 3))
    assert wider.sample().shape == (6, 2, 3, 4)
    assert kl_divergence(wider, HypersphericalUniform(4)).shape == (6, 2, 3)
    assert torch.isinf(PowerSpherical(torch.tensor([1.0, 0]), 2.0).log_prob(torch.tensor([-1.0, 0])))
    assert torch.isfinite(PowerSpherical(torch.tensor([1.0, 0]), 0.0).log_prob(torch.tensor([-1.0, 0])))


def test_bad_input():
    with pytest.raises(ValueError, match="loc"):
        PowerSpherical(torch.ones(3), 1.0, validate_args=True)
    with pytest.raises(ValueError, match="concentration"):
        law(3, -1.0)
    with pytest.raises(ValueError, match="within the support"):
        law(3, 1.0).log_prob(torch.ones(3, dtype=torch.float64))
    with pytest.raises(InvalidValue, match="different widths, 3 and 4"):
        kl_divergence(law(3, 1.0), HypersphericalUniform(4))
