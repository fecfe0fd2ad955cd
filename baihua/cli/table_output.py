"""Where a table of results is to go, and how much of a text fits on a line of the screen."""

from collections.abc import Sequence
from pathlib import Path

from baihua.checks import InvalidValue

MOST_CHARACTERS = 60  # of a text


def check_table_output(file: str, output: str | None) -> None:
    """Refuse, before any work, a table that cannot be written or would take the place of what is read.

    Args:
        file: what is read.
        output: what is to be written, or None.

    Raises:
        InvalidValue: for an unknown suffix, or the file that is read.
    """
    from baihua.text.tables import WRITERS

    suffixes = [suffix for suffix in WRITERS if suffix != ".txt"]  # which has room for one column alone
    if output is not None and Path(output).suffix.lower() not in suffixes:
        listed = ", ".join(suffixes)
        raise InvalidValue(
            zh=f"看不出 {output!r} 要写成什么表：后缀可用 {listed}。",
            en=f"Cannot tell what table {output!r} is to be. Use one of the suffixes {listed}.",
        )
    if output is not None and Path(output).resolve() == Path(file).resolve():
        raise InvalidValue(
            zh=f"-o 不能是要读的文件 {file} 本身；请换一个名字。",
            en=f"-o must not be {file}, the file that is read. Choose another name.",
        )


def shorten(text: Sequence[str]) -> str:
    r"""Return a text, or the two of a pair, on one line that is cut where it is long.

    Example:
        >>> shorten("两行\n一行"), shorten(("上句", "下句")), len(shorten("长" * 100))
        ('两行 一行', '上句 | 下句', 60)
    """
    halves = [text] if isinstance(text, str) else text
    line = " | ".join(" ".join(half.split()) for half in halves)
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
