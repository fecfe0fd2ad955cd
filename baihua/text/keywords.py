"""The terms that set one group of texts apart from the others."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

_RUN = re.compile("[\u4e00-\u9fff\u3400-\u4dbf]+|[a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+[+#]*")
LONGEST = 4  # characters of a term: 信用卡 says more than 信用 and 用卡
FEWEST_TEXTS = 2  # of the group that have a term
SAME_TERM = 0.8  # a longer term stands for the shorter one in it when so many of its texts have it


def terms_of(text: str) -> set[str]:
    """Return the terms of a text: runs of two to four Chinese characters, and words in Latin letters.

    Example:
        >>> sorted(terms_of("ＡＰＰ闪退了"))
        ['app', '退了', '闪退', '闪退了']
    """
    found = set()
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run.isascii() or not "\u3400" <= run[0] <= "\u9fff":
            found.add(run)
            continue
        for length in range(2, LONGEST + 1):
            found.update(run[start : start + length] for start in range(len(run) - length + 1))
    return found


def keywords_of_groups(texts: Sequence[str], groups: Sequence[int], *, num_words: int = 5) -> list[list[str]]:
    """Return the terms of each group that stand out most against all other texts.

    With a and b the number of the group's texts that have and lack a term, c and d those of the others, the terms are
    ordered by the log of their odds ratio over its standard error, z = log(ad / bc) / sqrt(1/a + 1/b + 1/c + 1/d),
    each count with 1/2 added. Then a term gives way to a longer one around it that 80 % of its texts have, and
    terms that overlap one already taken are passed over.

    Args:
        texts: the texts.
        groups: the group of each, from 0.
        num_words: terms per group, at most.

    Returns:
        One list per group, the most telling term first. Terms that fewer than two texts have are left out, unless
        the group has only one text.

    Source:
        Haldane (1956) and Anscombe (1956) for the half; Agresti, Categorical Data Analysis, section 3.1, for the error.

    Example:
        >>> keywords_of_groups(["信用卡还款", "还信用卡", "快递到哪了", "快递多久到"], [0, 0, 1, 1])
        [['信用卡'], ['快递']]
    """
    terms = [terms_of(text) for text in texts]
    everywhere = Counter(chain.from_iterable(terms))
    members: list[list[int]] = [[] for _ in range(max(groups, default=-1) + 1)]
    for row, group in enumerate(groups):
        members[group].append(row)
    found = []
    for rows in members:
        inside = Counter(chain.from_iterable(terms[row] for row in rows))
        fewest = min(FEWEST_TEXTS, len(rows))
        candidates = [term for term, count in inside.items() if count >= fewest]
        having = np.array([[inside[term], everywhere[term] - inside[term]] for term in candidates]).reshape(-1, 2)
        scores = log_odds(having, np.array([len(rows), len(texts) - len(rows)]))
        order = sorted(range(len(candidates)), key=lambda place: (-scores[place], candidates[place]))
        ranked = [candidates[place] for place in order if scores[place] > 0]
        found.append(_without_overlap(ranked, inside, num_words))
    return found


def log_odds(having: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the smoothed log odds ratio of each term over its standard error.

    Args:
        having: texts with the term, in the group and outside, shape ``(num_terms, 2)``.
        sizes: texts in the group and outside, shape ``(2,)``.

    Returns:
        Shape ``(num_terms,)``; positive where the term is more usual in the group.
    """
    present, absent = having + 0.5, sizes - having + 0.5  # (num_terms, 2)
    logits = np.log(present) - np.log(absent)
    return (logits[:, 0] - logits[:, 1]) / np.sqrt((1 / present + 1 / absent).sum(axis=1))


def _without_overlap(ranked: list[str], counts: Counter[str], num_words: int) -> list[str]:
    chosen: list[str] = []
    for term in ranked[: 20 * num_words]:
        longer = [other for other in ranked if term in other and counts[other] >= SAME_TERM * counts[term]]
        best = max(longer, key=len)
        pieces = {best[start : start + 2] for start in range(len(best) - 1)}
        if not any(piece in other for piece in pieces for other in chosen):
            chosen.append(best)
        if len(chosen) == num_words:
            break
    return chosen
