"""Excel workbooks (.xlsx): the first sheet as cells, and cells as a workbook of one sheet."""

import datetime
import io
import math
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from baihua.checks import FileProblem, InvalidValue
from baihua.language import say
from baihua.text.encodings import OLD_EXCEL, ZIP
from baihua.text.grids import Grid, Row, cell_text

LONGEST_CELL = 32_767  # Excel's limits: UTF-16 units in a cell, rows in a sheet
MOST_ROWS = 1_048_576
# Control characters (but tab and line ends), lone surrogates and two non-characters cannot stand in XML.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel writes a character that XML would lose as _xHHHH_, and the underscore of a real "_xHHHH_" as _x005F_.
_ESCAPED = re.compile("_x(000[1-9A-Fa-f]|001[0-9A-Fa-f]|005[Ff])_")
_LOOKS_ESCAPED = re.compile("_x(?=[0-9A-Fa-f]{4}_)")


def read_workbook(data: bytes, name: str) -> Grid:
    """Read the first visible sheet of a workbook.

    Numbers, dates and truth values stay what they are; a formula gives the value Excel last saw, or an empty cell;
    empty rows above the header, below the table and empty columns to the right of it are passed over.

    Args:
        data: the bytes of the file.
        name: the file's name, for the messages.

    Returns:
        The cells; empty ones are ``""``. Which sheet was read is said when there are several.

    Raises:
        FileProblem: when it is no workbook, a damaged one, an old .xls, or has a password.
    """
    if data.startswith(OLD_EXCEL) or not data.startswith(ZIP):
        raise FileProblem(
            zh=f"{name} 不是 .xlsx 工作簿（可能是旧版 .xls、加了密码，或只是改了后缀）；请在 Excel 或 WPS 里另存为不带密码的 .xlsx。",
            en=f"{name} is not an .xlsx workbook (it may be an old .xls, have a password, or only be named so); save it as "
            ".xlsx without a password.",
        )
    try:
        rows, notes = _first_sheet(data, name)
    # openpyxl fails on a damaged file with whatever its zip, XML and schema layers raise; all mean the same here.
    except Exception as error:
        raise FileProblem(
            zh=f"{name} 作为 .xlsx 读不出来，文件可能已损坏（{error}）；请用 Excel 或 WPS 打开后重新另存为 .xlsx。",
            en=f"{name} cannot be read as .xlsx; it may be damaged ({error}). Open it in a spreadsheet and save it again.",
        ) from error
    return _trim(rows, notes)


def write_workbook(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write cells as a workbook of one sheet.

    Text stays text: one that begins with "=" is no formula, and a whole number of more than 15 digits, which Excel
    would round, is written as text. Other numbers keep 16 significant digits.

    Args:
        path: where to write.
        columns: the header.
        rows: the cells; None is written as an empty cell.

    Raises:
        InvalidValue: for a text or a number of rows that Excel cannot hold.
    """
    # openpyxl takes a fifth of a second to import and only this format needs it.
    from openpyxl import Workbook

    lines, cleaned = _lines_for_excel(columns, rows)
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Sheet1")
    for values in lines:
        sheet.append(_cells(sheet, values))
    stream = io.BytesIO()  # a full disk while the archive is open would print a traceback of zipfile's own
    workbook.save(stream)
    path.write_bytes(stream.getvalue())
    if cleaned:
        warnings.warn(
            say(
                zh=f"{cleaned} 个单元格里有 .xlsx 放不下的控制字符，已去掉；要原样保留请用 .csv 或 .jsonl。",
                en=f"Control characters that an .xlsx cannot hold were left out; cells changed: {cleaned}. Use .csv or .jsonl "
                "to keep them.",
            ),
            stacklevel=3,
        )


def _first_sheet(data: bytes, name: str) -> tuple[list[Row], list[str]]:
    # openpyxl takes a fifth of a second to import and only this format needs it.
    from openpyxl import load_workbook

    notes = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and validation rules, which are not read
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheets = workbook.worksheets
            sheet = next((item for item in sheets if item.sheet_state == "visible"), sheets[0])
            if len(sheets) > 1:
                notes.append(
                    say(
                        zh=f"{name} 有 {len(sheets)} 张工作表，只读取第一张：{sheet.title}。",
                        en=f"{name} has {len(sheets)} sheets; only the first, {sheet.title}, is read.",
                    )
                )
            sheet.reset_dimensions()  # some programs write a size that is too small, which would cut the table
            rows = [tuple(map(_from_excel, row)) for row in sheet.iter_rows(values_only=True)]
        finally:
            workbook.close()
    return rows, notes


def _from_excel(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return value


def _trim(rows: list[Row], notes: list[str]) -> Grid:
    widths = [next((width for width in range(len(row), 0, -1) if row[width - 1] != ""), 0) for row in rows]
    filled = [number for number, width in enumerate(widths) if width]
    if not filled:
        return Grid([], [], notes)
    widest = max(widths)
    header, *others = [_resized(row, widest) for row in rows[filled[0] : filled[-1] + 1]]
    return Grid(list(header), others, notes)


def _resized(row: Row, width: int) -> Row:
    return row[:width] + ("",) * (width - len(row))


def _lines_for_excel(columns: Sequence[str], rows: Iterable[Row]) -> tuple[list[list[object]], int]:
    """Return header and rows as openpyxl takes them, and the number of cells that lost characters."""
    cleaned = 0
    lines: list[list[object]] = []
    for number, row in enumerate([tuple(columns), *rows], start=1):
        values = [_for_excel(value) for value in row]
        for position, value in enumerate(values):
            if isinstance(value, str):
                clean, removed = _ILLEGAL.subn("", value)
                cleaned += removed > 0
                values[position] = escaped = _escaped(clean)
                _check_length(escaped, number, columns[position])
        lines.append(values)
    if len(lines) > MOST_ROWS:
        raise InvalidValue(
            zh=f"一张 .xlsx 工作表最多 {MOST_ROWS} 行，这张表连表头有 {len(lines)} 行；请改用 .csv 或 .jsonl。",
            en=f"An .xlsx sheet holds at most {MOST_ROWS} rows, but this table has {len(lines)} with its header; use .csv "
            "or .jsonl.",
        )
    return lines, cleaned


def _for_excel(value: object) -> object:
    if isinstance(value, (datetime.datetime, datetime.time)) and value.tzinfo is not None:
        return value.isoformat()  # Excel knows no time zones
    if value is None or isinstance(value, (bool, datetime.date, datetime.time, datetime.timedelta)):
        return value
    if isinstance(value, int) and abs(value) < 10**15:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return cell_text(value)


def _check_length(text: str, row: int, column: str) -> None:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2 if len(text) > LONGEST_CELL // 2 else len(text)
    if length > LONGEST_CELL:
        raise InvalidValue(
            zh=f"第 {row} 行“{column}”列的文本有 {length} 个字符，.xlsx 的单元格最多 {LONGEST_CELL} 个；请改用 .csv 或 .jsonl。",
            en=f"The text in row {row}, column {column!r} has {length} characters, but an .xlsx cell holds at most "
            f"{LONGEST_CELL}; use .csv or .jsonl.",
        )


def _cells(sheet: Any, values: list[object]) -> list[object]:
    """Return a row for openpyxl, with a cell of its own where a plain value would be misread.

    openpyxl reads a text like "=1+1" as a formula and "#N/A" as an error, and passes the format of a date on to the
    plain values after it.
    """
    dates = (datetime.date, datetime.time, datetime.timedelta)
    if any(value[:1] in ("=", "#") if isinstance(value, str) else isinstance(value, dates) for value in values):
        return [None if value is None or value == "" else _cell(sheet, value) for value in values]
    return values


def _cell(sheet: Any, value: Any) -> object:
    # openpyxl takes a fifth of a second to import and only this format needs it.
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _escaped(text: str) -> str:
    return _LOOKS_ESCAPED.sub("_x005F_x", text).replace("\r", "_x000D_")
