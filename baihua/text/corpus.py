"""Going through text files of any size, plain or compressed, line by line."""

import gzip
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from baihua.checks import FileProblem


def read_lines(paths: Iterable[str | Path]) -> Iterator[str]:
    """Go through the non-empty lines of text files, one file after the other, without holding them in memory.

    Args:
        paths: UTF-8 files, plain or compressed (``.xz``, ``.gz``).

    Yields:
        The lines, without white space at the ends.

    Raises:
        FileProblem: when a file is missing, is not UTF-8 or is cut off, naming it.
    """
    for path in map(Path, paths):
        try:
            with _open_text(path) as file:
                yield from filter(None, map(str.strip, file))
        except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
            raise FileProblem(
                zh=f"读不了 {path}：{error}。需要 UTF-8 文本，可以用 .xz 或 .gz 压缩。",
                en=f"Cannot read {path}: {error}. It must be UTF-8 text, plain or compressed as .xz or .gz.",
            ) from error


def _open_text(path: Path) -> IO[str]:
    if path.suffix.lower() == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")
