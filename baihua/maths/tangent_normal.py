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


def random_around(direction: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Draw points with given cosines to a direction, uniformly around it.

    What is across the direction is a Gaussian vector ε without its part along it, as in the article (kexue.fm 8404): it
    depends smoothly on the direction everywhere, which a mirror or rotation from a fixed axis cannot. With p = ε·μ and
    n² = |ε|² − p² the point is (s/n) ε + (t − s p/n) μ, so that ε is read three times and nothing else is as large.

    Args:
        direction: μ, unit vectors, shape ``(..., width)``, width at least 2, broadcast against the cosines.
        cosine: t, shape ``(...)``.
        sine: s = √(1 − t²), which the caller knows better than t tells, shape ``(...)``.

    Returns:
        Shape ``(..., width)``, with gradients in all three.
    """
    shape = (*torch.broadcast_shapes(cosine.shape, direction.shape[:-1]), direction.shape[-1])
    noise = torch.randn(shape, dtype=direction.dtype, device=direction.device)
    if shape[-1] < NARROW:
        across = _across(_across(noise, direction), direction)
        return cosine.unsqueeze(-1) * direction + sine.unsqueeze(-1) * across
    along = noise @ direction if direction.ndim == 1 else (noise * direction).sum(dim=-1)
    scale = sine / (torch.linalg.vector_norm(noise, dim=-1).square() - along.square()).sqrt()
    return torch.addcmul(noise * scale.unsqueeze(-1), (cosine - scale * along).unsqueeze(-1), direction)


def _across(x: Tensor, direction: Tensor) -> Tensor:
    """Return the unit vectors of what is orthogonal to a direction."""
    return nn.functional.normalize(x - (x * direction).sum(dim=-1, keepdim=True) * direction, dim=-1)
