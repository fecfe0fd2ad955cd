"""Text as rows of one length: lines end to end, cut where a row is full, so that nothing is padding."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.tokens import token_ids
from baihua.files import replacing

LINES_AT_ONCE = 512


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


def stored_rows(path: Path, rows: Callable[[], Iterator[np.ndarray]], length: int, dtype: np.dtype[Any]) -> np.ndarray:
    """Write rows into a file, unless it is there, and open it, so that a training can draw from anywhere in the text.

    What stands together in a text is of one kind (first the news of one source, then of another): a short training that
    read from the beginning on would never see the rest.

    Args:
        path: the file, made whole or not at all.
        rows: starts going through rows of shape ``(length,)``.
        length: tokens of a row.
        dtype: of the ids in the file, such as the smallest that holds the vocabulary.

    Returns:
        Shape ``(num_rows, length)``, read from the disk where it is used.

    Raises:
        FileProblem: when the file cannot be written.
        InvalidValue: when there is no row at all.
    """
    if not path.is_file():
        with replacing(path) as temporary, temporary.open("wb") as file:
            for row in rows():
                file.write(row.astype(dtype).tobytes())
    if path.stat().st_size == 0:
        raise InvalidValue(
            zh="这些文本填不满一行；请给更多的文本，或用更小的 length。",
            en="The text does not fill a single row; give more text, or a smaller length.",
        )
    return np.memmap(path, dtype=dtype, mode="r").reshape(-1, length)  # (num_rows, length)
