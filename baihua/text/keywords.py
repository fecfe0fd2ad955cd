"""The terms that set one group of texts apart from the others."""

import math
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
PIECE = 0.9  # a term is the end of other words when so many of its places have one of two characters before it
LOOSE = 1 / 3  # parts that hold together less than this are two words; see `fragments`
FEWEST_PLACES = 5  # of a term, to tell either
LOOKED_AT = 20  # terms for each that is wanted


def terms_of(text: str) -> set[str]:
    """Return the terms of a text: runs of two to four Chinese characters, and words in Latin letters.

    Example:
        >>> sorted(terms_of("ＡＰＰ闪退了"))
        ['app', '退了', '闪退', '闪退了']
    """
    found = set()
    for run in _runs(text):
        if run.isascii() or not "\u3400" <= run[0] <= "\u9fff":
            found.add(run)
            continue
        for length in range(2, LONGEST + 1):
            found.update(run[start : start + length] for start in range(len(run) - length + 1))
    return found


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def fragments(texts: Sequence[str], terms: set[str]) -> set[str]:
    """Return those of some terms that are no words: 度很, of 速度很 and 态度很, and 了快, of characters that often meet.

    A word begins freely: a term is a fragment if one of the same two characters goes before it in 90 % of its places.
    (What follows tells less: 土豆 is mostly 土豆丝, and a word nevertheless.) And a word holds together: wherever it is
    cut, its parts meet more often than by chance. With c, l, r the places of the term and its parts among n characters
    that is log(cn / lr) / log(n / c), from 0 for chance to 1 for parts never seen apart; below 1/3 it is a fragment.

    Args:
        texts: the texts.
        terms: from `terms_of`; those in Latin letters are whole words anyway.

    Source:
        Feng et al., Accessor variety criteria for Chinese word extraction (2004); Bouma, Normalized (pointwise) mutual
        information in collocation extraction (2009).

    Example:
        >>> fragments(["速度很快", "速度很慢", "态度很好", "态度很差", "态度很硬"], {"态度", "度很"})
        {'度很'}
    """
    chinese = {term for term in terms if "\u3400" <= term[0] <= "\u9fff"}
    wanted = chinese | {part for term in chinese for cut in range(1, len(term)) for part in (term[:cut], term[cut:])}
    places: Counter[str] = Counter()
    before: dict[str, Counter[str]] = {term: Counter() for term in chinese}
    num_characters = 0
    for run in chain.from_iterable(map(_runs, texts)):
        num_characters += len(run)
        for length in range(1, LONGEST + 1):
            for start in range(len(run) - length + 1):
                term = run[start : start + length]
                if term in wanted:
                    places[term] += 1
                    if start > 0 and term in chinese:
                        before[term][run[start - 1]] += 1
    return {
        term
        for term, counts in before.items()
        if places[term] >= FEWEST_PLACES
        and (
            sum(count for _, count in counts.most_common(2)) >= PIECE * places[term]
            or _cohesion(term, places, num_characters) < LOOSE
        )
    }


def _cohesion(term: str, places: Counter[str], num_characters: int) -> float:
    """Return the least normalised mutual information of the two parts of a term over the places to cut it."""
    parted = max(places[term[:cut]] * places[term[cut:]] for cut in range(1, len(term)))
    share = places[term] / num_characters
    return math.log(share * num_characters**2 / parted) / -math.log(share) if share < 1 else 1.0


def keywords_of_groups(texts: Sequence[str], groups: Sequence[int], *, num_words: int = 5) -> list[list[str]]:
    """Return the terms of each group that stand out most against all other texts.

    With a and b the number of the group's texts that have and lack a term, c and d those of the others, the terms are
    ordered by the log of their odds ratio over its standard error, z = log(ad / bc) / sqrt(1/a + 1/b + 1/c + 1/d),
    each count with 1/2 added. `fragments` of words are left out, a term gives way to a longer one around it that 80 % of its
    texts have, and terms that overlap one already taken are passed over.

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
    counts = [Counter(chain.from_iterable(terms[row] for row in rows)) for rows in members]
    ranked = [_ranked(inside, everywhere, len(rows), len(texts)) for inside, rows in zip(counts, members, strict=True)]
    broken = fragments(texts, {term for some in ranked for term in some[: LOOKED_AT * num_words]})
    return [
        _without_overlap([term for term in some if term not in broken], inside, num_words)
        for some, inside in zip(ranked, counts, strict=True)
    ]


def _ranked(inside: Counter[str], everywhere: Counter[str], num_inside: int, num_all: int) -> list[str]:
    """Return the terms more usual inside a group than elsewhere, the most telling first."""
    fewest = min(FEWEST_TEXTS, num_inside)
    candidates = [term for term, count in inside.items() if count >= fewest]
    having = np.array([[inside[term], everywhere[term] - inside[term]] for term in candidates]).reshape(-1, 2)
    scores = log_odds(having, np.array([num_inside, num_all - num_inside]))
    order = sorted(range(len(candidates)), key=lambda place: (-scores[place], candidates[place]))
    return [candidates[place] for place in order if scores[place] > 0]


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
    for term in ranked[: LOOKED_AT * num_words]:
        longer = [other for other in ranked if term in other and counts[other] >= SAME_TERM * counts[term]]
        best = max(longer, key=len)
        pieces = {best[start : start + 2] for start in range(len(best) - 1)}
        if not any(piece in other for piece in pieces for other in chosen):
            chosen.append(best)
        if len(chosen) == num_words:
            break
    return chosen
