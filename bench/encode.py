"""Encoding on a CPU, side by side with sentence-transformers: the same weights, sentences and threads, in one run.

    python bench/encode.py [--sentences 20000] [--rounds 3] [--output results/bench/encode.json]

20 000 distinct sentences of 5 to 120 characters from the public similarity sets (BAIHUA_DATA, or `baihua data
download`). Both sides compute in float32, each at its own default batching, and take turns; the figure is the median.
Beside them: bfloat16 and the static encoder, and where our own time goes.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from baihua import SentenceEmbedder
from baihua.benchmarks.pairs import STS_SETS, read_pairs
from baihua.encoders.tokens import tokenize
from baihua.encoders.transformer import TransformerEncoder
from baihua.files import write_text
from baihua.results import package_versions

BFLOAT16_SHARE = 10  # one sentence in ten: processors without bfloat16 arithmetic emulate it slowly


def sentences_of_the_sets(count: int) -> list[str]:
    """Distinct sentences of 5 to 120 characters, drawn at random from all five sets."""
    texts = {text for name in STS_SETS for pairs in [read_pairs(name)] for text in (*pairs.first, *pairs.second)}
    fitting = sorted(text for text in texts if 5 <= len(text) <= 120)
    return random.Random(0).sample(fitting, count)


def seconds_of(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def alternate(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Time all functions in turn, several times over."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            times[name].append(seconds_of(function))
    return times


def shares(embedder: SentenceEmbedder, texts: list[str]) -> dict[str, float]:
    """How our time divides into tokenizer, model and the rest, as fractions."""
    encoder = embedder.encoder
    assert isinstance(encoder, TransformerEncoder)
    spent = 0.0
    forward = encoder._forward

    def timed(*arguments):
        nonlocal spent
        started = time.perf_counter()
        pooled = forward(*arguments)
        spent += time.perf_counter() - started
        return pooled

    encoder._forward = timed
    total = seconds_of(lambda: embedder.encode(texts, show_progress=False))
    encoder._forward = forward
    tokenizer = seconds_of(lambda: tokenize(encoder._fast_tokenizer(), texts, 0))
    return {"tokenizer": tokenizer / total, "model": spent / total, "rest": 1 - (tokenizer + spent) / total}


def main() -> None:
    """Run the comparison, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default="results/bench/encode.json")
    settings = parser.parse_args()
    texts = sentences_of_the_sets(settings.sentences)
    few = texts[::BFLOAT16_SHARE]
    ours, half = SentenceEmbedder("bundled", device="cpu"), SentenceEmbedder("bundled", device="cpu", dtype="bfloat16")
    static = SentenceEmbedder("static")
    with tempfile.TemporaryDirectory() as folder:
        ours.save(Path(folder) / "model")
        theirs = SentenceTransformer(str(Path(folder) / "model"), device="cpu")
    difference = float(np.abs(ours.encode(few) - theirs.encode(few)).max())
    times = alternate(
        {
            "sentence-transformers fp32": lambda: theirs.encode(texts),
            "baihua fp32": lambda: ours.encode(texts, show_progress=False),
            "baihua static": lambda: static.encode(texts, show_progress=False),
        },
        settings.rounds,
    )
    times["baihua bf16 (one in ten)"] = [seconds_of(lambda: half.encode(few, show_progress=False))]
    table = []
    for name, taken in times.items():
        count = len(few) if "one in ten" in name else len(texts)
        speed = count / statistics.median(taken)
        table.append(
            {"name": name, "seconds": taken, "median": statistics.median(taken), "sentences_per_second": speed}
        )
        print(
            f"{name:28} median {statistics.median(taken):7.2f} s  {speed:9.0f} sentences/s  {[round(t, 2) for t in taken]}"
        )
    median = {row["name"]: row["median"] for row in table}
    ratio = median["sentence-transformers fp32"] / median["baihua fp32"]
    parts = shares(ours, texts)
    print(f"baihua is {ratio:.2f} times as fast; largest difference of a coordinate {difference:.1e}")
    print("time: " + ", ".join(f"{name} {share:.0%}" for name, share in parts.items()))
    lengths = [len(text) for text in texts]
    record = {
        "workload": {"sentences": len(texts), "mean_characters": statistics.fmean(lengths), "longest": max(lengths)},
        "threads": torch.get_num_threads(),
        "table": table,
        "ratio": ratio,
        "largest_difference": difference,
        "shares": parts,
        "versions": package_versions(
            ["baihua", "torch", "transformers", "tokenizers", "numpy", "sentence-transformers"]
        ),
        "command": f"python bench/encode.py --sentences {settings.sentences} --rounds {settings.rounds}",
    }
    write_text(settings.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
