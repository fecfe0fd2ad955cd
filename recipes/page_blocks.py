"""What the recipes that fill a page share: reading a record, putting tables between comments, and their command line."""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from baihua.files import write_text


def read(path: Path) -> dict[str, Any]:
    """Read a JSON file, or return an empty record where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def fill(page: str, blocks: Iterable[tuple[str, str]]) -> str:
    """Replace what lies between the comments of each name."""
    for name, table in blocks:
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page, found = pattern.subn(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", page)
        if found != 1:
            raise SystemExit(f"The page has {found} blocks {name}, and should have one.")
    return page


def write_page(description: str | None, page: str, tables: Mapping[str, Callable[[Path], str]]) -> None:
    """Read the command line of a recipe and write its page.

    Args:
        description: of the recipe, for --help.
        page: where it is, if not said otherwise.
        tables: for each block what makes its table from the folder of results.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--page", type=Path, default=Path(page))
    given = parser.parse_args()
    blocks = [(name, table(given.results)) for name, table in tables.items()]
    write_text(given.page, fill(given.page.read_text(encoding="utf-8"), blocks))
