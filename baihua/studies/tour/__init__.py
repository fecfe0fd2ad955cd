"""The tour: a few hundred everyday Chinese sentences written for this project, and what whitening does to them."""

from baihua.studies.tour.examples import Document, Query, Sentence, load_documents, load_queries, load_sentences
from baihua.studies.tour.part import TourPart
from baihua.studies.tour.tour import run_tour

__all__ = [
    "Document",
    "Query",
    "Sentence",
    "TourPart",
    "load_documents",
    "load_queries",
    "load_sentences",
    "run_tour",
]
