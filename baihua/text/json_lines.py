"""JSON Lines: one object per line, or one string per line."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.text.encodings import split_lines
from baihua.text.grids import Grid, Row

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json_lines(text: str, name: str) -> Grid:
    r"""Read one JSON object per line; a line that is a plain JSON string is a text.

    The columns are the keys of all lines in the order they first appear. Values keep their JSON type; a key a line
    lacks is None there. Empty lines are passed over. A file that is one JSON array is read by its items.

    Args:
        text: the file's text.
        name: the file's name, for the messages.

    Returns:
        The cells. Halves of a character that stand alone (``"\ud83d"``), which no text can hold, become U+FFFD, and
        that is said.

    Raises:
        InvalidValue: for a line that is not JSON, or neither an object nor a string, naming the line.

    Example:
        >>> read_json_lines('{"text": "你好"}\n{"text": "再见", "label": 1}', "a.jsonl").rows
        [('你好', None), ('再见', 1)]
    """
    whole = _whole_array(text)
    records: list[dict[str, Any]] = []
    if whole is not None:
        records = [
            _record(value, name, (f"第 {number} 项", f"Item {number}")) for number, value in enumerate(whole, start=1)
        ]
    else:
        for number, line in enumerate(split_lines(text), start=1):
            if line.strip():
                records.append(_record(_parse(line, name, number), name, (f"第 {number} 行", f"Line {number}")))
    notes = []
    if _SURROGATE_ESCAPE.search(text):
        mended = [_mended(record) for record in records]
        changed = sum(before != after for before, after in zip(records, mended, strict=True))
        records = mended
        if changed:
            notes.append(
                say(
                    zh=f"{changed} 行里有不完整的字符（落单的代理项），已换成 U+FFFD。",
                    en=f"Rows with incomplete characters (lone surrogates), which were replaced by U+FFFD: {changed}.",
                )
            )
    columns = list(dict.fromkeys(key for record in records for key in record))
    rows: list[Row] = [tuple(record.get(column) for column in columns) for record in records]
    return Grid(list(columns), rows, notes)


def write_json_lines(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write one JSON object per row, as UTF-8.

    Args:
        path: where to write.
        columns: the keys.
        rows: the values. None and NaN, for which JSON has no word, are null; dates are text.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            record = {column: _json_value(value) for column, value in zip(columns, row, strict=True)}
            file.write(json.dumps(record, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def _whole_array(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _parse(line: str, name: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise InvalidValue(
            zh=f'{name} 第 {number} 行不是完整的 JSON（{reason}）；每行应是一个对象，如 {{"text": "…"}}。',
            en=f"Line {number} of {name} is not valid JSON ({reason}); each line should be one object such as "
            '{"text": "…"}.',
        ) from error


def _record(value: Any, name: str, where: tuple[str, str]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, dict):
        return value
    kind = {list: ("数组", "an array"), type(None): ("null", "null"), bool: ("真假值", "a truth value")}
    zh, en = kind.get(type(value), ("数", "a number"))
    raise InvalidValue(
        zh=f'{name} {where[0]}是{zh}；每行应是一个对象，如 {{"text": "…"}}，或一个字符串。',
        en=f'{where[1]} of {name} is {en}; each line should be one object such as {{"text": "…"}}, or one string.',
    )


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _json_value(item) for key, item in value.items()}
    return value
