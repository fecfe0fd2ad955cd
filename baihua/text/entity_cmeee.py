"""CMeEE, medical entities: the lines of CHIP-2020 and the JSON of CBLUE. Its ends are inclusive, here and nowhere else."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from baihua.language import say
from baihua.text.encodings import split_lines
from baihua.text.entities import EntityTexts
from baihua.text.entity_records import MarkedSpan, MarkedText, Problem, Reading, excerpt
from baihua.text.json_records import JsonRecord, list_of, objects_with, read_each, span_of, text_of

_BAR = "|||"
_PLACE = re.compile(r"\s*(-?\d{1,9})\s+(-?\d{1,9})\s+(\S+)\s*")


def is_cmeee(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is one of CBLUE's CMeEE: ``{"text", "entities": [{"start_idx", "end_idx", "type"}]}``.

    Example:
        >>> is_cmeee({"text": "肺炎", "entities": [{"start_idx": 0, "end_idx": 1, "type": "dis", "entity": "肺炎"}]})
        True
    """
    return objects_with(fields, "entities", "start_idx", "end_idx")


def read_cmeee(records: Sequence[JsonRecord]) -> Reading:
    """Read CBLUE's CMeEE. Where a record gives ``entity``, what the entity says, it is compared with the text.

    Ends are inclusive, unless most of the entities that say what they are have the length of exclusive ones, as in
    copies that others have converted; that is said.

    Args:
        records: the objects of the file.

    Returns:
        The texts and the problems, one item for each record.

    Example:
        >>> entity = {"start_idx": 0, "end_idx": 1, "type": "dis", "entity": "肺炎"}
        >>> read_cmeee([JsonRecord(1, {"text": "肺炎", "entities": [entity]})]).records[0].spans
        [MarkedSpan(start=0, end=2, type='dis', surface='肺炎', score=1.0)]
    """
    exclusive = _ends_are_exclusive(records)
    notes = []
    if exclusive:
        notes.append(
            say(
                zh="从各实体的文字看，这份 CMeEE 的 end_idx 不含末字，已照此读取。",
                en="By what its entities say, the end_idx of this CMeEE is exclusive, and it is read so.",
            )
        )

    def read(record: JsonRecord) -> MarkedText:
        items = list_of(record.fields, "entities")
        spans = [span_of(item, "start_idx", "end_idx", "type", "entity") for item in items]
        ended = spans if exclusive else [replace(span, end=span.end + 1) for span in spans]
        return MarkedText(text_of(record.fields, "text"), record.line, ended)

    return Reading(read_each(records, read), notes)


def cmeee_array(texts: EntityTexts) -> str:
    """Return texts and entities as CBLUE's CMeEE has them, ends inclusive, one record per line; scores are not kept.

    Example:
        >>> from baihua.text.entities import Entity
        >>> print(cmeee_array(EntityTexts(["肺炎"], [[Entity(0, 2, "dis")]])))
        [
        {"text": "肺炎", "entities": [{"start_idx": 0, "end_idx": 1, "type": "dis", "entity": "肺炎"}]}
        ]
    """
    records = []
    for text, mine in zip(texts.texts, texts.entities, strict=True):
        items = [
            {
                "start_idx": int(entity.start),
                "end_idx": int(entity.end) - 1,
                "type": entity.type,
                "entity": text[entity.start : entity.end],
            }
            for entity in mine
        ]
        records.append(json.dumps({"text": text, "entities": items}, ensure_ascii=False))
    return "[\n" + ",\n".join(records) + "\n]\n"


def is_cmeee_line(line: str) -> bool:
    """Say whether a line is one of CHIP-2020's: a text, then ``start    end    type`` for each entity, all before bars.

    Example:
        >>> is_cmeee_line("肺炎患者|||0    1    dis|||")
        True
    """
    parts = line.rstrip().split(_BAR)
    return len(parts) > 1 and parts[-1] == "" and all(_PLACE.fullmatch(part) for part in parts[1:-1])


def read_cmeee_lines(text: str) -> Reading:
    """Read CHIP-2020's CMeEE, whose ends are inclusive.

    Args:
        text: the file's text.

    Returns:
        The texts and the problems, one item for each line that is not empty.

    Example:
        >>> read_cmeee_lines("肺炎患者|||0    1    dis|||").records[0].spans
        [MarkedSpan(start=0, end=2, type='dis', surface=None, score=1.0)]
    """
    records: list[MarkedText | Problem] = []
    for number, line in enumerate(split_lines(text), start=1):
        if not line.strip():
            continue
        if not is_cmeee_line(line):
            said = say(
                zh="这一行不是“文本|||起 止 类型|||”的样子。",
                en="This line is not made like text|||start end type|||.",
            )
            records.append(Problem("malformed", number, excerpt(line), said))
            continue
        content, *places = line.rstrip().split(_BAR)[:-1]
        found = [match.groups() for place in places if (match := _PLACE.fullmatch(place))]
        spans = [MarkedSpan(int(first), int(last) + 1, kind) for first, last, kind in found]
        records.append(MarkedText(content, number, spans))
    return Reading(records)


def _ends_are_exclusive(records: Sequence[JsonRecord]) -> bool:
    votes = 0
    for record in records:
        items = record.fields.get("entities")
        for item in items if isinstance(items, list) else []:
            if not isinstance(item, dict):
                continue
            start, end, surface = item.get("start_idx"), item.get("end_idx"), item.get("entity")
            if isinstance(start, int) and isinstance(end, int) and isinstance(surface, str):
                votes += (end - start == len(surface)) - (end - start + 1 == len(surface))
    return votes > 0
