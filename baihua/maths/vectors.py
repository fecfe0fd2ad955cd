"""The door for matrices of vectors: numpy arrays, torch tensors or nested lists, one vector per row.

Inside, everything is numpy; torch is never imported here, since a tensor can only come from a program that has
imported it already.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from baihua.checks import InvalidType, InvalidValue

ROWS_AT_ONCE = 2048  # 12 MB of float64 at width 768: fits the cache, and long enough for the products to be fast


def is_tensor(x: object) -> bool:
    """Tell whether ``x`` is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def check_vectors(x: Any, name: str = "X") -> Any:
    """Return a matrix of vectors as an array or tensor of real numbers, or say what is wrong with it.

    The values are not looked at here: the functions that go through the rows find NaN on their way.

    Args:
        x: array, tensor, data frame or nested lists, shape ``(num, width)``, both at least 1.
        name: the argument's name, for the message.

    Returns:
        The tensor itself, or a numpy array (without a copy wherever possible).

    Raises:
        InvalidType: for text, sparse matrices and other things that are not numbers.
        InvalidValue: for complex numbers, another number of axes, no rows or no columns.

    Example:
        >>> check_vectors([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    matrix = _check_tensor(x, name) if is_tensor(x) else _as_numbers(x, name)
    shape = tuple(matrix.shape)
    if len(shape) != 2:
        raise InvalidValue(
            zh=f"{name} 应是二维（每行一个向量），收到 {len(shape)} 维，形状 {shape}。单个向量请写成 x.reshape(1, -1)。",
            en=f"Expected 2D array, got {len(shape)}D array instead, of shape {shape}: {name} holds one vector per row. "
            "Reshape your data; for a single vector write x.reshape(1, -1).",
        )
    if shape[0] == 0:
        raise InvalidValue(
            zh=f"{name} 一行也没有，形状 {shape}；至少要有 1 个向量。",
            en=f"Found array with 0 sample(s) (shape={shape}) while a minimum of 1 is required. Pass at least one vector.",
        )
    if shape[1] == 0:
        raise InvalidValue(
            zh=f"{name} 一列也没有，形状 {shape}；向量至少要有 1 维。",
            en=f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required. "
            "Pass vectors with at least one number.",
        )
    return matrix


def blocks(x: Any, length: int = ROWS_AT_ONCE) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Go through the rows a block at a time, in float64, so that no copy of the whole is ever made.

    Args:
        x: what `check_vectors` returned, shape ``(num, width)``.
        length: rows per block.

    Yields:
        Which rows, and their values, shape ``(at most length, width)``.

    Raises:
        InvalidValue: for NaN or infinity, naming the row.
    """
    for start in range(0, len(x), length):
        where = slice(start, min(start + length, len(x)))
        part = to_numpy(x[where]).astype(np.float64)
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise InvalidValue(
                zh=f"向量里有 NaN 或无穷大（inf），首先出现在第 {row} 行（从 0 数）。请先去掉这样的行。",
                en=f"The vectors contain NaN or infinity (inf), first in row {row} (counted from 0). Remove such rows.",
            )
        yield where, part


def map_rows(x: Any, function: Callable[[NDArray[np.float64]], NDArray[np.float64]], width: int) -> Any:
    """Apply a function to the rows in float64, block by block, and return the kind of array that came in.

    Args:
        x: what `check_vectors` returned, shape ``(num, width of x)``.
        function: takes ``(rows, width of x)`` and returns ``(rows, width)``.
        width: width of the result.

    Returns:
        A numpy array, or a tensor on the device of ``x``; shape ``(num, width)``; float32 if ``x`` is float32 or a
        half precision, else float64.

    Raises:
        InvalidValue: for NaN or infinity in ``x``.

    Example:
        >>> map_rows(np.ones((2, 3), dtype=np.float16), lambda rows: rows[:, :1] * 2, width=1)
        array([[2.],
               [2.]], dtype=float32)
    """
    result = np.empty((len(x), width), dtype=result_dtype(x))
    for where, part in blocks(x):
        result[where] = function(part)
    if is_tensor(x):
        return sys.modules["torch"].from_numpy(result).to(x.device)
    return result


def result_dtype(x: Any) -> np.dtype[Any]:
    """Return float32 for float32 and half precision input, else float64."""
    floating = x.is_floating_point() if is_tensor(x) else x.dtype.kind == "f"
    narrow = (x.element_size() if is_tensor(x) else x.dtype.itemsize) <= 4
    return np.dtype(np.float32 if floating and narrow else np.float64)


def to_numpy(part: Any) -> NDArray[Any]:
    """Return rows of an array or tensor as numpy; bfloat16, which numpy lacks, becomes float32 exactly."""
    if not is_tensor(part):
        return part
    if part.is_floating_point() and part.element_size() < 4:
        part = part.float()
    return part.detach().cpu().numpy()


def _check_tensor(x: Any, name: str) -> Any:
    if x.is_sparse or x.is_complex():
        raise _wrong_kind(name, f"torch.Tensor ({x.layout}, {x.dtype})", "")
    return x


def _as_numbers(x: Any, name: str) -> NDArray[Any]:
    if scipy.sparse.issparse(x):
        raise InvalidType(
            zh=f"{name} 不能是稀疏矩阵（{type(x).__name__}）。请先用 .toarray() 变成稠密的。",
            en=f"{name} is a sparse matrix ({type(x).__name__}), which is not supported. Use .toarray() to make it dense.",
        )
    try:
        array = np.asarray(x)
        if array.dtype.kind in "OV":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise _wrong_kind(name, type(x).__name__, f": {error}") from error
    if array.dtype.kind == "c":
        raise InvalidValue(
            zh=f"{name} 不能是复数（{array.dtype}）。请传入实数向量。",
            en=f"Complex data not supported: {name} has type {array.dtype}. Pass real vectors.",
        )
    if array.dtype.kind not in "fiub":
        raise _wrong_kind(name, str(array.dtype), "")
    return array


def _wrong_kind(name: str, kind: str, detail: str) -> InvalidType:
    return InvalidType(
        zh=f"{name} 应是实数矩阵，每行一个向量，收到 {kind}{detail}。若是文本，请先用编码器变成向量。",
        en=f"{name} must be a matrix of real numbers, one vector per row, but received {kind}{detail}. "
        "If it holds texts, encode them first.",
    )
