"""The texts of a table, single or in pairs, with their labels or to be given some, and how the table was read."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.tables import open_table, take_column, take_pair_columns
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.tables import Table

Texts = list[str] | list[tuple[str, ...]]


@dataclass(frozen=True)
class ColumnNames:
    """The columns the user named; None for those to be told by their names.

    Args:
        text: of single texts.
        first: of the first text of each pair.
        second: of the second.
        label: of the labels.
    """

    text: str | None = None
    first: str | None = None
    second: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class TableOfTexts:
    """A table and which of its columns hold the text, or the two of each pair.

    Args:
        path: the file's name.
        table: all of its rows.
        columns: one or two.
        rows: the numbers of those that are filled.
        labels: of the rows that are filled; empty where there are none to be read.
    """

    path: str
    table: "Table"
    columns: tuple[str, ...]
    rows: list[int]
    labels: list[str]

    @property
    def pairs(self) -> bool:
        """Whether each row has two texts."""
        return len(self.columns) == 2

    @property
    def texts(self) -> Texts:
        """The texts of the rows that are filled."""
        cells = [self.table.column(column) for column in self.columns]
        if len(cells) == 1:
            return [cells[0][row] for row in self.rows]
        return [tuple(column[row] for column in cells) for row in self.rows]

    @property
    def num_left_out(self) -> int:
        """How many rows have an empty cell where a text or a label belongs."""
        return len(self.table) - len(self.rows)

    def about(self) -> dict[str, Any]:
        """Return what was read, for JSON."""
        facts = {"file": self.path, "texts": len(self.rows), "left_out": self.num_left_out, "pairs": self.pairs}
        return facts | ({"labels": dict(Counter(self.labels).most_common())} if self.labels else {})


def open_texts(path: str, names: ColumnNames, *, pairs: bool | None, labelled: bool) -> TableOfTexts:
    """Read a table of texts, and say how it was read and what was left out.

    Args:
        path: the file.
        names: the columns the user named.
        pairs: whether each row has two texts; None to tell by the columns.
        labelled: whether labels are to be read too. They lose the white space around them.

    Raises:
        FileProblem: when it is missing, unreadable or no text.
        InvalidValue: when it is empty, a column cannot be told, or no row is filled.
    """
    table = open_table(path)
    columns = _text_columns(table, names, pairs)
    read = (*columns, take_column(table, "label", names.label)) if labelled else columns
    if len(set(read)) < len(read):
        raise InvalidValue(
            zh=f"{path} 的文本与标签取到了同一列 {read[-1]!r}；请用 --label-column 指明标签的一列。",
            en=f"Texts and labels of {path} came from the same column {read[-1]!r}. Name that of the labels with --label-column.",
        )
    cells = [table.column(column) for column in read]
    rows = [number for number, row in enumerate(zip(*cells, strict=True)) if all(cell.strip() for cell in row)]
    labels = [cells[-1][row].strip() for row in rows] if labelled else []
    found = TableOfTexts(path, table, columns, rows, labels)
    _say_left_out(found, labelled=labelled)
    return found


def say_labels(found: TableOfTexts) -> None:
    """Say how many texts there are of each label, the commonest first."""
    counts = Counter(found.labels).most_common()
    listed = ", ".join(f"{label} {count}" for label, count in counts[:20]) + (" …" if len(counts) > 20 else "")
    console.note(
        say(
            zh=f"{found.path}：{len(found.rows)} 条，{len(counts)} 个标签：{listed}。",
            en=f"{found.path}: texts {len(found.rows)}, labels {len(counts)} ({listed}).",
        )
    )


def _text_columns(table: "Table", names: ColumnNames, pairs: bool | None) -> tuple[str, ...]:
    """Return the column of the texts, or the two of a pair: those named, else those whose names say so."""
    named_pair = names.first is not None or names.second is not None
    if names.text is not None and named_pair:
        raise InvalidValue(
            zh="--text-column 是单条文本的一列，--first-column 与 --second-column 是成对文本的两列，只能用一种。",
            en="--text-column names single texts, --first-column and --second-column pairs of them. Use one kind only.",
        )
    if pairs and names.text is not None:
        raise InvalidValue(
            zh="这个分类器学的是成对的文本，请用 --first-column 与 --second-column 指明两列，不用 --text-column。",
            en="This classifier has learned from pairs of texts. Name their columns with --first-column and --second-column, not "
            "--text-column.",
        )
    if pairs or (pairs is None and named_pair):
        return take_pair_columns(table, names.first, names.second)
    if pairs is None and names.text is None and _is_table_of_pairs(table):
        return take_pair_columns(table, None, None)
    if named_pair:
        raise InvalidValue(
            zh="这个分类器学的是单条文本，请用 --text-column 指明一列，不用 --first-column 与 --second-column。",
            en="This classifier has learned from single texts. Name their column with --text-column, not --first-column or "
            "--second-column.",
        )
    return (take_column(table, "text", names.text),)


def _is_table_of_pairs(table: "Table") -> bool:
    """Tell pairs by two columns whose names say so, where no single column is the text."""
    from baihua.text.columns import find_column

    try:
        find_column(table, "text")
    except InvalidValue:
        pass
    else:
        return False
    try:
        found = {find_column(table, role) for role in ("first", "second", "label")}
    except InvalidValue:
        return False
    return len(found) == 3


def _say_left_out(found: TableOfTexts, *, labelled: bool) -> None:
    if not found.rows:
        raise InvalidValue(
            zh=f"{found.path} 没有一行是"
            + ("文本与标签都有的。" if labelled else "有文本的。")
            + "请检查取的列对不对。",
            en=f"No row of {found.path} has "
            + ("both a text and a label" if labelled else "a text")
            + ". Check the columns.",
        )
    if found.num_left_out and labelled:
        console.note(
            say(
                zh=f"{found.path}：{found.num_left_out} 行没有文本或没有标签，没有用。",
                en=f"{found.path}: rows without a text or a label, left out: {found.num_left_out}.",
            )
        )
