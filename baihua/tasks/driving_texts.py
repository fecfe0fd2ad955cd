"""Which texts set one corpus apart from another: near many of their own, far from those of the other, and not all alike."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import rankdata

from baihua.maths.ground_cost import euclidean_distances

# What is tried until there are enough texts: how far apart any two must lie, as a part of the median distance, and how much each
# must lean, as a part of what the first one does.
TRIALS = ((0.6, 0.5), (0.3, 0.5), (0.0, 0.0))
DIGITS = 9  # of a witness; what differs less is the same text, summed in another order

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.floating]


@dataclass(frozen=True)
class DrivingText:
    """A text that sets its corpus apart from the other.

    Args:
        row: its position among those given; the first, if it is repeated.
        text: the text; None where vectors were given.
        leaning: how much farther it is on average from the texts of the other corpus than from those of its own, copies of it
            left out; 0 for a text that tells nothing.
    """

    row: int
    text: str | None
    leaning: float


def driving_places(keys: Sequence[Hashable], leaning: Floats, vectors: Vectors, num: int, median: float) -> list[int]:
    """Choose the texts that lean most to their own side, leaving out those much like one chosen before.

    Args:
        keys: the same for texts that are the same.
        leaning: as in `DrivingText`, shape ``(num_texts,)``.
        vectors: shape ``(num_texts, width)``.
        num: how many to choose; fewer are found where fewer lean to their own side.
        median: the median distance of all vectors, of which a part must lie between two that are chosen.

    Returns:
        Their places, the one that leans most first.

    Example:
        >>> vectors = np.array([[0.0, 0], [0.1, 0], [3, 0], [0, 3]])
        >>> driving_places("abcd", np.array([0.9, 0.8, 0.5, -0.1]), vectors, 2, median=2.0)
        [0, 2]
    """
    firsts: dict[Hashable, int] = {}
    for place in np.argsort(-leaning, kind="stable").tolist():
        if leaning[place] > 0:
            firsts.setdefault(keys[place], place)
    ranked = np.array(list(firsts.values()), dtype=np.int64)
    chosen = ranked[:0]
    for gap, share in TRIALS:
        pool = ranked[leaning[ranked] >= share * leaning.max(initial=0)]
        chosen = pool[_spread(vectors[pool], num, gap * median)]
        if len(chosen) == num:
            break
    return chosen.tolist()


def share_told_apart(of_first: Floats, of_second: Floats) -> float:
    """Return in what share of the pairs of a text from each side the witness is larger for the one of the first.

    It is the area under the curve of receiver operating characteristic; ties count one half.

    Args:
        of_first: a witness, shape ``(num_first,)``.
        of_second: shape ``(num_second,)``.

    Example:
        >>> share_told_apart(np.array([3.0, 1.0]), np.array([0.0, 1.0]))
        0.875
    """
    ranks = rankdata(np.round(np.concatenate([of_first, of_second]), DIGITS))
    n, m = len(of_first), len(of_second)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _spread(vectors: Vectors, num: int, gap: float) -> list[int]:
    """Take vectors in their order, but none nearer than the gap to one that was taken."""
    points = torch.as_tensor(vectors, dtype=torch.float64)
    nearest = np.full(len(vectors), np.inf)
    chosen: list[int] = []
    for place in range(len(vectors)):
        if len(chosen) < num and nearest[place] >= gap:
            chosen.append(place)
            nearest = np.minimum(nearest, euclidean_distances(points[place : place + 1], points)[0].numpy())
    return chosen
