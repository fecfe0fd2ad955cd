"""Where the time of one `baihua search` from the shell goes.

    python bench/search_process.py [--encoder static bundled] [--texts 2000] [--runs 5]
    python bench/search_process.py --importtime        (which imports are slow, for the static encoder)

A library of made-up texts is asked once by a fresh process, several times over; the file lies in memory. The steps are
those of `baihua search`: start Python, import the command line, import the search, load the encoder of the library and
open it, take the fingerprint, answer. The whole command is timed as well; what is left is the command line itself and
the end of the process. Medians, in milliseconds, below results/bench/search_process.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from baihua import SentenceEmbedder, SentenceIndex
from baihua.results import Result, load_records

QUERY = "第17句话说了什么"
SLOWEST = 25  # imports listed
RESULTS = Path("results")
STEPS = """
import json, sys, time
marks = [("start python", float(sys.argv[2]), time.time())]
def mark(name):
    marks.append((name, marks[-1][2], time.time()))
import baihua.cli.app
mark("import the command line")
import numpy
mark("import numpy")
import torch
mark("import torch")
import sklearn.base
mark("import scikit-learn (with scipy and pandas)")
import baihua.tasks.search
mark("import the rest of the search")
from baihua.tasks.index.embedder import load_embedder
from baihua.tasks.index.file import IndexFile
file = IndexFile.open(sys.argv[1])
settings = file.settings()
file.close()
embedder = load_embedder(settings)
mark("load the encoder")
embedder.fingerprint
mark("take its fingerprint")
index = baihua.tasks.search.SentenceIndex.open(sys.argv[1], embedder)
mark("open the library (with a fingerprint)")
embedder.encode([sys.argv[3]])
mark("encode the query")
index.search(sys.argv[3])
mark("answer (encodes once more)")
loaded = [name for name in ("pandas", "scipy.stats", "sklearn", "transformers", "torch", "dill") if name in sys.modules]
print(json.dumps({"steps": [(name, stop - start) for name, start, stop in marks], "loaded": loaded}))
"""


def make_library(path: Path, encoder: str, num_texts: int) -> None:
    """Make the library that is asked."""
    with SentenceIndex.create(path, SentenceEmbedder(encoder)) as index:
        index.add([f"第{number}句话，说的是第{number % 97}件事" for number in range(num_texts)])


def run_steps(path: Path) -> dict:
    """Go through the steps in a fresh process; the start of Python counts from just before."""
    command = [sys.executable, "-c", STEPS, str(path), str(time.time()), QUERY]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout)


def run_command(path: Path) -> float:
    """Run the command itself and return its seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "baihua", "search", QUERY, "--db", str(path), "--json"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def import_times(path: Path) -> list[tuple[float, float, str]]:
    """Return (cumulative, own) milliseconds and name of the slowest imports of the command, the slowest first."""
    command = [sys.executable, "-X", "importtime", "-m", "baihua", "search", QUERY, "--db", str(path), "--json"]
    errors = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stderr
    rows = []
    for line in errors.splitlines():
        fields = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and fields[0].strip().isdigit():
            rows.append((int(fields[1]) / 1000, int(fields[0]) / 1000, fields[2].rstrip()))
    return sorted(rows, reverse=True)[:SLOWEST]


def measure(encoder: str, num_texts: int, runs: int) -> None:
    """Fill the cell of one encoder."""
    name = f"bench/search_process/{Path(encoder).name}"
    if (RESULTS / f"{name}.json").exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        make_library(path, encoder, num_texts)
        run_steps(path)  # a warm-up, after which all files are in memory
        measured = [run_steps(path) for _ in range(runs)]
        whole = [run_command(path) for _ in range(runs)]
    steps = {step: statistics.median(dict(one["steps"])[step] for one in measured) for step, _ in measured[0]["steps"]}
    settings = {"encoder": encoder, "texts": num_texts, "steps": steps, "loaded": measured[0]["loaded"], "all": whole}
    Result(
        name=name,
        metric="seconds of one baihua search",
        values=(statistics.median(whole),),
        settings=settings,
        num_examples=runs,
        command="python bench/search_process.py",
    ).save(RESULTS)


def markdown_table() -> str:
    """Return the steps of each encoder as a table, in milliseconds."""
    results = load_records(RESULTS / "bench" / "search_process")[0]
    steps = list(dict.fromkeys(step for result in results for step in result.settings["steps"]))
    heads = [result.settings["encoder"] for result in results]
    lines = ["| step (ms) | " + " | ".join(heads) + " |", "|---" * (1 + len(heads)) + "|"]
    for step in steps:
        cells = [f"{1000 * result.settings['steps'][step]:.0f}" for result in results]
        lines.append(f"| {step} | " + " | ".join(cells) + " |")
    lines.append("| the whole command | " + " | ".join(f"{1000 * result.mean:.0f}" for result in results) + " |")
    loaded = [", ".join(result.settings["loaded"]) for result in results]
    lines.append("| heavy modules loaded | " + " | ".join(loaded) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", nargs="*", default=["static", "bundled"], help="names or folders")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--importtime", action="store_true", help="list the slowest imports, and stop")
    parser.add_argument("--table", action="store_true", help="print the cells that are there as a table, and stop")
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    if given.importtime:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "library.db"
            make_library(path, "static", given.texts)
            for cumulative, own, name in import_times(path):
                print(f"{cumulative:8.1f} ms with what it imports, {own:7.1f} ms itself  {name}")
        return
    for encoder in () if given.table else given.encoder:
        measure(encoder, given.texts, given.runs)
    print(markdown_table())


if __name__ == "__main__":
    main()
