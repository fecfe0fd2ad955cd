"""From columns of a table to one value per row, where a row with an empty cell has an empty result."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from baihua.checks import check_same_length

Value = TypeVar("Value")


def apply_to_cells(function: Callable[..., Iterable[Value]], *columns: Sequence[str]) -> tuple[list[Value | None], int]:
    """Apply a function to the rows that are filled, and put its values back in line with all rows.

    Args:
        function: takes one list of texts per column, all of one length, and gives one value per text. It is not
            called when every row is empty.
        columns: the cells, one column or several; a row with a cell that is empty or blank is left out.

    Returns:
        One value per row, None for a row left out; and how many rows were left out.

    Raises:
        InvalidValue: when the columns differ in length, or the function gives another number of values.

    Example:
        >>> apply_to_cells(lambda texts: [len(text) for text in texts], ["你好", "", "再见了"])
        ([2, None, 3], 1)
    """
    for column in columns[1:]:
        check_same_length(columns[0], column, ("columns[0]", "columns[1]"))
    filled = [row for row, cells in enumerate(zip(*columns, strict=True)) if all(cell.strip() for cell in cells)]
    values: list[Value | None] = [None] * len(columns[0])
    if filled:
        found = list(function(*([column[row] for row in filled] for column in columns)))
        check_same_length(filled, found, ("rows", "values"))
        for row, value in zip(filled, found, strict=True):
            values[row] = value
    return values, len(values) - len(filled)
