"""What a user gives to an extractor, checked."""

import re
from collections.abc import Sequence

from baihua.checks import InvalidType, InvalidValue, check_same_length, check_texts
from baihua.text.entities import Entity

_SURROGATE = re.compile("[\ud800-\udfff]")
Given = Sequence[Sequence[Entity | tuple[int, int, str]]]


def readable_texts(texts: Sequence[str]) -> list[str]:
    r"""Return the texts with halves of characters, which no encoding can hold, as U+FFFD; offsets stay as they are.

    Raises:
        InvalidType: for what is no sequence of strings.

    Example:
        >>> readable_texts(["a\ud83dbc"])
        ['a�bc']
    """
    if isinstance(texts, (str, bytes)):
        return check_texts(texts)
    return check_texts([_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else text for text in texts])


def check_entities_of(texts: Sequence[str], entities: Given, argument: str = "entities") -> list[list[Entity]]:
    """Return the entities of each text, in order, each once.

    Args:
        texts: the texts.
        entities: of each text; a tuple ``(start, end, type)`` will do for an `Entity`.
        argument: the argument's name, for the message.

    Raises:
        InvalidType: for something that is no entity.
        InvalidValue: when there are more or fewer lists than texts, or an entity reaches beyond its text.
    """
    lists = list(entities)
    check_same_length(texts, lists, ("texts", argument))
    checked = []
    for number, (text, mine) in enumerate(zip(texts, lists, strict=True)):
        made = sorted({_as_entity(one, number, argument) for one in mine})
        beyond = next((entity for entity in made if entity.end > len(text)), None)
        if beyond is not None:
            raise InvalidValue(
                zh=f"{argument} 第 {number} 项（从 0 数）的实体 {beyond.start}–{beyond.end} 超出了文本，文本只有 {len(text)} 个字符；"
                "位置按 Unicode 码点数，不含结尾。",
                en=f"In item {number} of {argument} the entity {beyond.start}–{beyond.end} reaches beyond its text of {len(text)} "
                "characters. Places are counted in Unicode code points, ends exclusive.",
            )
        checked.append(made)
    return checked


def _as_entity(one: Entity | tuple[int, int, str], number: int, argument: str) -> Entity:
    if isinstance(one, Entity):
        return one
    if isinstance(one, (tuple, list)) and len(one) == 3 and isinstance(one[2], str):
        start, end = one[0], one[1]
        if all(isinstance(place, int) and not isinstance(place, bool) for place in (start, end)):
            return Entity(start, end, one[2])
    raise InvalidType(
        zh=f"{argument} 第 {number} 项（从 0 数）里的 {one!r:.60} 不是实体；请给 Entity(start, end, type) 或 (start, end, type)。",
        en=f"{one!r:.60} in item {number} of {argument} is no entity. Give Entity(start, end, type) or (start, end, type).",
    )
