"""Tables as a Markdown page, or as an HTML page that needs nothing else: no script, no font, no address."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

Cell = tuple[str, ...]  # the lines of a cell


@dataclass(frozen=True)
class Table:
    """A table of a page: a heading, the names of the columns, and rows of cells."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def to_markdown(tables: Sequence[Table], title: str) -> str:
    """Return the tables as one Markdown page."""
    blocks = [f"# {title}", *(f"## {table.heading}\n\n{markdown_table(table)}" for table in tables)]
    return "\n\n".join(blocks) + "\n"


def to_html(tables: Sequence[Table], title: str) -> str:
    """Return the tables as one HTML page."""
    body = []
    for table in tables:
        head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
        rows = "\n".join("<tr>" + "".join(_html_cell(cell) for cell in row) + "</tr>" for row in table.rows)
        body.append(
            f"<h2>{html.escape(table.heading)}</h2>\n<div class='wide'><table>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
        )
    return _PAGE.replace("TITLE", html.escape(title)).replace("BODY", "\n".join(body))


def markdown_table(table: Table) -> str:
    """Return a table in Markdown, without its heading.

    Example:
        >>> print(markdown_table(Table("", ("a", "b"), ((("1",), ("2", "3")),))))
        | a | b |
        | --- | --- |
        | 1 | 2<br>3 |
    """
    lines = [table.columns, tuple("---" for _ in table.columns)]
    lines += [tuple("<br>".join(_markdown_text(line) for line in cell) for cell in row) for row in table.rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _markdown_text(line: str) -> str:
    return " ".join(line.replace("<", "&lt;").replace("|", "\\|").split())


def _html_cell(cell: Cell) -> str:
    return "<td>" + "<br>".join(html.escape(line) for line in cell) + "</td>"


_PAGE = """<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>baihua: TITLE</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #8885; padding: .35rem .7rem; text-align: left; vertical-align: top; }
td { font-variant-numeric: tabular-nums; }
th { border-bottom-width: 2px; }
</style>
</head>
<body>
<h1>TITLE</h1>
BODY
</body>
</html>
"""
