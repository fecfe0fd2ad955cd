"""Three ways to spend the same tokens: small batches first, short rows first, telling replaced tokens as well.

Task: pre-train the same small new BERT from the same text and look at the loss on held-out rows of 128 tokens after 512 000
    tokens.
Data: a folder of UTF-8 text, one paragraph a line (``*.txt``, ``*.txt.xz``, ``*.txt.gz``).
Command: python recipes/pretrain_choices.py FOLDER WORK [--results results]
    WORK is a folder for what is made on the way; a choice that is in the results already is left alone.
Score: see results/pretrain_choices and docs/pretraining.md.
"""

import argparse
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
from transformers import AutoTokenizer

from baihua.encoders.language_models import open_masked_model
from baihua.encoders.pretraining.batches import bare_tokenizer, masking_of
from baihua.encoders.pretraining.held_out import HeldOut, evaluate, held_out_batches, held_out_lines, training_lines
from baihua.encoders.pretraining.new_folder import NewModel, write_new_model
from baihua.encoders.pretraining.objectives import MaskedLoss
from baihua.encoders.pretraining.packing import packed_rows, stored_rows
from baihua.encoders.pretraining.pretrain import pretrain
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.results import Result
from baihua.text.corpus import corpus_files
from baihua.training.schedules import Schedule

RATE, TOKENS = 1e-3, 512_000
# Stages of (share of the tokens, rows of a batch, tokens of a row, objective); the rate falls in the last alone.
CHOICES = {
    "usual": [(1.0, 16, 128, "masked")],
    "small-batch-first": [(0.25, 4, 128, "masked"), (0.25, 8, 128, "masked"), (0.5, 32, 128, "masked")],
    "short-rows-first": [(0.5, 32, 64, "masked"), (0.5, 16, 128, "masked")],
    "replaced": [(1.0, 16, 128, "replaced")],
}


def rows_of(paths: list[Path], work: Path, length: int) -> Path:
    """Pack the text once for every length."""
    tokenizer = AutoTokenizer.from_pretrained(work / "start", local_files_only=True)
    edges = (tokenizer.cls_token_id, tokenizer.sep_token_id)
    path = work / f"rows-{length}.uint16"
    backend = bare_tokenizer(tokenizer)
    stored_rows(path, lambda: packed_rows(training_lines(paths), backend, length, edges), length, np.dtype("uint16"))
    return path


def train(paths: list[Path], work: Path, stages: list[tuple[float, int, int, str]]) -> tuple[Path, float]:
    """Train the stages one after the other; return the last folder and the seconds of all."""
    encoder, seconds = work / "start", 0.0
    for number, (share, batch_size, length, objective) in enumerate(stages):
        last, out = number == len(stages) - 1, work / f"stage-{number}"
        rows = rows_of(paths, work, length)
        state = Path(f"{out}.training")
        state.mkdir(parents=True, exist_ok=True)
        if not (state / rows.name).exists():
            os.link(rows, state / rows.name)
        schedule = Schedule(
            steps=round(share * TOKENS / (batch_size * length)),
            warmup=0.1 if number == 0 else 0.0,
            decay="linear" if last else "constant",
        )
        settings = PretrainSettings(schedule, objective, length, batch_size, learning_rate=RATE)
        done = pretrain(paths, out, settings, encoder=str(encoder))
        encoder, seconds = out, seconds + done.log[-1]["seconds"]
    return encoder, seconds


def held_out(paths: list[Path], folder: Path) -> HeldOut:
    """Guess hidden tokens of rows of 128, the same for every choice."""
    model, tokenizer = open_masked_model(folder, "cpu")
    masking = masking_of(tokenizer, PretrainSettings(Schedule(steps=1)))
    edges = (tokenizer.cls_token_id, tokenizer.sep_token_id)
    rows = held_out_batches(held_out_lines(paths), bare_tokenizer(tokenizer), edges, 128, masking)
    return evaluate(MaskedLoss(model), rows)


def main() -> None:
    """Fill what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--results", default="results")
    given = parser.parse_args()
    paths = corpus_files(given.folder)
    if not (given.work / "start").is_dir():
        write_new_model(given.work / "start", lambda: training_lines(paths), NewModel())
    for name, stages in CHOICES.items():
        if (Path(given.results) / f"pretrain_choices/{name}.json").is_file():
            continue
        folder, seconds = train(paths, given.work, stages)
        found = held_out(paths, folder)
        print(f"{name}: {found.loss:.3f} nats, {found.accuracy:.1%} right, {seconds:.0f} s", flush=True)
        Result(
            name=f"pretrain_choices/{name}",
            metric="held-out loss (nats)",
            values=(found.loss,),
            seeds=(0,),
            settings={"stages": stages, "tokens": TOKENS, "learning_rate": RATE, **asdict(found)},
            data={path.name: f"{path.stat().st_size} bytes" for path in paths},
            num_examples=found.num_hidden,
            seconds=round(seconds, 1),
            command="python recipes/pretrain_choices.py FOLDER WORK",
        ).save(given.results)


if __name__ == "__main__":
    main()
