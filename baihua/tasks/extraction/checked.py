"""What a user gives to an extractor, checked."""

import re
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

from baihua.checks import InvalidType, InvalidValue, check_same_length, check_texts
from baihua.text.entities import Entity

_SURROGATE = re.compile("[\ud800-\udfff]")
Given = Sequence[Sequence[Entity | tuple[int, int, str]]]


def readable_texts(texts: Sequence[str], argument: str = "texts") -> list[str]:
    r"""Return the texts with halves of characters, which no encoding can hold, as U+FFFD; offsets stay as they are.

    Args:
        texts: the texts.
        argument: the argument's name, for the message.

    Raises:
        InvalidType: for what is no sequence of strings.

    Example:
        >>> readable_texts(["a\ud83dbc"])
        ['a�bc']
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        return check_texts(texts, argument)
    mended = [_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else text for text in texts]
    return check_texts(mended, argument)


def check_dev(dev: tuple[Sequence[str], Given] | None) -> tuple[list[str], list[list[Entity]]] | None:
    """Return the texts held aside and their entities, or None where there are none.

    Raises:
        InvalidType: for what is no pair of texts and entities.
        InvalidValue: when lengths differ, an entity reaches beyond its text, or no text has one.
    """
    if dev is None:
        return None
    if not isinstance(dev, (tuple, list)) or len(dev) != 2:
        raise InvalidType(
            zh=f"dev 应是（texts, entities）两项，收到的是 {type(dev).__name__}。",
            en=f"dev must be a pair (texts, entities), but received {type(dev).__name__}.",
        )
    texts = readable_texts(dev[0], "dev[0]")
    entities = check_entities_of(texts, dev[1], ("dev[0]", "dev[1]"))
    if not any(entities):
        raise InvalidValue(
            zh=f"dev 的 {len(texts)} 条文本里没有一个实体，量不出好坏；请给出标注了实体的文本，或不给 dev。",
            en=f"None of the {len(texts)} texts of dev has an entity, so they cannot tell good from bad. Give marked ones, or "
            "leave dev out.",
        )
    return texts, entities


def check_entities_of(
    texts: Sequence[str], entities: Given, names: tuple[str, str] = ("texts", "entities")
) -> list[list[Entity]]:
    """Return the entities of each text, in order, each once.

    Args:
        texts: the texts.
        entities: of each text; a tuple ``(start, end, type)`` will do for an `Entity`.
        names: of both arguments, for the message.

    Raises:
        InvalidType: for something that is no entity, or no list of them.
        InvalidValue: when there are more or fewer lists than texts, or an entity reaches beyond its text.
    """
    argument = names[1]
    lists: list[list[Any]] = []
    try:
        for mine in entities:
            lists.append(list(mine))
    except TypeError:
        raise InvalidType(
            zh=f"{argument} 应是每条文本一列实体，第 {len(lists)} 项（从 0 数）却不是；没有实体的文本请写 []。",
            en=f"{argument} must hold a list of entities for each text, but item {len(lists)} is none. Write [] for a text "
            "without any.",
        ) from None
    check_same_length(texts, lists, names)
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


def _as_entity(one: Any, number: int, argument: str) -> Entity:
    given = (one.start, one.end, one.type) if isinstance(one, Entity) else one
    if isinstance(given, (tuple, list)) and len(given) == 3 and isinstance(given[2], str):
        start, end, kind = given
        if all(isinstance(place, Integral) and not isinstance(place, bool) for place in (start, end)):
            return Entity(int(start), int(end), str(kind))
    raise InvalidType(
        zh=f"{argument} 第 {number} 项（从 0 数）里的 {one!r:.60} 不是实体；请给 Entity(start, end, type) 或 (start, end, type)。",
        en=f"{one!r:.60} in item {number} of {argument} is no entity. Give Entity(start, end, type) or (start, end, type).",
    )
