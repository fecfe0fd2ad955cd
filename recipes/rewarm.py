"""Going on from shipped weights, without the optimizer's state: within how many steps is the loss back?

Task: go on pre-training the bundled encoder on the text it was trained on, with a warm-up to several highest rates, and
    find the step from which the training loss is no longer above the held-out loss it began with.
Data: a folder of UTF-8 text, one paragraph a line (``*.txt``, ``*.txt.xz``, ``*.txt.gz``).
Command: python recipes/rewarm.py FOLDER WORK [--steps 200] [--rates 3e-3 1e-3]
Score: that step, or none, for each rate; the loss every twenty steps and the held-out loss before and after in
    results/encoder/rewarm.
"""

import argparse
from pathlib import Path

from baihua.encoders.pretraining.pretrain import pretrain
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.results import Result
from baihua.text.corpus import corpus_files
from baihua.training.schedules import Schedule

LENGTH, BATCH, SHIFTED = 128, 16, 0.25


def main() -> None:
    """Go on with each rate and save what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rates", type=float, nargs="+", default=[3e-3, 1e-3])
    given = parser.parse_args()
    for rate in given.rates:
        settings = PretrainSettings(
            Schedule(steps=given.steps, warmup=0.25),
            length=LENGTH,
            shifted=SHIFTED,
            batch_size=BATCH,
            optimizer="muon",
            learning_rate=rate,
        )
        done = pretrain(corpus_files(given.folder), given.work / f"{rate:g}", settings)
        curve = {int(line["step"]): round(line["loss"], 4) for line in done.log}
        back = next((step for step, loss in curve.items() if loss <= done.before.loss), None)
        print(
            f"{rate:g}: back after {back} steps; held-out {done.before.loss:.3f} -> {done.after.loss:.3f}", flush=True
        )
        Result(
            name=f"encoder/rewarm/{rate:g}",
            metric="held-out loss (nats)",
            values=(done.after.loss,),
            seeds=(0,),
            settings={
                "before": done.before.loss,
                "back_after": back,
                "curve": curve,
                "steps": given.steps,
                "rate": rate,
            },
            num_examples=done.after.num_hidden,
            seconds=done.log[-1]["seconds"],
            command=f"python recipes/rewarm.py FOLDER WORK --steps {given.steps} --rates {rate:g}",
        ).save("results")


if __name__ == "__main__":
    main()
