"""Removing repeated texts from 100 000 distinct sentences: seconds, beside semhash where it is installed.

    python bench/dedupe.py [--sentences 100000] [--rounds 3] [--threads 1]
    python bench/dedupe.py --table

Sentences of the public sets (BAIHUA_DATA, or `baihua data download`), all different. Both sides use the static encoder,
whitened (without that, one pair in fifty reaches 0.9), and the same threshold, 0.9; each run starts from the texts.
Ours compares every pair exactly, and keeps apart what differs in a number, a Latin word or a negation; semhash looks
near pairs up in an approximate index, and has no such rule, so that the numbers removed differ. A third row lets ours
find its threshold from the file. Each cell is a file below results/bench/dedupe; cells that are there are left alone.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import threadpoolctl  # type: ignore[import-untyped]

from baihua import SentenceEmbedder, Whitening
from baihua.benchmarks.library_retrieval import public_sentences
from baihua.results import RECORDED_PACKAGES, Result, load_records, package_versions
from baihua.tasks.dedupe import deduplicate

THRESHOLD = 0.9
RESULTS = Path("results")


def distinct_sentences(num: int) -> list[str]:
    """The first so many different sentences of the public sets, or as many as there are."""
    return list(islice(dict.fromkeys(text for text in public_sentences() if text.strip()), num))


def candidates(texts: list[str]) -> dict[str, Callable[[], int]]:
    """What takes turns: each returns how many texts it removed."""
    embedder = SentenceEmbedder("static")
    embedder.whitening = Whitening().fit(embedder.encode(texts, normalize=False))
    found: dict[str, Callable[[], int]] = {
        "baihua": lambda: len(deduplicate(texts, embedder, THRESHOLD, show_progress=False).removed),
        "baihua, own threshold": lambda: len(deduplicate(texts, embedder, show_progress=False).removed),
    }
    try:
        from semhash import SemHash
    except ImportError:
        print("semhash is not installed, so ours is timed alone: pip install semhash")
        return found
    found["semhash"] = lambda: len(
        SemHash.from_records(texts, model=embedder).self_deduplicate(threshold=THRESHOLD).filtered
    )
    return found


def cell_name(way: str, num: int, threads: int) -> str:
    """The cell's path below the results."""
    return f"bench/dedupe/{num}/{threads}_threads/{way.replace(', ', '_').replace(' ', '_')}"


def measure(num: int, rounds: int, threads: int) -> None:
    """Let the candidates that have no cell yet take turns, and save the medians."""
    texts = distinct_sentences(num)
    if len(texts) < num:
        print(f"only {len(texts)} different sentences are here")
    ways = {
        way: run
        for way, run in candidates(texts).items()
        if not (RESULTS / f"{cell_name(way, len(texts), threads)}.json").exists()
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    removed = {}
    for _ in range(rounds):
        for way, run in ways.items():
            started = time.perf_counter()
            removed[way] = run()
            times[way].append(time.perf_counter() - started)
            print(f"{way:24} {times[way][-1]:8.2f} s  {removed[way]} removed", flush=True)
    for way, taken in times.items():
        settings = {
            "encoder": "static",
            "whitening": "full",
            "sentences": len(texts),
            "removed": removed[way],
            "all": taken,
        }
        settings["threshold"] = None if "own" in way else THRESHOLD
        Result(
            name=cell_name(way, len(texts), threads),
            metric="seconds",
            values=(statistics.median(taken),),
            settings=settings,
            num_examples=len(texts),
            command="python bench/dedupe.py",
            versions=package_versions([*RECORDED_PACKAGES, "semhash"]),
        ).save(RESULTS)


def markdown_table() -> str:
    """Return all cells as a table."""
    lines = ["| sentences | threads | way | seconds | removed |", "|---|---|---|---|---|"]
    for result in load_records(RESULTS / "bench" / "dedupe")[0]:
        *_, num, threads, way = result.name.split("/")
        lines.append(
            f"| {num} | {threads[:-8]} | {way.replace('_', ' ')} | {result.mean:.1f} | {result.settings['removed']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print the cells that are there as a table, and stop")
    given = parser.parse_args()
    if not given.table:
        with threadpoolctl.threadpool_limits(given.threads):
            measure(given.sentences, given.rounds, given.threads)
    print(markdown_table())


if __name__ == "__main__":
    main()
