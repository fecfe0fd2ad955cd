"""The tour's texts as vectors: each encoder once, each way of whitening beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from baihua.maths.whitening import Whitening
from baihua.studies.tour.examples import load_documents, load_queries, load_sentences
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.other_half import cut_documents, unit_rows

# What is compared. The tour has fewer than two texts per dimension, where full whitening divides by eigenvalues that
# are mostly noise (the worst case is as many texts as dimensions); scaling=0.5 divides by their fourth root instead.
SETTINGS: Mapping[str, Mapping[str, Any] | None] = {
    "raw": None,
    "scaling=0.5": {"scaling": 0.5},
    "full": {},
    "n_components=128": {"n_components": 128},
    "n_components=64": {"n_components": 64},
}


@dataclass(frozen=True)
class Vectors:
    """The tour's texts as unit vectors, each array (num, width)."""

    sentences: np.ndarray
    queries: np.ndarray
    first_halves: np.ndarray
    second_halves: np.ndarray


def embed_tour(encoder: str) -> dict[str, Vectors]:
    """Embed all texts of the tour once, and whiten them in every setting.

    The whitening is fitted on all of them, without their labels: sentences, queries and halves of documents. Fitting
    on whole documents instead would be unfair to their halves: with so few texts a whitening stretches the directions
    it has not seen, and what sets one half apart from the other is just such a direction (measured with full
    whitening: other halves found at MRR@10 4 instead of 20).

    Args:
        encoder: what `SentenceEmbedder` takes.

    Returns:
        The vectors by name of setting.
    """
    sentences, queries = load_sentences(), load_queries()
    documents = [document.text for document in load_documents()]
    halves = cut_documents(documents)
    kinds = (
        [sentence.text for sentence in sentences],
        [query.text for query in queries],
        halves.firsts,
        halves.seconds,
    )
    ends = np.cumsum([len(texts) for texts in kinds])[:-1]
    embedder = SentenceEmbedder(encoder)
    all_texts = [text for texts in kinds for text in texts]
    raw = embedder.encode(all_texts, normalize=False, show_progress=False)  # (num_texts, width)
    return {name: _whiten(raw, ends, settings) for name, settings in SETTINGS.items()}


def fit_setting(vectors: np.ndarray, settings: Mapping[str, Any]) -> Whitening:
    """Fit one of the settings, keeping no more directions than the vectors have.

    A layer norm at the end of a network leaves one direction empty in every vector, so "all" may be one fewer than
    the width.

    Args:
        vectors: what to fit on, (num_texts, width).
        settings: arguments of `Whitening`.
    """
    num_directions = Whitening(1).fit(vectors).effective_rank_
    return Whitening(**{"n_components": num_directions, **settings}).fit(vectors)


def _whiten(raw: np.ndarray, ends: np.ndarray, settings: Mapping[str, Any] | None) -> Vectors:
    vectors = raw if settings is None else fit_setting(raw, settings).transform(raw)
    return Vectors(*np.split(unit_rows(vectors), ends))
