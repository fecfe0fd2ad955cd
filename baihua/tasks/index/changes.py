"""Adding, updating and deleting the documents of a library, within one write of its file."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index.documents import Document, Stored, find_keys, insert, remove, replace
from baihua.tasks.index.embedder import encode_checked
from baihua.tasks.index.keywords import add_words, rebuild_words, remove_words
from baihua.tasks.index.passages import PassageCutter, insert_passages, remove_passages
from baihua.tasks.index.vectors import append_vectors, remove_vectors


@dataclass(frozen=True)
class Added:
    """What `SentenceIndex.add` did.

    Args:
        added: texts that were new.
        updated: texts whose key was there with another text or other metadata.
        unchanged: texts that were there just so, or twice among those given.
        empty: texts that were blank and left out.
    """

    added: int
    updated: int
    unchanged: int
    empty: int = 0


def add_documents(
    connection: sqlite3.Connection,
    settings: Mapping[str, Any],
    embedder: SentenceEmbedder,
    cutter: PassageCutter,
    documents: Mapping[str, Document],
) -> tuple[int, int]:
    """Store what is new or has changed, and encode only texts that are not there yet.

    Args:
        connection: to the file, within a write.
        settings: of the library.
        embedder: the library's.
        cutter: cuts texts too long for it.
        documents: by key.

    Returns:
        How many were added and updated.
    """
    stored = find_keys(connection, documents)
    new = [document for key, document in documents.items() if key not in stored]
    changed = [old for key, old in stored.items() if old.document.text != documents[key].text]
    renamed = [old for old in stored.values() if not old.document.same_metadata(documents[old.document.key])]
    updated = {old.number: documents[old.document.key] for old in (*changed, *renamed)}
    if not new and not updated:
        return 0, 0
    texts = [documents[old.document.key].text for old in changed] + [document.text for document in new]
    spans = [cutter.cut(text) for text in texts]
    pieces = [text[start:stop] for text, cuts in zip(texts, spans, strict=True) for start, stop in cuts]
    vectors = encode_checked(embedder, pieces, settings["width"]) if pieces else None
    rebuild_words(connection)
    _forget(connection, settings, changed)
    for number, document in updated.items():
        replace(connection, number, document)
    numbers = [old.number for old in changed] + [insert(connection, document) for document in new]
    for number, text in zip(numbers, texts, strict=True):
        add_words(connection, number, text)
    if vectors is not None:
        placed = [(number, span) for number, cuts in zip(numbers, spans, strict=True) for span in cuts]
        passages = insert_passages(connection, placed)
        owners = np.array([number for number, _ in placed], dtype=np.int64)
        append_vectors(connection, settings["dtype"], passages, owners, vectors)
    return len(new), len(updated)


def delete_documents(connection: sqlite3.Connection, settings: Mapping[str, Any], keys: Sequence[str]) -> int:
    """Take the documents under some keys out of the file, and return how many there were."""
    stored = list(find_keys(connection, dict.fromkeys(keys)).values())
    if stored:
        rebuild_words(connection)
        _forget(connection, settings, stored)
        remove(connection, [old.number for old in stored])
    return len(stored)


def _forget(connection: sqlite3.Connection, settings: Mapping[str, Any], stored: Sequence[Stored]) -> None:
    """Take away all that was worked out from the texts of some documents."""
    numbers = [old.number for old in stored]
    if numbers:
        remove_words(connection, stored)
        remove_vectors(connection, settings["dtype"], settings["width"], numbers)
        remove_passages(connection, numbers)
