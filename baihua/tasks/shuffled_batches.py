"""Batches of rows in an order that is shuffled anew each time round, and the same for the same seed."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import count

import numpy as np
import torch
from torch import Tensor

from baihua.training.fit import Batches


def shuffled_batches(rows: Tensor, size: int, seed: int) -> Batches:
    """Return batches of one size without end, through all rows in an order that is new each time round.

    Args:
        rows: shape ``(num_rows, ...)``.
        size: rows of a batch, at most all of them.
        seed: of the orders.
    """
    num_rows = len(rows)

    @lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng((seed, epoch)).permutation(num_rows)

    def batches(start: int) -> Iterator[Tensor]:
        for number in count(start):
            epochs, places = np.divmod(np.arange(number * size, (number + 1) * size), num_rows)
            chosen = [order(int(epoch))[places[epochs == epoch]] for epoch in np.unique(epochs)]
            yield rows[torch.from_numpy(np.concatenate(chosen))]

    return batches
