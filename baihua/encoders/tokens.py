"""Texts as token ids: one flat array for all of them, and padded batches cut from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from tokenizers import Tokenizer

CHUNK_TEXTS = 8192  # texts handed to the tokenizer at once: enough for its threads, little enough memory
CHUNK_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Tokens:
    """The token ids of many texts, end to end.

    Args:
        ids: all ids, shape ``(num_tokens,)``.
        starts: where each text begins, with the end of the last one added, shape ``(num_texts + 1,)``.
        num_cut: how many texts were longer than allowed and lost their end.
    """

    ids: np.ndarray
    starts: np.ndarray
    num_cut: int

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each text, shape ``(num_texts,)``."""
        return np.diff(self.starts)

    def batch(self, positions: Sequence[int]) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the ids of some texts side by side, padded with 0 on the right.

        Returns:
            ids of shape ``(batch, length)``, and a mask of the same shape with 1 for real tokens, or None when
            all texts are equally long.
        """
        starts = self.starts[list(positions)]
        lengths = self.starts[np.asarray(positions) + 1] - starts
        longest = int(lengths.max())
        columns = np.arange(longest)  # (length,)
        if int(lengths.min()) == longest:
            return self.ids[starts[:, None] + columns], None  # (batch, length)
        mask = columns < lengths[:, None]  # (batch, length)
        ids = np.where(mask, self.ids[np.minimum(starts[:, None] + columns, len(self.ids) - 1)], 0)
        return ids, mask.astype(np.int64)


def tokenize(backend: Tokenizer, texts: Sequence[str], filler: int) -> Tokens:
    """Tokenize texts with a Rust tokenizer, special tokens included.

    Args:
        backend: a tokenizer with truncation set as wanted and no padding.
        texts: the texts.
        filler: the id that stands for a text without any token, so that it still has a vector.

    Returns:
        The ids, and how many texts were cut.
    """
    ids, lengths, num_cut = [np.empty(0, dtype=np.int64)], [np.zeros(1, dtype=np.int64)], 0
    for start, stop in text_chunks(texts):
        encodings = backend.encode_batch_fast(list(texts[start:stop]))
        num_cut += sum(bool(encoding.overflowing) for encoding in encodings)
        flat, counts = _flatten([encoding.ids or [filler] for encoding in encodings])
        ids.append(flat)
        lengths.append(counts)
    return Tokens(np.concatenate(ids), np.cumsum(np.concatenate(lengths)), num_cut)


def token_ids(backend: Tokenizer, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the token ids of all texts end to end, without special tokens, and the number of each text's.

    Returns:
        ids of shape ``(sum(lengths),)`` and lengths of shape ``(num_texts,)``.
    """
    return _flatten([encoding.ids for encoding in backend.encode_batch_fast(list(texts), add_special_tokens=False)])


def text_chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Cut texts into runs of bounded memory: at most 8192 texts, and one million characters but for a longer text.

    Yields:
        Where each run starts and stops.

    Example:
        >>> list(text_chunks(["好"] * 10_000))
        [(0, 8192), (8192, 10000)]
    """
    start, characters = 0, 0
    for position, text in enumerate(texts):
        characters += len(text)
        if position > start and (position - start == CHUNK_TEXTS or characters > CHUNK_CHARACTERS):
            yield start, position
            start, characters = position, len(text)
    if start < len(texts):
        yield start, len(texts)


def _flatten(pieces: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    return np.fromiter(chain.from_iterable(pieces), dtype=np.int64, count=int(lengths.sum())), lengths
