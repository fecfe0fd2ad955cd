"""Cosines as numbers: those of chosen pairs of vectors, and the check that numbers can be cosines at all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from baihua.checks import InvalidType, InvalidValue
from baihua.maths.vectors import check_vectors, to_numpy

ROUNDING = 1e-3  # half precision can carry the cosine of a vector with itself this far past 1
PAIRS_AT_ONCE = 16_384  # two gathers of 16 384 × 768 in float64 are 200 MB


def check_cosines(values: Any, name: str = "scores") -> NDArray[np.float64]:
    """Return cosines as one row of float64, those that rounding carried past ±1 put back.

    Args:
        values: the cosines, shape ``(num,)``.
        name: the argument's name, for the message.

    Raises:
        InvalidType: for something that is not numbers.
        InvalidValue: for another shape, NaN or infinity, or a number that no cosine can be.

    Example:
        >>> check_cosines([0.5, 1.0000001]).tolist()
        [0.5, 1.0]
    """
    try:
        array = np.asarray(to_numpy(values), dtype=np.float64)
    except (TypeError, ValueError):
        kind = type(values).__name__
        raise InvalidType(
            zh=f"{name} 应是一列数（余弦），收到 {kind}。请先求出每对向量的余弦。",
            en=f"{name} must be a row of numbers (cosines), but received {kind}. Compute the cosine of each pair first.",
        ) from None
    if array.ndim != 1:
        raise InvalidValue(
            zh=f"{name} 应是一列余弦，收到形状 {array.shape}；请展平成一维。",
            en=f"{name} must be one row of cosines, but received shape {array.shape}. Flatten it.",
        )
    wrong = ~(np.abs(array) <= 1 + ROUNDING)  # NaN fails every comparison
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InvalidValue(
            zh=f"{name} 的第 {place} 项（从 0 数）是 {array[place]:g}，余弦应在 -1 与 1 之间；请检查向量是否为单位长度、有无 NaN。",
            en=f"Item {place} of {name} is {array[place]:g}, but a cosine lies between -1 and 1. "
            "Check that the vectors have unit length and hold no NaN.",
        )
    return np.clip(array, -1.0, 1.0)


def cosines_of_pairs(vectors: Any, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the cosine of each pair of rows, a block of pairs at a time; 0 where a vector is zero.

    Args:
        vectors: one row per text, shape ``(num_texts, width)``.
        pairs: two row numbers per pair, shape ``(num_pairs, 2)``.

    Returns:
        Shape ``(num_pairs,)``.

    Example:
        >>> cosines_of_pairs([[1.0, 0.0], [3.0, 4.0]], np.array([[0, 1], [1, 1]])).tolist()
        [0.6, 1.0]
    """
    rows = to_numpy(check_vectors(vectors, "vectors"))
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    lengths = np.where(lengths > 0, lengths, 1.0)
    cosines = np.empty(len(pairs))
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        first, second = pairs[start : start + PAIRS_AT_ONCE].T
        products = np.einsum("ij,ij->i", rows[first].astype(np.float64), rows[second].astype(np.float64))
        cosines[start : start + PAIRS_AT_ONCE] = products / (lengths[first] * lengths[second])
    return np.clip(cosines, -1.0, 1.0)
