"""Which rows make up each batch: all of them once a round, in an order that is new each round and the same for the same seed."""

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray


def shuffled_places(num_rows: int, batch_size: int, seed: int, start: int = 0) -> Iterator[NDArray[np.int64]]:
    """Yield the places of the rows of each batch, without end; a batch may reach over into the next round.

    Args:
        num_rows: how many rows there are, at least 1.
        batch_size: rows of a batch.
        seed: of the orders.
        start: number of the first batch; the same batches come, wherever one starts.

    Yields:
        Shape ``(batch_size,)``.

    Example:
        >>> batches = shuffled_places(4, 2, seed=0)
        >>> sorted([*next(batches).tolist(), *next(batches).tolist()])
        [0, 1, 2, 3]
    """
    first, skipped = divmod(start * batch_size, num_rows)
    places = np.empty(0, dtype=np.int64)
    for time_round in count(first):
        order = np.random.default_rng((seed, time_round)).permutation(num_rows)
        places = np.concatenate([places, order[skipped:]])
        full = len(places) // batch_size * batch_size
        yield from places[:full].reshape(-1, batch_size)
        places, skipped = places[full:], 0
