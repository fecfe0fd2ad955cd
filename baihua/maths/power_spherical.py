"""The power spherical distribution, p(x) ∝ (1 + μ·x)^κ: much like von Mises–Fisher, without Bessel functions.

De Cao and Aziz, "The Power Spherical distribution" (2020, arXiv 2006.04437). The cosine t = μ·x is 2B − 1 with B from a
Beta distribution, so that samples are differentiable in both parameters with nothing to reject.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.distributions.kl import register_kl
from torch.types import _size

from baihua.checks import InvalidValue
from baihua.maths.hyperspherical_uniform import HypersphericalUniform, log_surface_area
from baihua.maths.rotationally_symmetric import RotationallySymmetric
from baihua.maths.tangent_normal import random_around

NUM_NODES = 16  # of the quadrature of `divergence`: its error falls as 5.8^(-2 · nodes)


class PowerSpherical(RotationallySymmetric):
    """The power spherical distribution on the unit sphere.

    Args:
        loc: μ, unit vectors, shape ``(..., width)``, width at least 2.
        concentration: κ, 0 (uniform) or more, shape ``(...)``, broadcast against ``loc`` without its last axis.
        validate_args: check parameters and values.

    Raises:
        ValueError: by torch, for parameters outside their constraints.

    Example:
        >>> law = PowerSpherical(torch.tensor([1.0, 0.0, 0.0]), torch.tensor(10.0))
        >>> law.rsample((4,)).shape, round(float(torch.distributions.kl_divergence(law, HypersphericalUniform(3))), 4)
        (torch.Size([4, 3]), 1.4888)
    """

    @property
    def mean(self) -> Tensor:
        """E[t] μ with E[t] = κ / (κ + width − 1)."""
        return (self.concentration / (self.concentration + self.width - 1)).unsqueeze(-1) * self.loc

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        """Draw points, differentiable in μ and κ; shape ``sample_shape + batch_shape + (width,)``.

        B = g / (g + h) with g and h from Gamma distributions of shapes (width − 1)/2 + κ and (width − 1)/2; keeping both
        gives √(1 − t²) = 2 √(g h) / (g + h) without the digits that 1 − t² has lost.
        """
        shape = self._extended_shape(torch.Size(sample_shape))
        half = (self.width - 1) / 2
        toward = torch._standard_gamma((half + self.concentration).expand(shape[:-1]))
        away = torch._standard_gamma(torch.full_like(toward, half))
        total = toward + away
        sine = 2 * (toward / total).sqrt() * (away / total).sqrt()
        return random_around(self.loc, (toward - away) / total, sine)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log density; at the point opposite to μ it is −inf, unless κ is 0.

        1 + μ·x is taken as |μ + x|² / 2, which keeps its digits near that point.
        """
        if self._validate_args:
            self._validate_sample(value)
        one_plus = (self.loc + value).square().sum(dim=-1) / 2
        return torch.xlogy(self.concentration, one_plus) + self._log_normalizer()

    def entropy(self) -> Tensor:
        """Return the entropy in nats, shape ``batch_shape``."""
        return log_surface_area(self.width) - self._divergence()

    def _divergence(self) -> Tensor:
        return divergence(self.width, self.concentration.double()).to(self.concentration.dtype)

    def _log_normalizer(self) -> Tensor:
        log_mean = log_mean_power(self.width, self.concentration.double())
        return (-log_mean - log_surface_area(self.width)).to(self.concentration.dtype)


def log_mean_power(width: int, concentration: Tensor) -> Tensor:
    """Return f(κ) = log E[(1 + t)^κ] over the uniform distribution, by which the density is divided.

    With β = (d − 1)/2 it is κ log 2 + log Γ(β + κ) − log Γ(2β + κ) − log Γ(β) + log Γ(2β).

    Args:
        width: d, at least 2.
        concentration: κ in float64, shape ``(...)``.
    """
    half = (width - 1) / 2
    constant = math.lgamma(2 * half) - math.lgamma(half)
    return (
        concentration * math.log(2)
        + torch.lgamma(half + concentration)
        - torch.lgamma(2 * half + concentration)
        + constant
    )


def divergence(width: int, concentration: Tensor) -> Tensor:
    """Return the KL divergence from the uniform distribution in nats: κ f'(κ) − f(κ), see `log_mean_power`.

    For small κ both terms are nearly equal and their difference, of the order of κ², would be rounding alone. So up to
    κ = β = (d − 1)/2 it is computed as the integral of t f''(t) from 0 to κ, with f''(t) = ψ'(β + t) − ψ'(2β + t)
    positive, by Gauss–Legendre quadrature; the integrand's nearest singularity, −β, is so far away that 16 nodes are
    exact in float64. Beyond, the terms exceed their difference by a few times only.

    Args:
        width: d, at least 2.
        concentration: κ in float64, shape ``(...)``.

    Returns:
        Shape ``(...)``, at least 0.
    """
    half = (width - 1) / 2
    small = concentration <= half
    low = torch.where(small, concentration, torch.zeros_like(concentration)).unsqueeze(-1)
    nodes, weights = (torch.as_tensor(x).to(low) for x in np.polynomial.legendre.leggauss(NUM_NODES))
    places = (nodes + 1) / 2 * low  # (..., num_nodes)
    # ψ'(x) is Hurwitz's ζ(2, x), which torch computes to the last digit; its polygamma(1, x) has nine.
    two = torch.full_like(places, 2.0)
    curvature = torch.special.zeta(two, half + places) - torch.special.zeta(two, 2 * half + places)
    integral = low.squeeze(-1) * (weights / 2 * places * curvature).sum(dim=-1)
    high = torch.where(small, torch.full_like(concentration, half), concentration)
    slope = math.log(2) + torch.digamma(half + high) - torch.digamma(2 * half + high)
    return torch.where(small, integral, high * slope - log_mean_power(width, high))


@register_kl(PowerSpherical, HypersphericalUniform)  # type: ignore[untyped-decorator]
def _kl_to_uniform(law: PowerSpherical, uniform: HypersphericalUniform) -> Tensor:
    if law.width != uniform.width:
        raise InvalidValue(
            zh=f"两个分布的宽度不同：{law.width} 与 {uniform.width}。",
            en=f"The two distributions have different widths, {law.width} and {uniform.width}.",
        )
    return law._divergence().expand(torch.broadcast_shapes(law.batch_shape, uniform.batch_shape))
