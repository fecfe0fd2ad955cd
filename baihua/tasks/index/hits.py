"""What a search gives back: documents with their score, their passage and their metadata."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baihua.tasks.index.documents import Document, find_numbers
from baihua.tasks.index.passages import Span, find_spans
from baihua.tasks.index.ranking import Library, Match


@dataclass(frozen=True)
class Hit:
    """A document that a search found.

    Args:
        key: what it is updated and deleted by.
        text: the whole text.
        score: cosine similarity of the query with the passage, between -1 and 1, in every mode. It is no
            probability; how high is high depends on the encoder.
        metadata: what was stored beside it.
        passage: the part of the text nearest to the query; the whole text where the encoder reads it at once.
        rank: its place among the hits, from 1.
        vector_rank: its place by cosine alone; None when it is not in that order.
        keyword_rank: its place by words alone (BM25); None when it is not in that order.
        expected_false: how many unrelated texts a query meets on average at this score or above, among those searched;
            1 or more is no better than chance. None in a library that is not calibrated.
        probability: that it means the same as the query, for the share of matches stated when labelled pairs were given;
            None without any.
        probability_low: lower end of its 95 % interval.
        probability_high: upper end.
    """

    key: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: str
    rank: int
    vector_rank: int | None = None
    keyword_rank: int | None = None
    expected_false: float | None = None
    probability: float | None = None
    probability_low: float | None = None
    probability_high: float | None = None


def make_hits(library: Library, answers: Sequence[Sequence[Match]]) -> list[list[Hit]]:
    """Return what each query found, with the texts and metadata of the file; what they found together is read once.

    Args:
        library: where it was found.
        answers: the matches of each query.
    """
    documents = find_numbers(library.connection, {match.document for matches in answers for match in matches})
    rows = np.array(sorted({match.row for matches in answers for match in matches}), dtype=np.int64)
    passages = library.vectors.passages[rows].tolist()
    spans = find_spans(library.connection, passages)
    span_of_row = {row: spans[passage] for row, passage in zip(rows.tolist(), passages, strict=True)}
    return [
        [
            _hit(match, documents[match.document], span_of_row[match.row], place)
            for place, match in enumerate(matches, 1)
        ]
        for matches in answers
    ]


def _hit(match: Match, document: Document, span: Span, place: int) -> Hit:
    start, stop = span
    return Hit(
        key=document.key,
        text=document.text,
        score=match.score,
        metadata=json.loads(document.metadata),
        passage=document.text[start:stop],
        rank=place,
        vector_rank=match.vector_rank,
        keyword_rank=match.keyword_rank,
    )
