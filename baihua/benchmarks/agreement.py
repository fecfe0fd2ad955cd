"""How well the cosines of sentence pairs agree with people's labels: Spearman's rank correlation."""

import math
import warnings

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.maths import rank_correlation


def pair_cosines(
    vectors: npt.NDArray[np.floating], first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Return the cosine of each pair of rows, in float64; 0 where a vector is zero.

    Rounded to nine decimals: pairs that are equal in exact arithmetic (a sentence with itself, or with its words
    in another order under a bag of words) would else be ranked by the last bits of float32 sums, which differ
    from one machine to the next.

    Args:
        vectors: one row per sentence, shape ``(num_sentences, width)``.
        first: the row of each pair's first sentence, shape ``(num_pairs,)``.
        second: the row of each pair's second sentence, shape ``(num_pairs,)``.

    Returns:
        Shape ``(num_pairs,)``.

    Example:
        >>> pair_cosines(np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([0, 1]), np.array([1, 1])).tolist()
        [0.6, 1.0]
    """
    exact = vectors.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    unit = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)
    return np.round(np.einsum("ij,ij->i", unit[first], unit[second]), 9)


def spearman(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return Spearman's rank correlation, with average ranks for ties.

    Args:
        scores: one number per pair, shape ``(num_pairs,)``.
        labels: one label per pair, shape ``(num_pairs,)``.

    Returns:
        A fraction from -1 to 1. NaN, with a warning, when either side is constant: it then has no order.

    Raises:
        InvalidValue: when the two are not one row of numbers each, of one length.

    Example:
        >>> round(spearman([0.1, 0.4, 0.4, 0.9], [0, 1, 2, 3]), 4)
        0.9487
    """
    first, second = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise InvalidValue(
            zh=f"scores 与 labels 应各是一列等长的数，收到形状 {first.shape} 与 {second.shape}。",
            en=f"scores and labels must be two rows of numbers of one length, but received shapes {first.shape} "
            f"and {second.shape}.",
        )
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        warnings.warn(
            say(
                zh="分数或标签全都相同（或不足两对），没有次序可比，Spearman 相关记为 NaN。",
                en="The scores or the labels are all the same (or fewer than two), so there is no order to compare; "
                "Spearman's correlation is NaN.",
            ),
            stacklevel=2,
        )
        return math.nan
    return rank_correlation.spearman(first, second)
