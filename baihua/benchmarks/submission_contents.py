"""Checking the contents of one file of a submission: that it is read as it should be, and that each answer is one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baihua.benchmarks.clue_fields import whole_number
from baihua.benchmarks.submission_answers import check_answer, check_entities, check_ids
from baihua.benchmarks.submission_report import FindingList
from baihua.benchmarks.submission_rules import FileRule
from baihua.language import say


@dataclass(frozen=True)
class _Row:
    """An answer with the line it stands on; None in a file that is one object."""

    id: str
    answer: Any
    line: int | None


def check_contents(rule: FileRule, written: bytes) -> FindingList:
    """Check a file.

    Args:
        rule: what it must be.
        written: what is in it.

    Returns:
        What is wrong with it.
    """
    found = FindingList(rule.name)
    text = _decoded(written, found)
    if text is None:
        return found
    rows = _object_rows(rule, text, found) if rule.form == "object" else _line_rows(rule, text, found)
    if rows is None:
        return found
    for row in rows:
        check_answer(rule, row.id, row.answer, row.line, found)
    check_ids(rule, [row.id for row in rows], [row.line for row in rows], found)
    return found


def _decoded(written: bytes, found: FindingList) -> str | None:
    if written.startswith(b"\xef\xbb\xbf"):
        found.add(
            "encoding",
            say(
                zh="是带标记（BOM）的 UTF-8，评分程序读不了；请存成不带标记的 UTF-8。",
                en="It is UTF-8 with a mark, which the scorer cannot read. Save it as UTF-8 without a mark.",
            ),
        )
        return None
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError as error:
        line = written[: error.start].count(b"\n") + 1
        found.add(
            "encoding",
            say(
                zh=f"不是 UTF-8（第 {error.start} 字节附近），也许是 GB18030 或 UTF-16；请存成 UTF-8。",
                en=f"It is not UTF-8 (near byte {error.start}), perhaps GB18030 or UTF-16. Save it as UTF-8.",
            ),
            line,
        )
        return None


def _object_rows(rule: FileRule, text: str, found: FindingList) -> list[_Row] | None:
    pairs: list[tuple[str, Any]] = []

    def keep(mine: list[tuple[str, Any]]) -> dict[str, Any]:
        # The outermost object is finished last; a dict would hide what stands there twice.
        pairs[:] = mine
        return dict(mine)

    try:
        value = json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        found.add("bad_json", _one_object(rule), line)
        return None
    if not isinstance(value, dict):
        found.add("bad_json", _one_object(rule))
        return None
    return [_Row(name, answer, None) for name, answer in pairs]


def _one_object(rule: FileRule) -> str:
    example = '{"#idiom000378#": 3, …}' if rule.places else '{"TEST_0_QUERY_0": "…", …}'
    return say(
        zh=f"整个文件应是一个 JSON 对象，如 {example}，不是每行一个。",
        en=f"The whole file must be one JSON object such as {example}, not one a line.",
    )


def _line_rows(rule: FileRule, text: str, found: FindingList) -> list[_Row] | None:
    if text.lstrip().startswith("["):
        found.add("bad_json", _one_a_line(rule), 1)
        return None
    rows = []
    for number, written in enumerate(text.removesuffix("\n").split("\n"), start=1):
        row = _line_row(rule, written, number, found)
        if row is not None:
            rows.append(row)
    return rows


def _line_row(rule: FileRule, written: str, number: int, found: FindingList) -> _Row | None:
    try:
        record = json.loads(written)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        found.add("bad_json", _one_a_line(rule), number)
        return None
    needed = ["id", "text", "label"] if rule.form == "entities" else ["id", rule.field]
    missing = [name for name in needed if name not in record]
    if missing:
        listed, given = ", ".join(missing), ", ".join(map(str, record))
        found.add(
            "fields",
            say(
                zh=f"没有 {listed}，只有 {given}；答案写在 {rule.field} 里（不是 label_desc）。",
                en=f"It lacks {listed} and has {given}. The answer stands in {rule.field}, not in label_desc.",
            ),
            number,
        )
        return None
    mine = _id(rule, record["id"], number, found)
    if mine is None:
        return None
    if rule.form == "entities":
        check_entities(rule, mine, record, number, found)
        return _Row(mine, None, number)
    return _Row(mine, record[rule.field], number)


def _id(rule: FileRule, value: Any, line: int, found: FindingList) -> str | None:
    number = whole_number(value)
    if number is None and not isinstance(value, str):
        found.add("id_type", say(zh=f"id {value!r} 不是 id。", en=f"{value!r} is no id."), line)
        return None
    if isinstance(value, str) != (rule.id_type == "string"):
        meant = f'"{value}"' if rule.id_type == "string" else str(value)
        found.add(
            "id_type",
            say(
                zh=f"id 应写作 {meant}，收到 {value!r}；{rule.task} 的 id 是{'字符串' if rule.id_type == 'string' else '数字'}。",
                en=f"Its id should be written {meant}, not {value!r}: ids of {rule.task} are {rule.id_type}s.",
            ),
            line,
        )
    return str(value)


def _one_a_line(rule: FileRule) -> str:
    shown: Sequence[str] = ("id", "text", "label") if rule.form == "entities" else ("id", rule.field)
    listed = ", ".join(f'"{name}": …' for name in shown)
    return say(
        zh=f"每行应是一个 JSON 对象，如 {{{listed}}}，中间没有空行，整个文件不是一个列表。",
        en=f"Each line must be one JSON object such as {{{listed}}}, with no empty line between; the file is no list.",
    )
