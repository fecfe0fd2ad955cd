"""A step of SimCSE, side by side with sentence-transformers' trainer and MultipleNegativesRankingLoss, in one run.

    python bench/simcse.py [--device cpu] [--steps 30] [--rounds 3] [--output results/bench/simcse.json]

The same weights (the bundled ones), distinct sentences of the public similarity sets (BAIHUA_DATA, or `baihua data
download`), mean pooling, batches of 64, at most 64 tokens, dropout 0.3 / 0.1, AdamW at a constant rate, float32, the
same threads; the two take turns and the figure is the median. Theirs encodes the two views one after the other, pads
each batch to its longest text and tokenizes as it goes; ours runs four groups of like length and tokenizes beforehand,
which is timed too. The two losses differ in the number of negatives (126 of our symmetric form, 63 of theirs); both cost
under a thousandth of the encoder's operations. bfloat16 stands apart: processors that lack it emulate it. On a GPU both
sides run in bfloat16 as well.
"""

import argparse
import json
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from datasets import Dataset
from encode import alternate, device_name, seconds_of, sentences_of_the_sets
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.losses import MultipleNegativesRankingLoss

from baihua import SentenceEmbedder
from baihua.encoders.dropout import dropout
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command
from baihua.tasks.contrastive.settings import ContrastiveSettings

BATCH, LENGTH, TEMPERATURE, RATE = 64, 64, 0.05, 1e-4
HIDDEN_DROPOUT, ATTENTION_DROPOUT = 0.3, 0.1
PEER, OURS = "sentence-transformers fp32", "baihua fp32"
SHARE = 10  # one step in ten for bfloat16


def ours(texts: list[str], device: str, precision: str = "float32") -> None:
    """Train with our loop."""
    embedder = SentenceEmbedder("bundled", pooling="mean", device=device)
    settings = ContrastiveSettings(None, 1, BATCH, RATE, max_length=LENGTH, guard_every=0, precision=precision)
    embedder.fit_simcse(
        texts,
        temperature=TEMPERATURE,
        hidden_dropout=HIDDEN_DROPOUT,
        attention_dropout=ATTENTION_DROPOUT,
        settings=settings,
        show_progress=False,
    )


def theirs(folder: str, texts: list[str], device: str, precision: str = "float32") -> None:
    """Train with sentence-transformers' trainer."""
    model = SentenceTransformer(folder, device=device)
    model.max_seq_length = LENGTH
    with tempfile.TemporaryDirectory() as out, dropout(model[0].auto_model, HIDDEN_DROPOUT, ATTENTION_DROPOUT):
        arguments = SentenceTransformerTrainingArguments(
            out,
            num_train_epochs=1,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            lr_scheduler_type="constant",
            weight_decay=0.0,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=device == "cpu",
            bf16=precision == "bfloat16",
        )
        SentenceTransformerTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict({"anchor": texts, "positive": texts}),
            loss=MultipleNegativesRankingLoss(model, scale=1 / TEMPERATURE),
        ).train()


def timed(texts: list[str], device: str, rounds: int) -> dict[str, list[float]]:
    """Time both sides in turn."""
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder) / "model")
        SentenceEmbedder("bundled", pooling="mean", device="cpu").save(model)
        sides: dict[str, Callable[[], None]] = {
            PEER: lambda: theirs(model, texts, device),
            OURS: lambda: ours(texts, device),
        }
        if device != "cpu":
            sides["sentence-transformers bf16"] = lambda: theirs(model, texts, device, "bfloat16")
            sides["baihua bf16"] = lambda: ours(texts, device, "bfloat16")
        return alternate(sides, rounds)


def main() -> None:
    """Run the comparison, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default="results/bench/simcse.json")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    texts = sentences_of_the_sets(given.steps * BATCH)
    few = texts[: len(texts) // SHARE]
    seconds = timed(texts, given.device, given.rounds)
    if given.device == "cpu":
        seconds["baihua bf16, one in ten"] = [seconds_of(lambda: ours(few, given.device, "bfloat16"))]
    steps = {name: given.steps / (SHARE if "one in ten" in name else 1) for name in seconds}
    a_step = {name: statistics.median(taken) / steps[name] for name, taken in seconds.items()}
    ratio = a_step[PEER] / a_step[OURS]
    for name, taken in a_step.items():
        print(f"{name:28} {1000 * taken:8.0f} ms a step  {[round(value, 1) for value in seconds[name]]}")
    print(f"{ratio:.2f} times as fast")
    record = {
        "bench": "simcse",
        "workload": {
            "sentences": len(texts),
            "mean_characters": statistics.fmean(map(len, texts)),
            "batch": BATCH,
            "max_length": LENGTH,
            "hidden_dropout": HIDDEN_DROPOUT,
            "attention_dropout": ATTENTION_DROPOUT,
        },
        "device": device_name(given.device),
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "seconds_per_step": a_step,
        "times_as_fast_as_peer": ratio,
        "versions": package_versions([*RECORDED_PACKAGES, "sentence-transformers", "accelerate"]),
        "command": this_command(),
    }
    write_text(given.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
