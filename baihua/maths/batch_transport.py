"""What the Wasserstein distance between batches says: mostly how large the batches are.

The distance of two batches of one law is not 0: it falls as size^(−1/dimension), and a batch distance between two laws is
too large by about as much. (Its expected gradient is biased too: Bellemare et al. 2017.) Here the bias is measured with the
batches, from the distance of disjoint batches of one set, and taken off.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.ground_cost import Cost, check_two, euclidean_distances
from baihua.maths.transport import wasserstein


@dataclass(frozen=True)
class BatchTransport:
    """Wasserstein distances between batches drawn from two sets.

    Args:
        batch_size: of each batch.
        between: of a batch of x and one of y, one number per draw.
        within: of two disjoint batches of x, and of y, their mean, one number per draw.
    """

    batch_size: int
    between: tuple[float, ...]
    within: tuple[float, ...]

    @property
    def value(self) -> float:
        """The mean distance between batches of the two sets: biased upward."""
        return math.fsum(self.between) / len(self.between)

    @property
    def floor(self) -> float:
        """The mean distance between batches of one set, which is what the value is for two samples of one law."""
        return math.fsum(self.within) / len(self.within)

    @property
    def corrected(self) -> float:
        """The value less the floor: about 0 for one law; too small where the laws are far apart and the batches small."""
        return self.value - self.floor

    @property
    def standard_error(self) -> float:
        """Of `corrected`, over the draws; nan for a single one."""
        apart = [one - other for one, other in zip(self.between, self.within, strict=True)]
        if len(apart) < 2:
            return math.nan
        return float(torch.tensor(apart, dtype=torch.float64).std()) / math.sqrt(len(apart))


def batch_wasserstein(
    x: Any,
    y: Any,
    batch_size: int,
    *,
    p: float = 1,
    num_batches: int = 20,
    cost: Cost = euclidean_distances,
    seed: int = 0,
) -> BatchTransport:
    """Return the exact W_p between batches of two sets, beside that between batches of one.

    Args:
        x: shape ``(num_x, width)``, tensor or array, at least two batches of points.
        y: shape ``(num_y, width)``, likewise.
        batch_size: points in a batch, drawn without putting back.
        p: the power of the distance.
        num_batches: how often batches are drawn.
        cost: the distance between points.
        seed: of the drawing.

    Returns:
        A `BatchTransport`.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, NaN, or sets of less than two batches.

    Example:
        >>> rng = torch.Generator().manual_seed(0)
        >>> x, y = torch.randn(2, 500, 16, generator=rng)
        >>> found = batch_wasserstein(x, y, batch_size=32, num_batches=5)
        >>> round(found.value, 1), round(found.corrected, 1)
        (4.1, -0.1)
    """
    first, second, _ = check_two(x, y)
    for name, points in (("x", first), ("y", second)):
        if not 1 <= batch_size <= len(points) // 2:
            raise InvalidValue(
                zh=f"{name} 有 {len(points)} 个点，不够两批、每批 {batch_size} 个；batch_size 最多 {len(points) // 2}。",
                en=f"{name} has {len(points)} points, which is less than two batches of {batch_size}. "
                f"batch_size can be at most {len(points) // 2}.",
            )
    if num_batches < 1:
        raise InvalidValue(
            zh=f"num_batches 至少为 1，收到 {num_batches}。", en=f"num_batches must be at least 1, not {num_batches}."
        )
    rng = torch.Generator().manual_seed(seed)

    def apart(one: Tensor, other: Tensor) -> float:
        return float(wasserstein(one, other, p, cost=cost).value)

    between, within = [], []
    for _ in range(num_batches):
        x_one, x_other = _two_batches(first.detach(), batch_size, rng)
        y_one, y_other = _two_batches(second.detach(), batch_size, rng)
        between.append(apart(x_one, y_one))
        within.append((apart(x_one, x_other) + apart(y_one, y_other)) / 2)
    return BatchTransport(batch_size, tuple(between), tuple(within))


def falling_power(batch_sizes: Sequence[int], distances: Sequence[float]) -> float:
    """Return the a of distance ∝ size^(−a), by least squares of the logarithms: 1/dimension for W_1 in three or more.

    Args:
        batch_sizes: at least two different ones.
        distances: the mean distance at each, above 0.

    Raises:
        InvalidValue: for less than two sizes, or a distance that is not above 0.

    Example:
        >>> round(falling_power([10, 1000], [1.0, 0.1]), 4)
        0.5
    """
    if len(set(batch_sizes)) < 2 or not min(distances) > 0:
        raise InvalidValue(
            zh="至少要两种批大小，距离都大于 0。", en="At least two batch sizes are needed, with distances above 0."
        )
    sizes, found = (torch.tensor(one, dtype=torch.float64).log() for one in (batch_sizes, distances))
    sizes = sizes - sizes.mean()
    return -float((sizes * (found - found.mean())).sum() / sizes.square().sum())


def _two_batches(points: Tensor, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(points), generator=rng)[: 2 * size].to(points.device)
    return points[order[:size]], points[order[size:]]
