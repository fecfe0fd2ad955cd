"""The vectors of all processes in one, so that each text has the texts of all of them as negatives."""

import torch
import torch.distributed
import torch.distributed.nn.functional
from torch import Tensor


def gather_rows(rows: Tensor) -> Tensor:
    """Return the rows of every process, in the order of the processes; of this one alone where there is one.

    Gradients flow back to the process that a row came from, summed over all that used it. With the mean over processes
    that `accelerate` takes, a loss of all rows computed by every process has the gradient of one process with all of them.

    Args:
        rows: shape ``(num, width)``, the same in every process.

    Returns:
        Shape ``(num_processes · num, width)``.
    """
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return rows
    return torch.cat(torch.distributed.nn.functional.all_gather(rows))
