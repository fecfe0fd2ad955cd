"""Texts as windows of tokens that an encoder can take, with each token's place in the text.

A text that is too long becomes several windows that overlap. Every place of the text belongs to one of them, the one in
which it lies farthest from a cut; an entity is looked for in the window its middle belongs to, and learned in all that
hold it whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from tokenizers import Encoding, Tokenizer

from baihua.checks import InvalidValue
from baihua.text.entities import Entity

CHUNK = 4096  # texts handed to the tokenizer at once


@dataclass(frozen=True)
class Window:
    """Some tokens of a text, in a row.

    Args:
        text: which text.
        ids: of all tokens, special ones included.
        special: special tokens before the others.
        offsets: of the others, where each begins and ends in the text, shape ``(num, 2)``.
        owned: the stretch of the text that belongs to this window, half-open, in half characters.
    """

    text: int
    ids: list[int]
    special: int
    offsets: np.ndarray
    owned: tuple[float, float]

    def owns(self, start: int, end: int) -> bool:
        """Whether the middle of a span belongs to this window."""
        return self.owned[0] <= start + end < self.owned[1]

    def tokens_of(self, entity: Entity) -> tuple[int, int] | None:
        """Return first and last token of an entity, or None where one of its edges is no edge of a token.

        Tokens that stand for no character, such as a byte-level tokenizer's blanks, are neither.
        """
        starts, ends = self.offsets.T
        inside = np.flatnonzero((starts >= entity.start) & (ends <= entity.end) & (starts < ends))
        if not len(inside) or starts[inside[0]] != entity.start or ends[inside[-1]] != entity.end:
            return None
        return int(inside[0]), int(inside[-1])


def make_windows(backend: Tokenizer, texts: Sequence[str], max_length: int, overlap: int) -> list[Window]:
    """Cut texts into windows.

    Args:
        backend: the tokenizer; its truncation is set here.
        texts: the texts. One without any token has no window.
        max_length: tokens of a window, special ones included.
        overlap: tokens that two neighbours share.

    Returns:
        The windows, in the order of the texts.

    Raises:
        InvalidValue: when no token is left for the text between special tokens and overlap.
    """
    room = max_length - backend.num_special_tokens_to_add(False)
    if not 0 <= overlap < room:
        raise InvalidValue(
            zh=f"窗口放得下 {room} 个词元，相邻窗口却要共用 {overlap} 个；请增大 max_length 或减小 max_width。",
            en=f"A window has room for {room} tokens, yet neighbours are to share {overlap}. Raise max_length or lower max_width.",
        )
    backend.no_padding()
    backend.enable_truncation(max_length, stride=overlap)
    windows = []
    for start in range(0, len(texts), CHUNK):
        for number, encoding in enumerate(backend.encode_batch(list(texts[start : start + CHUNK])), start=start):
            windows += _windows_of(number, [encoding, *encoding.overflowing])
    return windows


def _windows_of(text: int, encodings: Sequence[Encoding]) -> list[Window]:
    parts = [(encoding.ids, *_real(encoding)) for encoding in encodings]
    parts = [part for part in parts if len(part[2])]
    bounds = [-np.inf]
    for (_, _, before), (_, _, after) in pairwise(parts):
        bounds.append(float(before[-1, 1] + after[0, 0]))  # twice the middle of what they share
    bounds.append(np.inf)
    return [
        Window(text, ids, special, offsets, (bounds[place], bounds[place + 1]))
        for place, (ids, special, offsets) in enumerate(parts)
    ]


def _real(encoding: Encoding) -> tuple[int, np.ndarray]:
    """Return how many special tokens come first, and the offsets of those that are none, shape ``(num, 2)``."""
    real = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
    offsets = np.array([encoding.offsets[place] for place in real], dtype=np.int64).reshape(-1, 2)
    return (real[0] if real else 0), offsets
