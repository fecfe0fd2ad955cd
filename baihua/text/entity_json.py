"""Entities in JSON Lines: our own, and those of CLUENER."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from baihua.checks import InvalidValue
from baihua.text.entities import EntityTexts
from baihua.text.entity_records import MarkedSpan, MarkedText, Reading
from baihua.text.json_records import JsonRecord, list_of, objects_with, read_each, span_of, text_of


def is_entity_lines(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is one of our own: ``{"text", "entities": [{"start", "end", "type"}]}``.

    Example:
        >>> is_entity_lines({"text": "北京", "entities": [{"start": 0, "end": 2, "type": "地点"}]})
        True
    """
    return objects_with(fields, "entities", "start", "end", "type")


def read_entity_lines(records: Sequence[JsonRecord]) -> Reading:
    """Read our own records; ends are exclusive. ``score`` may be missing, and ``text`` of an entity, which is compared.

    Args:
        records: the objects of the file.

    Returns:
        The texts and the problems, one item for each record.

    Example:
        >>> entity = {"start": 0, "end": 2, "type": "地点", "score": 0.9}
        >>> read_entity_lines([JsonRecord(1, {"text": "北京", "entities": [entity]})]).records[0].spans
        [MarkedSpan(start=0, end=2, type='地点', surface=None, score=0.9)]
    """
    return Reading(
        read_each(
            records,
            lambda record: MarkedText(
                text_of(record.fields, "text"),
                record.line,
                [_scored_span(item) for item in list_of(record.fields, "entities")],
            ),
        )
    )


def entity_lines(texts: EntityTexts) -> str:
    r"""Return texts and entities as our own JSON Lines, with the scores that are not 1.

    Example:
        >>> from baihua.text.entities import Entity
        >>> print(entity_lines(EntityTexts(["北京"], [[Entity(0, 2, "地点", 0.9)]])), end="")
        {"text": "北京", "entities": [{"start": 0, "end": 2, "type": "地点", "score": 0.9}]}
    """
    lines = []
    for text, mine in zip(texts.texts, texts.entities, strict=True):
        items: list[dict[str, Any]] = []
        for entity in mine:
            item = {"start": int(entity.start), "end": int(entity.end), "type": entity.type}
            items.append(item if entity.score == 1 else {**item, "score": float(entity.score)})
        lines.append(json.dumps({"text": text, "entities": items}, ensure_ascii=False) + "\n")
    return "".join(lines)


def is_cluener(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is one of CLUENER: ``{"text", "label": {type: {surface: [[start, end]]}}}``.

    Example:
        >>> is_cluener({"text": "北京", "label": {"address": {"北京": [[0, 1]]}}})
        True
    """
    return isinstance(fields.get("label"), dict)


def read_cluener_lines(records: Sequence[JsonRecord]) -> Reading:
    """Read records of CLUENER, whose ends are inclusive; what each entity says is compared with the text.

    Args:
        records: the objects of the file.

    Returns:
        The texts and the problems, one item for each record.

    Example:
        >>> label = {"address": {"北京": [[0, 1], [3, 4]]}}
        >>> [span.end for span in read_cluener_lines([JsonRecord(1, {"text": "北京的北京", "label": label})]).records[0].spans]
        [2, 5]
    """
    return Reading(
        read_each(
            records,
            lambda record: MarkedText(text_of(record.fields, "text"), record.line, _cluener_spans(record.fields)),
        )
    )


def cluener_lines(texts: EntityTexts) -> str:
    """Return texts and entities as CLUENER has them, ends inclusive; scores are not kept.

    Example:
        >>> from baihua.text.entities import Entity
        >>> print(cluener_lines(EntityTexts(["北京的北京"], [[Entity(0, 2, "address"), Entity(3, 5, "address")]])), end="")
        {"text": "北京的北京", "label": {"address": {"北京": [[0, 1], [3, 4]]}}}
    """
    lines = []
    for text, mine in zip(texts.texts, texts.entities, strict=True):
        label: dict[str, dict[str, list[list[int]]]] = {}
        for entity in mine:
            places = label.setdefault(entity.type, {}).setdefault(text[entity.start : entity.end], [])
            places.append([int(entity.start), int(entity.end) - 1])
        lines.append(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
    return "".join(lines)


def _scored_span(item: Any) -> MarkedSpan:
    span = span_of(item, "start", "end", "type", "text")
    score = item.get("score", 1.0)
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
        raise InvalidValue(
            zh=f"实体的 'score' 应是 0 到 1 的数，收到 {score!r:.40}。",
            en=f"The 'score' of an entity must be a number from 0 to 1, not {score!r:.40}.",
        )
    return replace(span, score=float(score))


def _cluener_spans(fields: Mapping[str, Any]) -> list[MarkedSpan]:
    label = fields.get("label")
    if not isinstance(label, dict) or not all(isinstance(names, dict) for names in label.values()):
        raise InvalidValue(
            zh=f"'label' 应是“类型 → 实体 → 位置”的对象，收到 {label!r:.40}。",
            en=f"The 'label' must be an object of types, entities and places, not {label!r:.40}.",
        )
    spans = []
    for kind, names in label.items():
        for surface in names:
            for place in list_of(names, surface):
                if not isinstance(place, list) or len(place) != 2:
                    raise InvalidValue(
                        zh=f"{surface!r} 的位置应是 [首字, 末字]，收到 {place!r:.40}。",
                        en=f"A place of {surface!r} must be [first, last], not {place!r:.40}.",
                    )
                first, last = place
                item = {"start": first, "end": last, "type": kind, "text": surface}
                span = span_of(item, "start", "end", "type", "text")
                spans.append(replace(span, end=span.end + 1))
    return spans
