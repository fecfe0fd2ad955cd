"""Which texts go through the model together: each distinct one once, sorted by length, by a budget of tokens."""

from collections.abc import Iterator, Sequence

import numpy as np


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
