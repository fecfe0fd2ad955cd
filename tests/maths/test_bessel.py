"""The Bessel function and the scalars of the von Mises–Fisher distribution, against 50 digits over the whole range."""

import functools
import math

import mpmath
import pytest
import torch
from scipy.special import ive
from torch.autograd import gradcheck, gradgradcheck

from baihua.checks import InvalidType, InvalidValue
from baihua.maths import bessel_growth
from baihua.maths.bessel import (
    kl_to_uniform,
    log_bessel_i,
    log_normalizer,
    log_peak_density,
    log_scaled_bessel_i,
    mean_resultant_length,
    mean_resultant_slope,
)
from baihua.maths.bessel_expansion import LEAST_ORDER, LargeOrder
from baihua.maths.hyperspherical_uniform import log_surface_area

WIDTHS = (2, 3, 4, 5, 16, 64, 128, 256, 312, 768, 1024, 4096)
CONCENTRATIONS = (0.0, 1e-6, 1e-3, 0.1, 1.0, 10.0, 100.0, 1e3, 1e5, 1e6)
double = functools.partial(torch.tensor, dtype=torch.float64)


@functools.cache
def truth(order, x):
    """The growth log 0F1(; v+1; x²/4) and all that follows from it, with 50 digits left after every subtraction."""
    with mpmath.workdps(80):
        v, x = mpmath.mpf(order), mpmath.mpf(x)
        below, above = (mpmath.hyp0f1(v + k, x * x / 4, maxterms=10**7) for k in (1, 2))
        growth, ratio = mpmath.log(below), x / (2 * v + 2) * above / below
        over_x = above / below / (2 * v + 2)
        slope = 1 - ratio**2 - (2 * v + 1) * over_x
        curvature = -2 * ratio * slope - (2 * v + 1) * ((slope - over_x) / x if x else 0)
        area = mpmath.log(2) + (v + 1) * mpmath.log(mpmath.pi) - mpmath.loggamma(v + 1)
        return {
            "growth": growth,
            "shortfall": x - growth,
            "divergence": x * ratio - growth,
            "ratio": ratio,
            "complement": 1 - ratio,
            "slope": slope,
            "curvature": curvature,
            "log_normalizer": -area - growth,
            "log_peak_density": x - area - growth,
            "entropy": area + growth - x * ratio,
            "log_bessel_i": growth + v * mpmath.log(x / 2) - mpmath.loggamma(v + 1) if x else mpmath.mpf("-inf"),
        }


def relative_error(found, true):
    return float(abs(found - true) / abs(true)) if true else float(abs(found))


def error_of_size(found, true):
    """The error relative to max(1, |value|)."""
    return float(abs(found - true) / max(1, abs(true)))


def worst(name, found, orders, arguments, error=relative_error):
    """The largest error of a tensor of values ``(orders, arguments)``."""
    assert torch.isfinite(found).all()
    with mpmath.workdps(30):
        return max(
            error(mpmath.mpf(value), truth(order, x)[name])
            for order, row in zip(orders, found.double().tolist(), strict=True)
            for x, value in zip(arguments, row, strict=True)
        )


def grid(function, dtype=torch.float64):
    """A function over the grid, the orders and arguments it was really computed at (after rounding to the type)."""
    kappas = torch.tensor(CONCENTRATIONS, dtype=dtype)
    found = torch.stack([function(width, kappas) for width in WIDTHS])
    assert found.dtype == dtype
    return found, [width / 2 - 1 for width in WIDTHS], kappas.double().tolist()


def entropy(width, kappa):
    return (log_surface_area(width) - kl_to_uniform(width, kappa.double())).to(kappa.dtype)


@pytest.mark.parametrize(
    ("function", "name", "bound"),
    [
        (mean_resultant_length, "ratio", 2e-15),
        (kl_to_uniform, "divergence", 3e-14),
        (mean_resultant_slope, "slope", 1e-12),
    ],
)
def test_relative_errors_over_the_grid(function, name, bound):
    assert worst(name, *grid(function)) < bound
    assert worst(name, *grid(function, torch.float32)) < 1e-7


@pytest.mark.parametrize(
    ("function", "name"),
    [(log_normalizer, "log_normalizer"), (log_peak_density, "log_peak_density"), (entropy, "entropy")],
)
def test_logarithms_over_the_grid(function, name):
    assert worst(name, *grid(function), error_of_size) < 1e-13
    assert worst(name, *grid(function, torch.float32), error_of_size) < 1e-7


@pytest.mark.parametrize("name", ["growth", "shortfall", "divergence", "ratio", "complement", "slope", "curvature"])
def test_every_quantity_between_the_points_of_the_grid(name):
    """Whole, half and other orders on both sides of the seam, arguments between the powers of ten."""
    bounds = {"complement": 1e-12, "slope": 1e-12, "curvature": 1e-11}
    orders = (0.0, 0.3, 1.0, 5.5, 22.99, 23.0, 23.5, 24.0, 100.3, 767.5, 2048.0)
    arguments = (1e-5, 0.3, 3.0, 14.0, 40.0, 333.0, 4e3, 3e5)
    function = getattr(bessel_growth, name)
    found = torch.stack([function(double(order), double(arguments)) for order in orders])
    assert worst(name, found, orders, arguments) < bounds.get(name, 3e-14)


def test_the_logarithm_of_the_function_itself():
    orders = (0.0, 0.5, 1.0, 2.7, 30.0, 383.0, 2047.0)
    arguments = (1e-6, 0.1, 10.0, 500.0, 1e6)
    found = log_bessel_i(double(orders).unsqueeze(-1), double(arguments))
    assert worst("log_bessel_i", found, orders, arguments, error_of_size) < 1e-14
    scaled = log_scaled_bessel_i(double(orders).unsqueeze(-1), double(arguments)).tolist()
    for order, row in zip(orders, scaled, strict=True):
        for x, value in zip(arguments, row, strict=True):
            assert error_of_size(mpmath.mpf(value), truth(order, x)["log_bessel_i"] - x) < 1e-12


def test_it_agrees_with_scipy_where_scipy_has_a_value():
    x = torch.logspace(-3, 6, 400, dtype=torch.float64)
    for order in (0, 0.5, 1, 7.25, 63, 100):
        theirs = double(ive(order, x.numpy()))
        kept = theirs > 1e-290
        torch.testing.assert_close(log_scaled_bessel_i(order, x)[kept], theirs[kept].log(), rtol=1e-11, atol=1e-11)


def test_at_zero():
    assert log_bessel_i([0.0, 0.5, 3.0], 0.0).tolist() == [0.0, -math.inf, -math.inf]
    widths = double(WIDTHS)
    assert not mean_resultant_length(widths, 0).any()
    assert not kl_to_uniform(widths, 0).any()
    torch.testing.assert_close(mean_resultant_slope(widths, 0), 1 / widths, rtol=1e-15, atol=0)
    areas = torch.tensor([log_surface_area(int(width)) for width in widths], dtype=torch.float64)
    torch.testing.assert_close(log_normalizer(widths, 0), -areas, rtol=1e-14, atol=0)


def test_the_circle_and_the_sphere_have_closed_forms():
    x = torch.logspace(-1, 2, 50, dtype=torch.float64)
    torch.testing.assert_close(mean_resultant_length(3, x), 1 / torch.tanh(x) - 1 / x, rtol=1e-12, atol=0)
    log_sinh = x + torch.log(-torch.expm1(-2 * x)) - math.log(2)
    torch.testing.assert_close(log_normalizer(3, x), torch.log(x / (4 * math.pi)) - log_sinh, rtol=1e-14, atol=1e-14)
    circle = torch.distributions.VonMises(double(0.3), double(2.5))
    mine = log_peak_density(2, 2.5) + 2.5 * (math.cos(1.1 - 0.3) - 1)
    assert float(mine) == pytest.approx(float(circle.log_prob(double(1.1))), abs=1e-6)


@pytest.mark.parametrize(
    ("width", "kappa", "log_c", "mean", "variance", "kl"),
    [
        (2, 1, -2.073791, 0.446390, 0.354346, 0.210476),
        (3, 10, -9.535292, 0.900000, 0.010000, 1.995732),
        (25, 100, -66.129894, 0.886644, 0.001067, 18.802477),
        (50, 35, 15.117014, 0.517125, 0.008607, 7.743044),
        (512, 500, 682.026782, 0.611748, 0.000558, 119.932770),
        (768, 1000, 1016.817414, 0.687400, 0.000246, 245.495843),
        (1024, 10000, -6215.931168, 0.950155, 0.000005, 1192.590361),
        (3, 1e6, -999988.022367, 0.999999, 0.0, 13.508658),
    ],
)
def test_values_known_to_six_digits(width, kappa, log_c, mean, variance, kl):
    found = (log_normalizer, mean_resultant_length, mean_resultant_slope, kl_to_uniform)
    for function, value in zip(found, (log_c, mean, variance, kl), strict=True):
        assert float(function(width, kappa)) == pytest.approx(value, abs=6e-7)


def test_the_density_integrates_to_one():
    """Over the sphere: the density at cosine w times the area |S^{d−2}| sin^{d−2}φ of the circle of latitude."""
    angle = torch.linspace(0, math.pi, 20_001, dtype=torch.float64)
    for width in (3, 5, 64, 768):
        for kappa in (0.0, 3.0, 200.0):
            log_density = log_peak_density(width, kappa) + kappa * (torch.cos(angle) - 1)
            log_circle = log_surface_area(width - 1) + (width - 2) * torch.log(torch.sin(angle).clamp(min=1e-300))
            assert float(torch.trapezoid(torch.exp(log_density + log_circle), angle)) == pytest.approx(1, abs=1e-6)


def test_the_recurrence_holds_across_the_seam():
    """I_{v−1} − I_{v+1} = 2v/x I_v, with the three orders on either side of where the steps down begin."""
    x = torch.logspace(-2, 5, 60, dtype=torch.float64)
    for order in (1, 5.5, LEAST_ORDER - 1, LEAST_ORDER, LEAST_ORDER + 0.5, 300):
        below, here = mean_resultant_length(2 * order, x), mean_resultant_length(2 * order + 2, x)
        torch.testing.assert_close(1 / below, 2 * order / x + here, rtol=2e-14, atol=0)
        difference = log_scaled_bessel_i(order, x) - log_scaled_bessel_i(order - 1, x)
        torch.testing.assert_close(difference, below.log(), rtol=1e-11, atol=1e-11)


def test_amos_bounds():
    x = torch.logspace(-6, 6, 500, dtype=torch.float64)
    for width in WIDTHS:
        v, found = width / 2 - 1, mean_resultant_length(width, x)
        lower = x / (v + 0.5 + torch.sqrt((v + 1.5) ** 2 + x**2))
        upper = torch.minimum(
            x / (v + 0.5 + torch.sqrt((v + 0.5) ** 2 + x**2)), x / (v + torch.sqrt((v + 2) ** 2 + x**2))
        )
        assert (found >= lower * (1 - 1e-15)).all()
        assert (found <= upper * (1 + 1e-15)).all()
        assert (found <= 1).all()


def test_everything_is_monotone():
    kappa = torch.logspace(-6, 6, 3000, dtype=torch.float64)
    for width in WIDTHS:
        assert (kl_to_uniform(width, kappa).diff() > 0).all()
        assert (mean_resultant_length(width, kappa).diff() >= 0).all()
        assert (mean_resultant_slope(width, kappa).diff() <= 1e-14 / width).all()


@pytest.mark.parametrize("width", [2, 3, 9.5, 64, 768])
@pytest.mark.parametrize(
    "function",
    [
        mean_resultant_length,
        mean_resultant_slope,
        kl_to_uniform,
        log_normalizer,
        log_peak_density,
        lambda d, x: log_bessel_i(d / 2 - 1, x),
        lambda d, x: log_scaled_bessel_i(d / 2 - 1, x),
    ],
)
def test_first_derivatives_agree_with_differences(width, function):
    x = double([0.01, 1.0, 20.0, 400.0]).requires_grad_()
    assert gradcheck(functools.partial(function, width), x, eps=1e-5, atol=1e-6, rtol=1e-5)
    if function is not mean_resultant_slope:
        assert gradgradcheck(functools.partial(function, width), x, eps=1e-5, atol=1e-6, rtol=1e-5)


def test_derivatives_are_the_exact_ones_over_the_grid():
    for width in WIDTHS:
        kappa = double(CONCENTRATIONS).requires_grad_()
        order = width / 2 - 1
        for function, name, times in (
            (mean_resultant_length, "slope", 0),
            (mean_resultant_slope, "curvature", 0),
            (kl_to_uniform, "slope", 1),
        ):
            (found,) = torch.autograd.grad(function(width, kappa).sum(), kappa)
            for x, value in zip(CONCENTRATIONS, found.tolist(), strict=True):
                assert relative_error(mpmath.mpf(value), truth(order, x)[name] * x**times) < 1e-11


def test_derivatives_at_zero_are_finite():
    for width in (2, 3, 768):
        kappa = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        for function in (mean_resultant_length, kl_to_uniform, log_normalizer, log_peak_density):
            (first,) = torch.autograd.grad(function(width, kappa).sum(), kappa, create_graph=True)
            (second,) = torch.autograd.grad(first.sum(), kappa)
            assert torch.isfinite(first).all()
            assert torch.isfinite(second).all()
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    assert float(torch.autograd.grad(log_bessel_i(0, x), x)[0]) == 0


def test_types_shapes_and_blocks():
    orders, x = double([0.0, 30.0]), torch.rand(3, 1, dtype=torch.float32)
    assert log_bessel_i(orders, x).shape == (3, 2)
    assert mean_resultant_length(3, x).dtype == torch.float32
    assert mean_resultant_length(3, torch.tensor(2.0)).dtype == torch.float32
    assert mean_resultant_length(torch.tensor([3, 5]), 2).dtype == torch.float64
    assert kl_to_uniform(768, torch.empty(0, 4)).shape == (0, 4)
    half = kl_to_uniform(768, torch.tensor([1e-3, 300.0], dtype=torch.bfloat16))
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.double(), kl_to_uniform(768, double([9.9945e-04, 300.0])), rtol=1e-2, atol=0)

    many = torch.rand(bessel_growth.BLOCK + 5, dtype=torch.float64) * 50
    for order in (double(0.5), torch.where(many > 25, double(0.5), double(40.0))):
        whole = bessel_growth.growth(order, many)
        for part in (slice(0, 7), slice(-7, None)):
            alone = bessel_growth.growth(order if order.ndim == 0 else order[part], many[part])
            torch.testing.assert_close(whole[part], alone, rtol=1e-14, atol=0)


def test_gradients_come_back_in_the_type_and_shape_that_came():
    kappa = torch.tensor([[2.0], [50.0]], requires_grad=True)
    kl_to_uniform(double([3, 768]), kappa).sum().backward()
    assert kappa.grad.dtype == torch.float32
    assert kappa.grad.shape == (2, 1)
    wanted = sum(x * mean_resultant_slope(width, x) for x in [2.0] for width in (3, 768))
    assert float(kappa.grad[0]) == pytest.approx(float(wanted), rel=1e-6)


def test_nothing_is_infinite_anywhere():
    kappa = torch.cat([torch.zeros(1), torch.logspace(-44, 12, 500), torch.tensor([1e-45])])
    for width in (2, 2.5, 3, 49, 50, 51, 768, 4098):
        for dtype in (torch.float32, torch.float64):
            x = kappa.to(dtype).clamp(max=9.9e11).requires_grad_()
            for function in (mean_resultant_length, kl_to_uniform, log_normalizer, log_peak_density):
                value = function(width, x)
                value.sum().backward()
                assert torch.isfinite(value).all()
                assert torch.isfinite(x.grad).all()
                x.grad = None


def test_the_expansion_has_reached_rounding_where_it_begins():
    x = double([1.0, 8.0, 24.0, 100.0])
    found = LargeOrder(double(LEAST_ORDER), x)
    assert worst("growth", found.growth().unsqueeze(0), [LEAST_ORDER], x.tolist()) < 1e-14
    assert worst("ratio", found.ratio().unsqueeze(0), [LEAST_ORDER], x.tolist()) < 1e-14


def test_what_cannot_be_used_is_said():
    with pytest.raises(InvalidValue, match="concentration must be a finite number of at least 0 .* received -1"):
        kl_to_uniform(3, torch.tensor([1.0, -1.0]))
    with pytest.raises(InvalidValue, match="received nan"):
        mean_resultant_length(3, math.nan)
    with pytest.raises(InvalidValue, match="received inf"):
        log_bessel_i(0, math.inf)
    with pytest.raises(InvalidValue, match=r"at most 1e\+12, but received 2e\+12"):
        log_bessel_i(0, 2e12)
    with pytest.raises(InvalidValue, match="width must be a finite number of at least 2, but received 1"):
        log_normalizer(1, 1.0)
    with pytest.raises(InvalidValue, match="order must be a finite number of at least 0, but received -0.5"):
        log_bessel_i(-0.5, 1.0)
    with pytest.raises(InvalidValue, match="no derivative in order"):
        log_bessel_i(torch.ones(2, requires_grad=True), 1.0)
    with pytest.raises(InvalidType, match="real numbers"):
        kl_to_uniform(3, "many")
    x = torch.ones(1, requires_grad=True)
    (once,) = torch.autograd.grad(mean_resultant_slope(3, x).sum(), x, create_graph=True)
    with pytest.raises(InvalidValue, match="third"):
        torch.autograd.grad(once.sum(), x)
