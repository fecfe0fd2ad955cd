"""The one file of a library: an SQLite database with a format of its own, opened, read and written safely.

It keeps SQLite's rollback journal rather than the write-ahead log: between calls the library is one file that can be
copied, mailed, or read from a folder without permission to write or from a network drive, none of which holds for a
log beside it. A process killed while it writes leaves a journal, and whoever opens the file next rolls it back to the
last commit. Readers wait for the moment of a commit; a writer prepares its vectors before that moment.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from baihua.checks import FileProblem
from baihua.files import replacing

APPLICATION_ID = 0x62616968  # "baih": how `file` and this class tell a library from another SQLite database
VERSION = 1
PAGE_SIZE = 16_384  # bytes; vectors are read four times as fast as with SQLite's 4096
PATIENCE = 30.0  # seconds to wait for another process to finish writing
SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL);
CREATE INDEX passages_of_document ON passages (document);
CREATE TABLE blocks (
    first INTEGER PRIMARY KEY, change INTEGER NOT NULL, num INTEGER NOT NULL,
    passages BLOB NOT NULL, documents BLOB NOT NULL, codes BLOB, scales BLOB, vectors BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (whole, parts, content = '', tokenize = 'ascii');
"""
Setting = str | int | bytes | None


class IndexFile:
    """An open library file.

    Args:
        path: the file.
        connection: to the database in it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def create(cls, path: str | Path, settings: Mapping[str, Setting]) -> Self:
        """Make a new library, whole or not at all, and open it.

        Raises:
            FileProblem: when the file is there already, or cannot be written.

        Example:
            >>> import tempfile
            >>> file = IndexFile.create(Path(tempfile.mkdtemp()) / "library.db", {"width": 256})
            >>> file.settings()
            {'width': 256}
            >>> file.close()
        """
        place = Path(path)
        if place.exists():
            raise FileProblem(
                zh=f"{place} 已经存在；请用 SentenceIndex.open 打开，或换一个文件名。",
                en=f"{place} is there already; open it with SentenceIndex.open, or choose another name.",
            )
        with saying(place), replacing(place) as temporary:
            connection = sqlite3.connect(temporary, isolation_level=None)
            try:
                connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.executescript(SCHEMA)
                connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
            finally:
                connection.close()
        return cls.open(place)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a library; one that may not be written can still be searched.

        Raises:
            FileProblem: when it is missing, no library, damaged, or of a later version.
        """
        place = Path(path)
        if not place.is_file():
            raise FileProblem(
                zh=f"找不到文本库 {place}；请先用 baihua index 或 SentenceIndex.create 建立。",
                en=f"There is no library {place}; make it with baihua index or SentenceIndex.create first.",
            )
        with saying(place):
            address = place.resolve().as_uri() + "?mode=rw"
            connection = sqlite3.connect(
                address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                _check_format(place, connection)
            except BaseException:
                connection.close()
                raise
        return cls(place, connection)

    def close(self) -> None:
        """Close the file; what was added is in it already."""
        self.connection.close()

    def settings(self) -> dict[str, Setting]:
        """Return what was stored with the library."""
        with saying(self.path):
            return dict(self.connection.execute("SELECT name, value FROM settings"))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for several reads of one and the same state of the file."""
        with saying(self.path):
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for writes that happen all or not at all, with no other writer in between.

        Raises:
            FileProblem: when the file cannot be written, or another process has been writing for too long.
        """
        with saying(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise


@contextmanager
def saying(path: Path) -> Iterator[None]:
    """Turn what SQLite reports while the block runs into one sentence about the file.

    Raises:
        FileProblem: for any error of SQLite.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _problem(path, str(error)) from error


def _problem(path: Path, reason: str) -> FileProblem:
    if "is full" in reason or "disk I/O" in reason:
        return FileProblem(
            zh=f"写不进 {path}：磁盘满了或出错（{reason}）。已经存好的内容都在；请腾出空间再试。",
            en=f"Cannot write {path}: the disk is full or fails ({reason}). What was saved is safe; free some space "
            "and try again.",
        )
    if "readonly" in reason:
        return FileProblem(
            zh=f"{path} 是只读的（{reason}），可以搜索，不能改动；请检查权限，或先复制一份。",
            en=f"{path} is read-only ({reason}): it can be searched but not changed. Check its permissions, or copy it.",
        )
    if "locked" in reason:
        return FileProblem(
            zh=f"另一个程序正在写 {path}（{reason}），等了 {PATIENCE:.0f} 秒；请稍后再试。",
            en=f"Another program is writing {path} ({reason}), and {PATIENCE:.0f} seconds were not enough. Try later.",
        )
    if "not a database" in reason:
        return not_a_library(path)
    return FileProblem(
        zh=f"读写 {path} 时出错：{reason}。文件可能已损坏；请换备份，或用原来的文本重建。",
        en=f"Reading or writing {path} failed: {reason}. The file may be damaged; use a backup, or index the texts again.",
    )


def not_a_library(path: Path) -> FileProblem:
    """Return the mistake of taking some other file for a library."""
    return FileProblem(
        zh=f"{path} 不是 baihua 的文本库；请给出 baihua index 建立的文件。",
        en=f"{path} is no library of baihua; name a file made by baihua index.",
    )


def _check_format(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise not_a_library(path)
    if version != VERSION:
        raise FileProblem(
            zh=f"{path} 的格式版本是 {version}，这里只认识 {VERSION}；请升级 baihua。",
            en=f"{path} has format version {version}, but only {VERSION} is known here. Upgrade baihua.",
        )
