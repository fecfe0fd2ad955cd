"""The vectors of all processes in one, so that each text has the texts of all of them as negatives."""

from typing import Any

import torch
import torch.distributed
from torch import Tensor


class _Gather(torch.autograd.Function):
    """Every process gets all rows and computes the same loss from them, so each already knows the gradient of its own.

    It is multiplied by the number of processes because training takes the mean of their gradients, where the gradient of
    one process with all rows is the sum.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.num = len(rows)
        parts = [torch.empty_like(rows) for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        first = torch.distributed.get_rank() * ctx.num
        return gradients[0][first : first + ctx.num] * torch.distributed.get_world_size()


def gather_rows(rows: Tensor) -> Tensor:
    """Return the rows of every process, in the order of the processes; of this one alone where there is one.

    A loss of all rows that every process computes has then, averaged over processes as `accelerate` does it, the gradient
    of one process with all of them.

    Args:
        rows: shape ``(num, …)``, the same in every process.

    Returns:
        Shape ``(num_processes · num, …)``.
    """
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return rows
    gathered: Tensor = _Gather.apply(rows)
    return gathered
