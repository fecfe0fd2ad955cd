"""Writing files so that nothing already saved is ever lost.

A file is written under a temporary name in the same folder, flushed to the disk, and only then renamed over the
old one: a full disk, a killed process or an error half-way leaves the old file as it was.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from baihua.checks import FileProblem


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to, and rename it to ``path`` when the block ends well.

    Args:
        path: the file to write. Its folder is made if it is missing.

    Yields:
        The temporary path, in the same folder and with the same suffix.

    Raises:
        FileProblem: when the folder cannot be written or the disk is full; the old file is untouched.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with replacing(target) as temporary:
        ...     _ = temporary.write_text("好", encoding="utf-8")
        >>> target.read_text(encoding="utf-8")
        '好'
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _flush(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except FileProblem:
        raise
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder to fill, and put it in the place of ``path`` when the block ends well.

    Args:
        path: the folder to write. A folder already there is replaced whole, after the new one is complete.

    Yields:
        The temporary folder, beside ``path``.

    Raises:
        FileProblem: when it cannot be written; the old folder is untouched.
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=".replaced-", dir=target.parent))
            target.rename(old / "old")
            temporary.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            temporary.rename(target)
    except FileProblem:
        raise
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all.

    Raises:
        FileProblem: when it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _cannot_write(target: Path, error: OSError) -> FileProblem:
    reason = error.strerror or str(error)
    return FileProblem(
        zh=f"写不进 {target}：{reason}。原有内容没有改动；请换一个文件夹或腾出空间。",
        en=f"Cannot write {target}: {reason}. What was there is unchanged; choose another folder or free some space.",
    )
