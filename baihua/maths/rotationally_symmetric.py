"""What the laws on the sphere that depend on x only through its cosine with a direction have in common."""

from typing import Any, Self

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.types import _size

from baihua.maths.hyperspherical_uniform import unit_sphere


class RotationallySymmetric(Distribution):
    """A law on the unit sphere whose density rises with μ·x alone, the more steeply the larger κ.

    Its own laws give the density, the samples and the moments; here are the parameters and their shapes.

    Args:
        loc: μ, unit vectors, shape ``(..., width)``, width at least 2.
        concentration: κ, 0 (uniform) or more, shape ``(...)``, broadcast against ``loc`` without its last axis.
        validate_args: check parameters and values.

    Raises:
        ValueError: by torch, for parameters outside their constraints.

    Source:
        Mardia and Jupp, "Directional Statistics" (2000), section 9.3.3.
    """

    arg_constraints = {"loc": unit_sphere, "concentration": constraints.nonnegative}  # noqa: RUF012 - as torch's own
    support = unit_sphere
    has_rsample = True

    def __init__(self, loc: Tensor, concentration: Tensor | float, validate_args: bool | None = None) -> None:
        given = torch.as_tensor(concentration, dtype=loc.dtype, device=loc.device)
        batch_shape = torch.broadcast_shapes(loc.shape[:-1], given.shape)
        self.loc = loc.expand(*batch_shape, loc.shape[-1])
        self.concentration = given.expand(batch_shape)
        self._shared = given.reshape(1) if given.numel() == 1 else None  # the one κ of all laws
        super().__init__(batch_shape, loc.shape[-1:], validate_args=validate_args)

    @property
    def width(self) -> int:
        """Width of the vectors."""
        return self.event_shape[0]

    @property
    def mode(self) -> Tensor:
        """μ."""
        return self.loc

    def expand(self, batch_shape: _size, _instance: Any = None) -> Self:
        """Return the same laws in another batch shape."""
        shape = torch.Size(batch_shape)
        concentration = self.concentration.expand(shape) if self._shared is None else self._shared.reshape(())
        wider = type(self)(self.loc.expand(*shape, self.width), concentration, validate_args=False)
        wider._validate_args = self._validate_args
        return wider
