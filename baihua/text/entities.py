"""What is found in a text: where it begins, where it ends, of which type it is, and how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from baihua.checks import InvalidValue, check_choice

OVERLAPS = ("nested", "no_crossing", "flat")


@dataclass(frozen=True, order=True, slots=True)
class Entity:
    """A span of a text with a type: ``text[start:end]`` is what it says.

    Args:
        start: place of its first character, from 0, in Unicode code points.
        end: the place after its last one.
        type: such as ``"name"``.
        score: how probable it is, 0 to 1; what people have marked has 1. It takes no part in equality or order.

    Raises:
        InvalidValue: when it is empty or begins before the text.

    Example:
        >>> entity = Entity(0, 2, "address", 0.9)
        >>> "北京欢迎你"[entity.start : entity.end], entity == Entity(0, 2, "address")
        ('北京', True)
    """

    start: int
    end: int
    type: str
    score: float = field(default=1.0, compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise InvalidValue(
                zh=f"实体应从 0 或更后开始，并在开始之后结束（不含结尾），收到 start={self.start}、end={self.end}。",
                en=f"An entity begins at 0 or later and ends after its start (end exclusive), but received "
                f"start={self.start} and end={self.end}.",
            )


@dataclass(frozen=True)
class EntityTexts:
    """Texts and the entities in them.

    Args:
        texts: the texts.
        entities: those of each text, in order.
        lines: the line (or item) of the file that each text stands at, from 1; empty where there is no file.
    """

    texts: list[str]
    entities: list[list[Entity]]
    lines: list[int] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """All types there are, in order."""
        return sorted({entity.type for mine in self.entities for entity in mine})


def choose_overlaps(entities: Iterable[Entity], overlap: str) -> list[Entity]:
    """Return the entities of one text that may stand beside each other, the more probable ones first served.

    Args:
        entities: of one text, with scores.
        overlap: ``"nested"`` keeps all; ``"no_crossing"`` lets one lie within another but not across its edge;
            ``"flat"`` lets no two share a character.

    Returns:
        Those kept, in order.

    Raises:
        InvalidValue: for another word.

    Example:
        >>> found = [Entity(0, 4, "组织", 0.9), Entity(0, 2, "地点", 0.8), Entity(3, 6, "人", 0.7)]
        >>> [entity.type for entity in choose_overlaps(found, "no_crossing")]
        ['地点', '组织']
        >>> [entity.type for entity in choose_overlaps(found, "flat")]
        ['组织']
    """
    check_choice("overlap", overlap, OVERLAPS)
    if overlap == "nested":
        return sorted(entities)
    conflict = _cross if overlap == "no_crossing" else _share
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda one: (-one.score, one)):
        if not any(conflict(entity, other) for other in kept):
            kept.append(entity)
    return sorted(kept)


def outermost(entities: Sequence[Entity]) -> list[Entity]:
    """Return the entities of one text that a flat method can learn: from left to right, of those that overlap the widest.

    Example:
        >>> outermost([Entity(0, 2, "地点"), Entity(0, 4, "组织"), Entity(3, 6, "人")])
        [Entity(start=0, end=4, type='组织', score=1.0)]
    """
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda one: (one.start - one.end, one)):
        if not any(_share(entity, other) for other in kept):
            kept.append(entity)
    return sorted(kept)


def _share(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end


def _cross(one: Entity, other: Entity) -> bool:
    return one.start < other.start < one.end < other.end or other.start < one.start < other.end < one.end
