"""Telling a table of labelled pairs from a table of texts, and taking the pairs out of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.tables import take_column, take_pair_columns
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.tables import Table

LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}


@dataclass(frozen=True)
class LabelledPairs:
    """The rows of a table that have two texts and a label, and how many had not."""

    first: list[str]
    second: list[str]
    labels: list[int]
    num_left_out: int


def find_labelled_pairs(
    table: "Table", first: str | None, second: str | None, label: str | None
) -> LabelledPairs | None:
    """Return the labelled pairs of a table, or None when it is none of pairs.

    Args:
        table: the table.
        first: the column of the first text, if the user named it.
        second: the column of the second text, if the user named it.
        label: the column of the labels, if the user named it.

    Returns:
        None when no column was named and the names do not tell three, or the labels are not all 0 or 1.

    Raises:
        InvalidValue: when a column was named and another cannot be told, or a label is neither 0 nor 1.
    """
    named = not (first is None and second is None and label is None)
    columns = _columns_of(table, first, second, label) if named else _guess(table)
    if columns is None:
        return None
    cells = [table.column(column) for column in columns]
    rows = [row for row in zip(*cells, strict=True) if all(cell.strip() for cell in row)]
    wrong = next((row[2] for row in rows if row[2].strip() not in LABELS), None)
    if wrong is not None and named:
        raise InvalidValue(
            zh=f"{columns[2]!r} 列里有 {wrong!r}；标签应是 1（同义）或 0。请改成 0 与 1，或用 --label-column 指明另一列。",
            en=f"Column {columns[2]!r} holds {wrong!r}, but labels are 1 (the same meaning) or 0. "
            "Make them 0 and 1, or name another column with --label-column.",
        )
    if wrong is not None or not rows:
        return None
    if not named:
        listed = ", ".join(map(repr, columns))
        console.note(
            say(zh=f"当作标好的句对，取 {listed} 三列。", en=f"Taking it as labelled pairs: columns {listed}.")
        )
    labels = [LABELS[row[2].strip()] for row in rows]
    return LabelledPairs([row[0] for row in rows], [row[1] for row in rows], labels, len(table) - len(rows))


def _columns_of(table: "Table", first: str | None, second: str | None, label: str | None) -> tuple[str, str, str]:
    return (*take_pair_columns(table, first, second), take_column(table, "label", label))


def _guess(table: "Table") -> tuple[str, str, str] | None:
    """Return the three columns when the names tell them apart."""
    from baihua.text.columns import find_column

    try:
        columns = (find_column(table, "first"), find_column(table, "second"), find_column(table, "label"))
    except InvalidValue:
        return None
    return columns if len(set(columns)) == 3 else None
