"""Repeated texts: found exactly, removed only where that is safe, and nothing lost on the way."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue, check_texts
from baihua.tasks.chance_threshold import fit_chance
from baihua.tasks.first_kept import Choice, keep_first
from baihua.tasks.near_pairs import NearPairs, near_pairs
from baihua.tasks.unit_vectors import Embeds, unit_vectors
from baihua.text.normal_form import differing_mark, marks_of, normal_form

REASONS = ("exact", "normalised", "near")


@dataclass(frozen=True)
class Removed:
    """A text that is removed, and what for.

    Args:
        row: its position.
        kept_row: the position of the kept text that stands for it.
        reason: ``"exact"`` (the same string), ``"normalised"`` (the same `baihua.text.normal_form`) or ``"near"``.
        score: the cosine of the two for ``"near"``; 1 otherwise, since the two count as the same text.
    """

    row: int
    kept_row: int
    reason: str
    score: float


@dataclass(frozen=True)
class Pair:
    """Two kept texts that are near but differ in something that may matter; a person decides.

    Args:
        row: the later position.
        other_row: the earlier position.
        score: their cosine.
        difference: ``"number"``, ``"word"`` or ``"negation"``; see `baihua.text.normal_form.risky_difference`.
    """

    row: int
    other_row: int
    score: float
    difference: str


@dataclass(frozen=True)
class Cluster:
    """A kept text with all the texts it stands for.

    Args:
        kept_row: the first of them in the order of the texts, which is why it is the one kept.
        removed_rows: the others, in order.
    """

    kept_row: int
    removed_rows: tuple[int, ...]


@dataclass(frozen=True)
class Deduplicated:
    """What is kept, what is removed and why.

    Args:
        kept: positions, in order. Together with those of ``removed`` they are all positions.
        removed: what is removed, in order.
        review: near pairs that are left for a person to decide on, the nearest first; at most five of each later text.
        num_review_left_out: how many such pairs are not listed because a text has more than five.
        threshold: the cosine from which on a pair is near; None when none could be found, and so none was used.
        expected_wrong: how many pairs of texts that do not repeat each other are expected to reach it in the whole
            file; None if unknown.
        num_empty: texts without a visible character; they are kept and compared with nothing.
    """

    kept: list[int]
    removed: list[Removed]
    review: list[Pair]
    num_review_left_out: int
    threshold: float | None
    expected_wrong: float | None
    num_empty: int

    @property
    def clusters(self) -> list[Cluster]:
        """The kept texts that stand for others, the largest group first."""
        members: dict[int, list[int]] = {}
        for item in self.removed:
            members.setdefault(item.kept_row, []).append(item.row)
        found = [Cluster(kept_row, tuple(rows)) for kept_row, rows in members.items()]
        return sorted(found, key=lambda cluster: (-len(cluster.removed_rows), cluster.kept_row))

    def counts(self) -> dict[str, int]:
        """Return how many texts were removed for each reason."""
        return {reason: sum(item.reason == reason for item in self.removed) for reason in REASONS}


def deduplicate(
    texts: Sequence[str],
    embedder: Embeds | None = None,
    threshold: float | None = None,
    *,
    show_progress: bool | None = None,
) -> Deduplicated:
    """Find the texts that say what an earlier one says.

    In the order of the texts each is kept, unless a kept one is the same string, has the same normal form (width, case,
    punctuation and white space aside), or is near: of a cosine at or above the threshold, and without a difference in
    a number, a Latin word or a negation. The first of a group is the one kept, so that texts added at the end never
    change what was kept before them (at one threshold). Every removed text is itself compared with the kept one:
    there are no chains. All pairs are compared, in blocks, so that memory stays small.

    Args:
        texts: the texts.
        embedder: what encodes them: a `SentenceEmbedder`, or anything whose ``encode`` gives one vector per text; None
            for the bundled encoder.
        threshold: the cosine from which on a pair is near. None takes the one that half a pair is expected to reach by
            chance in the whole file, from the tail of the cosines between its own texts. There is none in a file of
            fewer than 100 different texts, nor where repeated texts do not stand apart from related ones, as in a
            file of questions on one subject; then nothing is removed for being near.
        show_progress: show bars on standard error; None to show them on a terminal.

    Returns:
        Positions kept and removed, the pairs left for review, the threshold and what it costs.

    Raises:
        InvalidType: for a single string, or items that are not strings.
        InvalidValue: for a threshold that is no number above 0 and at most 1.

    Example:
        >>> from baihua import SentenceEmbedder
        >>> texts = ["怎么退款？", "怎么退款", "能开发票吗", "不能开发票吗", "怎么退款？"]
        >>> found = deduplicate(texts, SentenceEmbedder("static"), threshold=0.7)
        >>> found.kept, [(item.row, item.kept_row, item.reason) for item in found.removed]
        ([0, 2, 3], [(1, 0, 'normalised'), (4, 0, 'exact')])
        >>> [(pair.other_row, pair.row, pair.difference) for pair in found.review]
        [(2, 3, 'negation')]
    """
    rows = check_texts(texts)
    check_threshold(threshold)
    forms = {text: normal_form(text) for text in dict.fromkeys(rows)}
    first_rows: dict[str, int] = {}
    for row, text in enumerate(rows):
        if forms[text]:
            first_rows.setdefault(text, row)
    distinct = list(first_rows)
    marks = [marks_of(text) for text in distinct]
    form_numbers, mark_numbers = _numbered(forms[text] for text in distinct), _numbered(marks)
    chance, found, choice = None, threshold, Choice(np.arange(0), np.empty(0, np.float32))
    if distinct:
        vectors = unit_vectors(distinct, embedder)
        chance = fit_chance(vectors, form_numbers, mark_numbers)
        found = threshold if threshold is not None or chance is None else chance.threshold
        near = (
            repeat(NearPairs.joined([])) if found is None else near_pairs(vectors, found, show_progress=show_progress)
        )
        choice = keep_first(iter(near), form_numbers, mark_numbers)
    kept, removed = _spread(rows, first_rows, forms, choice)
    review = [
        Pair(first_rows[distinct[a]], first_rows[distinct[b]], score, differing_mark(marks[a], marks[b]) or "")
        for a, b, score in _triples(choice.review)
    ]
    return Deduplicated(
        kept=kept,
        removed=removed,
        review=sorted(review, key=lambda pair: (-pair.score, pair.other_row, pair.row)),
        num_review_left_out=choice.num_left_out,
        threshold=found,
        expected_wrong=None if chance is None or found is None else chance.expected_wrong(found),
        num_empty=sum(not forms[text] for text in rows),
    )


def check_threshold(threshold: float | None) -> None:
    """Refuse a threshold that no cosine can be compared with.

    Raises:
        InvalidValue: when it is not a number above 0 and at most 1.
    """
    if threshold is not None and not 0 < threshold <= 1:  # not true of NaN either
        raise InvalidValue(
            zh=f"threshold 应大于 0、不超过 1（夹角余弦），收到 {threshold}；不给则按文本自己的背景算出。",
            en=f"threshold must lie above 0 and at most at 1 (a cosine), but received {threshold}. "
            "Leave it out to have it found from the texts.",
        )


def _numbered(items: Iterable[Hashable]) -> npt.NDArray[np.int64]:
    """Return a number per item, the same for equal ones."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(item, len(numbers)) for item in items], dtype=np.int64)


def _triples(pairs: NearPairs) -> Iterable[tuple[int, int, float]]:
    return zip(pairs.rows.tolist(), pairs.others.tolist(), pairs.scores.tolist(), strict=True)


def _spread(
    rows: list[str], first_rows: dict[str, int], forms: dict[str, str], choice: Choice
) -> tuple[list[int], list[Removed]]:
    """Carry what was decided on the distinct texts over to all rows."""
    distinct = list(first_rows)
    keepers = dict(zip(distinct, choice.keepers.tolist(), strict=True))
    scores = dict(zip(distinct, choice.scores.tolist(), strict=True))
    kept, removed = [], []
    for row, text in enumerate(rows):
        keeper = distinct[keepers[text]] if text in keepers else text
        if text not in keepers or (keeper == text and first_rows[text] == row):
            kept.append(row)
            continue
        score = scores[text]
        reason = "exact" if keeper == text else "near" if forms[keeper] != forms[text] else "normalised"
        removed.append(Removed(row, first_rows[keeper], reason, 1.0 if math.isnan(score) else score))
    return kept, removed
