"""How a verb speaks: its answer on standard output, everything else as single lines on standard error."""

import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.cells import cell_len

from baihua.checks import FileProblem, InvalidValue
from baihua.progress import set_quiet
from baihua.training.processes import is_first

_PACKAGE_FOLDER = Path(__file__).parents[1]
_as_json = False
_quiet = False


def configure(*, as_json: bool, quiet: bool) -> None:
    """Set how the verb that runs now speaks.

    Args:
        as_json: answer with one JSON object and nothing else on standard output.
        quiet: no notes, no warnings and no progress bar on standard error.
    """
    global _as_json, _quiet
    _as_json, _quiet = as_json, quiet
    set_quiet(quiet)


def answer(record: Mapping[str, Any], text: str) -> None:
    """Print the verb's answer: the record with ``--json``, else the text.

    Where the terminal's encoding cannot hold every character, JSON is written in ASCII, so nothing is lost. Of several processes
    that train together the first one answers.
    """
    if not is_first():
        return
    if _as_json:
        has_all_characters = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        text = json.dumps(record, ensure_ascii=not has_all_characters, allow_nan=False)
    sys.stdout.write(text + "\n")


def note(sentence: str) -> None:
    """Print one line on standard error, unless the user asked for quiet."""
    if not _quiet and sys.stderr is not None:
        sys.stderr.write(_one_line(sentence) + "\n")


def complain(sentence: str) -> None:
    """Print the sentence about a mistake on standard error."""
    if sys.stderr is not None:
        sys.stderr.write(_one_line(sentence) + "\n")


def align(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Lay rows out in columns, counting a Chinese character as two cells.

    Args:
        rows: the table, its heading first; every row has the same number of cells.
        right: the columns to align on the right, such as those with numbers.

    Example:
        >>> print(align([("集", "分"), ("STS-B", "74.1")], right=[1]))
        集       分
        STS-B  74.1
    """
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - cell_len(cell))
            cells.append(gap + cell if column in right else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Print the package's own warnings as notes while the block runs; those of other packages stay as they are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning, module=r"baihua(\.|$)")
        as_before = warnings.showwarning

        def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
            if _PACKAGE_FOLDER in Path(filename).parents:
                note(str(message))
            elif not _quiet:
                as_before(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


def tolerate_any_character() -> None:
    """Let standard output and error replace what their encoding lacks, rather than stop (a GBK terminal, an emoji)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def forget_output() -> None:
    """Send what is still to be written nowhere, after the reader of a pipe (``| head``) has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if _is_a_file(stream):
            os.dup2(nowhere, stream.fileno())


def whole_number(option: str, text: str | None, *, least: int = 1) -> int | None:
    """Return an option's value as a whole number, None for None.

    Raises:
        InvalidValue: for anything else, or a number below ``least``.

    Example:
        >>> whole_number("--claim", "3")
        3
    """
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise InvalidValue(
            zh=f"{option} 应是不小于 {least} 的整数，收到 {text!r}。",
            en=f"{option} must be a whole number of at least {least}, but received {text!r}.",
        )
    return number


def existing_file(path: str) -> Path:
    """Return the path of a file that is there.

    Raises:
        FileProblem: when it is missing or a folder.
    """
    if not Path(path).is_file():
        raise FileProblem(
            zh=f"找不到文件 {path!r}，请检查路径。",
            en=f"There is no file {path!r}. Check the path.",
        )
    return Path(path)


def _is_a_file(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.fileno() >= 0
    except (OSError, ValueError):
        return False


def _one_line(sentence: str) -> str:
    return " ".join(sentence.splitlines())
