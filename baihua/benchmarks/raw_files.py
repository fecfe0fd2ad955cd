"""Opening a file of a public set as it was published: UTF-8 with or without mark, or one sentence on why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from baihua.checks import FileProblem, InvalidValue


@contextmanager
def open_raw(path: Path) -> Iterator[TextIO]:
    """Open a text file of a set, line ends as they are.

    Args:
        path: the file.

    Yields:
        Its text.

    Raises:
        FileProblem: when it cannot be read.
        InvalidValue: when it is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        raise InvalidValue(
            zh=f"{path} 不是 UTF-8 编码（第 {error.start} 字节附近）；请取原始文件。",
            en=f"{path} is not UTF-8 (near byte {error.start}). Fetch the raw file.",
        ) from error
    except OSError as error:
        raise FileProblem(
            zh=f"读不了 {path}：{error.strerror}。", en=f"Cannot read {path}: {error.strerror}."
        ) from error
