"""Entities as Label Studio exports them: its JSON, with every annotator's work, and its JSON-MIN.

Label Studio counts as JavaScript does, in UTF-16, where 🙂 has two units; baihua counts code points. Versions from
the end of 2021 on count code points too. An export does not say which version it is from, but what each span says does.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.text.entities import EntityTexts
from baihua.text.entity_records import MarkedSpan, MarkedText, Problem, Reading, excerpt
from baihua.text.json_records import JsonRecord, list_of, objects_with, read_each, span_of

# What JSON-MIN puts beside the fields of a task.
_OF_THE_EXPORT = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")


@dataclass
class _Counts:
    several: int = 0
    without_label: int = 0


def is_label_studio(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is a task in Label Studio's JSON.

    Example:
        >>> is_label_studio({"data": {"text": "北京"}, "annotations": []})
        True
    """
    return isinstance(fields.get("data"), dict) and isinstance(fields.get("annotations"), list)


def is_label_studio_min(fields: Mapping[str, Any]) -> bool:
    """Say whether a record is of Label Studio's JSON-MIN, with at least one entity, under whatever key.

    Example:
        >>> is_label_studio_min({"text": "北京", "ner": [{"start": 0, "end": 2, "text": "北京", "labels": ["地点"]}]})
        True
    """
    return any(objects_with(fields, key, "start", "end", "labels") for key in fields)


def read_label_studio(records: Sequence[JsonRecord], annotator: str | int | None = None) -> Reading:
    """Read the tasks of Label Studio's JSON; what each span says is compared with the text.

    Args:
        records: the objects of the file.
        annotator: whose annotations to take, by number or e-mail address. By default those of the first whose
            annotation was not cancelled; how many tasks have several is said.

    Returns:
        The texts and the problems, one item for each task. A task without an annotation is a problem, since nobody has
        said that there is nothing in it.

    Raises:
        InvalidValue: for an annotator who has annotated nothing, listing those who have.

    Example:
        >>> value = {"start": 2, "end": 4, "text": "北京", "labels": ["地点"]}
        >>> task = {"data": {"text": "🙂北京"}, "annotations": [{"result": [{"type": "labels", "value": value}]}]}
        >>> read_label_studio([JsonRecord(1, task)]).records[0].spans
        [MarkedSpan(start=1, end=3, type='地点', surface='北京', score=1.0)]
    """
    _check_annotator(records, annotator)
    counts = _Counts()
    found = read_each(records, lambda record: _read_task(record, annotator, counts))
    code_points = _counts_code_points(found)
    notes = _notes(counts, code_points)
    if code_points:
        return Reading(found, notes)
    return Reading([_in_code_points(item) if isinstance(item, MarkedText) else item for item in found], notes)


def read_label_studio_min(records: Sequence[JsonRecord], annotator: str | int | None = None) -> Reading:
    """Read Label Studio's JSON-MIN, where each annotation is a record; those of one task are put together first.

    Args:
        records: the objects of the file. One without any entity has no list of them.
        annotator: as for `read_label_studio`.

    Returns:
        The texts and the problems, one item for each task.

    Raises:
        InvalidValue: for an annotator who has annotated nothing, listing those who have.

    Example:
        >>> fields = {"text": "北京", "ner": [{"start": 0, "end": 2, "text": "北京", "labels": ["地点"]}]}
        >>> read_label_studio_min([JsonRecord(1, fields)]).records[0].spans
        [MarkedSpan(start=0, end=2, type='地点', surface='北京', score=1.0)]
    """
    tasks: dict[object, JsonRecord] = {}
    for record in records:
        fields = record.fields
        number = fields.get("id")
        task = tasks.setdefault(
            ("line", record.line) if number is None else str(number),
            JsonRecord(record.line, {"data": _fields_of_the_task(fields), "annotations": []}),
        )
        values = [
            value for key in fields if objects_with(fields, key, "start", "end", "labels") for value in fields[key]
        ]
        result = [{"type": "labels", "value": value} for value in values]
        task.fields["annotations"].append({"result": result, "completed_by": fields.get("annotator")})
    return read_label_studio(list(tasks.values()), annotator)


def label_studio_tasks(texts: EntityTexts) -> str:
    """Return texts and entities as tasks for Label Studio, in UTF-16 units, one per line; scores are not kept.

    The labelling interface they fit has ``<Labels name="label" toName="text">`` and ``<Text name="text">``.

    Example:
        >>> from baihua.text.entities import Entity
        >>> task = json.loads(label_studio_tasks(EntityTexts(["🙂北京"], [[Entity(1, 3, "地点")]])))[0]
        >>> task["annotations"][0]["result"][0]["value"]
        {'start': 2, 'end': 4, 'text': '北京', 'labels': ['地点']}
    """
    tasks = []
    for number, (text, mine) in enumerate(zip(texts.texts, texts.entities, strict=True), start=1):
        places = _units_before(text)
        result = []
        for count, entity in enumerate(mine, start=1):
            surface = text[entity.start : entity.end]
            value = {
                "start": places[entity.start],
                "end": places[entity.end],
                "text": surface,
                "labels": [entity.type],
            }
            region = {"id": f"{number}-{count}", "from_name": "label", "to_name": "text", "type": "labels"}
            result.append({**region, "value": value})
        task = {"id": number, "data": {"text": text}, "annotations": [{"result": result}]}
        tasks.append(json.dumps(task, ensure_ascii=False))
    return "[\n" + ",\n".join(tasks) + "\n]\n"


def _read_task(record: JsonRecord, annotator: str | int | None, counts: _Counts) -> MarkedText | Problem:
    text = _text_of_task(record.fields.get("data"))
    mine = [
        annotation for annotation in _annotations(record) if annotator is None or str(annotator) in _names(annotation)
    ]
    if not mine:
        said = say(zh="这条文本没有标注，或标注已取消。", en="This text has no annotation, or only cancelled ones.")
        return Problem("unmarked", record.line, excerpt(text), said)
    counts.several += len(mine) > 1
    spans: list[MarkedSpan] = []
    for region in list_of(mine[0], "result"):
        key = region.get("type", "labels") if isinstance(region, dict) else ""
        if not isinstance(key, str) or not key.endswith("labels"):
            continue  # a relation, a choice, a note: no span with a type
        value = region.get("value")
        labels = list_of(value, key) if isinstance(value, dict) and key in value else []
        counts.without_label += not labels
        spans += [span_of({**value, "type": label}, "start", "end", "type", "text") for label in labels]
    return MarkedText(text, record.line, spans)


def _text_of_task(data: object) -> str:
    """Return the text of a task: ``text``, else the only string there is."""
    fields = data if isinstance(data, dict) else {}
    strings = [value for value in fields.values() if isinstance(value, str)]
    text = fields.get("text", strings[0] if len(strings) == 1 else None)
    if isinstance(text, str):
        return text
    raise InvalidValue(
        zh=f"任务里找不到文本：应在 text 之下，或只有一个字符串；收到的键：{', '.join(map(str, fields))}。",
        en="The task has no text under 'text', nor one string alone, but the keys: "
        f"{', '.join(map(str, fields))}. Name the text 'text'.",
    )


def _fields_of_the_task(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in _OF_THE_EXPORT}


def _annotations(record: JsonRecord) -> list[dict[str, Any]]:
    found = record.fields.get("annotations")
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, dict) and not item.get("was_cancelled")]


def _names(annotation: Mapping[str, Any]) -> list[str]:
    """Return what the one who made an annotation is called: a number, or a number and an e-mail address."""
    who = annotation.get("completed_by")
    names = [who.get("id"), who.get("email")] if isinstance(who, dict) else [who]
    return [str(name) for name in names if name is not None]


def _check_annotator(records: Sequence[JsonRecord], annotator: str | int | None) -> None:
    if annotator is None:
        return
    there = sorted({name for record in records for item in _annotations(record) for name in _names(item)})
    if str(annotator) not in there:
        listed = ", ".join(there) or say(zh="（都没有署名）", en="(none is named)")
        raise InvalidValue(
            zh=f"没有标注者 {annotator!r} 的标注；有标注的是：{listed}。",
            en=f"There are no annotations by {annotator!r}; those who have annotated: {listed}.",
        )


def _units_before(text: str) -> list[int]:
    """Return how many UTF-16 units come before each character, and before the end."""
    return list(accumulate((1 + (character > "\uffff") for character in text), initial=0))


def _counts_code_points(found: Sequence[MarkedText | Problem]) -> bool:
    """Say whether the spans whose place depends on the way of counting fit code points, more than they fit UTF-16."""
    votes = 0
    for record in found:
        if isinstance(record, MarkedText) and record.text and max(record.text) > "\uffff":
            units = record.text.encode("utf-16-le")
            for span in record.spans:
                if span.surface is not None:
                    surface = span.surface.encode("utf-16-le")
                    votes += record.text[span.start : span.end] == span.surface
                    votes -= units[2 * span.start : 2 * span.end] == surface
    return votes > 0


def _in_code_points(record: MarkedText) -> MarkedText | Problem:
    units = _units_before(record.text)
    if units[-1] == len(record.text):
        return record
    places = {count: place for place, count in enumerate(units)}
    beyond = len(record.text) - units[-1]  # keeps a place after the end after the end
    spans = []
    for span in record.spans:
        ends = []
        for place in (span.start, span.end):
            if 0 <= place <= units[-1] and place not in places:
                said = say(
                    zh=f"{span.type} 的位置 {place}（按 UTF-16 计）落在一个字符的中间。",
                    en=f"The place {place} of {span.type} (in UTF-16 units) lies within a character.",
                )
                return Problem("split_character", record.line, excerpt(record.text, place), said)
            ends.append(places.get(place, place if place < 0 else place + beyond))
        spans.append(replace(span, start=ends[0], end=ends[1]))
    return replace(record, spans=spans)


def _notes(counts: _Counts, code_points: bool) -> list[str]:
    notes = []
    if counts.several:
        notes.append(
            say(
                zh=f"有 {counts.several} 个任务标注了不止一次，各取第一份没有取消的；用 annotator 可指定标注者。",
                en="Tasks with more than one annotation, of which the first not cancelled is used (annotator names "
                f"another): {counts.several}.",
            )
        )
    if counts.without_label:
        said = say(
            zh=f"有 {counts.without_label} 段没有标签，未计入。",
            en=f"Spans without a label, which were passed over: {counts.without_label}.",
        )
        notes.append(said)
    if code_points:
        notes.append(
            say(
                zh="从各段的文字看，位置按码点计，而非 UTF-16；已照此读取。",
                en="By what the spans say, places are counted in code points, not in UTF-16, and are read so.",
            )
        )
    return notes
