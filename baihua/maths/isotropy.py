"""How evenly vectors point in all directions: average cosine, alignment, uniformity.

All three look at directions only: each row is first divided by its length.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from baihua.checks import InvalidValue
from baihua.maths.vectors import blocks, check_vectors

PAIRS_AT_ONCE = 1024  # tiles of 1 024 × 1 024 pairs, 8 MB


def average_cosine(x: Any) -> float:
    """Return the mean cosine over all pairs of distinct rows; near 0 for isotropic vectors, near 1 for a narrow cone.

    It is exact, and takes one pass: with unit rows u, the sum over all pairs is ‖Σu‖² and the num rows with
    themselves contribute num, so the mean is (‖Σu‖² − num) / (num (num − 1)).

    Ethayarajh, "How Contextual are Contextualized Word Representations?", EMNLP 2019, section 3.3 (there sampled).

    Args:
        x: vectors, shape ``(num, width)``, num at least 2.

    Raises:
        InvalidValue: for one row only, a row of zeros, NaN or infinity.

    Example:
        >>> average_cosine([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
        0.3333333333333333
    """
    x = _check_several(x)
    total = np.zeros(x.shape[1])
    for where, rows in blocks(x):
        total += _unit(rows, where.start).sum(axis=0)
    num = len(x)
    return float((total @ total - num) / (num * (num - 1)))


def alignment(x: Any, y: Any, alpha: float = 2) -> float:
    """Return the mean of ‖u − v‖^alpha over pairs that should be close; 0 is perfect.

    Wang and Isola, "Understanding Contrastive Representation Learning through Alignment and Uniformity on the
    Hypersphere", ICML 2020, arXiv 2005.10242, equation (3).

    Args:
        x: vectors, shape ``(num, width)``.
        y: their partners, same shape, row by row.
        alpha: the power.

    Raises:
        InvalidValue: when the shapes differ; for a row of zeros, NaN or infinity.

    Example:
        >>> round(alignment([[1.0, 0.0], [1.0, 0.0]], [[5.0, 0.0], [0.0, 1.0]]), 12)
        1.0
    """
    x, y = check_vectors(x, "x"), check_vectors(y, "y")
    if tuple(x.shape) != tuple(y.shape):
        raise InvalidValue(
            zh=f"x 与 y 应逐行成对、形状相同，收到 {tuple(x.shape)} 与 {tuple(y.shape)}。",
            en=f"x and y must be pairs row by row, of one shape, but received {tuple(x.shape)} and {tuple(y.shape)}.",
        )
    total = 0.0
    for (where, first), (_, second) in zip(blocks(x), blocks(y), strict=True):
        distances = np.linalg.norm(_unit(first, where.start) - _unit(second, where.start), axis=1)
        total += float((distances**alpha).sum())
    return total / len(x)


def uniformity(x: Any, t: float = 2) -> float:
    """Return log mean exp(−t ‖u − v‖²) over all pairs of distinct rows; lower is more uniform, 0 is all equal.

    The pairs are gone through in tiles, so memory does not grow with their number; time does (num²).
    Wang and Isola 2020, arXiv 2005.10242, equation (5), as in their code over distinct pairs.

    Args:
        x: vectors, shape ``(num, width)``, num at least 2.
        t: how quickly far pairs stop to count.

    Raises:
        InvalidValue: for one row only, a row of zeros, NaN or infinity.

    Example:
        >>> round(uniformity([[1.0, 0.0], [-1.0, 0.0]]), 12)
        -8.0
    """
    units = np.concatenate([_unit(rows, where.start) for where, rows in blocks(_check_several(x))])
    num = len(units)
    sums = []
    for start in range(0, num, PAIRS_AT_ONCE):
        first = units[start : start + PAIRS_AT_ONCE]
        for other in range(start, num, PAIRS_AT_ONCE):
            second = units[other : other + PAIRS_AT_ONCE]
            logarithms = -2 * t * (1 - first @ second.T)  # since ‖u − v‖² = 2 − 2 u·v
            if other == start:
                logarithms[np.tril_indices(len(first))] = -np.inf  # each pair once, and no row with itself
            sums.append(logsumexp(logarithms))
    return float(logsumexp(sums)) - math.log(num * (num - 1) / 2)


def _unit(rows: NDArray[np.float64], first_row: int) -> NDArray[np.float64]:
    # Dividing by the largest entry first keeps the squares within float64, however long or short the row is.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not largest.all():
        row = first_row + int(np.argmin(largest))
        raise InvalidValue(
            zh=f"第 {row} 行（从 0 数）全是 0，没有方向。请先去掉这样的行。",
            en=f"Row {row} (counted from 0) is all zeros and has no direction. Remove such rows.",
        )
    rows = rows / largest
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _check_several(x: Any) -> Any:
    x = check_vectors(x, "x")
    if len(x) < 2:
        raise InvalidValue(
            zh="至少要 2 个向量才有成对可比，只收到 1 个。",
            en="At least 2 vectors are needed to have a pair, but received 1.",
        )
    return x
