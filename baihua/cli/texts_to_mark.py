"""The texts of a file, be it a table, lines, or a file that is marked already."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.tables import open_table, take_column
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.entity_files import EntityFile
    from baihua.text.tables import Table

MARKS = ("entities", "label", "labels")  # where marks stand beside a text


@dataclass(frozen=True)
class TextsToMark:
    """Texts, and the rows they come from.

    Args:
        table: the rows, without marks that were there.
        column: the column with the texts.
    """

    table: "Table"
    column: str

    @property
    def texts(self) -> list[str]:
        """One text for each row, empty where the cell is."""
        return self.table.column(self.column)

    def with_text(self) -> "Table":
        """Return the rows with a column ``text``, as every reader of entities expects; others stay as they are."""
        from baihua.text.tables import Table

        if "text" in self.table.columns:
            return self.table
        rows = tuple((text, *row) for text, row in zip(self.texts, self.table.rows, strict=True))
        return Table(("text", *self.table.columns), rows, self.table.encoding)


def open_texts_to_mark(path: str, text_column: str | None) -> TextsToMark:
    """Read the texts of a file, and say how it was read.

    A table keeps its columns and all its rows. Marks that are there already are put aside.

    Args:
        path: the file.
        text_column: the column the user named, which makes the file a table whatever is in it.

    Raises:
        FileProblem: when it is missing, unreadable or no text.
        InvalidValue: when it is empty, or no column of texts can be told.
    """
    from baihua.text.tables import READERS, WORKBOOKS

    is_table = Path(path).suffix.lower() in (*READERS, *WORKBOOKS)
    if not is_table and text_column is None:
        marked = _marked(path)
        if marked is not None:
            return _from_marked(path, marked)
    try:
        table = open_table(path)
        column = take_column(table, "text", text_column)
    except InvalidValue:
        marked = _marked(path) if is_table and text_column is None else None
        if marked is None:
            raise
        return _from_marked(path, marked)
    return TextsToMark(_without_marks(table), column)


def _marked(path: str) -> "EntityFile | None":
    from baihua.text.entity_files import read_entity_file

    try:
        return read_entity_file(path)
    except InvalidValue:
        return None


def _from_marked(path: str, found: "EntityFile") -> TextsToMark:
    from baihua.text.tables import Table

    for remark in found.notes:
        console.note(remark)
    _say_put_aside(path)
    if found.left_out:
        num, first = len(found.left_out), found.left_out[0]
        console.note(
            say(
                zh=f"{path} 有 {num} 条记录不能用，不在结果里；第 {first.line} 行：{first.detail}",
                en=f"Records of {path} that cannot be used and are not in the result: {num}. Line {first.line}: {first.detail}",
            )
        )
    return TextsToMark(Table(("text",), tuple((text,) for text in found.texts.texts)), "text")


def _without_marks(table: "Table") -> "Table":
    """Leave out a column of marks, so that nobody takes them for the result."""
    from baihua.text.tables import Table

    kept = []
    for number, name in enumerate(table.columns):
        cells = [row[number] for row in table.rows if row[number] is not None]
        if name in MARKS and cells and all(map(_is_marks, cells)):
            _say_put_aside(name)
        else:
            kept.append(number)
    columns = tuple(table.columns[number] for number in kept)
    return Table(columns, tuple(tuple(row[number] for number in kept) for row in table.rows), table.encoding)


def _is_marks(cell: object) -> bool:
    """Tell the marks of any format from a list of the text's own labels, which are strings."""
    return isinstance(cell, dict) or (isinstance(cell, list) and all(isinstance(item, (dict, list)) for item in cell))


def _say_put_aside(where: str) -> None:
    console.note(
        say(
            zh=f"{where} 里已有的标注放在一边，不写进结果；要与它比较，请用 baihua evaluate extract。",
            en=f"The marks already in {where} are put aside and not written. To compare with them use baihua evaluate extract.",
        )
    )
