"""Heads that find entities, without an encoder: a training step, decoding and memory, beside the peers.

    python bench/span_heads.py [--hidden 768 312] [--threads 1 2] [--rounds 5] [--bert4torch FOLDER]
        [--output results/bench/span_heads.json]

States of 16 texts of 256 tokens, 10 types, 6 entities a text, float32. A step is the loss and the gradients of the head
and of the states. "dense" is GlobalPointer as it is usually written. Before decoding is timed each head has learned
from these texts a little. "projection" is the linear layer of GlobalPointer alone, forward and backward: its floor. Memory is what one
step takes above the idle process, each head in a process of its own. The last rows are whole steps, the bundled encoder
(width 256) with its head, optimizer included. bert4torch is no dependency: give the folder it was installed into.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from encode import alternate
from span_head_peers import HEAD_SIZE, SAME_WEIGHTS, TYPES, make_head, names
from torch import Tensor, nn

from baihua.encoders.load import load_encoder
from baihua.files import write_text
from baihua.nn.efficient_global_pointer import EfficientGlobalPointer
from baihua.nn.global_pointer import GlobalPointer
from baihua.results import package_versions, this_command

BATCH, LENGTH, PER_TEXT, LONGEST = 16, 256, 6, 20
LEARNING_STEPS = 20
DECODE_REPEATS = 3


def make_workload(hidden: int) -> tuple[Tensor, Tensor, Tensor]:
    """States, lengths and entities side by side (text, type, first token, last token), drawn once.

    The states are noise with a sign of their type at the first and at the last token of each entity, so that heads learn.
    """
    generator = torch.Generator().manual_seed(0)
    spans = []
    for text in range(BATCH):
        for slot in range(PER_TEXT):
            start = slot * (LENGTH // PER_TEXT) + int(torch.randint(10, (), generator=generator))
            width = 1 + int(torch.randint(LONGEST, (), generator=generator))
            spans.append([text, int(torch.randint(TYPES, (), generator=generator)), start, start + width - 1])
    states = torch.randn(BATCH, LENGTH, hidden, generator=generator)
    signs = torch.randn(2, TYPES, hidden, generator=generator)
    for text, kind, start, end in spans:
        states[text, start] += signs[0, kind]
        states[text, end] += signs[1, kind]
    return states, torch.full((BATCH,), LENGTH), torch.tensor(spans)


def step_of(head: nn.Module, workload: tuple[Tensor, Tensor, Tensor]) -> Callable[[], None]:
    """Loss and gradients, as something to time."""

    def step() -> None:
        states, lengths, spans = workload
        head.loss(states.clone().requires_grad_(), lengths, spans).backward()

    return step


def projection_of(hidden: int, states: Tensor) -> Callable[[], None]:
    """The floor of GlobalPointer: its linear layer, forward and backward."""
    linear = nn.Linear(hidden, TYPES * 128)
    upstream = torch.ones(BATCH, LENGTH, TYPES * 128)

    def step() -> None:
        linear(states.clone().requires_grad_()).backward(upstream)

    return step


def learn(head: nn.Module, workload: tuple[Tensor, Tensor, Tensor]) -> None:
    """Train a head for a little so that it finds some of the entities and little else, as a trained one does."""
    begin_below_zero(head)
    optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)
    for _ in range(LEARNING_STEPS):
        optimizer.zero_grad()
        head.loss(*workload).backward()
        optimizer.step()


def begin_below_zero(head: nn.Module) -> None:
    """Let all scores begin at about −8, where training needs hundreds of steps to bring those of millions of spans."""
    with torch.no_grad():
        if isinstance(head, GlobalPointer):
            sides = head.projection.bias.view(TYPES, 2, HEAD_SIZE)[..., -16:]  # which positions hardly turn
            sides[:, 0], sides[:, 1] = 2, -2
        elif isinstance(head, EfficientGlobalPointer):
            head.types.bias.fill_(-8)


def medians(taken: dict[str, list[float]], repeats: int = 1) -> dict[str, float]:
    """Median seconds without the first round."""
    return {name: statistics.median(seconds[1:]) / repeats for name, seconds in taken.items()}


def compare(hidden: int, rounds: int, bert4torch: Path | None) -> dict[str, dict[str, float]]:
    """Seconds of a training step and of decoding, and what decoding found is right."""
    workload = make_workload(hidden)
    heads = {name: make_head(name, hidden, bert4torch) for name in names(bert4torch)}
    floor = {"projection": projection_of(hidden, workload[0])}
    training = alternate({name: step_of(head, workload) for name, head in heads.items()} | floor, rounds + 1)
    for name, head in heads.items():
        if name not in SAME_WEIGHTS:
            learn(head, workload)
    for name, ours in SAME_WEIGHTS.items():
        if name in heads:
            heads[name].copy(heads[ours])
    with torch.no_grad():
        decoding = alternate(
            {
                name: lambda head=head: [head.decode(*workload[:2]) for _ in range(DECODE_REPEATS)]
                for name, head in heads.items()
            },
            rounds + 1,
        )
    return {"training": medians(training), "decoding": medians(decoding, DECODE_REPEATS)}


def with_encoder(rounds: int, bert4torch: Path | None) -> dict[str, float]:
    """Seconds of whole training steps with the bundled encoder."""
    model: Any = load_encoder("bundled", device="cpu").model.train()
    ids = torch.randint(200, 8000, (BATCH, LENGTH), generator=torch.Generator().manual_seed(0))
    _, lengths, spans = make_workload(1)

    def whole(head: nn.Module) -> Callable[[], None]:
        optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()], lr=1e-6)

        def step() -> None:
            head.loss(model(input_ids=ids).last_hidden_state, lengths, spans).backward()
            optimizer.step()
            optimizer.zero_grad()

        return step

    width = int(model.config.hidden_size)
    steps = {name: whole(make_head(name, width, bert4torch)) for name in names(bert4torch)}
    return medians(alternate(steps, rounds + 1))


def peak_bytes(name: str, hidden: int, bert4torch: Path | None) -> int:
    """What one training step takes above the idle process, in a process of its own."""
    command = [sys.executable, __file__, "--only", name, "--hidden", str(hidden)]
    command += ["--bert4torch", str(bert4torch)] if bert4torch else []
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def one_step(name: str, hidden: int, bert4torch: Path | None) -> None:
    """Print the growth of this process's peak memory by one step."""
    head, workload = make_head(name, hidden, bert4torch), make_workload(hidden)
    small = tuple(part[:1, :8] if part.ndim == 3 else part[:1] for part in workload)
    head.loss(small[0], torch.tensor([8]), torch.zeros(0, 4, dtype=torch.long)).backward()  # loads the libraries
    idle = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far, of loading, is forgotten
    step_of(head, workload)()
    print(status("VmHWM") - idle)


def status(field: str) -> int:
    """Bytes that Linux gives for this process; ``ru_maxrss`` would begin with the peak of the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{field}:")).split()[1])


def main() -> None:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, nargs="+", default=[768, 312])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bert4torch", type=Path)
    parser.add_argument("--only", help="measure the memory of one head in this process")
    parser.add_argument("--output", type=Path, default=Path("results/bench/span_heads.json"))
    given = parser.parse_args()
    if given.only:
        one_step(given.only, given.hidden[0], given.bert4torch)
        return
    measured: dict[str, Any] = {}
    for threads in given.threads:
        torch.set_num_threads(threads)
        for hidden in given.hidden:
            measured[f"hidden {hidden}, threads {threads}"] = compare(hidden, given.rounds, given.bert4torch)
        measured[f"bundled encoder, threads {threads}"] = {"training": with_encoder(given.rounds, given.bert4torch)}
    for where, kinds in measured.items():
        for kind, seconds in kinds.items():
            for name, taken in seconds.items():
                print(f"{where:30} {kind:9} {name:36} {1000 * taken:8.1f} ms", flush=True)
    memory = {
        f"hidden {hidden}": {name: peak_bytes(name, hidden, given.bert4torch) for name in names(given.bert4torch)}
        for hidden in given.hidden
    }
    for where, sizes in memory.items():
        for name, size in sizes.items():
            print(f"{where:30} memory    {name:36} {size / 2**20:8.1f} MiB")
    workload = {"batch": BATCH, "length": LENGTH, "types": TYPES, "entities_per_text": PER_TEXT, "precision": "float32"}
    record = {"bench": "span_heads", "workload": workload, "seconds": measured, "peak_bytes": memory}
    record |= {"versions": package_versions(["torch", "numpy", "pytorch-crf"]), "command": this_command()}
    write_text(given.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
