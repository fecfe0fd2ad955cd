"""What a search may be asked: any text at all, and numbers that make sense."""

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

from baihua.checks import InvalidValue, check_choice, check_texts
from baihua.tasks.index.ranking import MODES, Wanted

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_queries(texts: Sequence[str]) -> list[str]:
    """Return the queries as strings; half a character, which no text holds, becomes U+FFFD."""
    if isinstance(texts, Iterable):
        texts = [_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else text for text in texts]
    return check_texts(texts)


def check_wanted(mode: str, top_k: int | None, threshold: float | None) -> Wanted:
    """Return what is asked of every query.

    Raises:
        InvalidValue: for an unknown mode, or a number that makes no sense.
    """
    name = check_choice("mode", mode, MODES)
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, (int, np.integer)) or top_k < 1):
        raise InvalidValue(
            zh=f"top_k 应是不小于 1 的整数，或 None（全部），收到 {top_k!r}。",
            en=f"top_k must be a whole number of at least 1, or None for all, but received {top_k!r}.",
        )
    if threshold is not None and not (isinstance(threshold, (int, float, np.number)) and math.isfinite(threshold)):
        raise InvalidValue(
            zh=f"threshold 应是一个数（余弦，-1 到 1），收到 {threshold!r}。",
            en=f"threshold must be a number (a cosine, from -1 to 1), but received {threshold!r}.",
        )
    if top_k is None and threshold is None and name != "keyword":
        raise InvalidValue(
            zh="top_k=None 表示要全部，请同时给出 threshold，否则整个库都会列出来。",
            en="top_k=None asks for all, so give a threshold with it, or the whole library is listed.",
        )
    return Wanted(name, None if top_k is None else int(top_k), None if threshold is None else float(threshold))
