"""A contrastive batch of 512 in chunks against the same batch at once: loss, gradients, memory and time.

    python bench/chunked_batch.py [--batch 512] [--chunk 32] [--output results/bench/chunked_batch.json]

The bundled encoder, distinct sentences of the public similarity sets (BAIHUA_DATA, or `baihua data download`), mean
pooling, at most 64 tokens, float32. Each way runs in a process of its own, whose peak of memory the system tells; that of
one step with two sentences, which is what the program itself needs, is taken off. Dropout is off, because chunks draw it
in another order than a whole batch; that a chunk which is run again sees the dropout it had is a test
(tests/tasks/contrastive/test_simcse.py).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from encode import sentences_of_the_sets
from safetensors.torch import load_file, save_file

from baihua.encoders.load import load_encoder
from baihua.encoders.sentence_model import SentenceModel
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command
from baihua.tasks.contrastive.batches import text_batches
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.simcse import SimCSELoss

LENGTH, TEMPERATURE = 64, 0.05


def step(batch_size: int, chunk: int | None, out: Path) -> None:
    """Compute loss and gradients of one batch and write them, with peak memory and seconds."""
    encoder = load_encoder("bundled", pooling="mean", device="cpu")
    model = SentenceModel(encoder, chunk)
    tokens = encoder.tokens(sentences_of_the_sets(batch_size), LENGTH)
    batch = next(text_batches(tokens, ContrastiveSettings(batch_size=batch_size), 0))
    started = time.perf_counter()
    loss = SimCSELoss(model, TEMPERATURE)(batch)
    loss.backward()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    save_file({name: gradient.contiguous() for name, gradient in gradients.items()}, out / "gradients.safetensors")
    write_text(out / "facts.json", json.dumps({"loss": loss.item(), "bytes": peak, "seconds": seconds}))


def run(batch_size: int, chunk: int | None) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Take a step in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--batch", str(batch_size), "--chunk", str(chunk or 0), "--step", folder]
        subprocess.run(words, check=True)
        return json.loads((Path(folder) / "facts.json").read_text()), load_file(f"{folder}/gradients.safetensors")


def main() -> None:
    """Run both ways, print and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--chunk", type=int, default=32)
    parser.add_argument("--step", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", default="results/bench/chunked_batch.json")
    given = parser.parse_args()
    if given.step:
        step(given.batch, given.chunk or None, given.step)
        return
    alone, _ = run(2, None)
    (plain, whole), (cached, pieces) = run(given.batch, None), run(given.batch, given.chunk)
    largest = max(float(gradient.abs().max()) for gradient in whole.values())
    apart = max(float((pieces[name] - gradient).abs().max()) for name, gradient in whole.items())
    record = {
        "bench": "chunked_batch",
        "workload": {"batch": given.batch, "chunk": given.chunk, "max_length": LENGTH, "precision": "float32"},
        "loss": {"at once": plain["loss"], "in chunks": cached["loss"]},
        "largest_gradient": largest,
        "largest_difference_of_gradients": apart,
        "megabytes_beyond_the_program": {
            "at once": (plain["bytes"] - alone["bytes"]) / 1e6,
            "in chunks": (cached["bytes"] - alone["bytes"]) / 1e6,
        },
        "seconds": {"at once": plain["seconds"], "in chunks": cached["seconds"]},
        "threads": torch.get_num_threads(),
        "versions": package_versions([*RECORDED_PACKAGES, "accelerate"]),
        "command": this_command(),
    }
    for name in (
        "loss",
        "largest_gradient",
        "largest_difference_of_gradients",
        "megabytes_beyond_the_program",
        "seconds",
    ):
        print(f"{name}: {record[name]}")
    write_text(given.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
