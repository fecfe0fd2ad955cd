"""Which texts go through the model together: to be answered, sorted by length; to be learned, in an order of the epoch's own."""

from collections.abc import Iterator, Sequence

import numpy as np

POOL = (
    32  # batches at most whose texts are sorted by length together: little padding, and the order still random enough
)


def distinct(texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return each different text once, and where each of the given ones is among them.

    Returns:
        The distinct texts in order of first appearance, and an integer array of shape ``(len(texts),)`` with
        ``texts[i] == distinct_texts[positions[i]]``.

    Example:
        >>> distinct(["好", "坏", "好"])
        (['好', '坏'], array([0, 1, 0]))
    """
    seen: dict[str, int] = {}
    positions = np.fromiter((seen.setdefault(text, len(seen)) for text in texts), dtype=np.int64, count=len(texts))
    return list(seen), positions


def length_batches(lengths: Sequence[int], max_tokens: int, max_padding: float = 0.05) -> Iterator[list[int]]:
    """Cut texts, longest first, into batches of at most ``max_tokens`` tokens with little padding.

    The longest come first so that a batch too large for the memory fails at once and not at the end.

    Args:
        lengths: the number of tokens of each text.
        max_tokens: budget of a batch: its number of texts times its longest length.
        max_padding: a batch ends where a text would be shorter than ``1 - max_padding`` of the batch's longest,
            since padding costs as much as text.

    Yields:
        The positions of the texts of one batch.

    Example:
        >>> list(length_batches([3, 9, 3, 9], max_tokens=18))
        [[1, 3], [0, 2]]
    """
    order = np.argsort(-np.asarray(lengths), kind="stable").tolist()
    batch: list[int] = []
    for position in order:
        if batch:
            longest = lengths[batch[0]]
            full = (len(batch) + 1) * longest > max_tokens
            if full or lengths[position] < (1 - max_padding) * longest:
                yield batch
                batch = []
        batch.append(position)
    if batch:
        yield batch


def shuffled_batches(
    lengths: Sequence[int], batch_size: int, seed: int, epoch: int, *, least_pools: int = 1
) -> Iterator[list[int]]:
    """Yield the batches of one epoch of training: every text once, those of like length together, in a random order.

    Args:
        lengths: the number of tokens of each text.
        batch_size: texts of a batch; the last may have fewer.
        seed: of the order.
        epoch: its number; each has an order of its own.
        least_pools: into how many pools at least the texts are dealt at random before each is sorted. Where texts are few, one
            pool would give each of them the same neighbours in every epoch.

    Yields:
        The positions of the texts of one batch.

    Example:
        >>> [sorted(batch) for batch in shuffled_batches([3, 9, 3, 9], 2, seed=0, epoch=0)]
        [[1, 3], [0, 2]]
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(lengths))
    num_batches = -(-len(lengths) // batch_size)
    size = min(POOL, max(1, num_batches // least_pools)) * batch_size
    of_each, batches = np.asarray(lengths), list[np.ndarray]()
    for start in range(0, len(order), size):
        pool = order[start : start + size]
        pool = pool[np.argsort(of_each[pool], kind="stable")]
        batches += np.split(pool, range(batch_size, len(pool), batch_size))
    for number in rng.permutation(len(batches)):
        yield batches[number].tolist()
