"""The vectors of a library: in the file as blocks of rows, in memory as they were read, block by block.

A block has at most 4096 rows, in the order in which their passages were added. New rows join the last block while it
is no larger than they are many, so that adding one text at a time writes each vector a dozen times rather than
thousands of times, and there are never many small blocks. A reader reads only the blocks that have changed.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.maths.nearest import CodedRows, FloatRows, Rows
from baihua.tasks.index.documents import chunks, marks

DTYPES = ("float32", "float16", "int8")
ROWS = 4096
FEW = 64  # rows of a block that are read one by one rather than with the whole block
STORED_AS = {"float32": "<f4", "float16": "<f2", "int8": "<f2"}  # int8 keeps float16 vectors in the file for the score
Numbers = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def append_vectors(
    connection: sqlite3.Connection, dtype: str, passages: Numbers, documents: Numbers, vectors: Vectors
) -> None:
    """Write the vectors of new passages.

    Args:
        connection: to the file, within a write.
        dtype: ``"float32"``, ``"float16"`` or ``"int8"``.
        passages: their numbers, rising, all above those in the file; shape ``(num,)``.
        documents: the number of the document each belongs to, shape ``(num,)``.
        vectors: of unit length, shape ``(num, width)``.
    """
    stored = vectors.astype(STORED_AS[dtype])
    last = connection.execute("SELECT first, num FROM blocks ORDER BY first DESC LIMIT 1").fetchone()
    first = None
    if last is not None and last[1] <= min(len(passages), ROWS - 1):
        first = last[0]
        old = _read_block(connection, first, dtype, stored.shape[1])
        passages, documents = np.concatenate([old[0], passages]), np.concatenate([old[1], documents])
        stored = np.concatenate([old[2], stored])
    change = _next_change(connection)
    for start in range(0, len(passages), ROWS):
        part = slice(start, start + ROWS)
        number = first if start == 0 and first is not None else int(passages[start])
        _write_block(connection, number, change, (passages[part], documents[part], stored[part]), dtype)


def remove_vectors(connection: sqlite3.Connection, dtype: str, width: int, documents: Sequence[int]) -> None:
    """Take the vectors of all passages of some documents out of the file; their blocks are written anew."""
    removed = []
    for some in chunks(documents):
        query = f"SELECT id FROM passages WHERE document IN ({marks(some)})"
        removed += [number for (number,) in connection.execute(query, some)]
    gone = np.sort(np.array(removed, dtype=np.int64))
    firsts = np.array([first for (first,) in connection.execute("SELECT first FROM blocks ORDER BY first")])
    change = _next_change(connection)
    for place in np.unique(np.searchsorted(firsts, gone, side="right") - 1):
        number = int(firsts[place])
        arrays = _read_block(connection, number, dtype, width)
        stays = ~np.isin(arrays[0], gone)
        if stays.any():
            _write_block(connection, number, change, tuple(array[stays] for array in arrays), dtype)
        else:
            connection.execute("DELETE FROM blocks WHERE first = ?", (number,))


@dataclass(frozen=True)
class Block:
    """A block of rows in memory.

    Args:
        change: the number of the write that made it.
        passages: shape ``(num_rows,)``, rising.
        documents: shape ``(num_rows,)``.
        rows: the vectors, or codes of them.
    """

    change: int
    passages: Numbers
    documents: Numbers
    rows: Rows


class VectorsInMemory:
    """What is searched: all vectors of a library, read once and then only where the file has changed.

    ``"float32"`` and ``"float16"`` are held as float32, 4 bytes a number; ``"int8"`` as whole numbers, 1 byte a
    number, with the float16 vectors that give the final scores read from the file when they are needed.

    Args:
        width: of the vectors.
        dtype: how they are stored.
    """

    def __init__(self, width: int, dtype: str) -> None:
        self.width = width
        self.dtype = dtype
        self._change: int | None = None
        self._blocks: dict[int, Block] = {}
        self._join()

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read the blocks that have changed since the last time."""
        (last_change,) = connection.execute("SELECT value FROM settings WHERE name = 'changes'").fetchone()
        if last_change == self._change:
            return
        listed = connection.execute("SELECT first, change FROM blocks ORDER BY first").fetchall()
        known = {first: block.change for first, block in self._blocks.items()}
        self._blocks = {
            first: self._blocks[first] if known.get(first) == change else self._load(connection, first, change)
            for first, change in listed
        }
        self._change = last_change
        self._join()

    @property
    def blocks(self) -> list[Rows]:
        """The vectors, block by block."""
        return [block.rows for block in self._blocks.values()]

    @property
    def nbytes(self) -> int:
        """Bytes of the vectors in memory."""
        per_number = 1 if self.dtype == "int8" else 4
        return len(self.passages) * self.width * per_number

    def fetch(self, connection: sqlite3.Connection, rows: Numbers) -> Vectors:
        """Return the vectors of some rows, as exact as they are stored, shape ``(num, width)``.

        Args:
            connection: to the file, in the state that was read last.
            rows: positions counted through all blocks, rising.
        """
        vectors = np.empty((len(rows), self.width), dtype=np.float32)
        ends = np.searchsorted(rows, self._starts)  # (num_blocks + 1,)
        for (first, block), low, high, start in zip(
            self._blocks.items(), ends[:-1], ends[1:], self._starts[:-1], strict=True
        ):
            if low == high:
                continue
            if isinstance(block.rows, FloatRows):
                vectors[low:high] = block.rows.vectors[rows[low:high] - start]
            else:
                vectors[low:high] = _read_rows(connection, first, self.dtype, self.width, rows[low:high] - start)
        return vectors

    def rows_of(self, documents: Numbers) -> Numbers:
        """Return the rows of all passages of some documents, rising."""
        low = np.searchsorted(self._sorted_documents, documents)
        high = np.searchsorted(self._sorted_documents, documents, side="right")
        parts = [self._by_document[start:stop] for start, stop in zip(low, high, strict=True)]
        return np.sort(np.concatenate([np.empty(0, dtype=np.int64), *parts]))

    def _join(self) -> None:
        blocks = list(self._blocks.values())
        empty = np.empty(0, dtype=np.int64)
        self.passages = np.concatenate([empty, *(block.passages for block in blocks)])  # (num_rows,)
        self.documents = np.concatenate([empty, *(block.documents for block in blocks)])  # (num_rows,)
        self._starts = np.cumsum([0, *(len(block.passages) for block in blocks)])  # (num_blocks + 1,)
        self._by_document = np.argsort(self.documents, kind="stable")
        self._sorted_documents = self.documents[self._by_document]
        changes = self._sorted_documents[1:] != self._sorted_documents[:-1]
        self.num_documents = int(changes.sum()) + 1 if len(self.documents) else 0

    def _load(self, connection: sqlite3.Connection, first: int, change: int) -> Block:
        if self.dtype == "int8":
            query = "SELECT passages, documents, codes, scales FROM blocks WHERE first = ?"
            passages, documents, codes, scales = connection.execute(query, (first,)).fetchone()
            numbers = np.frombuffer(codes, dtype=np.int8).reshape(-1, self.width)
            rows: Rows = CodedRows(numbers, np.frombuffer(scales, dtype="<f4"))
            return Block(change, np.frombuffer(passages, "<i8"), np.frombuffer(documents, "<i8"), rows)
        arrays = _read_block(connection, first, self.dtype, self.width)
        return Block(change, arrays[0], arrays[1], FloatRows(arrays[2].astype(np.float32, copy=False)))


Arrays = tuple[npt.NDArray[Any], ...]  # passages, documents, vectors as stored


def _read_block(connection: sqlite3.Connection, first: int, dtype: str, width: int) -> Arrays:
    """Return a block's arrays without copying what SQLite gives."""
    query = "SELECT passages, documents, vectors FROM blocks WHERE first = ?"
    passages, documents, vectors = connection.execute(query, (first,)).fetchone()
    stored = np.frombuffer(vectors, dtype=STORED_AS[dtype]).reshape(-1, width)
    return np.frombuffer(passages, "<i8"), np.frombuffer(documents, "<i8"), stored


def _read_rows(
    connection: sqlite3.Connection, first: int, dtype: str, width: int, rows: Numbers
) -> npt.NDArray[np.floating[Any]]:
    """Return some vectors of a block as stored; a few are read one by one, and leave the rest of it on the disk."""
    if len(rows) > FEW:
        return _read_block(connection, first, dtype, width)[2][rows]
    stored_as = np.dtype(STORED_AS[dtype])
    num_bytes = width * stored_as.itemsize
    parts = []
    with connection.blobopen("blocks", "vectors", first, readonly=True) as blob:
        for row in rows.tolist():
            blob.seek(row * num_bytes)
            parts.append(blob.read(num_bytes))
    return np.frombuffer(b"".join(parts), dtype=stored_as).reshape(-1, width)


def _write_block(connection: sqlite3.Connection, first: int, change: int, arrays: Arrays, dtype: str) -> None:
    passages, documents, stored = arrays
    codes = scales = None
    if dtype == "int8":
        coded = CodedRows.of(stored.astype(np.float32))
        codes, scales = coded.codes.tobytes(), coded.scales.astype("<f4").tobytes()
    numbers = (passages.astype("<i8").tobytes(), documents.astype("<i8").tobytes())
    row = (first, change, len(passages), *numbers, codes, scales, stored.tobytes())
    connection.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _next_change(connection: sqlite3.Connection) -> int:
    """Return a number higher than that of any write before."""
    connection.execute("UPDATE settings SET value = value + 1 WHERE name = 'changes'")
    (change,) = connection.execute("SELECT value FROM settings WHERE name = 'changes'").fetchone()
    return int(change)
