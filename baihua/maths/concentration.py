"""The concentration of a von Mises–Fisher law that has a wished mean cosine, or a wished divergence from uniform."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.bessel import LARGEST, kl_to_uniform, mean_resultant_length, mean_resultant_slope
from baihua.maths.sphere import check_numbers

SMALLEST = 1e-12  # κ below give a cosine of 1e-12 / d and a divergence of 1e-24 / 2d: none at all
HALVINGS = 24  # of the interval of log κ, which is 55 wide: down to 3e-6, whence Newton's steps square the error
NEWTON_STEPS = 3


def concentration_for_mean_cosine(width: int, cosine: Any) -> Tensor:
    """Return the κ of which the mean cosine is A_d(κ) = ``cosine``: the maximum likelihood, given a mean resultant length.

    Args:
        width: d, at least 2.
        cosine: from 0 to below 1, shape ``(...)``.

    Returns:
        κ, shape ``(...)``; no gradients.

    Raises:
        InvalidValue: for a cosine outside, or so near 1 that κ would exceed 1e12.

    Example:
        >>> round(float(concentration_for_mean_cosine(3, 0.9)), 6)
        10.0
    """
    return _solve("cosine", width, cosine, mean_resultant_length, mean_resultant_slope)


def concentration_for_kl(width: int, kl: Any) -> Tensor:
    """Return the κ whose divergence from the uniform distribution is ``kl``: how many nats a sample may carry.

    Args:
        width: d, at least 2.
        kl: in nats, 0 or more, shape ``(...)``.

    Returns:
        κ, shape ``(...)``; no gradients.

    Raises:
        InvalidValue: for a negative divergence, or one so large that κ would exceed 1e12.

    Example:
        >>> round(float(concentration_for_kl(4, 3.258385)), 3)
        20.0
    """
    return _solve("kl", width, kl, kl_to_uniform, lambda d, kappa: kappa * mean_resultant_slope(d, kappa))


def _solve(
    name: str,
    width: int,
    wished: Any,
    function: Callable[[int, Tensor], Tensor],
    slope: Callable[[int, Tensor], Tensor],
) -> Tensor:
    """Invert a rising function of κ with f(0) = 0: by halving in log κ, then by Newton's steps."""
    given = check_numbers(wished, name)
    target = given.detach().double()
    largest = function(width, torch.tensor(LARGEST, dtype=torch.float64))
    if not bool(((target >= 0) & (target < largest)).all()):
        raise InvalidValue(
            zh=f"{name} 应不小于 0，且小于 {float(largest):g}（宽度 {width} 时 κ={LARGEST:g} 的值），收到 {given.tolist()}。",
            en=f"{name} must be at least 0 and below {float(largest):g}, its value at κ={LARGEST:g} in width {width}, but "
            f"received {given.tolist()}.",
        )
    low, high = torch.full_like(target, SMALLEST).log(), torch.full_like(target, LARGEST).log()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = function(width, middle.exp()) > target
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    kappa = low.exp()
    for _ in range(NEWTON_STEPS):
        step = (function(width, kappa) - target) / slope(width, kappa).clamp(min=torch.finfo(torch.float64).tiny)
        kappa = torch.minimum(torch.maximum(kappa - step, kappa / 2), 2 * kappa)
    return torch.where(target > 0, kappa, torch.zeros_like(kappa)).to(given.dtype)
