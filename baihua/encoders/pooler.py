"""A pooler that no state depends on, left out of a training."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def pooler_left_out(encoder: nn.Module) -> Iterator[None]:
    """Leave a pooler, which no state depends on, out of a training: several processes would wait for its gradient."""
    pooler = getattr(encoder, "pooler", None)
    parameters = list(pooler.parameters()) if isinstance(pooler, nn.Module) else []
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
