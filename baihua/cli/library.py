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

LibraryIfAny = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help=both(
            zh="文本库：用它自己的编码器、白化与校准。",
            en="A library of texts: its own encoder, whitening and calibration are used.",
        ),
    ),
]
EncoderIfNotTheLibrarys = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME|FOLDER",
        help=both(
            zh="编码器：bundled（不给时）、static、文件夹，或 Hugging Face 上的名字；有 --db 时不写。",
            en="The encoder: bundled (if not given), static, a folder, or a name on Hugging Face. Not with --db.",
        ),
    ),
]


def refuse_other_embedder(encoder: str | None, pooling: str, whitening: str) -> None:
    """Refuse the options of an embedder beside ``--db``, for the library has its own.

    Raises:
        InvalidValue: naming those that were given.
    """
    given = {"--encoder": encoder is not None, "--pooling": pooling != "auto", "--whitening": whitening != "auto"}
    listed = ", ".join(option for option, is_given in given.items() if is_given)
    if listed:
        raise InvalidValue(
            zh=f"有 --db 时用库自己的编码器、池化与白化，请去掉 {listed}。",
            en=f"With --db the library's own encoder, pooling and whitening are used. Leave out {listed}.",
        )


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
