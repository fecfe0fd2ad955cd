"""Text as rows of one length: lines end to end, cut where a row is full, so that nothing is padding."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice

import numpy as np
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.tokens import token_ids

LINES_AT_ONCE = 512
SHUFFLED_ROWS = 4096  # rows held and drawn from at random: enough to mix what stands together in a file


def packed_rows(
    lines: Iterable[str], tokenizer: Tokenizer, length: int, edges: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Cut text into rows ``[CLS] … [SEP]`` of exactly ``length`` tokens, with ``[SEP]`` between lines.

    Args:
        lines: the text, gone through once.
        tokenizer: a Rust tokenizer.
        length: tokens of a row, special ones included.
        edges: the ids of ``[CLS]`` and ``[SEP]``.

    Yields:
        Rows of shape ``(length,)``. What is left at the end and fills no row is dropped.
    """
    start, end = edges
    inner = length - 2
    left = np.empty(0, dtype=np.int64)
    stream = iter(lines)
    while some := list(islice(stream, LINES_AT_ONCE)):
        ids, lengths = token_ids(tokenizer, some)
        joined = np.insert(ids, np.cumsum(lengths), end)  # a [SEP] after every line
        left = np.concatenate([left, joined])
        full = len(left) // inner
        for row in left[: full * inner].reshape(full, inner):  # (num_rows, length - 2)
            yield np.concatenate([[start], row, [end]])
        left = left[full * inner :]


def shuffled_batches(rows: Callable[[], Iterator[np.ndarray]], batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """Draw batches from a stream of rows again and again, in another order each time round.

    The same rows, size and seed give the same batches, so that a training can be gone on with exactly.

    Args:
        rows: starts the stream from its beginning.
        batch_size: rows of a batch.
        seed: of the order.

    Yields:
        Arrays of shape ``(batch_size, length)``, without end.

    Raises:
        InvalidValue: when the stream has no row at all.
    """
    batch: list[np.ndarray] = []
    for time_round in count():
        empty = True
        for row in _mixed(rows(), np.random.default_rng((seed, time_round))):
            empty = False
            batch.append(row)
            if len(batch) == batch_size:
                yield np.stack(batch)  # (batch_size, length)
                batch = []
        if empty:
            raise InvalidValue(
                zh="这些文本填不满一行；请给更多的文本，或用更小的 length。",
                en="The text does not fill a single row; give more text, or a smaller length.",
            )


def _mixed(rows: Iterator[np.ndarray], rng: np.random.Generator) -> Iterator[np.ndarray]:
    held = list(islice(rows, SHUFFLED_ROWS))
    for row in rows:
        place = int(rng.integers(len(held)))
        yield held[place]
        held[place] = row
    rng.shuffle(held)
    yield from held
