"""The orthogonal map that brings one set of vectors nearest to another, row by row."""

from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.maths.vectors import blocks, check_vectors


def orthogonal_procrustes(source: Any, target: Any, *, rotation: bool = False) -> npt.NDArray[np.float64]:
    """Return the orthogonal matrix that brings vectors nearest to their partners.

    ``source @ matrix`` has the least sum of squared distances from ``target`` (Schönemann 1966): with U S V' the
    singular value decomposition of source' target, the matrix is U V'. Use it to go on with an index of vectors after
    the encoder has changed: encode some texts with both and map the old vectors. Set by set means are not removed;
    subtract them first where they differ. The rows are gone through in blocks, in float64.

    Args:
        source: tensor or array, shape ``(num, width)``.
        target: partners in the same order, shape ``(num, other_width)``. For another width the matrix keeps as much as
            it can: its rows (or columns, whichever are fewer) are orthonormal.
        rotation: only allow determinant +1 (Kabsch); needs equal widths.

    Returns:
        Float64 array, shape ``(width, other_width)``.

    Raises:
        InvalidType: for text and other things that are not numbers.
        InvalidValue: for sets of different size, NaN, or a rotation between different widths.

    Example:
        >>> old = np.random.default_rng(0).normal(size=(50, 3))
        >>> turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        >>> np.allclose(orthogonal_procrustes(old, old @ turn), turn)
        True
    """
    first, second = check_vectors(source, "source"), check_vectors(target, "target")
    if len(first) != len(second) or (rotation and first.shape[1] != second.shape[1]):
        raise InvalidValue(
            zh=f"source 与 target 应逐行对应（rotation=True 时宽度也相同），收到形状 {tuple(first.shape)} 与 "
            f"{tuple(second.shape)}。",
            en="source and target must correspond row by row (and have one width with rotation=True), but received shapes "
            f"{tuple(first.shape)} and {tuple(second.shape)}.",
        )
    product = np.zeros((first.shape[1], second.shape[1]))
    for (_, rows), (_, partners) in zip(blocks(first), blocks(second), strict=True):
        product += rows.T @ partners
    left, _, right = np.linalg.svd(product, full_matrices=False)
    if rotation and np.linalg.det(left) * np.linalg.det(right) < 0:
        left[:, -1] *= -1  # the direction that costs least to turn over
    return left @ right
