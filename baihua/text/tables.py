"""Tables as people have them: read whatever comes, keep every column, write back beside the results."""

import difflib
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from baihua.checks import InvalidValue, check_same_length
from baihua.files import replacing
from baihua.language import say
from baihua.text.delimited import (
    read_comma_separated,
    read_lines,
    read_tab_separated,
    write_delimited,
    write_lines,
)
from baihua.text.encodings import decode, encoding_name, read_bytes
from baihua.text.grids import Grid, Row, cell_text
from baihua.text.json_lines import read_json_lines, write_json_lines
from baihua.text.workbooks import read_workbook, write_workbook

WORKBOOKS = (".xlsx", ".xlsm", ".xls")
READERS: dict[str, Callable[[str, str], Grid]] = {
    ".csv": read_comma_separated,
    ".tsv": read_tab_separated,
    ".tab": read_tab_separated,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json_lines,
}
WRITERS: dict[str, Callable[[Path, Sequence[str], Sequence[Row]], None]] = {
    ".csv": lambda path, columns, rows: write_delimited(path, columns, rows, ","),
    ".tsv": lambda path, columns, rows: write_delimited(path, columns, rows, "\t"),
    ".tab": lambda path, columns, rows: write_delimited(path, columns, rows, "\t"),
    ".xlsx": write_workbook,
    ".jsonl": write_json_lines,
    ".ndjson": write_json_lines,
    ".txt": write_lines,
}


@dataclass(frozen=True)
class Table:
    """Named columns and the rows below them.

    Two tables are equal when their columns and cells are, however they were stored.

    Args:
        columns: the names, all different.
        rows: the cells, one tuple per row, each as long as ``columns``.
        encoding: what the file was read as; ``"xlsx"`` for a workbook.
        notes: what the user should know about how it was read, one sentence each.

    Raises:
        InvalidValue: for columns of the same name or a row of another length.

    Example:
        >>> table = Table(("编号", "内容"), (("007", "你好"), ("008", None)))
        >>> len(table), table.column("内容")
        (2, ['你好', ''])
        >>> table.with_column("similarity", [0.5, 0.25]).columns
        ('编号', '内容', 'similarity')
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str = field(default="utf-8", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rows", tuple(map(tuple, self.rows)))
        if len(set(self.columns)) < len(self.columns):
            listed = ", ".join(self.columns)
            raise InvalidValue(
                zh=f"表的列名不能重复，收到：{listed}。请改名。",
                en=f"The columns of a table need different names, but received {listed}. Rename them.",
            )
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise InvalidValue(
                    zh=f"表有 {len(self.columns)} 列，第 {number} 行却有 {len(row)} 个单元格。",
                    en=f"The table has {len(self.columns)} columns, but row {number} has {len(row)} cells.",
                )

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[str]:
        """Return one column as text, one string per row; empty cells are ``""``.

        Raises:
            InvalidValue: when there is no such column, naming the nearest and listing all.
        """
        self.check_column(name)
        position = self.columns.index(name)
        return [cell_text(row[position]) for row in self.rows]

    def check_column(self, name: str) -> None:
        """Refuse a column that is not there, naming the nearest and listing all.

        Raises:
            InvalidValue: when there is no such column.
        """
        if name in self.columns:
            return
        listed = ", ".join(self.columns)
        near = difflib.get_close_matches(name, self.columns, n=1, cutoff=0.5)
        raise InvalidValue(
            zh=f"表里没有“{name}”这一列，只有：{listed}。" + (f"您要的是“{near[0]}”吗？" if near else "请从中选一列。"),
            en=f"The table has no column {name!r}; its columns are {listed}. "
            + (f"Did you mean {near[0]!r}?" if near else "Choose one of them."),
        )

    def with_column(self, name: str, values: Sequence[object]) -> Self:
        """Return the table with one more column on the right.

        Args:
            name: its name; where a column has it already the new one becomes ``name_2``, so nothing is overwritten.
            values: one value per row; numpy numbers become Python's.

        Raises:
            InvalidValue: when there are not as many values as rows.
        """
        check_same_length(
            values, self.rows, (say(zh=f"{name} 的值", en=f"The values of {name}"), say(zh="表", en="rows"))
        )
        rows = tuple((*row, _plain(value)) for row, value in zip(self.rows, values, strict=True))
        columns = (*self.columns, _free_name(name, self.columns))
        return type(self)(columns, rows, self.encoding, self.notes)


def read_table(path: str | Path) -> Table:
    """Read a table or a text file by its suffix.

    .csv, .tsv (.tab), .xlsx (.xlsm), .jsonl (.ndjson, .json); anything else is one text per line in a column
    ``text``, or the tab-separated table that Excel saves as "Unicode text".

    Args:
        path: the file. Its encoding is found: UTF-8 with or without mark, UTF-16 with mark, GB18030.

    Returns:
        The table, one row per row of the file; ``notes`` says the encoding and whatever was changed.

    Raises:
        FileProblem: when the file is missing, unreadable, or no text.
        InvalidValue: when it is empty, has no rows, or a row cannot be made sense of.
    """
    place = Path(path)
    data = read_bytes(place)
    suffix = place.suffix.lower()
    if suffix in WORKBOOKS:
        grid, encoding, notes = read_workbook(data, place.name), "xlsx", []
    else:
        text, encoding = decode(data, place.name)
        grid = READERS.get(suffix, read_lines)(text, place.name)
        said = encoding_name(encoding)
        notes = [say(zh=f"{place.name} 读作 {said}。", en=f"{place.name} is read as {said}.")]
    if not grid.rows:
        raise InvalidValue(
            zh=f"{place} 里没有数据行" + ("，只有表头" if grid.header else "") + "；请给出至少有一行内容的文件。",
            en=f"{place} has no rows" + (", only a header" if grid.header else "") + "; give a file with at least one.",
        )
    columns, renamed = _name_columns(grid.header)
    return Table(columns, tuple(grid.rows), encoding, (*notes, *grid.notes, *renamed))


def write_table(table: Table, path: str | Path) -> None:
    """Write a table by its suffix, whole or not at all.

    .csv and .tsv are UTF-8 with mark, which Excel needs to show Chinese; .xlsx keeps numbers and dates; .jsonl keeps
    null and nested values; .txt takes a table of one column.

    Args:
        table: the table.
        path: .csv, .tsv (.tab), .xlsx, .jsonl (.ndjson) or .txt.

    Raises:
        InvalidValue: for another suffix, or a cell the format cannot hold.
        FileProblem: when the file cannot be written; an old one is untouched.
    """
    place = Path(path)
    write = WRITERS.get(place.suffix.lower())
    if write is None:
        listed = ", ".join(WRITERS)
        raise InvalidValue(
            zh=f"写不了后缀为 {place.suffix!r} 的表 {place}，可用的后缀：{listed}。",
            en=f"Cannot write a table with the suffix {place.suffix!r} ({place}). Use one of {listed}.",
        )
    try:
        with replacing(place) as temporary:
            write(temporary, table.columns, table.rows)
    except UnicodeEncodeError as error:
        character = error.object[error.start : error.start + 1]
        raise InvalidValue(
            zh=f"表里有无法存成 UTF-8 的字符 {character!r}（落单的代理项），写不进 {place}；请先去掉它。",
            en=f"The table has a character that UTF-8 cannot hold, {character!r} (a lone surrogate), so {place} was not "
            "written; remove it first.",
        ) from error


def _plain(value: object) -> object:
    if isinstance(value, np.floating):
        return float(str(value))  # the shortest decimal that names the number: 0.3, not 0.30000001192092896
    return value.item() if isinstance(value, np.generic) else value


def _free_name(name: str, taken: Container[str]) -> str:
    """Return the name, or with the first suffix _2, _3, … that is free."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _name_columns(header: Sequence[object]) -> tuple[tuple[str, ...], list[str]]:
    """Give every column a name of its own, and say which were changed."""
    wanted = [cell_text(value) for value in header]
    names: list[str] = []
    changes = []
    for position, name in enumerate(wanted, start=1):
        fresh = name
        if not name.strip():
            fresh = _free_name(f"column_{position}", {*names, *wanted})
        elif name in names:
            fresh = _free_name(name, {*names, *wanted})
        if fresh != name:
            changes.append((position, fresh))
        names.append(fresh)
    if not changes:
        return tuple(names), []
    said = say(
        zh="有的列没有名字或与别的列重名，已改名："
        + "，".join(f"第 {number} 列 → {name}" for number, name in changes)
        + "。",
        en="Some columns had no name or that of another and were renamed: "
        + ", ".join(f"column {number} → {name}" for number, name in changes)
        + ".",
    )
    return tuple(names), [said]
