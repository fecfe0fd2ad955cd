"""Entities as doccano exports them, in the three shapes its versions have had."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from baihua.checks import InvalidValue
from baihua.text.entities import EntityTexts
from baihua.text.entity_records import MarkedSpan, MarkedText, Reading
from baihua.text.json_records import JsonRecord, list_of, objects_with, read_each, span_of, text_of

_TRIPLE = ("start", "end", "label")


def is_doccano(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is one of doccano, with at least one entity.

    Example:
        >>> is_doccano({"text": "北京", "label": [[0, 2, "地点"]]}), is_doccano({"text": "北京", "label": ["新闻"]})
        (True, False)
    """
    for key in ("label", "labels"):
        value = fields.get(key)
        if isinstance(value, list) and value and isinstance(value[0], list) and len(value[0]) == len(_TRIPLE):
            return True
    return objects_with(fields, "entities", "start_offset", "end_offset")


def read_doccano(records: Sequence[JsonRecord]) -> Reading:
    """Read ``{"text", "label": [[start, end, type]]}``, with ``labels`` or ``data`` too, and ``{"text", "entities"}``.

    Ends are exclusive and counted in code points.

    Args:
        records: the objects of the file.

    Returns:
        The texts and the problems, one item for each record.

    Example:
        >>> entity = {"id": 7, "start_offset": 0, "end_offset": 2, "label": "地点"}
        >>> fields = ({"text": "北京", "label": [[0, 2, "地点"]]}, {"text": "北京", "entities": [entity], "relations": []})
        >>> one, other = (read_doccano([JsonRecord(1, each)]).records[0] for each in fields)
        >>> one == other, one.spans
        (True, [MarkedSpan(start=0, end=2, type='地点', surface=None, score=1.0)])
    """
    return Reading(
        read_each(
            records,
            lambda record: MarkedText(text_of(record.fields, "text", "data"), record.line, _spans(record.fields)),
        )
    )


def doccano_lines(texts: EntityTexts) -> str:
    """Return texts and entities as doccano imports them; scores are not kept.

    Example:
        >>> from baihua.text.entities import Entity
        >>> print(doccano_lines(EntityTexts(["北京"], [[Entity(0, 2, "地点")]])), end="")
        {"text": "北京", "label": [[0, 2, "地点"]]}
    """
    lines = []
    for text, mine in zip(texts.texts, texts.entities, strict=True):
        label = [[int(entity.start), int(entity.end), entity.type] for entity in mine]
        lines.append(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
    return "".join(lines)


def _spans(fields: Mapping[str, Any]) -> list[MarkedSpan]:
    if "entities" in fields:
        return [span_of(item, "start_offset", "end_offset", "label") for item in list_of(fields, "entities")]
    spans = []
    for item in list_of(fields, "label" if "label" in fields else "labels"):
        if not isinstance(item, list) or len(item) != len(_TRIPLE):
            raise InvalidValue(
                zh=f"doccano 的实体应是 [起, 止, 类型]，收到 {item!r:.40}。",
                en=f"An entity of doccano must be [start, end, type], not {item!r:.40}.",
            )
        spans.append(span_of(dict(zip(_TRIPLE, item, strict=True)), *_TRIPLE))
    return spans
