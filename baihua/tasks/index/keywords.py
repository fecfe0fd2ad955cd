"""Finding documents by their words: SQLite's full text over the terms of `baihua.text.search_terms`, ranked by BM25.

The cost of a query is the number of documents that have its terms, and most of it goes to the most common characters,
which tell documents apart least. So the rarest terms are asked for first, as many as a budget allows.
"""

import json
import sqlite3
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from baihua.tasks.index.documents import Stored
from baihua.text.search_terms import index_terms, query_terms

# A part of a word counts for less than the word: a word of n letters has up to n parts, which are all found at once.
WEIGHTS = "1.0, 0.2"
BUDGET = 20_000  # documents per term, summed over the terms of a query: some 50 ms
MOST_COUNTS = 200_000  # terms whose counts are kept: some 20 MB
_INSERT = "INSERT INTO words (rowid, whole, parts) VALUES (?, ?, ?)"
_DELETE = "INSERT INTO words (words, rowid, whole, parts) VALUES ('delete', ?, ?, ?)"


def add_words(connection: sqlite3.Connection, number: int, text: str) -> None:
    """Make a document findable by its words."""
    connection.execute(_INSERT, (number, *index_terms(text)))


def remove_words(connection: sqlite3.Connection, stored: Sequence[Stored]) -> None:
    """Take documents, with the text they were added with, out of the full text."""
    for one in stored:
        connection.execute(_DELETE, (one.number, *index_terms(one.document.text)))


def rebuild_words(connection: sqlite3.Connection) -> None:
    """Make the full text anew if it was made with other Unicode tables, whose terms can differ."""
    (made_with,) = connection.execute("SELECT value FROM settings WHERE name = 'unicode'").fetchone()
    if made_with == unicodedata.unidata_version:
        return
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    for number, text in connection.execute("SELECT id, text FROM documents").fetchall():
        add_words(connection, number, text)
    connection.execute("UPDATE settings SET value = ? WHERE name = 'unicode'", (unicodedata.unidata_version,))


class WordCounts:
    """In how many documents each term is, asked of the file once per state of it; and what that makes of a query."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._change: int | None = None

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Forget the counts if the file has changed since."""
        connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab (main, words, row)")
        (change,) = connection.execute("SELECT value FROM settings WHERE name = 'changes'").fetchone()
        if change != self._change or len(self._counts) > MOST_COUNTS:
            self._counts = {}
            self._change = change

    def affordable_terms(self, connection: sqlite3.Connection, text: str) -> list[str]:
        """Return the terms of a query that are in the file, the rarest first; at least one that it surely shares."""
        wanted = query_terms(text)
        sure = sorted((self._num_documents(connection, term), term) for term in wanted.sure)
        likely = [(self._num_documents(connection, term), term) for term in wanted.likely]
        must = next((item for item in sure if item[0] > 0), None)
        chosen, spent = ([must[1]], must[0]) if must else ([], 0)
        for num_documents, term in sorted(sure + likely):
            if num_documents and spent + num_documents <= BUDGET and (num_documents, term) != must:
                chosen.append(term)
                spent += num_documents
        return chosen

    def _num_documents(self, connection: sqlite3.Connection, term: str) -> int:
        number = self._counts.get(term)
        if number is None:
            if term.endswith("*"):
                condition = "term >= ? AND term < ?"
                values = [term[:-1], term[:-1] + "g"]  # "g" follows all digits of hexadecimal
            else:
                condition, values = "term = ?", [term]
            query = f"SELECT sum(doc) FROM temp.vocabulary WHERE {condition}"
            number = int(connection.execute(query, values).fetchone()[0] or 0)
            self._counts[term] = number
        return number


def find_words(
    connection: sqlite3.Connection,
    counts: WordCounts,
    text: str,
    limit: int | None,
    allowed: npt.NDArray[np.int64] | None = None,
) -> list[int]:
    """Return the numbers of the documents that share terms with a query, the best by BM25 first.

    Every document that contains the query as a string is among them, before ``limit`` cuts the list.

    Args:
        connection: to the file.
        counts: of its terms, refreshed.
        text: the query; nothing in it is syntax.
        limit: at most so many; None for all.
        allowed: numbers of the documents that may be found; None for all.
    """
    terms = counts.affordable_terms(connection, text)
    if not terms:
        return []
    condition = "words MATCH ?"
    values: list[object] = [" OR ".join(terms)]
    if allowed is not None:
        condition += " AND rowid IN (SELECT value FROM json_each(?))"
        values.append(json.dumps(allowed.tolist()))
    query = f"SELECT rowid FROM words WHERE {condition} ORDER BY bm25(words, {WEIGHTS}), rowid LIMIT ?"
    return [number for (number,) in connection.execute(query, [*values, -1 if limit is None else limit])]
