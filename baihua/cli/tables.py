"""Opening a user's table, and saying how it was read and which column was taken."""

from typing import TYPE_CHECKING

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.tables import Table


def open_table(path: str) -> "Table":
    """Read a table and say its size, its encoding and anything noteworthy about it."""
    from baihua.text.tables import read_table

    table = read_table(path)
    size = f"{len(table)} × {len(table.columns)}"
    console.note(say(zh=f"{path}：{size}（行 × 列）。", en=f"{path}: {size} (rows × columns)."))
    for remark in table.notes:
        console.note(remark)
    return table


def take_column(table: "Table", role: str, name: str | None) -> str:
    """Find the column of a role; one that was guessed is said.

    Raises:
        InvalidValue: when there is no such column, or several could be meant, listing them.
    """
    from baihua.text.columns import find_column

    column = find_column(table, role, name)
    if name is None:
        console.note(say(zh=f"取 {column!r} 一列。", en=f"Taking column {column!r}."))
    return column


def take_pair_columns(table: "Table", first: str | None, second: str | None) -> tuple[str, str]:
    """Find the two columns of a table of pairs; those guessed are said.

    Raises:
        InvalidValue: when one cannot be told, or both are the same.
    """
    columns = (take_column(table, "first", first), take_column(table, "second", second))
    if columns[0] == columns[1]:
        raise InvalidValue(
            zh=f"两句取到了同一列 {columns[0]!r}；请用 --first-column 与 --second-column 指明两列。",
            en=f"Both texts came from column {columns[0]!r}. Name two with --first-column and --second-column.",
        )
    return columns
