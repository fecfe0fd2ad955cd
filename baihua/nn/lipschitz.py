"""Ways to keep a critic from being steep: weight clipping, penalties on its gradient, spectral normalisation.

The Wasserstein distance is the largest mean f(x) − mean f(y) of all f whose gradient has length at most 1 (Kantorovich and
Rubinstein). Each of these is a rough way to say so. A penalty takes one of

    one-centred    λ E (|∇f| − 1)²           WGAN-GP (Gulrajani et al. 2017), at points between real and made ones
    one-sided      λ E max(0, |∇f| − 1)²     WGAN-LP (Petzka et al. 2018)
    zero-centred   λ E |∇f|^p                WGAN-div (Wu et al. 2018; kexue.fm 6139), R1 and R2 with p = 2
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

Scores = Callable[[Tensor], Tensor]  # points (nets, batch, width) → scores (nets, batch)


class Constraint(Protocol):
    """What keeps a critic from being steep."""

    @property
    def spectral_norm(self) -> bool:
        """Whether the critic's network is to be built with it."""
        ...

    def penalty(self, f: Scores, real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
        """Return what is added to the critic's loss, shape ``(nets,)``; ``shares`` are from 0 to 1, ``(nets, batch, 1)``."""
        ...

    def after_step(self, network: nn.Module) -> None:
        """Change the critic's parameters after a step of its optimizer."""
        ...


@dataclass(frozen=True, kw_only=True)
class Unconstrained:
    """Nothing keeps the critic from being steep; with ``spectral_norm`` the way its network is built does."""

    spectral_norm: bool = False

    def penalty(self, f: Scores, real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
        """Return 0."""
        return real.new_zeros(len(real))

    def after_step(self, network: nn.Module) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class WeightClipping(Unconstrained):
    """Every parameter stays between −limit and limit (Arjovsky et al. 2017)."""

    limit: float = 0.01

    def after_step(self, network: nn.Module) -> None:
        """Clip."""
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.clamp_(-self.limit, self.limit)


@dataclass(frozen=True)
class GradientPenalty(Unconstrained):
    """A penalty on the length of the gradient, at points drawn evenly between real and made ones.

    Args:
        weight: λ.
        centre: ``"one"``, ``"one_sided"`` or ``"zero"``.
        power: p of the zero-centred one.
    """

    weight: float = 10.0
    centre: str = "one"
    power: float = 2.0

    def penalty(self, f: Scores, real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
        """Return λ times the mean over the batch."""
        points = (shares * real + (1 - shares) * fake).detach().requires_grad_()
        lengths = gradient_lengths(f, points, differentiable=True)
        if self.centre == "zero":
            return self.weight * lengths.pow(self.power).mean(dim=-1)
        excess = lengths - 1
        if self.centre == "one_sided":
            excess = excess.clamp_min(0)
        return self.weight * excess.square().mean(dim=-1)


def gradient_lengths(f: Scores, points: Tensor, *, differentiable: bool = False) -> Tensor:
    """Return |∇f| at points.

    The scores are summed before the gradient is taken: each depends on its own point alone. The length of a gradient that
    is 0 has itself the gradient 0 in torch, so that nothing is added under the root.

    Args:
        f: from ``(nets, batch, width)`` to ``(nets, batch)``.
        points: shape ``(nets, batch, width)``.
        differentiable: keep the graph, to train on the lengths.

    Returns:
        Shape ``(nets, batch)``.
    """
    return torch.linalg.vector_norm(gradients(f, points, differentiable=differentiable), dim=-1)


def gradients(f: Scores, points: Tensor, *, differentiable: bool = False) -> Tensor:
    """Return ∇f at points, shape ``(nets, batch, width)``; arguments as for `gradient_lengths`."""
    with torch.enable_grad():
        free = points if points.requires_grad else points.detach().requires_grad_()
        (found,) = torch.autograd.grad(f(free).sum(), free, create_graph=differentiable)
    return found
