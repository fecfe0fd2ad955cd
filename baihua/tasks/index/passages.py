"""The passages of a library's documents: what an encoder can read at once."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from baihua.encoders.protocol import Encoder
from baihua.tasks.index.documents import chunks, marks
from baihua.text.passages import split_into_passages

Span = tuple[int, int]
FEWEST_TOKENS = 2
# Short passages are found better: a question finds its paragraph of CMRC 2018 with MRR@10 of 69 at 512 tokens, 75 at 128,
# 76 at 64 and 78 at 32 (static, whitened, results/passage_size), but each halving doubles the vectors.
PASSAGE_TOKENS = 64


class PassageCutter:
    """Cut texts that are longer than an encoder reads.

    Tokens are those of the encoder's own tokenizer where it has one (``encoder.tokenizer``); else every character
    counts as one, which is what Chinese text amounts to.

    Args:
        encoder: its ``max_length`` is the limit.
        size: tokens of a passage at most, special ones included.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> PassageCutter(load_encoder("bundled", max_length=12)).cut("先充电。再开机！不行就重启，等等看。")
        [(0, 8), (6, 14), (12, 18)]
    """

    def __init__(self, encoder: Encoder, size: int = PASSAGE_TOKENS) -> None:
        self._tokenizer = _own_tokenizer(getattr(encoder, "tokenizer", None))
        prompt = getattr(encoder, "prompt", "")
        taken = 0
        if self._tokenizer is not None:
            taken = self._tokenizer.num_special_tokens_to_add(False) + len(self._places(prompt))
        self._size = max(min(size, encoder.max_length) - taken, FEWEST_TOKENS)

    def cut(self, text: str) -> list[Span]:
        """Return the start and stop of each passage; one passage where the text is short enough."""
        if len(text.encode()) <= self._size:  # no tokenizer makes more tokens than there are bytes
            return [(0, len(text))]
        return split_into_passages(text, self._size, places=self._places(text))

    def _places(self, text: str) -> Sequence[int]:
        if self._tokenizer is None:
            return range(len(text))
        return [start for start, _ in self._tokenizer.encode(text, add_special_tokens=False).offsets]


def insert_passages(connection: sqlite3.Connection, spans: Iterable[tuple[int, Span]]) -> np.ndarray:
    """Store new passages, given as the number of the document and the span, and return their numbers, rising."""
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    first = (last[0] if last else 0) + 1
    rows = [(first + place, document, *span) for place, (document, span) in enumerate(spans)]
    connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", rows)
    return np.arange(first, first + len(rows), dtype=np.int64)


def remove_passages(connection: sqlite3.Connection, documents: Sequence[int]) -> None:
    """Take all passages of some documents out of the file."""
    for some in chunks(documents):
        connection.execute(f"DELETE FROM passages WHERE document IN ({marks(some)})", some)


def find_spans(connection: sqlite3.Connection, passages: Sequence[int]) -> dict[int, Span]:
    """Return where passages start and stop in their documents, by number."""
    found = {}
    for some in chunks(passages):
        query = f"SELECT id, start, stop FROM passages WHERE id IN ({marks(some)})"
        found.update({number: (start, stop) for number, start, stop in connection.execute(query, some)})
    return found


def _own_tokenizer(tokenizer: Any) -> Tokenizer | None:
    """Return a copy that cuts nothing off, of a Rust tokenizer or of the one inside transformers'."""
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not isinstance(backend, Tokenizer):
        return None
    copy = Tokenizer.from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
