"""The order of a search's answers: by cosine, by words, or both fused."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baihua.maths.nearest import Found, nearest
from baihua.tasks.index.keywords import WordCounts, find_words
from baihua.tasks.index.vectors import Numbers, Vectors, VectorsInMemory

MODES = ("hybrid", "vector", "keyword")
# k of reciprocal-rank fusion (Cormack, Clarke and Büttcher 2009). They take 60, for lists of many engines; of 1, 10, 30, 60 and
# 100 the smallest finds best here, and 60 finds less than words alone on BQ (results/search_defaults).
FUSION = 1
DEPTH = 100  # documents of each order that take part in the fusion


@dataclass(frozen=True)
class Match:
    """A document found.

    Args:
        document: its number.
        row: of its passage nearest to the query.
        score: the cosine of that passage.
        vector_rank: its rank by cosine, from 1; None when it is not in that order.
        keyword_rank: its rank by words; None when it is not in that order.
    """

    document: int
    row: int
    score: float
    vector_rank: int | None = None
    keyword_rank: int | None = None


@dataclass(frozen=True)
class Library:
    """One state of a library, and the part of it that may be found.

    Args:
        connection: to the file.
        vectors: as the file has them.
        counts: of its terms.
        allowed: numbers of the documents that may be found, rising; None for all.
    """

    connection: sqlite3.Connection
    vectors: VectorsInMemory
    counts: WordCounts
    allowed: Numbers | None


@dataclass(frozen=True)
class Wanted:
    """What is asked of every query.

    Args:
        mode: one of `MODES`.
        top_k: at most so many documents; None for all.
        threshold: the least cosine; None for any.
    """

    mode: str
    top_k: int | None
    threshold: float | None


def rank(library: Library, texts: Sequence[str], queries: Vectors, wanted: Wanted) -> list[list[Match]]:
    """Return the documents that answer each query, the best first.

    Args:
        library: where to look.
        texts: the queries.
        queries: their unit vectors, shape ``(num_queries, width)``.
        wanted: how.

    Source:
        Reciprocal-rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009.
    """
    if wanted.mode == "vector":
        return [found[: wanted.top_k] for found in _by_vector(library, queries, wanted.top_k, wanted.threshold)]
    depth = None if wanted.top_k is None else max(DEPTH, wanted.top_k)
    if wanted.mode == "keyword":
        depth = wanted.top_k if wanted.threshold is None else None
        nearby: list[list[Match]] = [[] for _ in texts]
    else:
        nearby = _by_vector(library, queries, depth, wanted.threshold)
    answers = []
    for text, query, near in zip(texts, queries, nearby, strict=True):
        by_words = _by_words(library, text, query, depth)
        if wanted.threshold is not None:
            by_words = [match for match in by_words if match.score >= wanted.threshold]
        fused = _fuse(near, by_words) if wanted.mode == "hybrid" else by_words
        answers.append(fused[: wanted.top_k])
    return answers


def _by_vector(library: Library, queries: Vectors, top_k: int | None, threshold: float | None) -> list[list[Match]]:
    """Return documents by their nearest passage; more passages are looked at until there are enough documents."""
    vectors = library.vectors
    allowed = None if library.allowed is None else np.isin(vectors.documents, library.allowed)
    num_rows = len(vectors.documents) if allowed is None else int(allowed.sum())
    several = vectors.num_documents < len(vectors.documents)
    num = top_k if top_k is None or not several else 4 * top_k
    while True:
        found = nearest(
            queries,
            vectors.blocks,
            lambda rows: vectors.fetch(library.connection, rows),
            top_k=num,
            threshold=threshold,
            allowed=allowed,
        )
        answers = [_documents(vectors, one) if query.any() else [] for query, one in zip(queries, found, strict=True)]
        if top_k is None or num is None or num >= num_rows or not several:
            return answers
        if all(len(answer) >= top_k or len(one.rows) < num for answer, one in zip(answers, found, strict=True)):
            return [answer[:top_k] for answer in answers]
        num *= 4


def _documents(vectors: VectorsInMemory, found: Found) -> list[Match]:
    """Keep the first, that is the nearest, passage of each document."""
    first: dict[int, Match] = {}
    documents = vectors.documents[found.rows].tolist()
    for document, row, score in zip(documents, found.rows.tolist(), found.scores.tolist(), strict=True):
        if document not in first:
            first[document] = Match(document, row, score, vector_rank=len(first) + 1)
    return list(first.values())


def _by_words(library: Library, text: str, query: npt.NDArray[np.float32], limit: int | None) -> list[Match]:
    """Return documents by BM25, each with the cosine of its nearest passage."""
    words = find_words(library.connection, library.counts, text, limit, library.allowed)
    numbers = np.array(words, dtype=np.int64)
    vectors = library.vectors
    rows = vectors.rows_of(numbers)
    wide = vectors.fetch(library.connection, rows).astype(np.float64)  # (num_rows, width)
    cosines = np.clip(np.einsum("ij,j->i", wide, query.astype(np.float64)), -1, 1)
    best: dict[int, tuple[int, float]] = {}
    for row, document, cosine in zip(rows.tolist(), vectors.documents[rows].tolist(), cosines.tolist(), strict=True):
        if document not in best or cosine > best[document][1]:
            best[document] = (row, cosine)
    return [Match(number, *best[number], keyword_rank=rank) for rank, number in enumerate(numbers.tolist(), start=1)]


def _fuse(by_vector: list[Match], by_words: list[Match]) -> list[Match]:
    """Order documents by the sum of 1 / (FUSION + rank) over both orders; equal ones by cosine, then as they were added."""
    fused = {match.document: match for match in by_words}
    for match in by_vector:
        other = fused.get(match.document)
        rank = None if other is None else other.keyword_rank
        fused[match.document] = Match(match.document, match.row, match.score, match.vector_rank, rank)

    def order(match: Match) -> tuple[float, float, int]:
        ranks = [rank for rank in (match.vector_rank, match.keyword_rank) if rank is not None]
        return -sum(1 / (FUSION + rank) for rank in ranks), -match.score, match.document

    return sorted(fused.values(), key=order)
