"""Points of the sphere from a cosine with a direction and a direction across it: the tangent-normal decomposition.

Every law that is symmetric about a direction μ (von Mises–Fisher, power spherical) is drawn so: x = t μ + √(1 − t²) v,
with the law of t its own and v uniform on the unit vectors orthogonal to μ (Mardia and Jupp, "Directional Statistics",
2000, section 9.1.2).
"""

import torch
from torch import Tensor, nn

# In width d a Gaussian vector keeps less than the share r of its length across μ with probability about r^(d − 1); from
# width 16 on, so little that rounding shows is never drawn, and below it is taken out a second time.
NARROW = 16


def random_across(direction: Tensor, shape: torch.Size) -> Tensor:
    """Draw unit vectors uniformly from those orthogonal to a direction.

    A Gaussian vector without its part along the direction, as in the article (kexue.fm 8404): it depends smoothly on the
    direction everywhere, which a mirror or rotation from a fixed axis cannot.

    Args:
        direction: unit vectors, shape ``(..., width)``, width at least 2.
        shape: of the result, ``(..., width)``, to which the direction broadcasts.

    Returns:
        Shape ``shape``; gradients flow to the direction.
    """
    noise = torch.randn(shape, dtype=direction.dtype, device=direction.device)
    across = _without(noise, direction)
    if shape[-1] < NARROW:
        across = _without(nn.functional.normalize(across, dim=-1), direction)
    return nn.functional.normalize(across, dim=-1)


def join(direction: Tensor, cosine: Tensor, sine: Tensor, across: Tensor) -> Tensor:
    """Return the points with these cosines to a direction.

    Args:
        direction: unit vectors, shape ``(..., width)``.
        cosine: t, shape ``(...)``.
        sine: √(1 − t²), which the caller knows better than t tells, shape ``(...)``.
        across: unit vectors orthogonal to the direction, shape ``(..., width)``.
    """
    return cosine.unsqueeze(-1) * direction + sine.unsqueeze(-1) * across


def _without(x: Tensor, direction: Tensor) -> Tensor:
    along = (x * direction).sum(dim=-1, keepdim=True)
    return x - along * direction
