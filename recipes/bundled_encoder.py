"""Train the encoder that comes with the package, or go on training it.

Task: a small Chinese BERT that makes every job work offline.
Data: a folder of UTF-8 text, one paragraph a line (``*.txt``, ``*.txt.xz``, ``*.txt.gz``); what it was made of stands in
    baihua/encoders/bundled/README.md.
Command: python recipes/bundled_encoder.py FOLDER WORK [--minutes 120 | --steps N] [--encoder new|bundled|FOLDER]
        [--layers 4] [--width 256] [--length 128] [--long 0] [--batch-size 16] [--optimizer adamw|muon]
        [--learning-rate 1e-3] [--dtype float32] [--output FOLDER] [--name NAME]
    WORK holds the model in float32 and, while it is trained, the state to go on from: the same command again goes on
    after an interruption. At the end the weights are written as float16 to --output, if that is given.
Score: held-out loss and the loss against tokens, with what more would buy, in results/encoder/training; the rest by
    recipes/compare_encoders.py.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save

from baihua.encoders.pretraining.new_folder import NewModel
from baihua.encoders.pretraining.new_model import Shape
from baihua.encoders.pretraining.pretrain import Pretrained, pretrain
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.files import replacing_folder
from baihua.maths.power_law import FEWEST_POINTS, fit_power_law
from baihua.results import Result
from baihua.text.corpus import corpus_files
from baihua.training.optimizers import OPTIMIZERS
from baihua.training.schedules import Schedule

SHIFTED = 0.25  # of the batches stand anywhere among the 512 positions, so that a longer text meets no unknown one
WEIGHTS = "model.safetensors"
CURVE_STARTS = 0.1  # share of the tokens left out of the extrapolation, where the warm-up is


def write_half(source: Path, out: Path) -> None:
    """Copy a model folder with its weights as float16; its config still says to compute in float32."""
    tensors = {name: tensor.half().contiguous() for name, tensor in load_file(source / WEIGHTS).items()}
    with replacing_folder(out) as temporary:
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            (temporary / name).write_bytes((source / name).read_bytes())
        if (out / "README.md").is_file():
            (temporary / "README.md").write_bytes((out / "README.md").read_bytes())
        (temporary / WEIGHTS).write_bytes(save(tensors, metadata={"format": "pt"}))


def curve_of(log: list[dict[str, float]]) -> dict[str, object]:
    """Sixty points of the loss against the tokens, and what ten and a hundred times the tokens would give."""
    tokens = np.array([line["items"] for line in log])
    losses = np.array([line["loss"] for line in log])
    shown = np.unique(np.geomspace(1, len(tokens), 60).astype(int)) - 1
    late = tokens > CURVE_STARTS * tokens[-1]
    law = fit_power_law(tokens[late], losses[late])
    more = {f"{times} times the tokens": float(law(times * tokens[-1])) for times in (1, 10, 100)}
    points = {int(tokens[place]): round(float(losses[place]), 4) for place in shown}
    return {"tokens": int(tokens[-1]), "curve": points, "power_law": asdict(law), "extrapolated_loss": more}


def record(done: Pretrained, paths: list[Path], name: str, command: str) -> Result:
    """Put down what was trained and on what; a training of fewer than a hundred steps has no curve to speak of."""
    facts = json.loads((done.folder / "pretrain.json").read_text(encoding="utf-8"))
    threads = f"CPU, {torch.get_num_threads()} threads"
    facts["device"] = torch.cuda.get_device_name() if torch.cuda.is_available() else threads
    return Result(
        name=f"encoder/training/{name}",
        metric="held-out loss (nats)",
        values=(done.after.loss,),
        settings=facts | (curve_of(done.log) if len(done.log) > FEWEST_POINTS else {}),
        data={path.name: f"{path.stat().st_size} bytes" for path in paths},
        num_examples=done.after.num_hidden,
        seconds=done.log[-1]["seconds"] if done.log else None,
        command=command,
    )


def options() -> argparse.ArgumentParser:
    """What can be chosen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--steps", type=int, help="instead of --minutes")
    parser.add_argument("--objective", default="masked", choices=("masked", "replaced"))
    parser.add_argument("--encoder", default="new")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--long", type=float, default=0.0, help="share of the batches with rows of 512")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--optimizer", default="adamw", choices=OPTIMIZERS)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--results", default="results")
    parser.add_argument(
        "--name", default=time.strftime("%Y%m%d-%H%M"), help="of the record in results/encoder/training"
    )
    return parser


def command_of(given: argparse.Namespace) -> str:
    """The command that trains this again; folders are left to whoever types it."""
    begun_with = "new" if given.encoder == "new" else Path(given.encoder).name
    extent = f"--steps {given.steps}" if given.steps else f"--minutes {given.minutes:g}"
    parts = [f"{extent} --objective {given.objective} --encoder {begun_with}"]
    parts += [f"--layers {given.layers} --width {given.width}"] if given.encoder == "new" else []
    parts += [f"--long {given.long:g}"] if given.long else []
    parts += [f"--length {given.length} --batch-size {given.batch_size} --optimizer {given.optimizer}"]
    parts += [f"--learning-rate {given.learning_rate:g} --dtype {given.dtype}"]
    return f"python recipes/bundled_encoder.py FOLDER WORK {' '.join(parts)}"


def main() -> None:
    """Train, save, record."""
    given = options().parse_args()
    paths = corpus_files(given.folder)
    settings = PretrainSettings(
        Schedule(steps=given.steps, minutes=None if given.steps else given.minutes, warmup=0.05),
        objective=given.objective,
        length=given.length,
        shifted=SHIFTED,
        long=given.long,
        batch_size=given.batch_size,
        optimizer=given.optimizer,
        learning_rate=given.learning_rate,
        precision=given.dtype,
    )
    encoder = NewModel(Shape(given.layers, given.width)) if given.encoder == "new" else given.encoder
    done = pretrain(paths, given.work / "encoder", settings, encoder=encoder)
    print(f"held-out loss {done.before.loss:.3f} -> {done.after.loss:.3f}, accuracy {done.after.accuracy:.1%}")
    if given.output:
        write_half(done.folder, given.output)
    record(done, paths, given.name, command_of(given)).save(given.results)


if __name__ == "__main__":
    main()
