"""Masked-language-model training on a CPU, side by side with transformers' Trainer, in one run.

    python bench/pretrain.py [--steps 40] [--rounds 3] [--output results/bench/pretrain.json]

The same model (the bundled one), the same packed rows of random tokens, length 128, batch 16, float32, AdamW, the same
threads; the two take turns and the figure is the median. The difference is mainly that ours computes logits at the
hidden positions alone.
"""

import argparse
import json
import statistics
import tempfile
import time

import numpy as np
import torch
from transformers import DataCollatorForLanguageModeling, Trainer, TrainingArguments

from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.encoders.pretraining.batches import MaskedRows, masking_of, training_batches
from baihua.encoders.pretraining.objectives import MaskedLoss
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

LENGTH, BATCH = 128, 16


def random_rows(count: int) -> np.ndarray:
    """Rows ``[CLS] … [SEP]`` of ordinary tokens, shape (count, 128)."""
    rows = np.random.default_rng(0).integers(200, 8000, (count, LENGTH))
    rows[:, 0], rows[:, -1] = 2, 3
    return rows


def ours(rows: np.ndarray, steps: int) -> float:
    """Seconds our loop takes."""
    model, tokenizer = open_masked_model(BUNDLED, "cpu")
    settings = PretrainSettings(Schedule(steps=steps), length=LENGTH, batch_size=BATCH)
    masked_rows = MaskedRows(rows, masking_of(tokenizer, settings), settings)
    started = time.perf_counter()
    fit(
        MaskedLoss(model),
        lambda start: training_batches(masked_rows, start),
        FitSettings(settings.schedule, learning_rate=settings.learning_rate),
        count=lambda batch: batch["ids"].numel(),
        show_progress=False,
    )
    return time.perf_counter() - started


def theirs(rows: np.ndarray, steps: int) -> float:
    """Seconds the Trainer takes."""
    model, tokenizer = open_masked_model(BUNDLED, "cpu")
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    data = [{"input_ids": torch.from_numpy(row)} for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            max_steps=steps,
            per_device_train_batch_size=BATCH,
            learning_rate=3e-4,
            warmup_steps=steps // 10,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            logging_steps=20,
        )
        trainer = Trainer(model=model, args=arguments, train_dataset=data, data_collator=collator)
        started = time.perf_counter()
        trainer.train()
        return time.perf_counter() - started


def main() -> None:
    """Run the comparison, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default="results/bench/pretrain.json")
    settings = parser.parse_args()
    rows = random_rows(settings.steps * BATCH)
    seconds: dict[str, list[float]] = {"baihua": [], "transformers Trainer": []}
    for _ in range(settings.rounds):
        seconds["baihua"].append(ours(rows, settings.steps))
        seconds["transformers Trainer"].append(theirs(rows, settings.steps))
    tokens = settings.steps * BATCH * LENGTH
    speeds = {name: tokens / statistics.median(taken) for name, taken in seconds.items()}
    ratio = speeds["baihua"] / speeds["transformers Trainer"]
    for name, speed in speeds.items():
        print(f"{name:22} {speed:8.0f} tokens/s  {[round(value, 1) for value in seconds[name]]}")
    print(f"{ratio:.2f} times as fast")
    record = {
        "bench": "pretrain",
        "workload": {"length": LENGTH, "batch": BATCH, "steps": settings.steps, "precision": "float32"},
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "tokens_per_second": speeds,
        "times_as_fast_as_peer": ratio,
        "versions": package_versions([*RECORDED_PACKAGES, "accelerate"]),
        "command": this_command(),
    }
    write_text(settings.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
