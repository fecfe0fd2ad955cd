"""What it costs to move one point to another: the distance under a transport problem, which its answer depends on.

Every function here that takes a ``cost`` takes a function of two sets of points, shapes ``(..., num_x, width)`` and
``(..., num_y, width)``, that returns their distances, shape ``(..., num_x, num_y)``. `euclidean_distances` is the usual
one. `whitened` and `in_features` make others: the same points, seen otherwise.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.sphere import check_numbers
from baihua.maths.whitening import Whitening

Cost = Callable[[Tensor, Tensor], Tensor]

CLOSE = 1e-3  # of a squared distance among the squared lengths: below it the product has lost more than 3 of 16 digits
NARROW = 8  # up to this width differences are as fast as a product, and keep all digits
PAIRS_AT_ONCE = 1 << 16  # of close pairs recomputed together


class _Distances(torch.autograd.Function):
    """Euclidean distances with the gradient of one at distance 0 taken as 0, where there is none."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        distances = _distances(x.double(), y.double()).to(x)
        ctx.save_for_backward(x, y, distances)
        return distances

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        x, y, distances = ctx.saved_tensors
        pull = torch.where(distances > 0, gradients[0] / distances, 0)  # (..., num_x, num_y)
        toward_x = x * pull.sum(dim=-1).unsqueeze(-1) - pull @ y
        toward_y = y * pull.sum(dim=-2).unsqueeze(-1) - pull.mT @ x
        return toward_x, toward_y


def euclidean_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return |x_i − y_j|, to nearly the last digit however close two points are.

    |x|² + |y|² − 2 x·y is one matrix product, but loses all digits between close points, and its root has an infinite
    gradient at equal ones. Here the product is taken in float64 from a centre, close pairs are computed once more from
    their differences, as all are in few dimensions, and the gradient of a pair at distance 0 is 0.

    Args:
        x: shape ``(..., num_x, width)``.
        y: shape ``(..., num_y, width)``, same leading axes.

    Returns:
        Shape ``(..., num_x, num_y)``, with the dtype of ``x``; differentiable once.

    Example:
        >>> euclidean_distances(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[5., 0.]])
    """
    found: Tensor = _Distances.apply(x, y)
    return found


def whitened(whitening: Whitening) -> Cost:
    """Return the Euclidean distance between whitened points: every direction of the data counts the same.

    Args:
        whitening: fitted on the data, see `baihua.maths.whitening`.

    Example:
        >>> x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 100.0])
        >>> distances = whitened(Whitening().fit(x))(x, x)
        >>> bool(distances.max() < 8)
        True
    """
    matrix = torch.as_tensor(whitening.affine()[0])
    return in_features(lambda x: x @ matrix.to(x))  # the bias cancels in differences


def in_features(features: Callable[[Tensor], Tensor]) -> Cost:
    """Return the Euclidean distance between what a network sees in the points.

    Args:
        features: from ``(..., num, width)`` to ``(..., num, num_features)``.

    Example:
        >>> in_features(lambda x: x[..., :1])(torch.tensor([[0.0, 9.0]]), torch.tensor([[2.0, 7.0]]))
        tensor([[2.]])
    """
    return lambda x, y: euclidean_distances(features(x), features(y))


def check_points(x: Any, name: str) -> Tensor:
    """Return a set of points as a floating tensor, or say what is wrong with it.

    Args:
        x: tensor, array or nested lists, shape ``(num, width)``, both at least 1.
        name: the argument's name, for the message.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for another number of axes, no points, NaN or infinity.
    """
    points = check_numbers(x, name)
    if points.ndim != 2 or 0 in points.shape:
        raise InvalidValue(
            zh=f"{name} 应是若干个点，形状 (点数, 维数)，收到的形状是 {tuple(points.shape)}。",
            en=f"{name} must hold points, shape (num, width), but its shape is {tuple(points.shape)}.",
        )
    if math.isfinite(float(points.detach().sum())):
        return points  # one pass, the usual case; a sum that overflows is looked at again
    bad = ~torch.isfinite(points.detach()).all(dim=-1)
    if bool(bad.any()):
        row = int(bad.nonzero()[0, 0])
        raise InvalidValue(
            zh=f"{name} 的第 {row} 行（从 0 数）有 NaN 或无穷大；请先去掉。",
            en=f"Row {row} of {name} (from 0) holds NaN or infinity. Remove it first.",
        )
    return points


def check_two(x: Any, y: Any) -> tuple[Tensor, Tensor, bool]:
    """Return two sets of points of one width, dtype and device, and whether both were arrays.

    Raises:
        InvalidType: as `check_points`.
        InvalidValue: as `check_points`, and for widths that differ.
    """
    first, second = check_points(x, "x"), check_points(y, "y")
    if first.shape[1] != second.shape[1]:
        raise InvalidValue(
            zh=f"x 与 y 的维数不同：{first.shape[1]} 与 {second.shape[1]}。",
            en=f"x and y have different widths: {first.shape[1]} and {second.shape[1]}.",
        )
    dtype = torch.promote_types(first.dtype, second.dtype)
    arrays = not (isinstance(x, Tensor) or isinstance(y, Tensor))
    return first.to(dtype), second.to(first.device, dtype), arrays


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Return distances of float64 points.

    In few dimensions from differences, else |x|² + |y|² − 2 x·y as one product, (x, |x|², 1) times (−2 y, 1, |y|²).
    """
    if x.shape[-1] <= NARROW:
        return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
    centre = (x.mean(dim=-2, keepdim=True) + y.mean(dim=-2, keepdim=True)) / 2
    one, other = x - centre, y - centre
    of_one, of_other = (points.square().sum(dim=-1, keepdim=True) for points in (one, other))  # (..., num, 1)
    left = torch.cat([one, of_one, torch.ones_like(of_one)], dim=-1)
    right = torch.cat([-2 * other, torch.ones_like(of_other), of_other], dim=-1)
    squares = left @ right.mT  # (..., num_x, num_y)
    most = of_one + of_other.amax(dim=-2, keepdim=True)  # (..., num_x, 1): no less than |x|² + |y|² for any y
    close = (squares < CLOSE * most).nonzero(as_tuple=True)
    for start in range(0, len(close[0]), PAIRS_AT_ONCE):
        *front, i, j = (index[start : start + PAIRS_AT_ONCE] for index in close)
        squares[(*front, i, j)] = (x[(*front, i)] - y[(*front, j)]).square().sum(dim=-1)
    return squares.sqrt_()
