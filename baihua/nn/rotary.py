"""Rotary position embedding: vectors turned by their position, so that a product of two depends on their distance alone."""

import torch
from torch import Tensor

from baihua.checks import InvalidValue

BASE = 10_000.0


def rotate_by_position(x: Tensor, base: float = BASE) -> Tensor:
    """Turn each pair of neighbouring coordinates by the position times a frequency of its own.

    Coordinates (2t, 2t + 1) at position i are turned by i · base^(−2t / head_size), the first position being 0.

    Args:
        x: shape ``(batch, length, ..., head_size)``, head_size even.
        base: sets the frequencies.

    Returns:
        The same shape, in float32 or float64.

    Raises:
        InvalidValue: when head_size is odd.

    Source:
        https://kexue.fm/archives/8265; https://kexue.fm/archives/8373.

    Example:
        >>> x = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
        >>> [round(value, 4) for value in rotate_by_position(x)[0, 1].tolist()]  # the second turned by one radian
        [0.5403, 0.8415]
    """
    length, head_size = x.shape[1], check_even(x.shape[-1])
    precise = x if x.dtype == torch.float64 else x.float()
    turns = position_turns(length, head_size, precise, base).reshape(length, *[1] * (x.ndim - 3), head_size // 2)
    pairs = torch.view_as_complex(precise.contiguous().unflatten(-1, (-1, 2)))  # (batch, length, ..., head_size / 2)
    return torch.view_as_real(pairs * turns).flatten(-2)


def check_even(head_size: int) -> int:
    """Return a head size that can be turned two coordinates at a time.

    Raises:
        InvalidValue: when it is odd.
    """
    if head_size % 2:
        raise InvalidValue(
            zh=f"旋转位置编码要求 head_size 为偶数，收到 {head_size}。",
            en=f"Rotary positions need an even head_size, but received {head_size}.",
        )
    return head_size


def position_turns(length: int, head_size: int, like: Tensor, base: float = BASE) -> Tensor:
    """Return what to multiply pairs of coordinates by, as complex numbers of shape ``(length, head_size / 2)``.

    Args:
        length: how many positions.
        head_size: how many coordinates.
        like: a tensor whose device and precision, float32 or float64, are used.
        base: sets the frequencies.
    """
    frequencies = base ** (-torch.arange(0, head_size, 2, device=like.device, dtype=torch.float64) / head_size)
    places = torch.arange(length, device=like.device, dtype=torch.float64)
    angles = places[:, None] * frequencies  # (length, head_size / 2)
    return torch.polar(torch.ones_like(angles), angles).to(
        torch.complex128 if like.dtype == torch.float64 else torch.complex64
    )
