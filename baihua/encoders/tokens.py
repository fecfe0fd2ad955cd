"""Texts as token ids: one flat array for all of them, and padded batches cut from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

CHUNK = 4096  # texts handed to the tokenizer at once: enough for its threads, little enough memory


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


def tokenize(backend: Any, texts: Sequence[str], filler: int) -> Tokens:
    """Tokenize texts with a Rust tokenizer, special tokens included.

    Args:
        backend: a `tokenizers.Tokenizer` with truncation set as wanted and no padding.
        texts: the texts.
        filler: the id that stands for a text without any token, so that it still has a vector.

    Returns:
        The ids, and how many texts were cut.
    """
    ids: list[np.ndarray] = []
    lengths: list[int] = []
    num_cut = 0
    for start in range(0, len(texts), CHUNK):
        encodings = backend.encode_batch_fast(list(texts[start : start + CHUNK]))
        pieces = [encoding.ids or [filler] for encoding in encodings]
        num_cut += sum(bool(encoding.overflowing) for encoding in encodings)
        lengths.extend(len(piece) for piece in pieces)
        ids.append(np.fromiter(chain.from_iterable(pieces), dtype=np.int64))
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return Tokens(np.concatenate(ids) if ids else np.empty(0, dtype=np.int64), starts, num_cut)
