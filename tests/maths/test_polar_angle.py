"""Angles of a von Mises–Fisher law: their distribution against quadrature, their derivative against differences."""

import mpmath
import numpy as np
import pytest
import torch
from scipy.integrate import quad

from baihua.maths.polar_angle import AngleTable, draw_angles

GRID = [(width, kappa) for width in (2, 3, 4, 16, 256, 4096) for kappa in (0.0, 1e-3, 1.0, 20.0, 1e3, 1e6)]


def table(width, kappa):
    return AngleTable.make(width, torch.tensor([kappa], dtype=torch.float64))


def density(width, kappa, one):
    """The density of the angle, written out anew, with the table's own scale."""
    scale = float(one.log_scale)

    def value(angle):
        sine = (width - 2) * np.log(np.sin(angle)) if width > 2 else 0.0
        return np.exp(sine - 2 * kappa * np.sin(angle / 2) ** 2 - scale)

    return value


@pytest.mark.parametrize(("width", "kappa"), GRID)
def test_quantiles_hold_the_probability_they_should(width, kappa):
    one = table(width, kappa)
    probability = torch.tensor([[1e-9, 1e-4, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-4]], dtype=torch.float64)
    angles = one.quantile(probability)[0].tolist()
    assert angles == sorted(angles)
    value, start = density(width, kappa, one), float(one.start)
    middle = angles[4]
    for angle, expected in zip(angles, probability[0].tolist(), strict=True):
        found, _ = quad(value, start, angle, epsabs=1e-12, epsrel=1e-11, limit=200, points=[min(middle, angle)])
        assert found == pytest.approx(expected, abs=6e-6 if width == 3 else 5e-7)


@pytest.mark.parametrize(("width", "kappa"), GRID)
def test_the_mean_cosine_is_the_ratio_of_bessel_functions(width, kappa):
    expected = 0.0
    if kappa > 0:
        with mpmath.workdps(30):
            expected = float(mpmath.besseli(width / 2, kappa) / mpmath.besseli(width / 2 - 1, kappa))
    assert float(table(width, kappa).mean_cosine) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("width", "kappa"), [(2, 0.5), (3, 1.0), (4, 20.0), (16, 1e3), (256, 20.0), (768, 1e5)])
def test_the_derivative_is_that_of_quantiles(width, kappa):
    one, small = table(width, kappa), 1e-4 * kappa
    probability = torch.linspace(0.001, 0.999, 101, dtype=torch.float64).unsqueeze(0)
    found = one.derivative(one.quantile(probability))
    above, below = (table(width, kappa + sign * small).quantile(probability) for sign in (1, -1))
    difference = (above - below) / (2 * small)
    assert (found - difference).abs().max() < 2e-5 * difference.abs().max()


def test_tails_have_finite_derivatives():
    for width, kappa in GRID:
        one = table(width, kappa)
        ends = one.quantile(torch.tensor([[0.0, 1e-300, 1 - 1e-16, 1.0]], dtype=torch.float64))
        assert torch.isfinite(ends).all()
        assert torch.isfinite(one.derivative(ends)).all()


def test_gradients_of_drawn_angles_are_unbiased():
    """The mean cosine has the derivative 1 − A² − (d − 1) A / κ in κ."""
    torch.manual_seed(0)
    kappa = torch.tensor([2.0, 30.0], dtype=torch.float64, requires_grad=True)
    mean = draw_angles(5, kappa, 200_000).cos().mean(dim=-1)
    (found,) = torch.autograd.grad(mean.sum(), kappa)
    for place, value in enumerate(kappa.tolist()):
        ratio = float(mpmath.besseli(2.5, value) / mpmath.besseli(1.5, value))
        assert float(found[place]) == pytest.approx(1 - ratio**2 - 4 * ratio / value, rel=0.01)


def test_many_laws_are_drawn_in_parts():
    torch.manual_seed(0)
    kappa = torch.linspace(0, 100, 5000, dtype=torch.float64)
    angles = draw_angles(3, kappa, 2)
    assert angles.shape == (5000, 2)
    assert angles[:500].mean() > angles[-500:].mean()
