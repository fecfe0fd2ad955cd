"""Going through text files of any size, plain or compressed, line by line."""

import gzip
import io
import lzma
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from baihua.checks import FileProblem

ENDINGS = (".txt", ".xz", ".gz")
CHARACTERS_AT_ONCE = 20_000  # read from one file before the next has its turn


def corpus_files(folder: str | Path) -> list[Path]:
    """Return the text files of a folder, ``*.txt``, ``*.txt.xz`` and ``*.txt.gz``, by name.

    Raises:
        FileProblem: when there is none.
    """
    files = sorted(path for path in Path(folder).glob("*.txt*") if path.is_file() and path.suffix in ENDINGS)
    if not files:
        raise FileProblem(
            zh=f"{folder} 里没有 .txt、.txt.xz 或 .txt.gz 文件；请给出放文本的文件夹。",
            en=f"{folder} holds no .txt, .txt.xz or .txt.gz file; name the folder with the text.",
        )
    return files


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
        with _named(path), path.open("rb") as raw, _as_text(raw, path) as text:
            yield from filter(None, map(str.strip, text))


def read_mixed_lines(paths: Iterable[str | Path]) -> Iterator[str]:
    """Go through the non-empty lines of several files side by side, so that all of them end at about the same time.

    The next lines come from the file of which the smallest share has been read; a training that stops before the end
    has then seen the same share of each. The order is the same every time.

    Args:
        paths: as in `read_lines`.

    Yields:
        The lines, without white space at the ends.

    Raises:
        FileProblem: when a file is missing, is not UTF-8 or is cut off, naming it.
    """
    with ExitStack() as stack:
        opened = []
        for path in map(Path, paths):
            with _named(path):
                raw = stack.enter_context(path.open("rb"))
                opened.append(_Shard(path, raw, stack.enter_context(_as_text(raw, path)), path.stat().st_size))
        while opened:
            shard = min(opened, key=_Shard.share_read)
            with _named(shard.path):
                lines = shard.text.readlines(CHARACTERS_AT_ONCE)
            if not lines:
                opened.remove(shard)
            yield from filter(None, map(str.strip, lines))


class _Shard:
    """A file that is being read."""

    def __init__(self, path: Path, raw: BinaryIO, text: io.TextIOWrapper, size: int) -> None:
        self.path, self.raw, self.text, self.size = path, raw, text, size

    def share_read(self) -> float:
        """Return how much of the file has been taken from the disk; it moves on by blocks of some kilobytes."""
        return self.raw.tell() / max(self.size, 1)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise FileProblem(
            zh=f"读不了 {path}：{error}。需要 UTF-8 文本，可以用 .xz 或 .gz 压缩。",
            en=f"Cannot read {path}: {error}. It must be UTF-8 text, plain or compressed as .xz or .gz.",
        ) from error


def _as_text(raw: BinaryIO, path: Path) -> io.TextIOWrapper:
    if path.suffix.lower() == ".xz":
        return io.TextIOWrapper(lzma.open(raw), encoding="utf-8")
    if path.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.open(raw), encoding="utf-8")
    return io.TextIOWrapper(raw, encoding="utf-8")
