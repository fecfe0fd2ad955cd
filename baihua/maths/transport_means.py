"""OT-means: the few points nearest to a set in the Wasserstein distance, as k-means finds those nearest in another sense.

Lloyd's two steps with the assignment made by transport: every centre gets the same share of the points, however far; then
each centre goes to the mean of its points (p = 2). The distance W_2 falls with every round. (Elnekave and Weiss, "In
Defense of Wasserstein", 2025; the free-support barycentre of Cuturi and Doucet 2014.)
"""

from typing import Any, NamedTuple

import torch

from baihua.checks import InvalidValue
from baihua.maths.ground_cost import check_points
from baihua.maths.transport import wasserstein


class Centres(NamedTuple):
    """The centres found.

    Args:
        points: shape ``(num_centres, width)``, tensor or array as the points were.
        distances: W_2 to the points before each round, and at the end.
    """

    points: Any
    distances: tuple[float, ...]


def transport_means(points: Any, num_centres: int, *, rounds: int = 20, seed: int = 0) -> Centres:
    """Return the centres whose W_2 to a set is lowest, as far as alternating finds them.

    Args:
        points: shape ``(num, width)``, tensor or array.
        num_centres: how many, at most as there are points.
        rounds: at most; it ends where the distance no longer falls.
        seed: of the points that the centres begin at.

    Returns:
        The `Centres`.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, NaN, or a number of centres that cannot be.
        MissingPackage: without POT, which transport between sets of different sizes needs.

    Example:
        >>> found = transport_means([[0.0], [1.0], [10.0], [11.0]], 2)
        >>> sorted(found.points.round(6).ravel().tolist())
        [0.5, 10.5]
    """
    found = check_points(points, "points").detach()
    if not 1 <= num_centres <= len(found):
        raise InvalidValue(
            zh=f"num_centres 应在 1 与 {len(found)} 之间，收到 {num_centres}。",
            en=f"num_centres must be from 1 to {len(found)}, not {num_centres}.",
        )
    first = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed))[:num_centres]
    centres = found[first.to(found.device)].double()
    distances: list[float] = []
    for _ in range(rounds):
        best = wasserstein(centres, found.double(), 2)
        distances.append(float(best.value))
        if len(distances) > 1 and distances[-1] >= distances[-2]:
            break
        centres = num_centres * best.plan @ found.double()  # each row of the plan weighs 1 / num_centres
    else:
        distances.append(float(wasserstein(centres, found.double(), 2).value))
    kept = centres.to(found.dtype)
    return Centres(kept if isinstance(points, torch.Tensor) else kept.numpy(), tuple(distances))
