"""JSON objects with the line each stands on, and what entity files keep in them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidValue
from baihua.text.encodings import split_lines
from baihua.text.entity_records import MarkedSpan, MarkedText, Problem, excerpt

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class JsonRecord:
    """An object, and its line in a file of JSON Lines or its place in an array, from 1."""

    line: int
    fields: dict[str, Any]


def read_json_records(text: str, name: str) -> tuple[list[JsonRecord], int]:
    r"""Read JSON Lines, one JSON array of objects, or one object over several lines.

    Args:
        text: the file's text.
        name: the file's name, for the messages.

    Returns:
        The objects, and how many of them held half a character (``"\ud83d"``), which no text can hold; each half
        became one U+FFFD, so that no offset moves.

    Raises:
        InvalidValue: for what is not JSON, or an item that is no object, naming the line.

    Example:
        >>> read_json_records('{"text": "你好"}\n\n{"text": "再见"}\n', "a.jsonl")[0][1]
        JsonRecord(line=3, fields={'text': '再见'})
    """
    values = _items_of_one_value(text, name)
    if values is None:
        values = [
            (number, _parse(line, name, number))
            for number, line in enumerate(split_lines(text), start=1)
            if line.strip()
        ]
    records = [JsonRecord(number, _object(value, name, number)) for number, value in values]
    if not _SURROGATE_ESCAPE.search(text):
        return records, 0
    mended = [JsonRecord(record.line, _mended(record.fields)) for record in records]
    return mended, sum(before != after for before, after in zip(records, mended, strict=True))


def read_each(
    records: Iterable[JsonRecord], read: Callable[[JsonRecord], MarkedText | Problem]
) -> list[MarkedText | Problem]:
    """Read every record; one that is not made as it should be becomes a problem of the kind ``"malformed"``.

    Args:
        records: the objects.
        read: makes a text of one, and raises `InvalidValue` where it cannot.

    Returns:
        One item for each record.
    """
    found: list[MarkedText | Problem] = []
    for record in records:
        try:
            found.append(read(record))
        except InvalidValue as error:
            text = next((value for value in record.fields.values() if isinstance(value, str)), "")
            found.append(Problem("malformed", record.line, excerpt(text), str(error)))
    return found


def text_of(fields: Mapping[str, Any], *keys: str) -> str:
    """Return the text under the first of some keys that is there.

    Raises:
        InvalidValue: when none is there, or it is not a string.

    Example:
        >>> text_of({"data": "你好"}, "text", "data")
        '你好'
    """
    key = next((key for key in keys if key in fields), keys[0])
    value = fields.get(key)
    if isinstance(value, str):
        return value
    raise InvalidValue(
        zh=f"文本 {key!r} 应是字符串，收到 {value!r:.40}。", en=f"The text {key!r} must be a string, not {value!r:.40}."
    )


def list_of(fields: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list under a key.

    Raises:
        InvalidValue: when it is missing or no list.

    Example:
        >>> list_of({"label": [[0, 2, "地点"]]}, "label")
        [[0, 2, '地点']]
    """
    value = fields.get(key)
    if isinstance(value, list):
        return value
    raise InvalidValue(
        zh=f"{key!r} 应是列表，收到 {value!r:.40}；没有实体就写成空列表。",
        en=f"{key!r} must be a list, not {value!r:.40}; write an empty one where there are no entities.",
    )


def span_of(item: Any, start: str, end: str, type_: str, surface: str | None = None) -> MarkedSpan:
    """Return the span in an object.

    Args:
        item: the object.
        start: key of the place it begins at.
        end: key of the place it ends at.
        type_: key of the type.
        surface: key of what it says, which may be missing.

    Returns:
        The span, with the very numbers of the object.

    Raises:
        InvalidValue: for something else than an object, places that are not whole numbers, a type that is no string
            or is empty.

    Example:
        >>> span_of({"from": 0, "to": 2, "label": "地点"}, "from", "to", "label")
        MarkedSpan(start=0, end=2, type='地点', surface=None, score=1.0)
    """
    if not isinstance(item, dict):
        raise InvalidValue(
            zh=f"实体应是含 {start}、{end}、{type_} 的对象，收到 {item!r:.40}。",
            en=f"An entity must be an object with {start}, {end} and {type_}, not {item!r:.40}.",
        )
    kind, said = item.get(type_), item.get(surface) if surface else None
    for key, value, fits in (
        (type_, kind, isinstance(kind, str) and kind != ""),
        (surface, said, said is None or isinstance(said, str)),
    ):
        if not fits:
            raise InvalidValue(
                zh=f"实体的 {key!r} 应是非空的字符串，收到 {value!r:.40}。",
                en=f"The {key!r} of an entity must be a string that is not empty, not {value!r:.40}.",
            )
    return MarkedSpan(_place(item, start), _place(item, end), str(kind), said)


def objects_with(fields: Mapping[str, Any], key: str, *needed: str) -> bool:
    """Say whether a key holds a list with an object in it that has all the keys needed.

    Example:
        >>> objects_with({"entities": [{"start": 0, "end": 2, "type": "地点"}]}, "entities", "start", "type")
        True
    """
    value = fields.get(key)
    items = value if isinstance(value, list) else []
    return any(isinstance(item, dict) and all(name in item for name in needed) for item in items)


def _place(item: Mapping[str, Any], key: str) -> int:
    value = item.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidValue(
        zh=f"实体的 {key!r} 应是整数，收到 {value!r:.40}。",
        en=f"The {key!r} of an entity must be a whole number, not {value!r:.40}.",
    )


def _items_of_one_value(text: str, name: str) -> list[tuple[int, Any]] | None:
    """Return the items of an array, or an object that does not end on its first line; None for JSON Lines."""
    start = text.lstrip()[:1]
    if start == "{" and _is_json(next(line for line in split_lines(text) if line.strip())):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        if start == "{":
            return None  # the line with the mistake is named when the lines are read one by one
        raise InvalidValue(
            zh=f"{name} 不是完整的 JSON（{_reason(error)}）；请重新导出，或写成每行一个对象的 JSON Lines。",
            en=f"{name} is not valid JSON ({_reason(error)}); export it again, or write JSON Lines, one object per line.",
        ) from error
    return list(enumerate(value, start=1)) if isinstance(value, list) else [(1, value)]


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parse(line: str, name: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(
            zh=f"{name} 第 {number} 行不是完整的 JSON（{_reason(error, number)}）；每行应是一个对象。",
            en=f"Line {number} of {name} is not valid JSON ({_reason(error, number)}); each line should be one object.",
        ) from error


def _reason(error: Exception, line: int = 1) -> str:
    """Say what is wrong and where, given the line of the file at which what was read begins."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {line + error.lineno - 1}, column {error.colno}"
    return str(error)


def _object(value: Any, name: str, number: int) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise InvalidValue(
        zh=f'{name} 第 {number} 条不是对象：{value!r:.40}；每条应是一个对象，如 {{"text": "…", "entities": []}}。',
        en=f"Record {number} of {name} is no object: {value!r:.40}; each should be one such as "
        '{"text": "…", "entities": []}.',
    )


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
