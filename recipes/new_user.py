"""The path of somebody new: a table with 16 reviews of each kind, three commands, and a table with labels.

Task: say of take-away reviews whether they are good (好评) or bad (差评).
Data: waimai_10k (BAIHUA_DATA): five samples of the training part, all reviews of the dev part.
Command: python recipes/new_user.py [--methods auto fine_tune p_tuning …] [--samples 0 1 2 3 4]
Score: accuracy on dev and seconds of each command, process start included, see results/new_user.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from baihua.benchmarks.few_shot_samples import draw_sample, read_few_shot
from baihua.results import Result

NAMES = {"1": "好评", "0": "差评"}
PER_LABEL = 16
COMMANDS = ("train", "predict", "evaluate")


def write_table(path: Path, texts: Sequence[str], labels: Sequence[str]) -> None:
    """Write reviews and their labels as a sheet."""
    book = Workbook()
    for row in (("评论", "类别"), *zip(texts, labels, strict=True)):
        book.active.append(row)
    book.save(path)


def run(*words: object) -> tuple[float, str]:
    """Run a command and return its seconds and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "baihua", *map(str, words)], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - started, done.stdout


def one_path(method: str, train: Path, dev: Path, folder: Path) -> tuple[float, list[float]]:
    """Train, label a table, score; return accuracy and the seconds of each command."""
    model = folder / "classifier"
    trained, _ = run("train", "classify", train, "-o", model, "--method", method)
    labelled, _ = run("predict", "classify", model, dev, "-o", folder / "labelled.xlsx")
    scored, answer = run("evaluate", "classify", model, dev, "--json")
    return float(json.loads(answer)["accuracy"]), [trained, labelled, scored]


def main() -> None:
    """Walk the path with each sample and method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=["auto", "fine_tune", "p_tuning"])
    parser.add_argument("--samples", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    given = parser.parse_args()
    reviews = read_few_shot("waimai_10k")
    for method in given.methods:
        values, seconds = [], []
        for sample in given.samples:
            texts, labels = draw_sample(reviews.train, reviews.train_labels, PER_LABEL, sample)
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                write_table(folder / "train.xlsx", texts, [NAMES[label] for label in labels])
                write_table(folder / "dev.xlsx", reviews.dev, [NAMES[label] for label in reviews.dev_labels])
                value, taken = one_path(method, folder / "train.xlsx", folder / "dev.xlsx", folder)
            values.append(value)
            seconds.append(taken)
        medians = [round(statistics.median(column), 1) for column in zip(*seconds, strict=True)]
        result = Result(
            name=f"new_user/waimai_10k/dev/bundled/{method}",
            metric="accuracy",
            values=tuple(values),
            seeds=tuple(given.samples),
            settings={"per_label": PER_LABEL, "method": method, "seconds": dict(zip(COMMANDS, medians, strict=True))},
            data=dict(reviews.data),
            num_examples=len(reviews.dev),
            command=f"python recipes/new_user.py --methods {method}",
        )
        result.save("results")
        print(f"{method:12} {100 * result.mean:.1f} ± {100 * result.spread:.1f}   seconds {medians}", flush=True)


if __name__ == "__main__":
    main()
