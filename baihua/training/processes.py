"""Processes that train together, as ``accelerate launch`` starts them: how many, which is the first, one answer for all."""

import math
import os
from typing import TypeVar

Value = TypeVar("Value")


def num_processes() -> int:
    """Return how many processes train together; 1 unless something launched more.

    Example:
        >>> num_processes()
        1
    """
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Return whether this is the process that writes files and answers; the only one is."""
    return num_processes() == 1 or int(os.environ.get("RANK", "0")) == 0


def num_steps(num_batches: int) -> int:
    """Return the optimizer steps that batches come to, of which every process takes one at each step.

    Example:
        >>> num_steps(7)
        7
    """
    return math.ceil(num_batches / num_processes())


def of_first(value: Value) -> Value:
    """Return the first process's value in every process, so that all decide alike whatever rounding did to their own."""
    if num_processes() == 1:
        return value
    import torch.distributed  # a second that a verb which trains nothing need not wait for

    if not torch.distributed.is_initialized():
        return value
    values = [value]
    torch.distributed.broadcast_object_list(values, src=0)
    return values[0]
