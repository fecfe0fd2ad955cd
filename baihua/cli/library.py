"""The options that the verbs about a library of texts share."""

from typing import TYPE_CHECKING, Annotated

import typer

from baihua.checks import InvalidValue
from baihua.cli.help import both

if TYPE_CHECKING:
    from baihua.tasks.search import SentenceIndex

LibraryFile = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="FILE",
        help=both(zh="文本库：一个 SQLite 文件。", en="The library of texts: one SQLite file."),
    ),
]


def open_library(path: str, device: str | None, dtype: str) -> "SentenceIndex":
    """Open a library with the encoder and the whitening stored in it.

    Raises:
        FileProblem: when there is none.
        InvalidValue: when the encoder has changed since.
    """
    from baihua.tasks.search import SentenceIndex

    return SentenceIndex.open(path, device=device, dtype=dtype)


def parse_where(conditions: list[str]) -> dict[str, set[str]] | None:
    """Return the values allowed of each column, from words such as ``类别=退款``.

    Raises:
        InvalidValue: for a word without ``=``.

    Example:
        >>> parse_where(["年份=2021"])
        {'年份': {'2021'}}
    """
    allowed: dict[str, set[str]] = {}
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if not equals or not name:
            raise InvalidValue(
                zh=f"--where 应写成 列=值，例如 --where 类别=退款，收到 {condition!r}。",
                en=f"--where takes COLUMN=VALUE, such as --where 类别=退款, but received {condition!r}.",
            )
        allowed.setdefault(name, set()).add(value)
    return allowed or None
