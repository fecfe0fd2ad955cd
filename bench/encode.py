"""Encoding, side by side with sentence-transformers: the same weights, sentences, device and threads, in one run.

    python bench/encode.py [--device cpu] [--sentences 20000] [--rounds 3] [--output results/bench/encode.json]

20 000 distinct sentences of 5 to 120 characters from the public similarity sets (BAIHUA_DATA, or `baihua data
download`). Both sides compute in float32, each at its own default batching, and take turns; the figure is the median.
Beside them: bfloat16 and the static encoder, and where our own time goes. On a GPU sentence-transformers' default
batches of 32 wait for Python, so it also runs with batches of 512, and the ratio is to the better of the two.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from baihua import SentenceEmbedder
from baihua.benchmarks.pairs import STS_SETS, read_pairs
from baihua.encoders.tokens import tokenize
from baihua.encoders.transformer import BATCH_TOKENS, TransformerEncoder
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command

PEER, OURS = "sentence-transformers fp32", "baihua fp32"
LARGE_BATCH = 512  # of the peer on a GPU
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
    tokenizer = seconds_of(lambda: tokenize(encoder.backend(), texts, 0))
    return {"tokenizer": tokenizer / total, "model": spent / total, "rest": 1 - (tokenizer + spent) / total}


def compare(texts: list[str], rounds: int, device: str) -> dict[str, Any]:
    """Time all candidates in turn and check that the two sides give the same vectors."""
    few = texts[::BFLOAT16_SHARE]
    ours, half = (SentenceEmbedder("bundled", device=device, dtype=dtype) for dtype in ("float32", "bfloat16"))
    static = SentenceEmbedder("static")
    with tempfile.TemporaryDirectory() as folder:
        ours.save(Path(folder) / "model")
        theirs = SentenceTransformer(str(Path(folder) / "model"), device=device)
        their_half = SentenceTransformer(str(Path(folder) / "model"), device=device).bfloat16()
    peers: dict[str, Callable[[], object]] = {PEER: lambda: theirs.encode(texts)}
    halves: dict[str, Callable[[], object]] = {}
    if device != "cpu":
        peers[f"{PEER}, batch {LARGE_BATCH}"] = lambda: theirs.encode(texts, batch_size=LARGE_BATCH)
        halves = {
            f"sentence-transformers bf16, batch {LARGE_BATCH}": lambda: their_half.encode(
                texts, batch_size=LARGE_BATCH
            ),
            "baihua bf16": lambda: half.encode(texts, show_progress=False),
        }
    candidates = {
        **peers,
        OURS: lambda: ours.encode(texts, show_progress=False),
        **halves,
        "baihua static": lambda: static.encode(texts, show_progress=False),
    }
    times = alternate(candidates, rounds)
    if device == "cpu":
        times["baihua bf16, one in ten"] = [seconds_of(lambda: half.encode(few, show_progress=False))]
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    counts = {name: len(few) if "one in ten" in name else len(texts) for name in times}
    return {
        "seconds": times,
        "sentences_per_second": {name: counts[name] / median for name, median in medians.items()},
        "times_as_fast_as_peer": min(medians[name] for name in peers) / medians[OURS],
        "largest_difference": float(np.abs(ours.encode(few) - theirs.encode(few)).max()),
        "shares_of_our_time": shares(ours, texts),
        "multiplications_floor": floor(ours, texts),
    }


def floor(embedder: SentenceEmbedder, texts: list[str]) -> float:
    """Seconds that the model's bare matrix products would take, at the speed of one such product measured here."""
    encoder = embedder.encoder
    assert isinstance(encoder, TransformerEncoder)
    config, device = encoder.model.config, encoder.device
    num_tokens = len(tokenize(encoder.backend(), texts, 0).ids)
    width, inner = config.hidden_size, config.intermediate_size
    per_token = 2 * config.num_hidden_layers * (4 * width * width + 2 * width * inner)  # operations
    rows = BATCH_TOKENS[device.type]
    left, right = torch.randn(rows, width, device=device), torch.randn(width, inner, device=device)
    seconds = min(seconds_of(lambda: finished(left @ right)) for _ in range(50))
    return num_tokens * per_token / (2 * rows * width * inner / seconds)


def finished(product: torch.Tensor) -> None:
    """Wait for a GPU to be done."""
    if product.is_cuda:
        torch.cuda.synchronize()


def device_name(device: str) -> str:
    """What it ran on, for the record."""
    return torch.cuda.get_device_name() if device.startswith("cuda") else device


def main() -> None:
    """Run the comparison, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default="results/bench/encode.json")
    settings = parser.parse_args()
    texts = sentences_of_the_sets(settings.sentences)
    measured = compare(texts, settings.rounds, settings.device)
    for name, speed in measured["sentences_per_second"].items():
        print(f"{name:38} {statistics.median(measured['seconds'][name]):8.2f} s {speed:9.0f} sentences/s")
    for name in ("times_as_fast_as_peer", "largest_difference", "shares_of_our_time", "multiplications_floor"):
        print(f"{name}: {measured[name]}")
    lengths = [len(text) for text in texts]
    record = {
        "bench": "encode",
        "workload": {"sentences": len(texts), "mean_characters": statistics.fmean(lengths), "longest": max(lengths)},
        "device": device_name(settings.device),
        "threads": torch.get_num_threads(),
        **measured,
        "versions": package_versions([*RECORDED_PACKAGES, "sentence-transformers"]),
        "command": this_command(),
    }
    write_text(settings.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
