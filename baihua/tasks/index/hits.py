"""What a search gives back: documents with their score, their passage and their metadata."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from baihua.tasks.index.documents import find_numbers
from baihua.tasks.index.passages import find_spans
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
    """

    key: str
    text: str
    score: float
    metadata: dict[str, Any]
    passage: str
    rank: int
    vector_rank: int | None = None
    keyword_rank: int | None = None


def make_hits(library: Library, matches: list[Match]) -> list[Hit]:
    """Return what was found with the texts and metadata of the file, one hit per match, in their order."""
    documents = find_numbers(library.connection, [match.document for match in matches])
    passages = library.vectors.passages[np.array([match.row for match in matches], dtype=np.int64)].tolist()
    spans = find_spans(library.connection, passages)
    hits = []
    for place, (match, passage) in enumerate(zip(matches, passages, strict=True), start=1):
        document = documents[match.document]
        start, stop = spans[passage]
        ranks = (place, match.vector_rank, match.keyword_rank)
        metadata = json.loads(document.metadata)
        hits.append(Hit(document.key, document.text, match.score, metadata, document.text[start:stop], *ranks))
    return hits
