"""How well entities are found: precision, recall and F1 over all texts, by type, by depth of nesting and by length.

An entity counts once in a text, however often it is listed, and its score plays no part. Beside the strict count
(start, end and type), which is the one published, three milder ones tell what kind of mistake is made. They are those
of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013), after MUC-5 (Chinchor & Sundheim 1993), made exact for entities
that overlap: each entity is paired at most once, and the pairs are chosen so that the credit is the largest there is.
Precision, recall and F1 are fractions, and 0 where there is nothing to divide by.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from baihua.checks import InvalidType, InvalidValue, check_same_length
from baihua.text.entities import Entity
from baihua.training.span_overlaps import most_overlapping_pairs, nesting_depths

LONGEST_OF_BUCKET = (1, 3, 5, 10)
BUCKETS = ("1", "2-3", "4-5", "6-10", "11+")

TypedSpan = tuple[int, int, str]
Spans = list[set[TypedSpan]]  # of each text
Kind = TypeVar("Kind", int, str)


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """How many were found, how many there are, and how many of both are the same.

    Args:
        right: how many were found rightly; a half for each pair whose edges only overlap, where that is asked.
        found: how many were found.
        gold: how many there are.

    Example:
        >>> counts = PrecisionRecall(right=3, found=4, gold=6)
        >>> counts.precision, counts.recall, counts.f1
        (0.75, 0.5, 0.6)
    """

    right: float
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of what there is that was found."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.found + self.gold
        return 2 * self.right / both if both else 0.0

    def to_dict(self) -> dict[str, float]:
        """Return the fractions and the counts, for JSON."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "right": self.right,
            "found": self.found,
            "gold": self.gold,
        }


@dataclass(frozen=True)
class SpanScores:
    """What `score_entities` returns.

    Args:
        strict: start, end and type are right.
        boundary: start and end are right, whatever the type.
        type_only: the type is right and a character is shared.
        partial: 1 for each pair with the same start and end, ½ for each other that shares a character, whatever the type.
        per_type: the strict count of each type in the gold entities or the found ones.
        by_depth: the strict count of the entities that lie within so many wider gold spans, from 0.
        by_length: the strict count by length in characters, in the buckets of `BUCKETS`.
        num_lost: how many gold entities could not have been found; they count as misses all the same.
    """

    strict: PrecisionRecall
    boundary: PrecisionRecall
    type_only: PrecisionRecall
    partial: PrecisionRecall
    per_type: Mapping[str, PrecisionRecall]
    by_depth: Mapping[int, PrecisionRecall]
    by_length: Mapping[str, PrecisionRecall]
    num_lost: int = 0

    @property
    def f1(self) -> float:
        """The strict F1 over all entities (micro): the one published."""
        return self.strict.f1

    @property
    def precision(self) -> float:
        """The strict precision over all entities."""
        return self.strict.precision

    @property
    def recall(self) -> float:
        """The strict recall over all entities."""
        return self.strict.recall

    @property
    def num_found(self) -> int:
        """How many different entities were found."""
        return self.strict.found

    @property
    def num_gold(self) -> int:
        """How many different gold entities there are."""
        return self.strict.gold

    @property
    def num_right(self) -> int:
        """How many were found with the right start, end and type."""
        return int(self.strict.right)

    @property
    def macro_f1(self) -> float:
        """The mean strict F1 of the types that the gold entities have; seqeval's also has those only found, as zeros."""
        scores = [counts.f1 for counts in self.per_type.values() if counts.gold]
        return sum(scores) / len(scores) if scores else 0.0

    @property
    def best_recall(self) -> float:
        """The highest recall there could be without the entities lost."""
        return (self.num_gold - self.num_lost) / self.num_gold if self.num_gold else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; fractions, not percentages."""
        plain: dict[str, Any] = self.strict.to_dict()
        plain |= {"macro_f1": self.macro_f1, "lost": self.num_lost, "best_recall": self.best_recall}
        for name in ("boundary", "type_only", "partial"):
            plain[name] = getattr(self, name).to_dict()
        for name in ("per_type", "by_depth", "by_length"):
            plain[name] = {str(kind): counts.to_dict() for kind, counts in getattr(self, name).items()}
        return plain


def score_entities(
    found: Sequence[Sequence[Entity]], gold: Sequence[Sequence[Entity]], lost: Sequence[Sequence[Entity]] | None = None
) -> SpanScores:
    """Compare the entities found in each text with those that are there, nested and crossing ones included.

    Args:
        found: for each text, the entities found.
        gold: for each text, the entities that are there.
        lost: for each text, the gold entities that could not have been found, such as those beyond the longest text
            the model reads, or with an edge inside a token. They are misses with or without this; told of them, the
            scores also know the highest recall possible.

    Returns:
        The counts. Depth is measured in the gold entities for both sides: how many wider gold spans an entity lies
        within. So a right entity has one depth, and the depths add up to the whole.

    Raises:
        InvalidType: when something is no list of lists of entities.
        InvalidValue: when the numbers of texts differ, or a lost entity is no gold one or was found nevertheless.

    Example:
        >>> gold = [[Entity(0, 2, "地点"), Entity(0, 4, "组织")], [Entity(3, 6, "姓名")]]
        >>> found = [[Entity(0, 2, "姓名"), Entity(0, 4, "组织")], [Entity(3, 5, "姓名")]]
        >>> scores = score_entities(found, gold)
        >>> scores.num_right, scores.boundary.right, scores.type_only.right, scores.partial.right
        (1, 2, 2, 2.5)
        >>> scores.by_depth[0].recall, scores.by_depth[1].recall
        (0.5, 0.0)
    """
    found_spans, gold_spans = _distinct(found, "found"), _distinct(gold, "gold")
    check_same_length(found_spans, gold_spans, ("found", "gold"))
    num_lost = 0 if lost is None else _count_lost(_distinct(lost, "lost"), found_spans, gold_spans)
    right_spans = [mine & true for mine, true in zip(found_spans, gold_spans, strict=True)]
    sides = right_spans, found_spans, gold_spans
    num_right, num_found, num_gold = (sum(map(len, spans)) for spans in sides)
    same_edges, same_type, overlapping = num_right, 0, 0
    depths: list[dict[tuple[int, int], int]] = []
    for mine, true, right in zip(found_spans, gold_spans, right_spans, strict=True):
        edges_too, only_overlapping = _pair_edges(mine - right, true - right)
        same_edges += edges_too
        overlapping += only_overlapping
        same_type += _pair_types(mine, true)
        depths.append(nesting_depths((span[:2] for span in mine | true), (span[:2] for span in true)))
    by_length = _split(sides, lambda _, span: bisect_left(LONGEST_OF_BUCKET, span[1] - span[0]))
    return SpanScores(
        strict=PrecisionRecall(num_right, num_found, num_gold),
        boundary=PrecisionRecall(same_edges, num_found, num_gold),
        type_only=PrecisionRecall(same_type, num_found, num_gold),
        partial=PrecisionRecall(same_edges + overlapping / 2, num_found, num_gold),
        per_type=_split(sides, lambda _, span: span[2]),
        by_depth=_split(sides, lambda number, span: depths[number][span[:2]]),
        by_length={BUCKETS[bucket]: counts for bucket, counts in by_length.items()},
        num_lost=num_lost,
    )


def _split(sides: tuple[Spans, Spans, Spans], kind_of: Callable[[int, TypedSpan], Kind]) -> dict[Kind, PrecisionRecall]:
    """Return the counts of each kind of span; the kind may depend on the number of the text."""
    counts: list[Counter[Kind]] = [
        Counter(kind_of(number, span) for number, mine in enumerate(spans) for span in mine) for spans in sides
    ]
    kinds = sorted(set().union(*counts))
    return {kind: PrecisionRecall(*(each[kind] for each in counts)) for kind in kinds}


def _pair_edges(mine: set[TypedSpan], true: set[TypedSpan]) -> tuple[int, int]:
    """Return how many pairs have the same edges, and how many of the rest overlap.

    Equal edges first loses nothing: a pair at 1 takes the place of at most two at ½.
    """
    if not mine or not true:
        return 0, 0
    found, gold = Counter(span[:2] for span in mine), Counter(span[:2] for span in true)
    equal = (found & gold).total()
    return equal, most_overlapping_pairs((found - gold).elements(), (gold - found).elements())


def _pair_types(mine: set[TypedSpan], true: set[TypedSpan]) -> int:
    """Return how many pairs have one type and overlap. Equal spans are no sure pairs here: each may serve another."""
    if mine == true:
        return len(mine)
    types = {span[2] for span in mine} & {span[2] for span in true}
    return sum(
        most_overlapping_pairs(*([span[:2] for span in spans if span[2] == one] for spans in (mine, true)))
        for one in types
    )


def _distinct(texts: Sequence[Sequence[Entity]], argument: str) -> Spans:
    distinct: Spans = []
    try:
        for mine in texts:
            distinct.append({(entity.start, entity.end, entity.type) for entity in mine})
    except (AttributeError, TypeError):
        raise InvalidType(
            zh=f"{argument} 应是每条文本一列 Entity，第 {len(distinct)} 条（从 0 数）却不是。"
            '请写成 [[Entity(0, 2, "address")], []] 的样子。',
            en=f"{argument} must hold a list of Entity for each text, but item {len(distinct)} is something else. "
            'Write it like [[Entity(0, 2, "address")], []].',
        ) from None
    return distinct


def _count_lost(lost: Spans, found: Spans, gold: Spans) -> int:
    check_same_length(lost, gold, ("lost", "gold"))
    for number, (missing, mine, true) in enumerate(zip(lost, found, gold, strict=True)):
        for span in chain(missing - true, missing & mine):
            raise InvalidValue(
                zh=f"lost 只应有标注了、又不可能找到的实体，第 {number} 条文本（从 0 数）的 {span} "
                + ("却找到了。" if span in true else "却没有标注。")
                + "请检查它是怎么算出来的。",
                en=f"lost must hold gold entities that could not have been found, but {span} of text {number} "
                + ("was found. " if span in true else "is no gold entity. ")
                + "Check how it was made.",
            )
    return sum(map(len, lost))
