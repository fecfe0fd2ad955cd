"""What each of the three starts of a new model is worth: the ablation.

Task: pre-train the same small BERT from the same text with each choice of starts (`baihua.encoders.pretraining.new_model`)
    and look at the loss on held-out text after the same number of tokens.
Data: a folder of UTF-8 text, one paragraph a line (``*.txt``, ``*.txt.xz``, ``*.txt.gz``).
Command: python recipes/first_weights.py FOLDER WORK [--steps 250] [--results results]
    WORK is a folder for what is made on the way (vocabulary, vectors, models); one cell after the other is filled, and
    a cell that is in the results already is left alone.
Score: see results/first_weights and docs/encoder.md.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from baihua.encoders.checkpoint import read_model
from baihua.encoders.modules_writer import write_transformer_files
from baihua.encoders.pretraining.held_out import training_lines
from baihua.encoders.pretraining.new_folder import NewModel, count_tokens, write_new_model
from baihua.encoders.pretraining.new_model import STARTS, Shape, new_language_model
from baihua.encoders.pretraining.pretrain import Pretrained, pretrain
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.encoders.static_training import train_static_encoder
from baihua.files import replacing_folder
from baihua.results import Result
from baihua.text.corpus import corpus_files
from baihua.training.schedules import Schedule

CELLS = [
    ("muon", STARTS),
    ("muon", ()),
    ("muon", ("vectors",)),
    ("muon", ("positions",)),
    ("muon", ("neighbours",)),
    ("muon", ("vectors", "positions")),
    ("muon", ("positions", "neighbours")),
    ("adamw", STARTS),
    ("adamw", ()),
]
RATES = {"muon": 3e-3, "adamw": 7e-4}
LENGTH, BATCH = 128, 16
SHAPE = Shape()


def prepare(paths: list[Path], work: Path) -> tuple[np.ndarray, np.ndarray]:
    """Make the vocabulary, the vectors and the counts of the text once."""
    kept = work / "text.npz"
    if not kept.is_file():
        work.mkdir(parents=True, exist_ok=True)
        write_new_model(work / "base", lambda: training_lines(paths), NewModel(SHAPE, starts=()))
        tokenizer = Tokenizer.from_file(str(work / "base" / "tokenizer.json"))
        static = train_static_encoder(
            training_lines(paths), tokenizer=tokenizer, width=SHAPE.width, window=5, singular_exponent=0.5
        )
        np.savez(kept, vectors=static.vectors, counts=count_tokens(training_lines(paths), tokenizer))
    with np.load(kept) as arrays:
        return arrays["counts"], arrays["vectors"]


def train(paths: list[Path], work: Path, starts: tuple[str, ...], settings: PretrainSettings) -> Pretrained:
    """Train one cell."""
    counts, vectors = prepare(paths, work)
    _, tokenizer, _ = read_model(work / "base", "AutoModelForMaskedLM")
    with replacing_folder(work / "start") as folder:
        write_transformer_files(folder, new_language_model(counts, vectors, SHAPE, starts=starts), tokenizer)
    return pretrain(paths, work / "out", settings, encoder=str(work / "start"))


def main() -> None:
    """Fill the cells that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--results", default="results")
    given = parser.parse_args()
    paths = corpus_files(given.folder)
    for optimizer, starts in CELLS:
        name = f"first_weights/{optimizer}/{'+'.join(starts) or 'none'}"
        if (Path(given.results) / f"{name}.json").is_file():
            continue
        settings = PretrainSettings(
            Schedule(steps=given.steps),
            length=LENGTH,
            batch_size=BATCH,
            optimizer=optimizer,
            learning_rate=RATES[optimizer],
        )
        done = train(paths, given.work, starts, settings)
        tokens = given.steps * LENGTH * BATCH
        print(f"{name}: held-out loss {done.before.loss:.3f} -> {done.after.loss:.3f} at {tokens} tokens", flush=True)
        facts = json.loads((done.folder / "pretrain.json").read_text(encoding="utf-8"))
        curve = {int(line["items"]): round(line["loss"], 4) for line in done.log}
        Result(
            name=name,
            metric="held-out loss (nats)",
            values=(done.after.loss,),
            seeds=(0,),
            settings={
                **facts["settings"],
                "starts": starts,
                "tokens": tokens,
                "accuracy": done.after.accuracy,
                "curve": curve,
            },
            data={path.name: f"{path.stat().st_size} bytes" for path in paths},
            num_examples=done.after.num_hidden,
            seconds=done.log[-1]["seconds"],
            command="python recipes/first_weights.py FOLDER WORK",
        ).save(given.results)


if __name__ == "__main__":
    main()
