"""The angle to the mean direction under a von Mises–Fisher law, drawn by its quantiles and differentiable in κ.

On the sphere of R^d the angle φ = arccos(μ·x) has the density q(φ) ∝ exp(κ cos φ) sin^(d−2) φ on [0, π]. It is smooth for
every d and κ, where the density of the cosine, in which it is usually drawn, has poles at ±1 for d = 2 and crowds against
1 for large κ (kexue.fm 8404 tabulates the cosine at 20 million points). So a table of a few hundred points of φ, laid where
the mass is, gives the distribution function to nine digits: between two points it is the cubic that has the right
values and slopes there.

There is nothing to reject, and so no loop whose length depends on chance. The derivative of a sample in κ holds its
probability fixed (implicit reparametrisation, Figurnov et al. 2018, arXiv 1805.08498): dφ/dκ = −(∂F/∂κ)(φ) / q(φ), where
∂F/∂κ is the integral of q (cos s − E cos) up to φ.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

NUM_POINTS = 513  # 18 standard deviations in 512 steps: the cubic's error in F is about 2e-9
DROP = 42.0  # the table ends where the density is e^-42 of its highest: beyond lies less than float64 can tell from 0
HALVINGS = 60
NEWTON_STEPS = (
    3  # from the straight line between two points; each squares an error that is 1e-3 of a step to begin with
)
LAWS_AT_ONCE = 4096  # 17 MB a table


@dataclass(frozen=True)
class AngleTable:
    """The distribution of the angle at points evenly spaced, one row per concentration; everything in float64.

    Args:
        width: d.
        concentration: κ, shape ``(num_laws, 1)``.
        start: the first angle, shape ``(num_laws, 1)``.
        step: from one to the next, shape ``(num_laws, 1)``.
        density: q at the points, divided by its sum so that F ends at 1, shape ``(num_laws, num_points)``.
        below: F, likewise.
        moved: ∂F/∂κ, likewise.
        log_scale: what the log of q was lowered by, shape ``(num_laws, 1)``.
        mean_cosine: E cos φ, shape ``(num_laws, 1)``.
    """

    width: int
    concentration: Tensor
    start: Tensor
    step: Tensor
    density: Tensor
    below: Tensor
    moved: Tensor
    log_scale: Tensor
    mean_cosine: Tensor

    @classmethod
    def make(cls, width: int, concentration: Tensor) -> "AngleTable":
        """Lay out a table.

        Args:
            width: d, at least 2.
            concentration: κ, shape ``(num_laws,)``, 0 or more.
        """
        kappa = concentration.detach().double().unsqueeze(-1)  # (num_laws, 1)
        mode = _mode(width, kappa)
        highest = _log_density(width, kappa, mode)
        start = _reach(width, kappa, mode, torch.zeros_like(mode), highest)
        step = (_reach(width, kappa, mode, torch.full_like(mode, torch.pi), highest) - start) / (NUM_POINTS - 1)
        points = start + step * torch.arange(NUM_POINTS, dtype=kappa.dtype, device=kappa.device)
        density = torch.exp(_log_density(width, kappa, points) - highest)
        slope = _slope(width, kappa, points, density, highest)
        below, total = _running(density, slope, step)
        density, slope, log_scale = density / total, slope / total, highest + total.log()
        cosines = points.cos()
        weighted = slope * cosines - density * points.sin()  # the slope of density · cos
        _, mean = _running(density * cosines, weighted, step)
        moved, _ = _running(density * (cosines - mean), weighted - mean * slope, step)
        return cls(width, kappa, start, step, density, below / total, moved, log_scale, mean)

    def quantile(self, probability: Tensor) -> Tensor:
        """Return the angles below which some probability lies, both ``(num_laws, num)``."""
        place = torch.searchsorted(self.below, probability, right=True).clamp_(1, NUM_POINTS - 1) - 1
        cubic = self._cubic(self.below, self.density, place)
        wanted = probability - cubic.start
        tiny = torch.finfo(probability.dtype).tiny  # two points of a far tail can have the same F
        share = wanted / cubic.rise.clamp(min=tiny)
        for _ in range(NEWTON_STEPS):
            value, slope = cubic.above_start(share)
            share = (share - (value - wanted) / slope.clamp_(min=tiny)).clamp_(0, 1)
        return self.start + (place + share) * self.step

    def derivative(self, angle: Tensor) -> Tensor:
        """Return dφ/dκ at fixed probability, both ``(num_laws, num)``."""
        position = ((angle - self.start) / self.step).clamp(0, NUM_POINTS - 1)
        place = position.long().clamp(max=NUM_POINTS - 2)
        points = self.start + self.step * torch.arange(NUM_POINTS, dtype=angle.dtype, device=angle.device)
        cubic = self._cubic(self.moved, self.density * (points.cos() - self.mean_cosine), place)
        moved = cubic.start + cubic.above_start(position - place)[0]
        density = torch.exp(_log_density(self.width, self.concentration, angle) - self.log_scale)
        return -moved / density.clamp(min=torch.finfo(density.dtype).tiny)

    def _cubic(self, values: Tensor, slopes: Tensor, place: Tensor) -> "_Cubic":
        start, end = values.gather(-1, place), values.gather(-1, place + 1)
        first, last = slopes.gather(-1, place) * self.step, slopes.gather(-1, place + 1) * self.step
        rise = end - start
        square = 3 * rise - 2 * first - last
        return _Cubic(start, rise, first, square, rise - first - square)


@dataclass(frozen=True)
class _Cubic:
    """The cubic start + x (first + x (square + x cube)) on [0, 1], which rises by ``rise`` (Hermite's)."""

    start: Tensor
    rise: Tensor
    first: Tensor
    square: Tensor
    cube: Tensor

    def above_start(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the value less that at 0, and the slope."""
        bent = torch.addcmul(self.square, x, self.cube)
        inner = torch.addcmul(self.first, x, bent)
        return x * inner, inner + x * torch.addcmul(bent, x, self.cube)


class _DrawAngle(torch.autograd.Function):
    """Angles from probabilities, with their derivative in the concentration."""

    @staticmethod
    def forward(ctx: Any, concentration: Tensor, probability: Tensor, table: AngleTable) -> Tensor:
        angle = table.quantile(probability)
        ctx.table = table
        ctx.save_for_backward(angle)
        return angle

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (angle,) = ctx.saved_tensors
        return (gradients[0] * ctx.table.derivative(angle)).sum(dim=-1), None, None


def draw_angles(width: int, concentration: Tensor, num: int, table: AngleTable | None = None) -> Tensor:
    """Draw angles to the mean direction.

    Args:
        width: d, at least 2.
        concentration: κ in float64, shape ``(num_laws,)``; gradients flow to it.
        num: how many of each.
        table: one made before for just these concentrations; None to make it.

    Returns:
        Float64, shape ``(num_laws, num)``, radians.

    Example:
        >>> angles = draw_angles(3, torch.tensor([0.0, 1e6], dtype=torch.float64), 1000)
        >>> bool((angles[0] > angles[1]).float().mean() > 0.99)
        True
    """
    drawn = []
    for start in range(0, len(concentration), LAWS_AT_ONCE):
        some = concentration[start : start + LAWS_AT_ONCE]
        used = AngleTable.make(width, some) if table is None else table
        probability = torch.rand(len(some), num, dtype=torch.float64, device=some.device)
        drawn.append(_DrawAngle.apply(some, probability, used))
        if table is not None:
            break
    return torch.cat(drawn) if len(drawn) != 1 else drawn[0]


def _log_density(width: int, kappa: Tensor, angle: Tensor) -> Tensor:
    """Return log q up to a constant; κ (cos φ − 1) is −2κ sin²(φ/2), which keeps its digits at small angles."""
    return torch.xlogy(width - 2, angle.sin().clamp(min=0)) - 2 * kappa * (angle / 2).sin().square()


def _slope(width: int, kappa: Tensor, angle: Tensor, density: Tensor, highest: Tensor) -> Tensor:
    """Return the derivative of a density, ((d − 2) cot φ − κ sin φ) q; at the poles 0, but for d = 3, where q ∝ sin φ."""
    sine = angle.sin()
    inside = sine > torch.finfo(angle.dtype).eps
    along = (width - 2) * angle.cos() / torch.where(inside, sine, 1.0) - kappa * sine
    pole = angle.cos() * torch.exp(-2 * kappa * (angle / 2).sin().square() - highest) if width == 3 else 0.0
    return torch.where(inside, density * along, pole)


def _mode(width: int, kappa: Tensor) -> Tensor:
    """Return the most probable angle: cos φ = 2κ / ((d − 2) + √((d − 2)² + 4κ²)), from its tangent for small ones."""
    rest = width - 2
    root = torch.sqrt(rest**2 + 4 * kappa**2)
    # 1 − cos² = 2 (d − 2) / ((d − 2) + root), so that φ = atan2(sin, cos) without cancellation
    total = (rest + root).clamp(min=torch.finfo(kappa.dtype).tiny)
    return torch.atan2(torch.sqrt(2 * rest / total), torch.where(total > 0, 2 * kappa / total, 0.0))


def _reach(width: int, kappa: Tensor, mode: Tensor, end: Tensor, highest: Tensor) -> Tensor:
    """Return the angle between the mode and an end of [0, π] where the density has fallen far enough, or that end."""
    near, far = mode, end
    inside = highest - _log_density(width, kappa, end) < DROP
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        enough = highest - _log_density(width, kappa, middle) >= DROP
        near, far = torch.where(enough, near, middle), torch.where(enough, middle, far)
    return torch.where(inside, end, far)


def _running(values: Tensor, slopes: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """Integrate from the first point to each, by the trapezoidal rule with slopes; also return the whole integral.

    A cell has h/2 (v₀ + v₁) + h²/12 (s₀ − s₁), exact for cubics.

    Returns:
        Shape ``(num_laws, num_points)``, the first column 0, and ``(num_laws, 1)``.
    """
    cells = step / 2 * (values[:, :-1] + values[:, 1:]) + step**2 / 12 * (slopes[:, :-1] - slopes[:, 1:])
    running = torch.nn.functional.pad(cells.cumsum(dim=-1), (1, 0))
    return running, running[:, -1:]
