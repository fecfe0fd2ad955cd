"""How well entities are found by what they say, not where they stand: the official score of CLUENER.

In each text the different strings of each type are compared: where an entity stands, and how often it is repeated, plays no part.
F1 is taken for each type over all texts, and the score is the plain mean over the types, so that a rare type weighs as much as a
frequent one. `baihua.training.span_metrics` has the counts by place that other sets publish.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidType, InvalidValue, check_same_length, check_texts
from baihua.text.entities import Entity
from baihua.training.span_metrics import PrecisionRecall

Surfaces = list[set[tuple[str, str]]]  # of each text, (type, string)


@dataclass(frozen=True)
class SurfaceScores:
    """What `score_surfaces` returns; fractions, and 0 where there is nothing to divide by.

    Args:
        per_type: what was found, what there is and what is in both, of each type that counts.
    """

    per_type: Mapping[str, PrecisionRecall]

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the types: the score that CLUE publishes for CLUENER."""
        return sum(counts.f1 for counts in self.per_type.values()) / len(self.per_type) if self.per_type else 0.0

    @property
    def micro(self) -> PrecisionRecall:
        """The counts of all types together."""
        counts = self.per_type.values()
        return PrecisionRecall(
            sum(one.right for one in counts), sum(one.found for one in counts), sum(one.gold for one in counts)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "macro_f1": self.macro_f1,
            "micro": self.micro.to_dict(),
            "per_type": {kind: counts.to_dict() for kind, counts in self.per_type.items()},
        }


def score_surfaces(
    texts: Sequence[str],
    found: Sequence[Sequence[Entity]],
    gold: Sequence[Sequence[Entity]],
    types: Sequence[str] | None = None,
) -> SurfaceScores:
    """Compare the strings found in each text with those that are there, type by type.

    Args:
        texts: the texts.
        found: for each text, the entities found.
        gold: for each text, the entities that are there.
        types: the types that the mean goes over, each counted though no text has it; None for those that occur, found or gold.

    Returns:
        The counts of each type, in order.

    Raises:
        InvalidValue: for different numbers of texts and entities, an entity that ends behind its text, or one of a type that is
            not in ``types``.
        InvalidType: for something else than texts and lists of `Entity`.

    Source:
        Xu et al., "CLUENER2020: Fine-grained named entity recognition dataset and benchmark for Chinese", arXiv 2001.04351, and
        the scorer given with it, https://github.com/CLUEbenchmark/CLUENER2020.

    Example:
        >>> text = "北京和北京大学，还有北京"
        >>> gold = [Entity(0, 2, "地点"), Entity(3, 7, "组织"), Entity(10, 12, "地点")]
        >>> scores = score_surfaces([text], [[Entity(3, 5, "地点"), Entity(0, 2, "组织")]], [gold])
        >>> scores.per_type["地点"].f1, scores.per_type["组织"].f1, scores.macro_f1  # 北京 was found, if elsewhere
        (1.0, 0.0, 0.5)
    """
    lines = check_texts(texts)
    mine, true = _surfaces(lines, found, "found"), _surfaces(lines, gold, "gold")
    occurring = {kind for pairs in (*mine, *true) for kind, _ in pairs}
    if types is not None and (strange := sorted(occurring - set(check_texts(types, "types")))):
        raise InvalidValue(
            zh=f"有实体的类型 {strange} 不在 types 里；请补上，或检查拼写。",
            en=f"There are entities of types {strange} that are not in types. Add them, or check the spelling.",
        )
    right = [one & other for one, other in zip(mine, true, strict=True)]
    counts = [Counter(kind for pairs in side for kind, _ in pairs) for side in (right, mine, true)]
    kinds = sorted(occurring if types is None else set(types))
    return SurfaceScores({kind: PrecisionRecall(*(side[kind] for side in counts)) for kind in kinds})


def _surfaces(texts: Sequence[str], entities: Sequence[Sequence[Entity]], argument: str) -> Surfaces:
    surfaces: Surfaces = []
    try:
        check_same_length(texts, entities, ("texts", argument))
        for text, those in zip(texts, entities, strict=True):
            if behind := [entity.end for entity in those if entity.end > len(text)]:
                _complain_of_place(behind[0], len(text), len(surfaces), argument)
            surfaces.append({(entity.type, text[entity.start : entity.end]) for entity in those})
    except (AttributeError, TypeError):
        raise InvalidType(
            zh=f"{argument} 应是每条文本一列 Entity，第 {len(surfaces)} 条（从 0 数）却不是。"
            '请写成 [[Entity(0, 2, "address")], []] 的样子。',
            en=f"{argument} must hold a list of Entity for each text, but item {len(surfaces)} is something else. "
            'Write it like [[Entity(0, 2, "address")], []].',
        ) from None
    return surfaces


def _complain_of_place(end: int, length: int, number: int, argument: str) -> None:
    raise InvalidValue(
        zh=f"{argument} 第 {number} 条文本（从 0 数）只有 {length} 个字，却有实体在第 {end} 个字之后结束；"
        "请检查文本与实体是否对应。",
        en=f"Text {number} of {argument} has {length} characters, but one of its entities ends at {end}. "
        "Check that texts and entities belong together.",
    )
