"""The von Mises–Fisher distribution on the unit sphere, p(x) ∝ exp(κ μ·x), at every width and concentration.

Density, entropy and divergences are those of `baihua.maths.bessel`, exact to the last digits where the usual formulas
return inf or NaN; samples are drawn as `baihua.maths.polar_angle` does, without rejection, with gradients in both
parameters. The article (kexue.fm 8404) keeps κ fixed because its gradient seemed awkward; here it is not.
"""

import functools
from collections.abc import Callable
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.distributions.kl import register_kl
from torch.types import _size

from baihua.checks import InvalidValue
from baihua.maths import bessel, bessel_growth
from baihua.maths.concentration import concentration_for_mean_cosine
from baihua.maths.hyperspherical_uniform import HypersphericalUniform, log_surface_area
from baihua.maths.polar_angle import AngleTable, draw_angles
from baihua.maths.rotationally_symmetric import RotationallySymmetric
from baihua.maths.sphere import unit
from baihua.maths.tangent_normal import random_around

NUM_NODES = 20  # Gauss–Legendre, see `_growth_gap`; its error falls as 3.7^(-2 · nodes)
TABLES_KEPT = 32  # of 13 kB each


class VonMisesFisher(RotationallySymmetric):
    """The von Mises–Fisher distribution on the unit sphere.

    Args:
        loc: μ, unit vectors, shape ``(..., width)``, width at least 2.
        concentration: κ, from 0 (uniform) to 1e12, shape ``(...)``, broadcast against ``loc`` without its last axis.
        validate_args: check parameters and values.

    Raises:
        ValueError: by torch, for parameters outside their constraints.

    Example:
        >>> law = VonMisesFisher(torch.eye(768)[0], torch.tensor(1000.0))
        >>> law.rsample((64,)).shape, round(float(law.mean[0]), 4)
        (torch.Size([64, 768]), 0.6874)
    """

    @classmethod
    def fit(cls, x: Tensor, weights: Tensor | None = None) -> Self:
        """Return the law of the highest likelihood for unit vectors.

        μ is the direction of their mean and κ solves A_d(κ) = |mean| (Mardia and Jupp 2000, section 10.3.1).

        Args:
            x: shape ``(num, width)``.
            weights: 0 or more, shape ``(num,)``; None for all the same.

        Raises:
            InvalidValue: when all vectors are the same, so that no κ is high enough, or cancel, so that μ is nowhere.
        """
        shares = torch.ones_like(x[:, 0]) if weights is None else weights.to(x)
        mean = (shares.double() / shares.double().sum()) @ x.double()  # (width,)
        length = torch.linalg.vector_norm(mean)
        return cls(unit(mean, "mean").to(x.dtype), concentration_for_mean_cosine(x.shape[1], length).to(x.dtype))

    @property
    def mean(self) -> Tensor:
        """A_d(κ) μ."""
        return bessel.mean_resultant_length(self.width, self.concentration).unsqueeze(-1) * self.loc

    @property
    def variance(self) -> Tensor:
        """The variance of every coordinate: A' along μ, and (1 − E t²)/(d − 1) = A/κ across it."""
        along = bessel.mean_resultant_slope(self.width, self.concentration).unsqueeze(-1)
        mean_cosine = bessel.mean_resultant_length(self.width, self.concentration)
        positive = torch.where(self.concentration > 0, self.concentration, 1.0)
        across = torch.where(self.concentration > 0, mean_cosine / positive, 1 / self.width).unsqueeze(-1)
        squares = self.loc.square()
        return along * squares + across * (1 - squares)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        """Draw points, differentiable in μ and κ; shape ``sample_shape + batch_shape + (width,)``."""
        shape = self._extended_shape(torch.Size(sample_shape))
        angle = self._angles(shape[:-1])  # (...)
        return random_around(self.loc, angle.cos().to(self.loc), angle.sin().to(self.loc))

    def _angles(self, shape: torch.Size) -> Tensor:
        """Draw angles to μ in float64, on the CPU for devices that have none."""
        without = self.loc.device.type in bessel.WITHOUT_FLOAT64
        place = torch.device("cpu") if without else self.loc.device
        if self._shared is not None:
            kappa = self._shared.to(place, torch.float64)
            table = _table(self.width, float(kappa.detach()), str(place))
            return draw_angles(self.width, kappa, shape.numel(), table).reshape(shape)
        kappa = self.concentration.reshape(-1).to(place, torch.float64)  # (num_laws,)
        if kappa.numel() == 0 or shape.numel() == 0:
            return kappa.new_empty(shape)
        num_each = shape.numel() // kappa.numel()
        return draw_angles(self.width, kappa, num_each).mT.reshape(shape)  # (num_each, num_laws) to the shape

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log density: that at the peak less κ (1 − μ·x) = κ |x − μ|² / 2, which keeps its digits there."""
        if self._validate_args:
            self._validate_sample(value)
        below = self.concentration * (value - self.loc).square().sum(dim=-1) / 2
        return bessel.log_peak_density(self.width, self.concentration) - below

    def entropy(self) -> Tensor:
        """Return the entropy in nats, shape ``batch_shape``."""
        return log_surface_area(self.width) - bessel.kl_to_uniform(self.width, self.concentration)


@functools.lru_cache(maxsize=TABLES_KEPT)
def _table(width: int, kappa: float, place: str) -> AngleTable:
    """Keep the tables of single laws, which a training with fixed κ asks for at every step."""
    return AngleTable.make(width, torch.tensor([kappa], dtype=torch.float64, device=place))


@register_kl(VonMisesFisher, HypersphericalUniform)  # type: ignore[untyped-decorator]
def _kl_to_uniform(law: VonMisesFisher, uniform: HypersphericalUniform) -> Tensor:
    _check_widths(law.width, uniform.width)
    found = bessel.kl_to_uniform(law.width, law.concentration)
    return found.expand(torch.broadcast_shapes(law.batch_shape, uniform.batch_shape))


@register_kl(VonMisesFisher, VonMisesFisher)  # type: ignore[untyped-decorator]
def _kl_between(first: VonMisesFisher, second: VonMisesFisher) -> Tensor:
    """Return g(κ₂) − g(κ₁) − A₁ (κ₂ − κ₁) + κ₂ A₁ |μ₁ − μ₂|²/2, with g' = A: two terms that are never negative."""
    _check_widths(first.width, second.width)
    one, other = torch.broadcast_tensors(first.concentration.double(), second.concentration.double())
    mean_cosine = bessel.mean_resultant_length(first.width, one)
    turned = (first.loc.double() - second.loc.double()).square().sum(dim=-1) / 2
    found = _growth_gap(first.width, one, other) + other * mean_cosine * turned
    return found.to(torch.promote_types(first.loc.dtype, second.loc.dtype))


def _growth_gap(width: int, one: Tensor, other: Tensor) -> Tensor:
    """Return g(κ₂) − g(κ₁) − A(κ₁)(κ₂ − κ₁) for g' = A, without cancellation where the two are close.

    There it is (κ₂ − κ₁)² times the integral of (1 − s) A'(κ₁ + s (κ₂ − κ₁)), by Gauss–Legendre quadrature. The
    singularities of A' nearest to the interval lie on the imaginary axis, beyond its middle from the interval; where
    its half-length is less than half of that, the nodes are exact in float64. Elsewhere the plain terms differ enough,
    for large κ after both g and A have been taken from what they come near to, κ and 1.
    """
    gap, middle = other - one, (one + other) / 2
    close = gap.abs() <= torch.maximum(middle, torch.full_like(middle, width / 2))
    nodes, weights = (torch.as_tensor(x).to(one) for x in np.polynomial.legendre.leggauss(NUM_NODES))
    shares = (nodes + 1) / 2  # (num_nodes,)
    places = one.unsqueeze(-1) + shares * torch.where(close, gap, 0.0).unsqueeze(-1)  # (..., num_nodes)
    slopes = bessel.mean_resultant_slope(width, places.clamp(min=0))
    near = gap.square() * (weights / 2 * (1 - shares) * slopes).sum(dim=-1)
    order = torch.tensor(width / 2 - 1, dtype=torch.float64)

    def change(function: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        return function(order, other) - function(order, one)

    flat = change(bessel_growth.growth) - bessel_growth.ratio(order, one) * gap
    steep = bessel_growth.complement(order, one) * gap - change(bessel_growth.shortfall)
    far = torch.where(bessel_growth.ratio(order, one) < 0.5, flat, steep)
    return torch.where(close, near, far)


def _check_widths(first: int, second: int) -> None:
    if first != second:
        raise InvalidValue(
            zh=f"两个分布的宽度不同：{first} 与 {second}。",
            en=f"The two distributions have different widths, {first} and {second}.",
        )
