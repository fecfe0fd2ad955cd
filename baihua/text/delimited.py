"""Tables whose cells stand between commas, semicolons or tabs, and plain text one per line."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.text.encodings import split_lines
from baihua.text.grids import Grid, Row, cell_text, fit_to_header

# The csv module refuses cells of more than 131 072 characters unless told otherwise; one long document is more.
# This is the largest limit every platform takes (a C long has 32 bits on Windows).
LONGEST_CELL = 2**31 - 1
DELIMITERS = {",": ("逗号", "commas"), ";": ("分号", "semicolons"), "\t": ("制表符", "tabs")}


def read_comma_separated(text: str, name: str) -> Grid:
    r"""Read a .csv, whose delimiter may be a semicolon or a tab where Excel's locale says so.

    The delimiter is the one that stands most often in the header line outside quotes; a tie is a comma.

    Args:
        text: the file's text, line ends as they are.
        name: the file's name, for the messages.

    Returns:
        The cells, all strings. Rows shorter than the header are filled up and that is said.

    Raises:
        InvalidValue: for a row longer than the header or a quote that is not closed, naming the line.

    Example:
        >>> read_comma_separated("内容;类别\n你好,世界;1\n", "a.csv").rows
        [('你好,世界', '1')]
    """
    header = _header_outside_quotes(text)
    delimiter = max(DELIMITERS, key=header.count)
    grid = _assemble(_records(text, delimiter, name), name)
    if delimiter != ",":
        zh, en = DELIMITERS[delimiter]
        grid.notes.insert(0, say(zh=f"各列以{zh}分隔。", en=f"Columns are separated by {en}."))
    return grid


def read_tab_separated(text: str, name: str) -> Grid:
    r"""Read a .tsv, with or without quoting.

    When every line has as many tabs as the header, each line is a row and a quote within it is part of the text, as
    it is in most published data sets. Otherwise cells in quotes may hold tabs and line breaks, as Excel writes them.

    Args:
        text: the file's text, line ends as they are.
        name: the file's name, for the messages.

    Returns:
        The cells, all strings. Rows shorter than the header are filled up and that is said.

    Raises:
        InvalidValue: for a row longer than the header or a quote that is not closed, naming the line.

    Example:
        >>> read_tab_separated('id\ttext\n1\t"他说\n', "a.tsv").rows
        [('1', '"他说')]
    """
    lines = _even_tab_lines(text)
    if lines is not None:
        return Grid(list(lines[0]), [tuple(line) for line in lines[1:]], _header_doubts(lines[0], name))
    return _assemble(_records(text, "\t", name), name)


def read_lines(text: str, name: str) -> Grid:
    r"""Read one text per line, or the tab-separated table that Excel saves as "Unicode text" under the suffix .txt.

    It is taken for a table when its first line has a tab and every row has as many cells as the first; that is
    said. A first row with a number or the same cell twice is no header but data, and the columns are numbered.
    Empty lines are empty rows, so that results line up with the file.

    Args:
        text: the file's text, line ends as they are.
        name: the file's name, for the messages.

    Returns:
        The cells, all strings; for plain lines one column, ``text``.

    Example:
        >>> read_lines("你好\n\n再见\n", "a.txt").rows
        [('你好',), ('',), ('再见',)]
    """
    table = _even_tab_table(text, name)
    if table is None:
        return Grid(["text"], [(line,) for line in split_lines(text)], [])
    listed = ", ".join(cell_text(column) for column in table.header)
    table.notes.append(
        say(
            zh=f"{name} 的每一行都有同样多的制表符，按制表符分隔的表格读取，各列为：{listed}。",
            en=f"Every row of {name} has the same number of tabs, so it is read as a tab-separated table with the "
            f"columns {listed}.",
        )
    )
    return table


def write_delimited(path: Path, columns: Sequence[str], rows: Iterable[Row], delimiter: str) -> None:
    """Write cells between delimiters, as UTF-8 with mark so that Excel shows Chinese.

    Args:
        path: where to write.
        columns: the header.
        rows: the cells; None is written as an empty cell.
        delimiter: ``","`` or a tab.
    """
    lines = [[cell_text(value) for value in row] for row in rows]
    # Two headers are quoted whole, so that reading finds the same cells again: one that holds another delimiter,
    # and that of a tab-separated table with line breaks in its cells, whose lines may have even tabs by chance.
    ambiguous = any(mark in column for column in columns for mark in DELIMITERS) or (
        delimiter == "\t" and any("\n" in value or "\r" in value for line in lines for value in line)
    )
    # The line end has both characters, since the writer quotes a cell for the characters of its own line end only.
    line_end = "\r\n"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        minimal = csv.writer(file, delimiter=delimiter, lineterminator=line_end)
        quoted = csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        (quoted if ambiguous else minimal).writerow(columns)
        minimal.writerows(lines)


def write_lines(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write one text per line, as UTF-8.

    Args:
        path: where to write.
        columns: the one column's name, which a file of lines does not hold.
        rows: the cells.

    Raises:
        InvalidValue: for several columns, or a line break within a text.
    """
    if len(columns) != 1:
        raise InvalidValue(
            zh=f".txt 每行只放一条文本，这张表却有 {len(columns)} 列：{', '.join(columns)}。请改用 .csv、.xlsx 或 .jsonl。",
            en=f"A .txt holds one text per line, but this table has {len(columns)} columns: {', '.join(columns)}. "
            "Use .csv, .xlsx or .jsonl.",
        )
    lines = [cell_text(row[0]) for row in rows]
    for number, line in enumerate(lines, start=1):
        if "\n" in line or "\r" in line:
            raise InvalidValue(
                zh=f"第 {number} 条文本里有换行，.txt 放不下；请改用 .csv、.xlsx 或 .jsonl。",
                en=f"Text {number} has a line break in it, which a .txt cannot hold; use .csv, .xlsx or .jsonl.",
            )
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def _header_outside_quotes(text: str) -> str:
    outside = []
    for position, part in enumerate(text[:100_000].lstrip("\r\n").split('"')):
        if position % 2 == 1:  # between two quotes
            continue
        pieces = re.split("[\r\n]", part, maxsplit=1)
        outside.append(pieces[0])
        if len(pieces) == 2:
            break
    return "".join(outside)


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, Row]]:
    """Yield each record with the number of the line it begins on."""
    if csv.field_size_limit() < LONGEST_CELL:
        # The limit belongs to the whole process; raising it takes nothing from others, putting it back might.
        csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidValue(
                zh=f"{name} 从第 {line} 行起引号不配对：以双引号开头的单元格要以双引号结尾，其中的引号写成两个。"
                f"请改正这一行，或另存为 .xlsx。（{error}）",
                en=f"The quotes of {name} do not match from line {line} on: a cell that begins with a double quote must "
                f"end with one, and quotes inside it are doubled. Mend that line or save as .xlsx. ({error})",
            ) from error
        yield line, tuple(record)
        line = reader.line_num + 1


def _assemble(records: Iterable[tuple[int, Row]], name: str) -> Grid:
    header: Row = ()
    rows: list[Row] = []
    filled = last = 0
    for line, record in records:
        if not header:
            header = record  # empty lines above the header are passed over
            continue
        row: Row | None = record
        if len(record) != len(header):
            row = fit_to_header(record, len(header))
            filled += 0 < len(record) < len(header)
        if row is None:
            raise _too_long(name, line, len(record), len(header))
        rows.append(row)
        if record or len(header) == 1:
            last = len(rows)
    del rows[last:]  # empty lines at the end of a table of several columns are no rows
    notes = _header_doubts(header, name)
    if filled:
        notes.append(
            say(
                zh=f"有 {filled} 行比表头短，缺的单元格按空处理。",
                en=f"Rows shorter than the header, whose missing cells are read as empty: {filled}.",
            )
        )
    return Grid(list(header), rows, notes)


def _too_long(name: str, line: int, found: int, expected: int) -> InvalidValue:
    return InvalidValue(
        zh=f"{name} 第 {line} 行有 {found} 个单元格，表头只有 {expected} 列；含有分隔符的单元格要加双引号。"
        "若每行就是一条文本，请把后缀改成 .txt。",
        en=f"Line {line} of {name} has {found} cells, but the header has {expected}; put cells that contain the "
        "delimiter in double quotes. If each line is one text, rename the file to .txt.",
    )


def _even_tab_lines(text: str) -> list[list[str]] | None:
    """Return the cells of each line if every line has as many tabs as the first and the first has no quotes."""
    lines = split_lines(text)
    while lines and not lines[-1]:
        lines.pop()
    tabs = lines[0].count("\t") if lines else 0
    if tabs == 0 or '"' in lines[0] or any(line.count("\t") != tabs for line in lines):
        return None
    return [[_without_quotes(cell) for cell in line.split("\t")] for line in lines]


def _without_quotes(cell: str) -> str:
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        inner = cell[1:-1]
        if '"' not in inner.replace('""', ""):
            return inner.replace('""', '"')
    return cell


def _even_tab_table(text: str, name: str) -> Grid | None:
    if "\t" not in text.partition("\n")[0]:
        return None
    lines = _even_tab_lines(text)
    if lines is None:
        try:
            records = [record for _, record in _records(text, "\t", name)]
        except InvalidValue:
            return None
        while records and not records[-1]:
            records.pop()
        lines = [[cell_text(value) for value in record] for record in records]
    if len(lines) < 2 or len(lines[0]) < 2 or any(len(line) != len(lines[0]) for line in lines):
        return None
    rows: list[Row] = [tuple(line) for line in lines]
    names = [name for name in lines[0] if name.strip()]
    if len(set(names)) < len(names) or any(map(_is_number, names)):
        return Grid([f"column_{number}" for number in range(1, len(lines[0]) + 1)], rows, [])
    return Grid(list(lines[0]), rows[1:], [])


def _header_doubts(header: Iterable[object], name: str) -> list[str]:
    numbers = [cell_text(value) for value in header if _is_number(cell_text(value))]
    if not numbers:
        return []
    return [
        say(
            zh=f"{name} 的首行读作列名，其中有数字 {numbers[0]}；若首行是数据，请在上面加一行列名。",
            en=f"The first line of {name} is read as the names of the columns, and one is the number {numbers[0]}; if "
            "that line is data, put a line of names above it.",
        )
    ]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", text) is not None
