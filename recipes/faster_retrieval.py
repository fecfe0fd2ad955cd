"""Faster retrieval: what whitening to fewer dimensions costs and saves when an answer is hidden among 100 000 sentences.

Task: the first sentences of pairs labelled 1 are the queries; their second sentences stand among 100 000 sentences, all
    others from elsewhere. Found by cosine alone, with vectors as they are, whitened, and whitened to 128 and to 64
    dimensions; the whitening is fitted on the library. In a library of float32, and for the smallest memory in int8.
Data: LCQMC and BQ valid; filled up with sentences of the other public sets in a fixed order: the similarity sets, AFQMC,
    TNEWS-DataCLUE, waimai_10k (BAIHUA_DATA or `baihua data download`). Some of these mean the same as a query without
    being labelled so; that is alike for all rows of the table.
Command: python recipes/faster_retrieval.py [--encoder static bundled …] [--size 100000] [--threads 1] [--table]
Score: Recall@10 (any right answer among ten) and MRR@10; bytes of the vectors in memory; queries per second in batches
    of 64, the encoder left out, the median over all batches. One file per cell below results/faster_retrieval; cells
    that are there are left alone.

Source: https://kexue.fm/archives/8069 (section on dimensionality reduction) and arXiv:2103.15316.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl

from baihua import SentenceEmbedder, SentenceIndex, Whitening, load_encoder
from baihua.benchmarks.library_retrieval import (
    ASK_FOR,
    LibraryQuestions,
    library_questions,
    library_scores,
    public_sentences,
)
from baihua.benchmarks.pairs import read_pairs
from baihua.results import Result, load_records
from baihua.tasks.other_half import unit_rows

SETS = ("LCQMC", "BQ")
SIZES = (128, 64)
DTYPES = ("float32", "int8")
BATCH = 64
METRICS = ("recall_at_10", "mrr_at_10", "queries_per_second", "bytes")
RESULTS = Path("results")


class GivenVectors:
    """A stand-in for an encoder: text ``"17"`` is row 17 of the library, and ``"q3"`` is query 3.

    Args:
        library: shape ``(num_texts, width)``.
        queries: shape ``(num_queries, width)``.
    """

    name, pooling, poolings, max_length = "given", "mean", ("mean",), 1000

    def __init__(self, library: np.ndarray, queries: np.ndarray) -> None:
        self.library, self.queries = library, queries
        self.width = queries.shape[1]

    def fingerprint(self) -> str:
        """Tell vectors of one width from those of another."""
        return f"given {self.width}"

    def encode(self, texts, *, show_progress=None) -> np.ndarray:
        """Look up one vector per text."""
        if texts[0].startswith("q"):
            return self.queries[[int(text[1:]) for text in texts]]
        return self.library[[int(text) for text in texts]]

    def encode_poolings(self, texts, poolings, *, show_progress=None) -> dict[str, np.ndarray]:
        """Look up one vector per text, the same for each pooling."""
        return {pooling: self.encode(texts) for pooling in poolings}


@dataclass(frozen=True)
class Vectors:
    """The vectors of one encoder for a library and its queries.

    Args:
        library: shape ``(num_texts, width)``.
        queries: shape ``(num_queries, width)``.
    """

    library: np.ndarray
    queries: np.ndarray

    def whitened(self, way: str) -> "Vectors":
        """Return unit vectors: as they are (``"raw"``), whitened (``"full"``), or to a number of dimensions."""
        if way == "raw":
            return Vectors(unit_rows(self.library), unit_rows(self.queries))
        whitening = Whitening(None if way == "full" else int(way)).fit(self.library)
        library, queries = (unit_rows(whitening.transform(each)) for each in (self.library, self.queries))
        return Vectors(library.astype(np.float32), queries.astype(np.float32))


def encode(name: str, questions: LibraryQuestions) -> tuple[str, Vectors]:
    """Encode everything once, and return the pooling with it."""
    encoder = load_encoder(name)
    vectors = encoder.encode([*questions.library, *questions.queries])
    size = len(questions.library)
    return encoder.pooling, Vectors(vectors[:size], vectors[size:])


def measure(questions: LibraryQuestions, vectors: Vectors, dtype: str) -> dict[str, float]:
    """Make a library of the vectors, ask all queries in batches, and score."""
    with tempfile.TemporaryDirectory() as folder:
        embedder = SentenceEmbedder(GivenVectors(vectors.library, vectors.queries))
        with SentenceIndex.create(Path(folder) / "library.db", embedder, dtype=dtype) as index:
            for start in range(0, len(vectors.library), 10_000):
                index.add([str(row) for row in range(start, min(start + 10_000, len(vectors.library)))])
            index.search("q0", mode="vector")  # reads the vectors
            answers: list[list[int]] = []
            speeds = []
            for start in range(0, len(vectors.queries), BATCH):
                texts = [f"q{row}" for row in range(start, min(start + BATCH, len(vectors.queries)))]
                started = time.perf_counter()
                found = index.search(texts, top_k=ASK_FOR, mode="vector")
                speeds.append(len(texts) / (time.perf_counter() - started))
                answers += [[int(hit.text) for hit in hits] for hits in found]
            held = index.nbytes
    scores = library_scores(questions, answers)
    return dict(zip(METRICS, (scores.recall_at_10, scores.mrr_at_10, statistics.median(speeds), held), strict=True))


def save(cell: str, measured: dict[str, float], settings: dict[str, Any], data: dict[str, str], num: int) -> None:
    """Print and write one cell."""
    print(f"{cell:44} " + "  ".join(f"{metric} {measured[metric]:.4g}" for metric in METRICS), flush=True)
    for metric, value in measured.items():
        Result(
            name=f"faster_retrieval/{cell}/{metric}",
            metric=metric,
            values=(value,),
            settings=settings,
            data=data,
            num_examples=num,
            command="python recipes/faster_retrieval.py",
        ).save(RESULTS)


def is_there(cell: str) -> bool:
    """Say whether a cell has been measured."""
    return (RESULTS / "faster_retrieval" / cell / f"{METRICS[-1]}.json").exists()


def measure_set(set_name: str, name: str, size: int, threads: int) -> None:
    """Fill the cells of one set and one encoder."""
    ways = [(way, dtype) for way in ("raw", "full", *map(str, SIZES)) for dtype in DTYPES]
    cells = {(way, dtype): f"{set_name}/{Path(name).name}/{way}/{dtype}" for way, dtype in ways}
    missing = [key for key in ways if not is_there(cells[key])]
    if not missing:
        return
    pairs = read_pairs(set_name)
    questions = library_questions(pairs)
    num_own = len(questions.library)
    questions = questions.among(public_sentences(), size)
    print(f"{set_name}: {len(questions.queries)} queries; {num_own} second sentences among {size}", flush=True)
    pooling, vectors = encode(name, questions)
    for way in dict.fromkeys(way for way, _ in missing):
        white = vectors.whitened(way)
        for dtype in (dtype for other, dtype in missing if other == way):
            settings = {
                "encoder": name,
                "pooling": pooling,
                "whitening": way,
                "dtype": dtype,
                "width": white.library.shape[1],
                "library": size,
                "second_sentences": num_own,
                "threads": threads,
                "batch": BATCH,
            }
            data = {pairs.file: f"sha256:{pairs.revision}"}
            save(cells[way, dtype], measure(questions, white, dtype), settings, data, len(questions.queries))


def markdown_table() -> str:
    """Return all cells as a table."""
    cells: dict[tuple[str, ...], dict[str, float]] = {}
    for result in load_records(RESULTS / "faster_retrieval")[0]:
        _, *key, metric = result.name.split("/")
        cells.setdefault(tuple(key), {})[metric] = result.mean
    lines = ["| set | encoder | whitening | stored as | Recall@10 | MRR@10 | MB | queries/s |", "|---" * 8 + "|"]
    order = ("raw", "full", *map(str, SIZES))
    for key in sorted(cells, key=lambda key: (*key[:2], key[3], order.index(key[2]))):
        found = cells[key]
        shown = f"{100 * found['recall_at_10']:.2f} | {100 * found['mrr_at_10']:.2f} | {found['bytes'] / 1e6:.1f}"
        lines.append(f"| {' | '.join(key)} | {shown} | {found['queries_per_second']:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", nargs="*", default=["static", "bundled"], help="names or folders")
    parser.add_argument("--size", type=int, default=100_000, help="of the library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print the cells that are there as a table, and stop")
    given = parser.parse_args()
    if not given.table:
        with threadpoolctl.threadpool_limits(given.threads):
            for name in given.encoder:
                for set_name in SETS:
                    measure_set(set_name, name, given.size, given.threads)
    print(markdown_table())


if __name__ == "__main__":
    main()
