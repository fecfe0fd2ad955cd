"""Critics by name, and the two networks of a GAN: for points and small images, one pair per seed, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from baihua.checks import InvalidValue, check_choice
from baihua.maths.ground_cost import Cost, euclidean_distances
from baihua.nn.adversarial_losses import (
    CTransform,
    Energy,
    ExactTransport,
    Hinge,
    NonSaturating,
    Objective,
    Wasserstein,
)
from baihua.nn.lipschitz import Constraint, GradientPenalty, Unconstrained, WeightClipping
from baihua.nn.side_by_side import SideBySideMLP

OBJECTIVES = ("wasserstein", "c_transform", "non_saturating", "hinge", "exact_transport", "energy")
CONSTRAINTS = ("none", "clipping", "gradient_penalty", "one_sided", "zero_centred", "spectral_norm")


@dataclass(frozen=True)
class CriticKind:
    """An objective and what keeps its critic from being steep.

    Args:
        objective: one of `OBJECTIVES`.
        constraint: one of `CONSTRAINTS`.
        weight: λ of a penalty.
        power: p of the zero-centred penalty.
        epsilon: ε of the (c,ε)-transform; 0 for the c-transform.
        limit: of clipping.
        cost: the distance between points, of objectives that have one.

    Raises:
        InvalidValue: for unknown names, or a number below 0.

    Example:
        >>> CriticKind("c_transform", "none", epsilon=0.1).name
        'c_transform-0.1'
    """

    objective: str = "wasserstein"
    constraint: str = "gradient_penalty"
    weight: float = 10.0
    power: float = 2.0
    epsilon: float = 0.0
    limit: float = 0.01
    cost: Cost = euclidean_distances

    def __post_init__(self) -> None:
        check_choice("objective", self.objective, OBJECTIVES)
        check_choice("constraint", self.constraint, CONSTRAINTS)
        for name in ("weight", "power", "epsilon", "limit"):
            value = getattr(self, name)
            if not value >= 0:
                raise InvalidValue(
                    zh=f"{name} 不能小于 0，收到 {value}。", en=f"{name} must not be below 0, not {value}."
                )

    @property
    def name(self) -> str:
        """A short name for tables and plots."""
        soft = f"-{self.epsilon:g}" if self.epsilon else ""
        held = "" if self.constraint == "none" else f"+{self.constraint}"
        return f"{self.objective}{soft}{held}"

    def make_objective(self) -> Objective:
        """Return the objective."""
        objectives: dict[str, Objective] = {
            "wasserstein": Wasserstein(),
            "c_transform": CTransform(self.epsilon, self.cost),
            "non_saturating": NonSaturating(),
            "hinge": Hinge(),
            "exact_transport": ExactTransport(self.cost),
            "energy": Energy(self.cost),
        }
        return objectives[self.objective]

    def make_constraint(self) -> Constraint:
        """Return the constraint."""
        centres = {"gradient_penalty": "one", "one_sided": "one_sided", "zero_centred": "zero"}
        if self.constraint in centres:
            return GradientPenalty(weight=self.weight, centre=centres[self.constraint], power=self.power)
        if self.constraint == "clipping":
            return WeightClipping(limit=self.limit)
        return Unconstrained(spectral_norm=self.constraint == "spectral_norm")


class Critic(nn.Module):
    """A number for each point: f of the dual problem.

    Args:
        seeds: one per network.
        width: of a point.
        hidden: of the two layers between.
        spectral_norm: see `SideBySideMLP`.
    """

    def __init__(self, seeds: Sequence[int], width: int, hidden: int, *, spectral_norm: bool = False) -> None:
        super().__init__()
        self.network = SideBySideMLP(seeds, (width, hidden, hidden, 1), spectral_norm=spectral_norm)

    def forward(self, points: Tensor) -> Tensor:
        """Return the scores, ``(nets, batch, width)`` to ``(nets, batch)``."""
        scores: Tensor = self.network(points)
        return scores.squeeze(-1)


class Generator(nn.Module):
    """Points or small images made of noise.

    Args:
        seeds: one per network.
        noise_width: of the noise.
        width: of a point.
        hidden: of the two layers between.
        sigmoid: end in a sigmoid, for images from 0 to 1.
    """

    def __init__(
        self, seeds: Sequence[int], noise_width: int, width: int, hidden: int, *, sigmoid: bool = False
    ) -> None:
        super().__init__()
        self.network = SideBySideMLP(seeds, (noise_width, hidden, hidden, width), sigmoid=sigmoid)

    def forward(self, noise: Tensor) -> Tensor:
        """Return points, ``(nets, batch, noise_width)`` to ``(nets, batch, width)``."""
        points: Tensor = self.network(noise)
        return points
