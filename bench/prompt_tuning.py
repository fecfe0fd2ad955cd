"""Training a soft prompt on the CPU, side by side with PEFT's prompt tuning: the same model, vectors, batches and places.

    python bench/prompt_tuning.py --peft FOLDER [--threads 1 2] [--rounds 9] [--output results/bench/prompt_tuning.json]

8 soft tokens before 16 texts, 128 tokens each in all, float32, no dropout; a step is loss, gradient and AdamW. The model is
frozen: the bundled one (width 256), and a random BERT of width 768 with 4 layers and 21 128 tokens. Learned is the blank
alone, or 15 % of the other tokens too (auxiliary).

PEFT has no task for masked language models and puts its tokens before everything, [CLS] too, so ours stand there as well.
"PEFT" is its model for feature extraction around the whole masked language model, which takes labels and scores every
place. "PEFT, places alone" is bolted: the same around the encoder without its head, which then gets the states at the
places learned, as ours does. The figure is the ratio to the faster of the two. PEFT's output layer knows nothing of the
learned vectors: "baihua, untied" computes what it does, and scores and gradients are checked to be equal before anything
is timed. "baihua" is the default, tied; "baihua, whole loop" is `baihua.training.fit` with all it does besides.
PEFT is no dependency: `pip install --no-deps --target FOLDER peft`.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from encode import alternate
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertForMaskedLM

from baihua.encoders.dropout import dropout
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.files import write_text
from baihua.nn.soft_prompt import SoftPrompt, start_at_random
from baihua.results import RECORDED_PACKAGES, package_versions, this_command
from baihua.tasks.prompting.batches import Reading, training_batch
from baihua.tasks.prompting.model import Batch, PromptModel
from baihua.text.prompts import Prompt
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

BATCH, LENGTH, SOFT, RATE = 16, 128, 8, 1e-3
LOOP_STEPS = 5
CLS, SEP, MASK = 2, 3, 4  # of the bundled vocabulary
ROWS = range(5, 5 + SOFT)  # that the learned vectors stand for in the output layer
OURS, UNTIED, LOOP, PEFT, PLACES = "baihua", "baihua, untied", "baihua, whole loop", "PEFT", "PEFT, places alone"
Step = Callable[[], object]


def make_model(name: str) -> Any:
    """Return a frozen masked language model."""
    if name == "bundled":
        model = open_masked_model(BUNDLED, "cpu")[0]
    else:
        torch.manual_seed(0)
        sizes = {"hidden_size": 768, "num_hidden_layers": 4, "num_attention_heads": 12, "intermediate_size": 3072}
        model = BertForMaskedLM(BertConfig(vocab_size=21128, **sizes))
    return model.train().requires_grad_(False)


def make_batch(vocabulary: int, *, auxiliary: bool) -> Batch:
    """Return a batch of soft tokens, [CLS], blank and a text of random tokens."""
    generator = np.random.default_rng(0)
    prompts = []
    for _ in range(BATCH):
        text = generator.integers(200, min(8000, vocabulary), LENGTH - SOFT - 3)
        ids = np.concatenate([np.zeros(SOFT, dtype=np.int64), [CLS, MASK], text, [SEP]])
        prompts.append(Prompt(ids, np.array([SOFT + 1]), np.arange(SOFT), ((SOFT + 2, LENGTH - 1),), 0))
    words = [(int(word),) for word in generator.integers(200, 8000, BATCH)]
    reading = Reading(MASK, vocabulary, None, causal=False)
    return training_batch(prompts, words, reading, generator if auxiliary else None)


class Peft:
    """PEFT's prompt tuning around a masked language model, with given vectors to begin with."""

    def __init__(self, model: Any, start: Tensor, *, places_alone: bool) -> None:
        peft = import_module("peft")
        self.places_alone = places_alone
        config = peft.PromptTuningConfig(task_type="FEATURE_EXTRACTION", num_virtual_tokens=SOFT)
        self.model = peft.get_peft_model(model.bert if places_alone else model, config).train()
        self.head = model.cls
        (self.vectors,) = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        with torch.no_grad():
            self.vectors.copy_(start)

    def scores(self, batch: Batch) -> Tensor:
        """Return scores at the places learned, shape ``(num_places, vocabulary)``."""
        inputs = {"input_ids": batch["ids"][:, SOFT:], "attention_mask": batch["mask"][:, SOFT:]}
        where = batch["row"], batch["place"]
        if self.places_alone:
            return self.head(self.model(**inputs).last_hidden_state[where])
        return self.model(**inputs).logits[where]

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss at the places learned."""
        if self.places_alone:
            return cross_entropy(self.scores(batch), batch["targets"])
        return self.model(
            input_ids=batch["ids"][:, SOFT:], attention_mask=batch["mask"][:, SOFT:], labels=batch["labels"]
        ).loss


def step_of(loss: Callable[[Batch], Tensor], vectors: Tensor, batch: Batch) -> Step:
    """Loss, gradient and AdamW, as something to time."""
    optimizer = torch.optim.AdamW([vectors], lr=RATE)

    def step() -> None:
        loss(batch).backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def whole_loop(model: PromptModel, batch: Batch) -> None:
    """Train some steps with our loop."""

    def batches(_: int) -> Iterator[Batch]:
        return repeat(batch)

    settings = FitSettings(Schedule(steps=LOOP_STEPS), learning_rate=RATE)
    fit(model, batches, settings, count=lambda one: len(one["ids"]), show_progress=False)


def check_same(ours: PromptModel, theirs: Peft, batch: Batch) -> dict[str, float]:
    """Return the largest difference of scores and of gradients, relative to the largest of each."""
    assert ours.soft is not None
    found = []
    for scores, loss, vectors in (
        (ours.scores, ours, ours.soft.vectors),
        (theirs.scores, theirs.loss, theirs.vectors),
    ):
        (gradient,) = torch.autograd.grad(loss(batch), vectors)
        found.append({"scores": scores(batch).detach(), "gradient": gradient})
    apart = {
        name: float((found[0][name] - found[1][name]).abs().max() / found[1][name].abs().max()) for name in found[0]
    }
    assert max(apart.values()) < 1e-4, apart
    return apart


def compare(name: str, rounds: int, *, auxiliary: bool) -> dict[str, Any]:
    """Time all sides in turn."""
    model = make_model(name)
    weight = model.get_input_embeddings().weight
    batch = make_batch(len(weight), auxiliary=auxiliary)
    labels = torch.full((BATCH, LENGTH), -100)
    labels[batch["row"], batch["place"]] = batch["targets"]
    batch["labels"] = labels
    start = start_at_random(weight, SOFT, torch.Generator().manual_seed(0))

    def ours(*, tied: bool) -> PromptModel:
        return PromptModel(model, SoftPrompt(SOFT, weight.shape[1], start=start), ROWS, tied=tied)

    sides = {OURS: ours(tied=True), UNTIED: ours(tied=False), LOOP: ours(tied=True)}
    peers = {PEFT: Peft(model, start, places_alone=False), PLACES: Peft(model, start, places_alone=True)}
    with dropout(model, 0.0, 0.0):
        apart = {peer: check_same(sides[UNTIED], theirs, batch) for peer, theirs in peers.items()}
        steps: dict[str, Step] = {side: step_of(one, one.soft.vectors, batch) for side, one in sides.items()}
        steps |= {peer: step_of(one.loss, one.vectors, batch) for peer, one in peers.items()}
        steps[LOOP] = lambda: whole_loop(sides[LOOP], batch)
        times = alternate(steps, rounds + 1)
    medians = {side: statistics.median(taken[1:]) for side, taken in times.items()}
    medians[LOOP] /= LOOP_STEPS
    return {
        "num_places": len(batch["place"]),
        "steps_per_second": {side: 1 / seconds for side, seconds in medians.items()},
        "times_as_fast_as_peer": min(medians[peer] for peer in peers) / medians[OURS],
        "largest_difference": apart,
    }


def main() -> None:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peft", type=Path, required=True, help="the folder PEFT was installed into")
    parser.add_argument("--models", nargs="+", default=["bundled", "width 768"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--output", type=Path, help="such as results/bench/prompt_tuning.json; nothing is written without"
    )
    given = parser.parse_args()
    sys.path.append(str(given.peft))
    measured: dict[str, Any] = {}
    for threads in given.threads:
        torch.set_num_threads(threads)
        for name in given.models:
            for auxiliary in (False, True):
                where = f"{name}, {'auxiliary' if auxiliary else 'blank alone'}, threads {threads}"
                measured[where] = compare(name, given.rounds, auxiliary=auxiliary)
                for side, speed in measured[where]["steps_per_second"].items():
                    print(f"{where:38} {side:20} {speed:7.2f} steps/s")
                print(
                    f"{where:38} times as fast as the faster peer: {measured[where]['times_as_fast_as_peer']:.3f}",
                    flush=True,
                )
    if given.output is None:
        return
    workload = {"batch": BATCH, "length": LENGTH, "soft_tokens": SOFT, "precision": "float32"}
    record = {"bench": "prompt_tuning", "workload": workload, "measured": measured}
    record |= {"versions": package_versions([*RECORDED_PACKAGES, "peft", "accelerate"]), "command": this_command()}
    write_text(given.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
