"""How good made points are, apart from any distance between laws: do they lie among the real ones, and everywhere there?

Balls around points, each reaching to its k-th nearest neighbour, stand for where a law has mass.

precision    share of made points in the ball of some real one         Kynkäänniemi et al. 2019
recall       share of real points in the ball of some made one
density      in how many real balls a made point is, over k            Naeem et al. 2020: outliers' large balls weigh less
coverage     share of real points with a made one in their ball
"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.ground_cost import Cost, check_two, euclidean_distances


@dataclass(frozen=True)
class SampleQuality:
    """Shares from 0 to 1, but for density, which is about 1 for points of the same law.

    Args:
        precision: of the made points.
        recall: of the made points.
        density: of the made points.
        coverage: of the real points.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def sample_quality(real: Any, made: Any, *, neighbours: int = 5, cost: Cost = euclidean_distances) -> SampleQuality:
    """Return precision, recall, density and coverage of made points.

    Args:
        real: shape ``(num_real, width)``, tensor or array.
        made: shape ``(num_made, width)``; as many as real ones, for figures that mean the same as others'.
        neighbours: k.
        cost: the distance between points.

    Returns:
        A `SampleQuality`.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, NaN, or not more than k points on a side.

    Example:
        >>> import torch
        >>> real, made = torch.randn(2, 300, 2, generator=torch.Generator().manual_seed(0))
        >>> found = sample_quality(real, made / 4)
        >>> round(found.precision), round(found.recall, 1), round(found.coverage, 1)
        (1, 0.4, 0.3)
    """
    first, second, _ = check_two(real, made)
    fewest = min(len(first), len(second))
    if not 1 <= neighbours < fewest:
        raise InvalidValue(
            zh=f"neighbours 应在 1 与 {fewest - 1} 之间（两边都要有更多的点），收到 {neighbours}。",
            en=f"neighbours must be from 1 to {fewest - 1}, less than there are points on either side, not {neighbours}.",
        )
    between = cost(first.detach(), second.detach())  # (num_real, num_made)
    in_real = between <= _reach(first.detach(), neighbours, cost).unsqueeze(1)
    in_made = between <= _reach(second.detach(), neighbours, cost)
    return SampleQuality(
        precision=float(in_real.any(dim=0).float().mean()),
        recall=float(in_made.any(dim=1).float().mean()),
        density=float(in_real.sum(dim=0).float().mean()) / neighbours,
        coverage=float(in_real.any(dim=1).float().mean()),
    )


def _reach(points: Tensor, neighbours: int, cost: Cost) -> Tensor:
    """Return the distance from each point to its k-th nearest other one, shape ``(num,)``."""
    distances = cost(points, points)
    distances.fill_diagonal_(float("inf"))
    return distances.kthvalue(neighbours, dim=1).values
