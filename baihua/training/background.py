"""Random pairs of one's own texts, and how little more pairs tell than texts."""

import random

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue


def background_pairs(num_texts: int, num_pairs: int, seed: int = 0) -> npt.NDArray[np.intp]:
    """Return random pairs of different texts, no pair twice; all pairs when there are no more than asked for.

    Texts that are the same should be left out first. Pairs that happen to match stay in, see `FalseMatchRate`.

    Args:
        num_texts: how many texts there are, at least 2.
        num_pairs: how many pairs to draw.
        seed: of the draw.

    Returns:
        Row numbers, shape ``(num_pairs or fewer, 2)``, the larger one first.

    Raises:
        InvalidValue: for fewer than two texts or no pair.

    Example:
        >>> background_pairs(3, 10).tolist()
        [[1, 0], [2, 0], [2, 1]]
    """
    if num_texts < 2 or num_pairs < 1:
        raise InvalidValue(
            zh=f"取背景对至少要 2 条文本和 1 对，收到 {num_texts} 条、{num_pairs} 对。",
            en=f"Background pairs need at least 2 texts and 1 pair, but received {num_texts} and {num_pairs}.",
        )
    total = num_texts * (num_texts - 1) // 2
    drawn = range(total) if total <= num_pairs else sorted(random.Random(seed).sample(range(total), num_pairs))
    codes = np.array(drawn, dtype=np.int64)  # pair (i, j) with i > j has the code i (i - 1) / 2 + j
    rows = ((1 + np.sqrt(1 + 8 * codes.astype(np.float64))) / 2).astype(np.int64)
    rows -= codes < rows * (rows - 1) // 2  # the square root of a large code may round past a whole number
    rows += codes >= (rows + 1) * rows // 2
    return np.stack([rows, codes - rows * (rows - 1) // 2], axis=1).astype(np.intp)


def design_effect(hits: npt.NDArray[np.bool_], pairs: npt.NDArray[np.intp]) -> float:
    """Return how many pairs tell as much about a rate as one independent pair; at least 1.

    A text that is close to many others, or one by itself, sways all its pairs together. The variance of the share of
    hits is (Σᵢ sᵢ² − Σₐ rₐ²) / num², with rₐ a pair's residual and sᵢ the sum of those of text i; the effect is that
    over the variance of as many independent pairs.

    Aronow, Samii and Assenova, "Cluster-Robust Variance Estimation for Dyadic Data", Political Analysis 23 (2015),
    equation 3.

    Args:
        hits: whether each pair is one, shape ``(num_pairs,)``.
        pairs: its two texts, shape ``(num_pairs, 2)``, no pair twice.

    Raises:
        InvalidValue: when the shapes do not fit.

    Example:
        >>> pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
        >>> design_effect(np.array([True, False, False, True]), pairs)
        1.0
    """
    if pairs.shape != (len(hits), 2):
        raise InvalidValue(
            zh=f"pairs 应是每对两个文本的行号，形状 ({len(hits)}, 2)，收到 {pairs.shape}。",
            en=f"pairs must hold two row numbers per pair, shape ({len(hits)}, 2), but received shape {pairs.shape}.",
        )
    residuals = hits - hits.mean()
    independent = float(residuals @ residuals)
    if independent == 0:
        return 1.0
    num_texts = int(pairs.max()) + 1
    sums = sum(np.bincount(pairs[:, side], residuals, minlength=num_texts) for side in (0, 1))
    return max(1.0, float(np.square(sums).sum() / independent) - 1)
