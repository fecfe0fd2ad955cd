"""Looking into zips for recorded files, by what is in them rather than by their names.

A member is always written to a place named by our own record, never by the archive, so that no archive can write
outside the folder it is unpacked into.
"""

import functools
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from baihua.benchmarks.datasets import DataFile
from baihua.checks import FileProblem
from baihua.files import replacing

_BLOCK = 1 << 20  # bytes read at a time


def sha256_of(path: str | Path, member: str | None = None) -> str:
    """Return the sha256 of a file, or of one member of a zip, in hexadecimal.

    Raises:
        FileProblem: when it cannot be read.
    """
    with _opened(Path(path), member) as stream:
        return _digest(stream)


def member_sizes(archive: Path) -> dict[str, int]:
    """Return the size in bytes of every file in a zip, by member name.

    Raises:
        FileProblem: when it is no readable zip.
    """
    facts = archive.stat()
    return _member_sizes(archive, facts.st_mtime_ns, facts.st_size)


def find_member(archive: Path, wanted: DataFile) -> tuple[str | None, bool]:
    """Find a recorded file in a zip.

    Returns:
        The member's name and True when a member has the very content of the record; else the name of a member
        called like it and False; else None and False.
    """
    sizes = member_sizes(archive)
    named = [name for name in sizes if f"/{name}".endswith(f"/{wanted.file}")]
    for name in sorted(sizes, key=lambda name: name not in named):
        if sizes[name] == wanted.bytes and sha256_of(archive, name) == wanted.sha256:
            return name, True
    return (named[0] if named else None), False


def copy_out(source: Path, member: str | None, target: Path) -> Path:
    """Write a file, or one member of a zip, to ``target``, whole or not at all.

    Raises:
        FileProblem: when it cannot be read or the target cannot be written.
    """
    with _opened(source, member) as stream, replacing(target) as temporary, temporary.open("wb") as out:
        while block := stream.read(_BLOCK):
            out.write(block)
    return target


@contextmanager
def _opened(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    """Open a file or a member of a zip for reading, and say in one sentence what is wrong if it cannot be."""
    try:
        if member is None:
            with path.open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(path) as opened, opened.open(member) as stream:
                yield stream
    except FileProblem:
        raise
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        # RuntimeError is zipfile's word for a password, NotImplementedError for an unknown compression.
        raise _unreadable(path, error) from error


@functools.lru_cache(maxsize=64)
def _member_sizes(archive: Path, changed: int, size: int) -> dict[str, int]:
    """Read a zip's directory once, until the file changes."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return {info.filename: info.file_size for info in opened.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable(archive, error) from error


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _unreadable(path: Path, error: Exception) -> FileProblem:
    reason = getattr(error, "strerror", None) or str(error)
    return FileProblem(
        zh=f"读不了 {path}：{reason}。请检查文件是否完整，再取一次。",
        en=f"Cannot read {path}: {reason}. See whether the file is whole, and fetch it again.",
    )
