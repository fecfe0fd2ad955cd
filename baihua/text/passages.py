"""Cutting a long text into overlapping passages, at the end of a sentence where there is one."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from baihua.checks import InvalidValue

_CLOSING = r"[”’』」》）】\"')\]]*"
_SENTENCE_END = re.compile(rf"(?:[。！？!?…\n]|\.(?=\s))+{_CLOSING}\s*")
_CLAUSE_END = re.compile(rf"[，,；;：:、]{_CLOSING}\s*")
_WORD = re.compile(r"(?:(?![\u2e80-\U0010ffff_])\w)+")


def split_into_passages(
    text: str, size: int, *, overlap: int | None = None, places: Sequence[int] | None = None
) -> list[tuple[int, int]]:
    """Cut a text into passages of at most ``size`` tokens, each beginning within the one before.

    A passage ends at the last end of a sentence in its second half, else of a clause, else between two words, else
    where it is full; the next one begins, in the same order of preference, within the last ``overlap`` tokens.

    Args:
        text: any text.
        size: the most tokens of a passage, at least 2.
        overlap: tokens that two neighbours share at most; a quarter of ``size`` if None.
        places: where each token of the text begins, rising; every character is a token if None.

    Returns:
        The start and stop of each passage in characters, half-open. Together they cover the text.

    Raises:
        InvalidValue: when the size or the overlap cannot be met.

    Example:
        >>> text = "先充电。再开机！不行就重启，等等看。"
        >>> [text[start:stop] for start, stop in split_into_passages(text, 10, overlap=6)]
        ['先充电。再开机！', '再开机！不行就重启，', '不行就重启，等等看。']
    """
    shared = size // 4 if overlap is None else overlap
    if size < 2 or not 0 <= shared < size:
        raise InvalidValue(
            zh=f"一段至少 2 个词元，重叠要小于一段；收到 size={size}、overlap={shared}。",
            en=f"A passage needs at least 2 tokens and an overlap below its size, but received size={size} and "
            f"overlap={shared}.",
        )
    starts = range(len(text)) if places is None else places
    if len(starts) <= size:
        return [(0, len(text))]
    breaks = [[end.end() for end in kind.finditer(text)] for kind in (_SENTENCE_END, _CLAUSE_END)]
    passages = []
    start, token = 0, 0
    while token + size < len(starts) and start + 1 < len(text):
        high = max(starts[token + size], start + 1)  # several tokens may begin in one character
        stop = _last_break(text, breaks, min(starts[token + size // 2], high - 1), high)
        passages.append((start, stop))
        following = min(bisect_left(starts, stop), len(starts) - 1)
        low = max(starts[following - shared], start + 1)
        start = _first_break(text, breaks, min(low, stop), stop)
        token = bisect_left(starts, start)
    passages.append((start, len(text)))
    return passages


def _last_break(text: str, breaks: list[list[int]], low: int, high: int) -> int:
    """Return the best place to stop in ``(low, high]``."""
    for places in breaks:
        position = bisect_left(places, high + 1) - 1
        if position >= 0 and places[position] > low:
            return places[position]
    return next((place for place in range(high, low, -1) if not _is_inside_word(text, place)), high)


def _first_break(text: str, breaks: list[list[int]], low: int, high: int) -> int:
    """Return the best place to go on from in ``[low, high]``."""
    for places in breaks:
        position = bisect_left(places, low)
        if position < len(places) and places[position] < high:
            return places[position]
    return next((place for place in range(low, high) if not _is_inside_word(text, place)), low)


def _is_inside_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and bool(_WORD.fullmatch(text[place - 1 : place + 1]))
