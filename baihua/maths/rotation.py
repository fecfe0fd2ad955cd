"""Orthogonal maps that carry one unit vector to another, applied without ever forming a matrix.

All are made of mirrors. With H_n x = x − 2 (n·x) n, and m the direction of a + b,

====================  ==============  ==============  =======================================================
map of a to b         formula         determinant     what it leaves alone
====================  ==============  ==============  =======================================================
`rotate`              H_m H_a         +1              everything orthogonal to a and b; it is the rotation nearest
                                                      to the identity
`reflect`             H_{a−b}         −1              everything orthogonal to a − b; swaps a and b
`turn_half`           −H_m            (−1)^(width−1)  the line of m, and negates what is orthogonal to it; swaps a and b
`rotate_negated`      −H_{a−b} H_a    (−1)^width      nothing; negates everything orthogonal to a and b
====================  ==============  ==============  =======================================================

The first three are those of the article (kexue.fm 8453: rotation, Householder's reflection, and its own symmetric
solution); the fourth follows from the rotation of a to −b in the same way as the third from the reflection.

The textbook form of the rotation, I + 2ba' − (a+b)(a+b)'/(1 + a·b), divides by zero at b = −a and has lost all digits
long before. Two mirrors are orthogonal whatever their normals, so what can go wrong is only the direction of m, and
`bisector` computes that to the last digit at every angle. Where b = −a the plane of the rotation is anyone's choice.
"""

from typing import Any

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.sphere import check_numbers, perpendicular, unit


def bisector(first: Tensor, second: Tensor) -> Tensor:
    """Return the direction halfway between unit vectors; between opposite ones, some direction orthogonal to both.

    The sum of two unit vectors is orthogonal to their difference. Where the vectors are nearly opposite the sum is
    small, and rounding has left in it a part along the difference that would turn the result by rounding / |sum|.
    Taking that part out, twice, makes it exact. A sum below the square of the rounding unit counts as none: that changes
    a map by less than rounding does, and keeps gradients, which grow as 1 / |sum|, finite.

    Args:
        first: unit vectors, shape ``(..., width)``, width at least 2.
        second: the same, broadcast against the first.

    Returns:
        Shape ``(..., width)``.
    """
    first, second = torch.broadcast_tensors(first, second)
    total, difference = first + second, first - second
    near = (first * second).sum(dim=-1, keepdim=True) >= 0
    least = torch.finfo(total.dtype).eps ** 2
    opposite = total.detach().abs().amax(dim=-1, keepdim=True) <= least
    spare = perpendicular(first.detach())
    direction = unit(torch.where(opposite, spare, total))
    across = unit(torch.where(near, spare, difference))
    for _ in range(2):
        cleaned = direction - (direction * across).sum(dim=-1, keepdim=True) * across
        lost = (cleaned.detach() ** 2).sum(dim=-1, keepdim=True) < 0.25  # what was there was rounding alone
        direction = torch.where(near, direction, unit(torch.where(lost, spare, cleaned)))
    return direction


def rotate(x: Any, source: Any, target: Any, fraction: Any = 1.0) -> Any:
    """Turn vectors as the smallest rotation that carries one direction to another.

    Args:
        x: tensor, or array, shape ``(..., width)``, width at least 2.
        source: from where, shape ``(width,)`` or ``(..., width)`` broadcast against ``x``; its length does not count.
        target: to where, likewise.
        fraction: how far of the way to turn: 0 not at all, 1 all the way, any other number along the same circle; a
            number or a tensor of shape ``(...)``. The inverse is fraction −1, or source and target exchanged.

    Returns:
        A tensor, or an array if no argument is a tensor, of the broadcast shape. Differentiable in everything.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for different widths, width 1, where no rotation reaches the opposite direction, zero vectors or
            NaN.

    Example:
        >>> rotate([1, 2, 5], [4, 3, 0], [3, 4, 0]).round(2)
        array([0.4, 2.2, 5. ])
    """
    numbers = _Arguments(x, source, target)
    first, second = numbers.source, bisector(numbers.source, numbers.target)
    if not (isinstance(fraction, int | float) and fraction == 1):
        second = _part_of_the_way(first, second, check_numbers(fraction, "fraction").to(first).unsqueeze(-1))
    return numbers.give_back(mirror_twice(numbers.x, first, second))


def reflect(x: Any, source: Any, target: Any) -> Any:
    """Reflect vectors in the mirror that exchanges two directions (Householder); in any that holds them if they agree.

    Args:
        x: as for `rotate`.
        source: as for `rotate`.
        target: as for `rotate`.

    Returns:
        As `rotate`. The determinant is −1 always, for equal directions too.

    Raises:
        InvalidType: as `rotate`.
        InvalidValue: as `rotate`; in width 1 no mirror leaves a direction where it is.

    Example:
        >>> reflect([1, 0, 5], [1, 0, 0], [0, 2, 0]).round(4)
        array([0., 1., 5.])
    """
    numbers = _Arguments(x, source, target)
    return numbers.give_back(mirror(numbers.x, bisector(numbers.source, -numbers.target)))


def turn_half(x: Any, source: Any, target: Any) -> Any:
    """Keep the line halfway between two directions and negate what is orthogonal to it: the article's own solution.

    Symmetric and its own inverse, as `reflect`; in width 2 the same as `reflect`, in width 3 half a turn.

    Args:
        x: as for `rotate`.
        source: as for `rotate`.
        target: as for `rotate`.

    Returns:
        As `rotate`.

    Raises:
        InvalidType: as `rotate`.
        InvalidValue: as `rotate`.
    """
    numbers = _Arguments(x, source, target)
    return numbers.give_back(-mirror(numbers.x, bisector(numbers.source, numbers.target)))


def rotate_negated(x: Any, source: Any, target: Any) -> Any:
    """Negate the smallest rotation of a direction to the opposite of another; in width 2 the same as `rotate`.

    Args:
        x: as for `rotate`.
        source: as for `rotate`.
        target: as for `rotate`.

    Returns:
        As `rotate`.

    Raises:
        InvalidType: as `rotate`.
        InvalidValue: as `rotate`.
    """
    numbers = _Arguments(x, source, target)
    return numbers.give_back(-mirror_twice(numbers.x, numbers.source, bisector(numbers.source, -numbers.target)))


def rotation_matrix(source: Any, target: Any, fraction: Any = 1.0) -> Any:
    """Return the matrix of `rotate`, shape ``(..., width, width)``, with ``matrix @ source == target``.

    Args:
        source: shape ``(..., width)``, of any length.
        target: shape ``(..., width)``.
        fraction: as for `rotate`.

    Example:
        >>> rotation_matrix([4, 3], [3, 4]).round(4)
        array([[ 0.96, -0.28],
               [ 0.28,  0.96]])
    """
    return _matrix(rotate, source, target, fraction)


def reflection_matrix(source: Any, target: Any) -> Any:
    """Return the matrix of `reflect`, shape ``(..., width, width)``; it is symmetric.

    Args:
        source: shape ``(..., width)``, of any length.
        target: shape ``(..., width)``.
    """
    return _matrix(reflect, source, target)


def slerp(source: Any, target: Any, fraction: Any) -> Any:
    """Return the unit vector a share of the way along the arc between two directions.

    Args:
        source: where 0 is, shape ``(..., width)``.
        target: where 1 is, shape ``(..., width)``. Opposite directions are joined by one of their arcs.
        fraction: a number or a tensor of shape ``(...)``.

    Returns:
        Shape ``(..., width)``.

    Example:
        >>> slerp([1, 0], [0, 1], 0.5).round(4)
        array([0.7071, 0.7071])
    """
    numbers = _Arguments(source, source, target)
    return numbers.give_back(
        rotate(numbers.source, numbers.source, numbers.target, check_numbers(fraction, "fraction"))
    )


def mirror(x: Tensor, normal: Tensor) -> Tensor:
    """Reflect vectors ``(..., width)`` in the mirror with a unit normal ``(..., width)``."""
    return torch.addcmul(x, _dot(x, normal), normal, value=-2)


def mirror_twice(x: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Reflect vectors in one mirror and then in another, both given by unit normals: x − 2 (x·a) a + s m.

    With s = 2 (2 (a·m)(x·a) − x·m), both steps are known before the vectors are changed; one pair of mirrors for all
    vectors is then two narrow products, which take little longer than copying the vectors.
    """
    along_first, along_second = _dot(x, first), _dot(x, second)  # (..., 1)
    step = 2 * (2 * _dot(first, second) * along_first - along_second)  # (..., 1)
    if first.ndim == second.ndim == 1 < x.ndim:
        steps = torch.cat([-2 * along_first, step], dim=-1).flatten(0, -2)  # (num, 2)
        return torch.addmm(x.flatten(0, -2), steps, torch.stack([first, second])).view(x.shape)
    return torch.addcmul(torch.addcmul(x, along_first, first, value=-2), step, second)


def _dot(x: Tensor, y: Tensor) -> Tensor:
    """Return the inner products, shape ``(..., 1)``; with a single ``y`` as one product of matrix and vector."""
    return (x @ y if y.ndim == 1 else (x * y).sum(dim=-1)).unsqueeze(-1)


def _part_of_the_way(first: Tensor, second: Tensor, fraction: Tensor) -> Tensor:
    """Turn the second mirror so that the rotation, by twice the angle between the mirrors, goes a share of the way."""
    along = (first * second).sum(dim=-1, keepdim=True)
    across = second - along * first
    size = across.detach().abs().amax(dim=-1, keepdim=True)
    same = size <= torch.finfo(first.dtype).eps ** 2
    direction = unit(torch.where(same, perpendicular(first.detach()), across))
    angle = torch.atan2((across * direction).sum(dim=-1, keepdim=True), along) * fraction
    return torch.cos(angle) * first + torch.sin(angle) * direction


def _matrix(function: Any, source: Any, target: Any, *others: Any) -> Any:
    numbers = _Arguments(source, source, target)
    eye = torch.eye(numbers.source.shape[-1], dtype=numbers.source.dtype, device=numbers.source.device)
    columns = function(eye, numbers.source.unsqueeze(-2), numbers.target.unsqueeze(-2), *others)  # (..., width, width)
    return numbers.give_back(columns.mT)


class _Arguments:
    """The arguments of a map as tensors of one kind: two directions of one width and what to map."""

    def __init__(self, x: Any, source: Any, target: Any) -> None:
        self._as_arrays = not any(isinstance(one, Tensor) for one in (x, source, target))
        given = [check_numbers(one, name) for one, name in ((x, "x"), (source, "source"), (target, "target"))]
        kind = torch.promote_types(torch.promote_types(given[0].dtype, given[1].dtype), given[2].dtype)
        place = next((one.device for one in given if one.device.type != "cpu"), given[0].device)
        moved, start, end = (one.to(device=place, dtype=kind) for one in given)
        widths = [one.shape[-1] if one.ndim else 0 for one in (moved, start, end)]
        if len(set(widths)) != 1 or widths[0] < 2:
            raise InvalidValue(
                zh=f"x、source、target 的宽度应相同且至少为 2，收到 {widths}。宽度 1 时没有这样的映射。",
                en=f"x, source and target must have one width of at least 2, but received {widths}. In width 1 there is no "
                "such map.",
            )
        self.x, self.source, self.target = moved, unit(start, "source"), unit(end, "target")

    def give_back(self, result: Tensor) -> Any:
        """Return an array if arrays came."""
        return result.numpy() if self._as_arrays else result
