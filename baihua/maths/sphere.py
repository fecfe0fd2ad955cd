"""Points of the unit sphere: directions, the angle between two, and the arc from one to another."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from baihua.checks import InvalidType, InvalidValue


def check_numbers(x: Any, name: str) -> Tensor:
    """Return numbers as a floating tensor; arrays and lists become one, whole numbers become float64.

    Args:
        x: tensor, array or nested lists.
        name: the argument's name, for the message.

    Raises:
        InvalidType: for text, complex numbers and other things that are no real numbers.
    """
    try:
        found = x if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x))
    except TypeError:
        found = None
    if found is None or found.is_complex():
        raise InvalidType(
            zh=f"{name} 应是实数的数组或张量，收到 {type(x).__name__}。",
            en=f"{name} must be an array or tensor of real numbers, but received {type(x).__name__}.",
        )
    return found if found.is_floating_point() else found.double()


def unit(x: Tensor, name: str = "x") -> Tensor:
    """Return the direction of vectors, of length 1 to a rounding or two whatever their length.

    The largest coordinate is divided out first, so that squares neither overflow nor vanish. The squares are added by
    `torch.sum`, which does it pairwise; `torch.linalg.vector_norm` adds one after the other and is ten roundings off
    at width 65 536.

    Args:
        x: shape ``(..., width)``.
        name: the argument's name, for the message.

    Raises:
        InvalidValue: for a zero vector, NaN, infinity, or no coordinate at all.

    Example:
        >>> unit(torch.tensor([3e-300, 4e-300], dtype=torch.float64))
        tensor([0.6000, 0.8000], dtype=torch.float64)
    """
    if x.ndim == 0 or x.shape[-1] == 0:
        raise InvalidValue(
            zh=f"{name} 应是至少一维的向量，形状 {tuple(x.shape)}。",
            en=f"{name} must hold vectors of at least one coordinate, but its shape is {tuple(x.shape)}.",
        )
    largest = x.detach().abs().amax(dim=-1, keepdim=True)
    if not bool(((largest > 0) & torch.isfinite(largest)).all()):
        raise InvalidValue(
            zh=f"{name} 里有零向量、NaN 或无穷大，没有方向可言；请先去掉。",
            en=f"{name} holds a zero vector, NaN or infinity, which has no direction. Remove it first.",
        )
    scaled = x / largest
    return scaled / scaled.square().sum(dim=-1, keepdim=True).sqrt()


def angle_between(first: Tensor, second: Tensor) -> Tensor:
    """Return the angle between vectors in radians, from 0 to π, accurate for the smallest and the largest.

    The arc cosine loses half the digits near 0 and π; twice the arc tangent of |a − b| / |a + b| loses none (Kahan,
    "How Futile are Mindless Assessments of Roundoff", 2006, section 12).

    Args:
        first: shape ``(..., width)``.
        second: shape ``(..., width)``, broadcast against the other.

    Returns:
        Shape ``(...)``.

    Example:
        >>> right = angle_between(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0]))
        >>> torch.allclose(right, torch.tensor(torch.pi / 2))
        True
    """
    one, other = unit(first, "first"), unit(second, "second")
    difference, total = (torch.linalg.vector_norm(x, dim=-1) for x in (one - other, one + other))
    return 2 * torch.atan2(difference, total)


def perpendicular(x: Tensor) -> Tensor:
    """Return a unit vector at right angles to each of some unit vectors: the axis they lean to least, made orthogonal.

    Args:
        x: unit vectors, shape ``(..., width)``, width at least 2.
    """
    axis = torch.zeros_like(x).scatter(-1, x.abs().argmin(dim=-1, keepdim=True), 1.0)
    once = unit(axis - (axis * x).sum(dim=-1, keepdim=True) * x)
    return unit(once - (once * x).sum(dim=-1, keepdim=True) * x)
