"""What every reader of tables gives, and one cell as text."""

import json
import math
from typing import NamedTuple

Row = tuple[object, ...]


class Grid(NamedTuple):
    """The cells of a file before its columns have their final names.

    Args:
        header: the first row.
        rows: the others, each as long as the header.
        notes: what the user should know about how the file was read, already said.
    """

    header: list[object]
    rows: list[Row]
    notes: list[str]


def cell_text(value: object) -> str:
    """Return a cell as text.

    None and NaN are empty. A whole number loses the ".0" a spreadsheet gives it, and lists and objects from JSON
    stay JSON.

    Example:
        >>> [cell_text(value) for value in ("007", None, 3.0, 2.5, ["猫", 1])]
        ['007', '', '3', '2.5', '["猫", 1]']
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def fit_to_header(row: Row, width: int) -> Row | None:
    """Return a row as long as the header, or None when it has cells with content beyond it.

    Example:
        >>> fit_to_header(("a",), 2), fit_to_header(("a", "b", ""), 2), fit_to_header(("a", "b", "c"), 2)
        (('a', ''), ('a', 'b'), None)
    """
    if len(row) <= width:
        return row + ("",) * (width - len(row))
    return row[:width] if all(value in ("", None) for value in row[width:]) else None
