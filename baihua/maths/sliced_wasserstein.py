"""Wasserstein distances on lines, where sorting solves the problem, and over the lines through a space.

Along a line the best plan keeps the order, so that W_p is the p-norm of the difference of quantile functions. Sliced:
the mean of W_p^p over all directions (Rabin et al. 2011; Bonneel et al. 2015). Max-sliced: the largest over directions
(Deshpande et al. 2019). Both are distances, cost n log n, and their error between samples falls as fast as on a line.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.ground_cost import check_two
from baihua.maths.sphere import unit
from baihua.maths.transport import check_power, power_root

CLIMBING_STEPS = 100  # of max-sliced; each turns a direction by at most FIRST_TURN of its length
FIRST_TURN = 0.3
KEPT_OF_A_BAD_TURN = 0.5


class Widest(NamedTuple):
    """The direction along which two sets differ most, as far as was found.

    Args:
        value: W_p along it, a lower bound of the max-sliced distance.
        direction: of length 1, shape ``(width,)``.
    """

    value: Any
    direction: Any


def line_wasserstein(x: Tensor, y: Tensor, p: float = 1) -> Tensor:
    """Return W_p^p between points on lines: the power itself, which has a mean over lines, not its root.

    Args:
        x: shape ``(..., num_x)``.
        y: shape ``(..., num_y)``, the same leading axes.
        p: the power, at least 1.

    Returns:
        Shape ``(...)``, differentiable in the points.

    Example:
        >>> line_wasserstein(torch.tensor([0.0, 1.0]), torch.tensor([5.0, 3.0]), p=2)
        tensor(12.5000)
    """
    check_power(p)
    first, second = x.sort(dim=-1).values, y.sort(dim=-1).values
    if x.shape[-1] == y.shape[-1]:
        return (first - second).abs().pow(p).mean(dim=-1)
    places_x, places_y, shares = _pieces(x.shape[-1], y.shape[-1])
    gaps = first[..., places_x.to(x.device)] - second[..., places_y.to(x.device)]
    return (gaps.abs().pow(p) * shares.to(gaps)).sum(dim=-1)


def sliced_wasserstein(x: Any, y: Any, p: float = 1, *, num_directions: int = 256, seed: int = 0) -> Any:
    """Return the sliced Wasserstein distance, (mean over directions of W_p^p along each)^(1/p).

    Args:
        x: shape ``(num_x, width)``, tensor or array.
        y: shape ``(num_y, width)``.
        p: the power, at least 1.
        num_directions: drawn evenly from the sphere.
        seed: of the drawing, which touches no other random numbers.

    Returns:
        A tensor without axes, differentiable, or a float if both were arrays. In width 1 it is W_p.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, NaN, a power below 1 or no direction.

    Example:
        >>> x = torch.eye(3)
        >>> round(float(sliced_wasserstein(x, x + torch.tensor([3.0, 0.0, 0.0]), num_directions=2000)), 1)
        1.5
    """
    first, second, arrays = check_two(x, y)
    directions = random_directions(num_directions, first.shape[1], seed).to(first)
    value = power_root(line_wasserstein(directions @ first.mT, directions @ second.mT, p).mean(), p)
    return float(value) if arrays else value


def max_sliced_wasserstein(x: Any, y: Any, p: float = 1, *, num_starts: int = 16, seed: int = 0) -> Widest:
    """Return the largest W_p along a line, and the line, climbing from several directions at once.

    The starts are the difference of the means and drawn ones. Each climbs the gradient on the sphere; a turn that
    lowers its value is taken back and the next is half as long. What is found is a lower bound.

    Args:
        x: shape ``(num_x, width)``, tensor or array.
        y: shape ``(num_y, width)``.
        p: the power, at least 1.
        num_starts: directions to climb from.
        seed: of the drawing.

    Returns:
        A `Widest`, its value differentiable in the points at the direction found (the envelope theorem).

    Raises:
        InvalidType: as `sliced_wasserstein`.
        InvalidValue: as `sliced_wasserstein`.

    Example:
        >>> x = torch.eye(3)
        >>> round(float(max_sliced_wasserstein(x, x + torch.tensor([3.0, 0.0, 0.0])).value), 4)
        3.0
    """
    first, second, arrays = check_two(x, y)
    starts = random_directions(num_starts, first.shape[1], seed).to(first)
    apart = (first.mean(dim=0) - second.mean(dim=0)).detach()
    if bool(apart.abs().amax() > 0):
        starts = torch.cat([unit(apart).unsqueeze(0), starts[1:]])
    best = _climb(starts, first.detach(), second.detach(), p)
    value = power_root(line_wasserstein(first @ best, second @ best, p), p)
    return Widest(float(value), best.numpy()) if arrays else Widest(value, best)


def random_directions(num: int, width: int, seed: int) -> Tensor:
    """Draw directions evenly, shape ``(num, width)``, float64, the same on every device.

    Raises:
        InvalidValue: for less than one.
    """
    if num < 1:
        raise InvalidValue(zh=f"至少要一个方向，收到 {num}。", en=f"At least one direction is needed, not {num}.")
    rng = torch.Generator().manual_seed(seed)
    return unit(torch.randn(num, width, dtype=torch.float64, generator=rng))


def _climb(directions: Tensor, x: Tensor, y: Tensor, p: float) -> Tensor:
    turns = torch.full_like(directions[:, :1], FIRST_TURN)  # (num_starts, 1)
    values, slopes = _values_and_slopes(directions, x, y, p)
    for _ in range(CLIMBING_STEPS):
        lengths = torch.linalg.vector_norm(slopes, dim=-1, keepdim=True)
        steps = torch.where(lengths > 0, turns * slopes / lengths, 0)
        tried = unit(directions + steps)
        new_values, new_slopes = _values_and_slopes(tried, x, y, p)
        better = (new_values > values).unsqueeze(-1)  # (num_starts, 1)
        directions, slopes = torch.where(better, tried, directions), torch.where(better, new_slopes, slopes)
        values = torch.maximum(values, new_values)
        turns = torch.where(better, turns, turns * KEPT_OF_A_BAD_TURN)
    return directions[values.argmax()]


def _values_and_slopes(directions: Tensor, x: Tensor, y: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """Return W_p^p along each direction, and its gradient on the sphere, shapes ``(num,)`` and ``(num, width)``."""
    with torch.enable_grad():
        free = directions.detach().requires_grad_()
        values = line_wasserstein(free @ x.mT, free @ y.mT, p)
        (slopes,) = torch.autograd.grad(values.sum(), free)
    along = (slopes * directions).sum(dim=-1, keepdim=True)
    return values.detach(), slopes - along * directions


def _pieces(num_x: int, num_y: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pieces on which both quantile functions are constant: which point each takes there, and the share.

    The quantile functions step at k / num_x and l / num_y; counted in units of 1 / (num_x · num_y) the steps are whole
    numbers, so that no step is missed or doubled by rounding.
    """
    steps = torch.cat([torch.arange(1, num_x + 1) * num_y, torch.arange(1, num_y + 1) * num_x]).unique()
    begins = torch.cat([steps.new_zeros(1), steps[:-1]])
    shares = (steps - begins).double() / (num_x * num_y)
    return begins // num_y, begins // num_x, shares
