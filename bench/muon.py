"""One step of Muon on a CPU: ours in float32 beside torch's, which iterates in bfloat16, and beside AdamW.

    python bench/muon.py [--rounds 7] [--output results/bench/muon.json]

The matrices of the bundled encoder's layers, random gradients, the same threads; the three take turns and the figure is
the median. For scale: the forward and backward pass of a batch of 16 x 128 tokens of the same model.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.encoders.pretraining.objectives import MaskedLoss
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command
from baihua.training.muon import Muon

LENGTH, BATCH, RATE = 128, 16, 1e-4


def matrices() -> list[nn.Parameter]:
    """The weights of the layers, with gradients."""
    model, _ = open_masked_model(BUNDLED, "cpu")
    found = [weight for name, weight in model.named_parameters() if weight.ndim == 2 and "layer." in name]
    for weight in found:
        weight.grad = torch.randn_like(weight)
    return found


def step_of(optimizer: torch.optim.Optimizer) -> Callable[[], None]:
    """One step as something to time."""
    return lambda: optimizer.step() and None


def pass_of_model() -> Callable[[], None]:
    """The forward and backward pass of a batch."""
    model, _ = open_masked_model(BUNDLED, "cpu")
    loss = MaskedLoss(model.train())
    ids = torch.randint(200, 8000, (BATCH, LENGTH))
    batch = {"ids": ids, "read": ids, "hidden": torch.rand(BATCH, LENGTH) < 0.15}
    return lambda: loss(batch).backward()


def main() -> None:
    """Run the comparison, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", default="results/bench/muon.json")
    given = parser.parse_args()
    ways = {
        "baihua Muon, float32": step_of(Muon([{"params": matrices(), "orthogonal": True}], lr=RATE)),
        "torch Muon, bfloat16": step_of(torch.optim.Muon(matrices(), lr=RATE, adjust_lr_fn="match_rms_adamw")),
        "torch AdamW": step_of(torch.optim.AdamW(matrices(), lr=RATE)),
        "forward and backward pass": pass_of_model(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(given.rounds + 1):
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            if round_number:  # the first warms up
                seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    for name, median in medians.items():
        print(f"{name:28} {1000 * median:8.0f} ms")
    record = {
        "bench": "muon",
        "workload": {"model": "bundled", "length": LENGTH, "batch": BATCH},
        "threads": torch.get_num_threads(),
        "median_seconds": medians,
        "seconds": seconds,
        "versions": package_versions(RECORDED_PACKAGES),
        "command": this_command(),
    }
    write_text(given.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
