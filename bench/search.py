"""Exact search in a library of 100 000 texts beside faiss' IndexFlatIP: the same vectors, queries, threads, taking turns.

    PYTHONPATH=FOLDER_WITH_FAISS python bench/search.py [--threads 1] [--rounds 15] [--folder FOLDER]
    python bench/search.py --table

Random unit vectors (seed 0) of width 256 and 768; 1 and 64 queries, the 10 nearest. For ours the whole
`SentenceIndex.search` is timed: checks, the state of the file, products, exact order, texts and metadata of the hits.
Only the encoder is a stand-in that looks its vectors up, as faiss is given vectors as well. Beside them the floor: the
bare products with the same vectors, by BLAS and row by row, without any order. faiss multiplies one query on one thread,
and 20 or more by the BLAS in its wheel; with that switched off ("no BLAS") it uses its own loops.

Opening and the first query are timed in a fresh process whose imports are done; the file was written just before, so
it is read from memory, not from a disk. Memory: the vectors held, and by how much the resident size of that process
rose at most (Linux only).

Each cell is a file below results/bench/search; cells that are there are left alone.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]
from numpy.typing import NDArray

from baihua import SentenceEmbedder, SentenceIndex
from baihua.results import RECORDED_PACKAGES, Result, load_records, package_versions

NUM, TOP_K, MOST_QUERIES = 100_000, 10, 64
WIDTHS, QUERIES = (256, 768), (1, 64)
DTYPES = ("float32", "int8")
FRESH_PROCESSES = 3
RESULTS = Path("results")
OPENING = ("open and first query", "seconds"), ("file", "bytes"), ("vectors held", "bytes"), ("memory peak", "bytes")
Vectors = NDArray[np.float32]


class GivenVectors:
    """A stand-in for an encoder: text ``"17"`` is row 17 of the vectors, and ``"q3"`` is query 3.

    Args:
        vectors: of the library, shape ``(num, width)``; of no rows where nothing is added.
        queries: shape ``(num_queries, width)``.
    """

    name, pooling, poolings, max_length = "given", "mean", ("mean",), 1000

    def __init__(self, vectors: Vectors, queries: Vectors) -> None:
        self.vectors, self.queries = vectors, queries
        self.width = queries.shape[1]

    def fingerprint(self) -> str:
        """Tell vectors of one width from those of another."""
        return f"given {self.width}"

    def encode(self, texts: Sequence[str], *, show_progress: bool | None = None) -> Vectors:
        """Look up one vector per text."""
        if texts[0].startswith("q"):
            return self.queries[[int(text[1:]) for text in texts]]
        return self.vectors[[int(text) for text in texts]]

    def encode_poolings(
        self, texts: Sequence[str], poolings: Sequence[str], *, show_progress: bool | None = None
    ) -> dict[str, Vectors]:
        """Look up one vector per text, the same for each pooling."""
        return {pooling: self.encode(texts) for pooling in poolings}


def unit_vectors(num: int, width: int, seed: int) -> Vectors:
    """Random directions, shape ``(num, width)``."""
    vectors = np.random.default_rng(seed).standard_normal((num, width), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def make_library(path: Path, vectors: Vectors, queries: Vectors, dtype: str) -> None:
    """Store the vectors, as those of texts that are numbers."""
    embedder = SentenceEmbedder(GivenVectors(vectors, queries))
    with SentenceIndex.create(path, embedder, dtype=dtype) as index:
        for start in range(0, len(vectors), 10_000):
            index.add([str(row) for row in range(start, min(start + 10_000, len(vectors)))])


def open_and_ask(path: Path, width: int) -> dict[str, float]:
    """Open a library, ask once, and say what that took; runs in a process of its own."""
    embedder = SentenceEmbedder(GivenVectors(np.empty((0, width), np.float32), unit_vectors(1, width, seed=1)))
    before, started = resident("VmRSS"), time.perf_counter()
    with SentenceIndex.open(path, embedder) as index:
        index.search("q0", top_k=TOP_K, mode="vector")
        seconds = time.perf_counter() - started
        held = index.nbytes
    peak = resident("VmHWM") - before
    values = (seconds, path.stat().st_size, held, peak)
    return {name: value for (name, _), value in zip(OPENING, values, strict=True)}


def resident(name: str) -> int:
    """The resident size now (VmRSS) or at its highest (VmHWM), in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return next(int(line.split()[1]) * 1024 for line in status.read_text("utf-8").splitlines() if name in line)


def measure_opening(path: Path, width: int, dtype: str, threads: int) -> None:
    """Open the library in fresh processes and save the medians."""
    command = [sys.executable, __file__, "--open", str(path), "--width", str(width), "--threads", str(threads)]
    run = partial(subprocess.run, command, check=True, capture_output=True, text=True, encoding="utf-8")
    measured = [json.loads(run().stdout) for _ in range(FRESH_PROCESSES)]
    for name, metric in OPENING:
        value = statistics.median(item[name] for item in measured)
        save(f"{width}/{threads}_threads/{dtype}/{name.replace(' ', '_')}", metric, value, [m[name] for m in measured])


def measure_search(width: int, num_queries: int, threads: int, rounds: int, libraries: dict[str, Path]) -> None:
    """Let all candidates take turns on the same queries, and save the medians."""
    faiss = import_faiss()
    faiss.omp_set_num_threads(threads)
    vectors, queries = unit_vectors(NUM, width, seed=0), unit_vectors(MOST_QUERIES, width, seed=1)[:num_queries]
    texts = [f"q{number}" for number in range(num_queries)]
    embedder = SentenceEmbedder(GivenVectors(vectors[:0], queries))
    peer = faiss.IndexFlatIP(width)
    peer.add(vectors)
    indexes = {dtype: SentenceIndex.open(path, embedder) for dtype, path in libraries.items()}
    candidates: dict[str, Callable[[], object]] = {"faiss": lambda: peer.search(queries, TOP_K)}
    if num_queries > 1:
        candidates["faiss, no BLAS"] = lambda: without_blas(faiss, lambda: peer.search(queries, TOP_K))
    for dtype, index in indexes.items():
        candidates[f"baihua {dtype}"] = lambda index=index: index.search(texts, top_k=TOP_K, mode="vector")
    blocks = [vectors[start : start + 4096] for start in range(0, NUM, 4096)]
    candidates["bare product, BLAS"] = lambda: [queries @ block.T for block in blocks]
    if num_queries == 1:
        candidates["bare product, row by row"] = lambda: [np.vecdot(block, queries[0]) for block in blocks]
    agreement = share_found_too(indexes["float32"].search(texts, top_k=TOP_K, mode="vector"), peer, queries)
    times = alternate(candidates, rounds)
    for name, taken in times.items():
        cell = cell_name(width, num_queries, threads, name)
        save(cell, "seconds", statistics.median(taken), taken, {"faiss": faiss.__version__, "agreement": agreement})
        print(f"{width:4} {num_queries:3} {name:26} {statistics.median(taken) * 1000:8.1f} ms", flush=True)
    for index in indexes.values():
        index.close()


def alternate(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Time all candidates in turn; the first turn of each is a warm-up and is not counted."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, run in candidates.items():
            started = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - started)
    return times


def without_blas(faiss, run: Callable[[], object]) -> object:
    """Run with the number of queries from which faiss uses BLAS out of reach."""
    usual = faiss.cvar.distance_compute_blas_threshold
    faiss.cvar.distance_compute_blas_threshold = MOST_QUERIES + 1
    try:
        return run()
    finally:
        faiss.cvar.distance_compute_blas_threshold = usual


def share_found_too(answers, peer, queries: Vectors) -> float:
    """Which share of faiss' answers are ours too, as a check that both do the same."""
    rows = peer.search(queries, TOP_K)[1]
    pairs = zip(answers, rows, strict=True)
    return statistics.fmean(len({int(hit.text) for hit in hits} & set(row.tolist())) / TOP_K for hits, row in pairs)


def import_faiss():
    """Return the module, or stop with a sentence."""
    try:
        import faiss
    except ImportError:
        sys.exit("This comparison needs faiss: pip install faiss-cpu, or name the folder that holds it in PYTHONPATH.")
    return faiss


def cell_name(width: int, num_queries: int, threads: int, candidate: str) -> str:
    """The cell's path below results/bench/search."""
    return f"{width}/{threads}_threads/{num_queries}_queries/{candidate.replace(', ', '_').replace(' ', '_')}"


def is_there(cell: str) -> bool:
    """Say whether a cell has been measured."""
    return (RESULTS / "bench" / "search" / f"{cell}.json").exists()


def save(
    cell: str, metric: str, value: float, all_values: list[float], versions: dict[str, object] | None = None
) -> None:
    """Write one cell."""
    more = dict(versions or {})
    packages = {**package_versions(RECORDED_PACKAGES), **({"faiss": str(more.pop("faiss"))} if more else {})}
    Result(
        name=f"bench/search/{cell}",
        metric=metric,
        values=(value,),
        settings={"texts": NUM, "top_k": TOP_K, "all": all_values, **more},
        num_examples=len(all_values),
        command="python bench/search.py",
        versions=packages,
    ).save(RESULTS)


def markdown_table() -> str:
    """Return all cells as a table: milliseconds, then what a library takes."""
    results, _ = load_records(RESULTS / "bench" / "search")
    names = {tuple(result.name.split("/")[2:]): result for result in results}
    lines = ["| width | threads | queries | way | ms |", "|---|---|---|---|---|"]
    searches = [(key, found) for key, found in names.items() if key[2].endswith("_queries")]
    for (width, threads, queries, way), found in sorted(searches, key=lambda item: (int(item[0][0]), *item[0][1:])):
        shown = way.replace("_", " ")
        lines.append(f"| {width} | {threads[:-8]} | {queries[:-8]} | {shown} | {found.mean * 1000:.1f} |")
    heads = [name for name, _ in OPENING]
    lines += ["", "| width | stored as | " + " | ".join(heads) + " |", "|---" * (2 + len(heads)) + "|"]
    for width, threads, dtype in sorted({key[:3] for key in names if not key[2].endswith("_queries")}):
        row = [names[width, threads, dtype, head.replace(" ", "_")] for head in heads]
        cells = [f"{one.mean:.2f} s" if one.metric == "seconds" else f"{one.mean / 1e6:.0f} MB" for one in row]
        lines.append(f"| {width} | {dtype} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", help="where to put the libraries, 1.5 GB; a temporary folder if not given")
    parser.add_argument("--table", action="store_true", help="print the cells that are there as a table, and stop")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, nargs="*", default=WIDTHS)
    given = parser.parse_args()
    with threadpoolctl.threadpool_limits(given.threads):
        if given.open:
            print(json.dumps(open_and_ask(given.open, given.width[0])))
            return
        if not given.table:
            measure_all(given.width, given.threads, given.rounds, given.folder)
    print(markdown_table())


def measure_all(widths: Sequence[int], threads: int, rounds: int, folder: str | None) -> None:
    """Go through the cells, width by width."""
    for width in widths:
        cells = [cell_name(width, num, threads, "bare product, BLAS") for num in QUERIES]
        cells += [f"{width}/{threads}_threads/{dtype}/memory_peak" for dtype in DTYPES]
        if all(is_there(cell) for cell in cells):
            continue
        with tempfile.TemporaryDirectory(dir=folder) as place:
            libraries = {dtype: Path(place) / f"{dtype}.db" for dtype in DTYPES}
            vectors, queries = unit_vectors(NUM, width, seed=0), unit_vectors(MOST_QUERIES, width, seed=1)
            for dtype, path in libraries.items():
                make_library(path, vectors, queries, dtype)
                if not is_there(f"{width}/{threads}_threads/{dtype}/memory_peak"):
                    measure_opening(path, width, dtype, threads)
            del vectors
            for num_queries in QUERIES:
                if not is_there(cell_name(width, num_queries, threads, "bare product, BLAS")):
                    measure_search(width, num_queries, threads, rounds, libraries)


if __name__ == "__main__":
    main()
