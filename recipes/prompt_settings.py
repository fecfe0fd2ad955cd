"""Which rates and which beginning suit a prompt classifier on the bundled encoder: chosen on training texts alone.

Task: say of a take-away review whether it is good or bad, from 16 of each kind; five samples.
Data: the training reviews of waimai_10k (BAIHUA_DATA): samples from one half, scored on 600 of the other.
Command: python recipes/prompt_settings.py [--rows NAME …] [--samples 0 1 2 3 4]
Score: mean accuracy, see results/prompt_settings. The numbers that `PromptSettings` has by itself come from here.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from baihua import PromptClassifier
from baihua.benchmarks.classification import read_labelled
from baihua.results import Result
from baihua.tasks.prompting.settings import PromptSettings

WORDS = {"1": "好", "0": "差"}
PER_LABEL, NUM_SCORED = 16, 600
PLAIN = PromptSettings(prompt_rate=1e-2, learning_rate=2e-4, start="unused", least_steps=300)
ROWS = {
    "prompt, 1e-2": ("p_tuning", "prompt", PLAIN),
    "prompt, 3e-3": ("p_tuning", "prompt", replace(PLAIN, prompt_rate=3e-3)),
    "prompt, 3e-3, from words": ("p_tuning", "prompt", replace(PLAIN, prompt_rate=3e-3, start="words")),
    "pet, 2e-4": ("pet", "all", PLAIN),
    "pet, 2e-4, 100 steps": ("pet", "all", replace(PLAIN, least_steps=100)),
    "pet, 5e-5, 100 steps": ("pet", "all", replace(PLAIN, learning_rate=5e-5, least_steps=100)),
    "pet, 5e-5": ("pet", "all", replace(PLAIN, learning_rate=5e-5)),
    "all, 2e-4, 100 steps": ("p_tuning", "all", replace(PLAIN, least_steps=100)),
    "all, 5e-5, 100 steps": ("p_tuning", "all", replace(PLAIN, learning_rate=5e-5, least_steps=100)),
    "all, 5e-5": ("p_tuning", "all", replace(PLAIN, learning_rate=5e-5)),
}


def halves() -> tuple[tuple[list[str], np.ndarray], tuple[list[str], np.ndarray], str]:
    """Return the reviews samples are drawn from, those scored on, and the revision of the file."""
    reviews = read_labelled("waimai_10k", "train")
    seen = dict(zip(reviews.texts, reviews.labels, strict=True))
    order = np.random.default_rng(0).permutation(len(seen))
    texts, labels = np.array(list(seen), dtype=object)[order], np.array(list(seen.values()))[order]
    middle = len(texts) // 2
    scored = slice(middle, middle + NUM_SCORED)
    return (texts[:middle].tolist(), labels[:middle]), (texts[scored].tolist(), labels[scored]), reviews.revision


def sample_of(labels: np.ndarray, number: int) -> np.ndarray:
    """Return the places of so many texts of each label."""
    rng = np.random.default_rng(number)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == label))[:PER_LABEL] for label in WORDS])


def main() -> None:
    """Train each row on each sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--samples", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    given = parser.parse_args()
    (texts, labels), scored, revision = halves()
    for name in given.rows:
        method, tune, settings = ROWS[name]
        template = "{mask}。{text}" if method == "pet" else None
        started, values = time.perf_counter(), []
        for sample in given.samples:
            chosen = sample_of(labels, sample)
            classifier = PromptClassifier(
                template=template, verbalizer=WORDS, method=method, tune=tune, settings=replace(settings, seed=sample)
            )
            classifier.fit([texts[place] for place in chosen], labels[chosen].tolist(), show_progress=False)
            values.append(classifier.evaluate(scored[0], scored[1].tolist()).accuracy)
        seconds = time.perf_counter() - started
        print(
            f"{name:28} {100 * np.mean(values):.1f} ± {100 * np.std(values, ddof=1):.1f}  {seconds:.0f} s", flush=True
        )
        Result(
            name=f"prompt_settings/waimai_10k/train/bundled/{name.replace(', ', '_').replace(' ', '-')}",
            metric="accuracy",
            values=tuple(values),
            seeds=tuple(given.samples),
            settings={
                "method": method,
                "tune": tune,
                "rates": settings.rates(256),
                "start": settings.start,
                "least_steps": settings.least_steps,
            },
            data={"waimai_10k.csv": revision},
            num_examples=NUM_SCORED,
            seconds=round(seconds, 1),
            command="python recipes/prompt_settings.py",
        ).save("results")


if __name__ == "__main__":
    main()
