"""Which way of searching finds what means the same? The figures that the defaults of index and search rest on.

Task: the first sentences of pairs labelled 1 are the queries, all second sentences the library; a second sentence
    labelled 1 with the query is right. By words (keyword), by cosine (vector), or both fused (hybrid), with vectors as
    they are, whitened, and whitened to fewer dimensions; the whitening is fitted on the library, as `baihua index` does.
Data: LCQMC and BQ valid (BAIHUA_DATA or `baihua data download LCQMC BQ`).
Command: python recipes/search_defaults.py [--encoder NAME …] [--keyword] [--fusion] [--table]
    With --keyword the constants of the order by words are varied, with --fusion those of the fusion.
Score: Recall@1, Recall@10 (any right answer among ten) and MRR@10, one file per cell below results/search_defaults;
    cells that are there are left alone.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from baihua import SentenceEmbedder, SentenceIndex, Whitening, load_encoder
from baihua.benchmarks.library_retrieval import ASK_FOR, LibraryQuestions, library_questions, library_scores
from baihua.benchmarks.pairs import Pairs, read_pairs
from baihua.results import Result, load_records
from baihua.tasks.index import keywords, ranking
from baihua.tasks.index.passages import PassageCutter
from baihua.tasks.other_half import unit_rows

SETS = ("LCQMC", "BQ")
METRICS = ("recall_at_1", "recall_at_10", "mrr_at_10")
SIZES = (128, 256)  # dimensions kept by a whitening, where an encoder has more
UNLIMITED = 10**9
BUDGETS = (5_000, 20_000, 100_000, UNLIMITED)  # documents per term, summed over the terms of a query
PARTS = (0.0, 0.1, 0.2, 0.5, 1.0)  # weight of parts of words
FUSIONS = (1, 10, 30, 60, 100)  # the constant of reciprocal-rank fusion
DEPTHS = (30, 100, 300)  # how much of each order takes part in it
RESULTS = Path("results")


class KnownVectors:
    """A stand-in for an encoder whose vectors have been computed.

    Args:
        vectors: by text, each of the same width.
    """

    name, pooling, poolings, max_length = "known", "mean", ("mean",), 10**6

    def __init__(self, vectors: dict[str, np.ndarray]) -> None:
        self.vectors = vectors
        self.width = len(next(iter(vectors.values())))

    def fingerprint(self) -> str:
        """Tell vectors of one width from those of another."""
        return f"known {self.width}"

    def encode(self, texts, *, show_progress=None) -> np.ndarray:
        """Look up one vector per text."""
        return np.stack([self.vectors[text] for text in texts])

    def encode_poolings(self, texts, poolings, *, show_progress=None) -> dict[str, np.ndarray]:
        """Look up one vector per text, the same for each pooling."""
        return {pooling: self.encode(texts) for pooling in poolings}


class Asked:
    """One set with its queries, and the vectors of an encoder for it."""

    def __init__(self, name: str) -> None:
        self.pairs: Pairs = read_pairs(name)
        self.questions: LibraryQuestions = library_questions(self.pairs)
        self.texts = list(dict.fromkeys([*self.questions.library, *self.questions.queries]))  # the library comes first

    @cache  # noqa: B019 - there are two of these, and they live as long as the program
    def answers_by_words(self) -> list[list[int]]:
        """Return the rows found by words for every query, as deep as a fusion looks."""
        vectors = dict.fromkeys(self.texts, np.ones(1, dtype=np.float32))
        return self.search(vectors, "keyword", max(DEPTHS))

    def search(self, vectors: dict[str, np.ndarray], mode: str, top_k: int = ASK_FOR) -> list[list[int]]:
        """Make a library of the second sentences, ask all queries, and return the rows found."""
        with tempfile.TemporaryDirectory() as folder:
            embedder = SentenceEmbedder(KnownVectors(vectors))
            with SentenceIndex.create(Path(folder) / "library.db", embedder) as index:
                index._cutter = PassageCutter(embedder.encoder, UNLIMITED)  # there are vectors of whole questions alone
                index.add(self.questions.library, keys=range(len(self.questions.library)))
                answers = index.search(self.questions.queries, top_k=top_k, mode=mode)
        return [[int(hit.key) for hit in hits] for hits in answers]


def whitened(asked: Asked, raw: np.ndarray) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield the vectors as they are and whitened, by the whitening fitted on the library."""
    library = raw[: len(asked.questions.library)]
    yield "raw", dict(zip(asked.texts, unit_rows(raw), strict=True))
    for size in (None, *(size for size in SIZES if size < raw.shape[1])):
        vectors = unit_rows(Whitening(size).fit(library).transform(raw)).astype(np.float32)
        yield "full" if size is None else str(size), dict(zip(asked.texts, vectors, strict=True))


def fuse(by_vector: list[int], by_words: list[int], constant: int) -> list[int]:
    """Return rows by the sum of 1 / (constant + rank) over both orders, as `baihua.tasks.index.ranking` does.

    Equal ones stand in the order of the cosine.
    """
    scores: dict[int, float] = {}
    for order in (by_vector, by_words):
        for rank, row in enumerate(order, start=1):
            scores[row] = scores.get(row, 0) + 1 / (constant + rank)
    return sorted(scores, key=lambda row: -scores[row])[:ASK_FOR]


def save(asked: Asked, cell: str, answers: list[list[int]], settings: dict[str, Any], started: float) -> None:
    """Score the answers, print and write the cell."""
    scores = asdict(library_scores(asked.questions, answers))
    print(f"{cell:60} " + "  ".join(f"{metric} {scores[metric]:.4f}" for metric in METRICS), flush=True)
    for metric in METRICS:
        Result(
            name=f"search_defaults/{cell}/{metric}",
            metric=metric,
            values=(scores[metric],),
            settings=settings | {"library": len(asked.questions.library)},
            data={asked.pairs.file: f"sha256:{asked.pairs.revision}"},
            num_examples=scores["num_queries"],
            seconds=time.perf_counter() - started,
            command="python recipes/search_defaults.py",
        ).save(RESULTS)


def is_there(cell: str) -> bool:
    """Say whether a cell has been measured."""
    return (RESULTS / "search_defaults" / cell / f"{METRICS[-1]}.json").exists()


def measure_encoder(asked: Asked, name: str, with_fusion: bool) -> None:
    """Fill the cells of one set and one encoder, each pooling encoded in the same pass."""
    encoder = load_encoder(name)
    short = Path(name).name
    ways = {
        pooling: f"{asked.pairs.name}/{short}/{pooling}"
        for pooling in encoder.poolings
        if with_fusion or not is_there(f"{asked.pairs.name}/{short}/{pooling}/full/hybrid")
    }
    if not ways:
        return
    for pooling, raw in encoder.encode_poolings(asked.texts, list(ways)).items():
        for whitening, vectors in whitened(asked, raw):
            cell, settings = (
                f"{ways[pooling]}/{whitening}",
                {"encoder": name, "pooling": pooling, "whitening": whitening},
            )
            measure_vectors(asked, cell, settings, vectors, with_fusion)


def measure_vectors(
    asked: Asked, cell: str, settings: dict[str, Any], vectors: dict[str, np.ndarray], with_fusion: bool
) -> None:
    """Fill the cells of one kind of vectors: by cosine alone, and fused with the order by words."""
    hybrids = {f"{cell}/hybrid": (ranking.FUSION, ranking.DEPTH)}
    if with_fusion:
        hybrids |= {f"{cell}/hybrid_constant_{constant}": (constant, ranking.DEPTH) for constant in FUSIONS}
        hybrids |= {f"{cell}/hybrid_depth_{depth}": (ranking.FUSION, depth) for depth in DEPTHS}
    missing = {name: way for name, way in hybrids.items() if not is_there(name)}
    if not missing and is_there(f"{cell}/vector"):
        return
    started = time.perf_counter()
    by_vector = asked.search(vectors, "vector", max(DEPTHS))
    if not is_there(f"{cell}/vector"):
        save(asked, f"{cell}/vector", [rows[:ASK_FOR] for rows in by_vector], {**settings, "mode": "vector"}, started)
    for name, (constant, depth) in missing.items():
        both = zip(by_vector, asked.answers_by_words(), strict=True)
        answers = [fuse(near[:depth], words[:depth], constant) for near, words in both]
        settings = {**settings, "mode": "hybrid", "constant": constant, "depth": depth}
        save(asked, name, answers, settings, started)


@contextmanager
def constants(budget: int, parts: float) -> Iterator[None]:
    """Search by words with other constants for a while."""
    usual = keywords.BUDGET, keywords.WEIGHTS
    keywords.BUDGET, keywords.WEIGHTS = budget, f"1.0, {parts}"
    try:
        yield
    finally:
        keywords.BUDGET, keywords.WEIGHTS = usual


def measure_words(asked: Asked, vary: bool) -> None:
    """Fill the cells of the order by words; with the time of a query, which the budget is there to bound."""
    usual = keywords.BUDGET, float(keywords.WEIGHTS.split(",")[1])
    ways = {f"{asked.pairs.name}/keyword": usual}
    if vary:
        ways |= {f"{asked.pairs.name}/keyword_budget_{budget}": (budget, usual[1]) for budget in BUDGETS}
        ways |= {f"{asked.pairs.name}/keyword_parts_{parts}": (usual[0], parts) for parts in PARTS}
    vectors = dict.fromkeys(asked.texts, np.ones(1, dtype=np.float32))
    for cell, (budget, parts) in ways.items():
        if not is_there(cell):
            started = time.perf_counter()
            with constants(budget, parts):
                answers = asked.search(vectors, "keyword")
            save(asked, cell, answers, {"mode": "keyword", "budget": budget, "parts": parts}, started)


def markdown_table() -> str:
    """Return all cells, the best on the mean of both sets first."""
    values: dict[str, dict[tuple[str, str], float]] = {}
    for result in load_records(RESULTS / "search_defaults")[0]:
        _, name, *way, metric = result.name.split("/")
        values.setdefault("/".join(way), {})[name, metric] = result.mean
    columns = [(name, metric) for name in SETS for metric in METRICS]
    heads = [f"{name} {metric.replace('_at_', '@').replace('_', ' ')}" for name, metric in columns]
    lines = ["| way | " + " | ".join(heads) + " | mean MRR@10 |", "|---" * (len(columns) + 2) + "|"]
    complete = {way: cells for way, cells in values.items() if all(column in cells for column in columns)}
    means = {way: sum(cells[name, METRICS[-1]] for name in SETS) / len(SETS) for way, cells in complete.items()}
    for way in sorted(means, key=lambda way: -means[way]):
        shown = " | ".join(f"{100 * complete[way][column]:.2f}" for column in columns)
        lines.append(f"| {way} | {shown} | {100 * means[way]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--encoder", nargs="*", default=["static", "bundled"], help="names or folders; none for words alone"
    )
    parser.add_argument("--keyword", action="store_true", help="vary the constants of the order by words")
    parser.add_argument("--fusion", action="store_true", help="vary the constants of the fusion")
    parser.add_argument("--table", action="store_true", help="print the cells that are there as a table, and stop")
    given = parser.parse_args()
    for name in () if given.table else SETS:
        asked = Asked(name)
        measure_words(asked, given.keyword)
        for encoder in given.encoder:
            measure_encoder(asked, encoder, given.fusion)
    print(markdown_table())


if __name__ == "__main__":
    main()
