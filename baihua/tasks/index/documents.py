"""The documents of a library: texts with a key and metadata, found again by either."""

import hashlib
import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidType, InvalidValue, check_same_length
from baihua.text.grids import cell_text

Metadata = Mapping[str, Any]
Where = Mapping[str, Any]
AT_ONCE = 500  # values in one SQL statement; SQLite takes 999 at the least


@dataclass(frozen=True)
class Document:
    """A text as it is stored.

    Args:
        key: what it is updated and deleted by.
        text: the text.
        metadata: a JSON object.
    """

    key: str
    text: str
    metadata: str

    def same_metadata(self, other: "Document") -> bool:
        """Say whether both have the same metadata, in whatever order."""
        return self.metadata == other.metadata or json.loads(self.metadata) == json.loads(other.metadata)


@dataclass(frozen=True)
class Stored:
    """A document and its number in the file."""

    number: int
    document: Document


def make_documents(
    texts: Sequence[str], metadata: Sequence[Metadata] | None, keys: Sequence[str | int] | None
) -> dict[str, Document]:
    """Return the documents to store by key; a text that is blank is left out, and one given twice is one.

    Args:
        texts: the texts.
        metadata: one mapping per text, or None.
        keys: one per text, or None for a key made of text and metadata, so that the same row has the same key.

    Raises:
        InvalidValue: when the lengths differ, a key is empty, or two rows with one key differ.
        InvalidType: for metadata that is no mapping.
    """
    for name, values in (("metadata", metadata), ("keys", keys)):
        if values is not None:
            check_same_length(texts, values, ("texts", name))
    documents: dict[str, Document] = {}
    for row, text in enumerate(texts):
        if not text.strip():
            continue
        record = _to_json({} if metadata is None else metadata[row], row)
        key = _own_key(text, record) if keys is None else cell_text(keys[row])
        document = Document(key, text, record)
        if not key.strip() or not _is_text(key):
            raise InvalidValue(
                zh=f"第 {row} 行（从 0 数）的键 {key!r} 是空的或不是合法文本；每行都要有键，否则请不给键。",
                en=f"The key of row {row} (counted from 0) is empty or no valid text: {key!r}. Give every row a key, "
                "or none at all.",
            )
        if documents.setdefault(key, document) != document:
            raise InvalidValue(
                zh=f"键 {key!r} 用在两行不同的内容上；请让每行的键各不相同，或不给键。",
                en=f"The key {key!r} stands for two different rows. Give every row its own key, or none at all.",
            )
    return documents


def keep_kind_of_keys(connection: sqlite3.Connection, documents: Mapping[str, Document], *, given: bool) -> None:
    """Refuse keys of another kind than those in the file, since no row would be known again and all be stored twice.

    Args:
        connection: to the file, within a write.
        documents: to be added; the first ones decide the kind, which stays for as long as the library holds any.
        given: whether their keys were given by the user rather than made of text and metadata.

    Raises:
        InvalidValue: when the kinds differ.
    """
    kind = "given" if given else "made"
    row = connection.execute("SELECT value FROM settings WHERE name = 'keys'").fetchone()
    if not documents or row == (kind,):
        return
    if row is None or connection.execute("SELECT 1 FROM documents LIMIT 1").fetchone() is None:
        connection.execute("INSERT OR REPLACE INTO settings VALUES ('keys', ?)", (kind,))
        return
    if given:
        raise InvalidValue(
            zh="这个库的行是凭文本与其他列认的，没有给过键；现在给键，同样的行会再存一遍。请同样不给键（去掉 --id-column 或 keys），"
            "或新建一个库。",
            en="The rows of this library are told apart by their text and other columns, without keys; with keys the same "
            "rows would be stored a second time. Leave out --id-column (keys), or make a new library.",
        )
    raise InvalidValue(
        zh="这个库的行是凭给出的键认的，现在没有给键，同样的行会再存一遍。请给出同一列键（--id-column 或 keys），或新建一个库。",
        en="The rows of this library are told apart by keys that were given; without keys the same rows would be stored a "
        "second time. Give the same keys (--id-column, or keys), or make a new library.",
    )


def find_keys(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Stored]:
    """Return the documents that are stored under some of the keys."""
    found = {}
    for some in chunks(list(keys)):
        query = f"SELECT id, key, text, metadata FROM documents WHERE key IN ({marks(some)})"
        for number, key, text, metadata in connection.execute(query, some):
            found[key] = Stored(number, Document(key, text, metadata))
    return found


def find_numbers(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Document]:
    """Return documents by their number in the file."""
    found = {}
    for some in chunks(list(numbers)):
        query = f"SELECT id, key, text, metadata FROM documents WHERE id IN ({marks(some)})"
        for number, *document in connection.execute(query, some):
            found[number] = Document(*document)
    return found


def insert(connection: sqlite3.Connection, document: Document) -> int:
    """Store a new document and return its number."""
    row = (document.key, document.text, document.metadata)
    cursor = connection.execute("INSERT INTO documents (key, text, metadata) VALUES (?, ?, ?)", row)
    return int(cursor.lastrowid or 0)


def replace(connection: sqlite3.Connection, number: int, document: Document) -> None:
    """Store other text and metadata under the same number."""
    row = (document.text, document.metadata, number)
    connection.execute("UPDATE documents SET text = ?, metadata = ? WHERE id = ?", row)


def remove(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Take documents out of the file."""
    for some in chunks(numbers):
        connection.execute(f"DELETE FROM documents WHERE id IN ({marks(some)})", some)


def numbers_where(connection: sqlite3.Connection, where: Where) -> npt.NDArray[np.int64]:
    """Return the numbers of the documents whose metadata has the values asked for, rising.

    Values are compared as the text of a table's cell, so 2021 finds both 2021 and "2021", and None finds what is
    missing or empty.

    Args:
        connection: to the file.
        where: for each name the value, or a set, list or tuple of the values allowed.
    """
    wanted = {
        str(name): {
            cell_text(value) for value in (values if isinstance(values, (set, frozenset, list, tuple)) else [values])
        }
        for name, values in where.items()
    }
    found = []
    for number, text in connection.execute("SELECT id, metadata FROM documents ORDER BY id"):
        metadata = json.loads(text)
        if all(cell_text(metadata.get(name)) in allowed for name, allowed in wanted.items()):
            found.append(number)
    return np.array(found, dtype=np.int64)


def chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the values in runs short enough for one SQL statement."""
    for start in range(0, len(values), AT_ONCE):
        yield list(values[start : start + AT_ONCE])


def marks(values: Sequence[Any]) -> str:
    """Return one question mark per value."""
    return ", ".join("?" * len(values))


def _own_key(text: str, metadata: str) -> str:
    """Return a key that is the same for the same row, whatever the order of its columns."""
    record = json.dumps(json.loads(metadata), sort_keys=True)
    return hashlib.sha256(f"{record}\n{text}".encode()).hexdigest()[:32]


def _to_json(metadata: Metadata, row: int) -> str:
    """Write metadata as JSON, its names in their order."""
    if not isinstance(metadata, Mapping):
        kind = type(metadata).__name__
        raise InvalidType(
            zh=f"metadata 的第 {row} 项（从 0 数）应是 {{名: 值}}，收到 {kind}。",
            en=f"Item {row} of metadata must be a mapping of names to values, but received {kind}.",
        )
    plain = {str(name): _json_value(value) for name, value in metadata.items()}
    text = json.dumps(plain, ensure_ascii=False, default=str)
    return text if _is_text(text) else json.dumps(plain, default=str)  # where a lone surrogate is escaped


def _json_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for NaN, which is how pandas says that a cell is empty
    if isinstance(value, Mapping):
        return {str(name): _json_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    return value


def _is_text(text: str) -> bool:
    """Say whether UTF-8 can hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
