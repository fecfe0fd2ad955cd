"""The uniform distribution on the unit sphere, and the constraint that a vector lies on it."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution
from torch.distributions.constraints import Constraint
from torch.types import _size

from baihua.checks import InvalidValue


class _UnitSphere(Constraint):
    """Vectors of length 1 to within what a thousand roundings leave."""

    is_discrete = False
    event_dim = 1

    def check(self, value: Any) -> Any:
        """Tell of each vector whether its length is 1."""
        allowed = 1000 * torch.finfo(value.dtype).eps
        return (torch.linalg.vector_norm(value, dim=-1) - 1).abs() <= allowed


unit_sphere = _UnitSphere()


def log_surface_area(width: int) -> float:
    """Return the log of the surface of the unit sphere of R^width: log 2 + (d/2) log π − log Γ(d/2).

    Example:
        >>> round(math.exp(log_surface_area(3)) / math.pi, 12)
        4.0
    """
    return math.log(2) + width / 2 * math.log(math.pi) - math.lgamma(width / 2)


class HypersphericalUniform(Distribution):
    """The uniform distribution on the unit sphere of R^width.

    Args:
        width: of the vectors (not of the sphere, whose dimension is one less), at least 2.
        batch_shape: how many such laws.
        dtype: of the samples; None for torch's default.
        device: of the samples.
        validate_args: check the values given to `log_prob`.

    Raises:
        InvalidValue: for a width below 2.

    Example:
        >>> law = HypersphericalUniform(3)
        >>> law.sample((5,)).shape, round(float(law.entropy()), 4)
        (torch.Size([5, 3]), 2.531)
    """

    arg_constraints: dict[str, Constraint] = {}  # noqa: RUF012 - as torch's own
    support = unit_sphere
    has_rsample = True

    def __init__(
        self,
        width: int,
        batch_shape: _size = (),
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if width < 2:
            raise InvalidValue(
                zh=f"width 是向量的宽度，至少为 2，收到 {width}。",
                en=f"width is that of the vectors and must be at least 2, but received {width}.",
            )
        self.width = width
        self._kind = torch.empty((), dtype=dtype, device=device)
        super().__init__(torch.Size(batch_shape), torch.Size([width]), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> "HypersphericalUniform":
        """Return the same law in another batch shape."""
        wider = HypersphericalUniform(
            self.width, torch.Size(batch_shape), dtype=self._kind.dtype, device=self._kind.device, validate_args=False
        )
        wider._validate_args = self._validate_args
        return wider

    @property
    def mean(self) -> Tensor:
        """The zero vector, shape ``batch_shape + (width,)``."""
        return self._kind.new_zeros(self._extended_shape())

    @property
    def variance(self) -> Tensor:
        """1 / width in every coordinate."""
        return self._kind.new_full(self._extended_shape(), 1 / self.width)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        """Draw Gaussian vectors and divide them by their length; shape ``sample_shape + batch_shape + (width,)``."""
        shape = self._extended_shape(torch.Size(sample_shape))
        noise = torch.randn(shape, dtype=self._kind.dtype, device=self._kind.device)
        return nn.functional.normalize(noise, dim=-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return minus the log of the surface, whatever the point."""
        if self._validate_args:
            self._validate_sample(value)
        shape = torch.broadcast_shapes(value.shape[:-1], self.batch_shape)
        return value.new_full(shape, -log_surface_area(self.width))

    def entropy(self) -> Tensor:
        """Return the log of the surface, shape ``batch_shape``."""
        return self._kind.new_full(self.batch_shape, log_surface_area(self.width))
