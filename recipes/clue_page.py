"""Fill the tables of docs/clue.md from the results; nothing is measured here.

Task: between <!-- scores --> and <!-- /scores --> the dev score of each task beside baseline and published figure, between
<!-- ways --> and <!-- /ways --> two ways of doing one thing side by side, between <!-- speed --> and <!-- /speed --> a training
beside one by a plain script.
Data: results/clue (baihua evaluate clue --save results), results/study/clue (baihua study clue --scale full --save results),
results/bench/clue_training.json (bench/clue_training.py).
Command: python recipes/clue_page.py [--results results] [--page docs/clue.md]
"""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from page_blocks import read, write_page

from baihua.benchmarks.clue_tasks import CLUE_TASKS

SETTINGS, ENCODER = ("article", "modern"), "bundled"
SCORES = {"exact_match": "EM", "f1": "F1", "accuracy": "accuracy", "official": "official F1"}
WAYS = {
    8: "C3: each choice by itself, or all in one text and four classes",
    9: "CMRC2018: one softmax over stretches, or two pointers",
    10: "TNEWS: AdaFactor at a constant rate, or AdamW with warm-up and decay",
    11: "AFQMC, OCNLI: token type 0 throughout, or 0 and 1",
}


def scores_table(results: Path) -> str:
    """A row for each task: the dev scores by both settings, and the time of all trainings."""
    heading = ["task", "learned from", "dev", "baseline", *SETTINGS, "BERT base, published", "minutes of a seed"]
    lines = ["| " + " | ".join(heading) + " |", "|---" * len(heading) + "|"]
    seconds = 0.0
    for task in CLUE_TASKS:
        records = [read(results / "clue" / name / task / "dev" / f"{ENCODER}.json") for name in SETTINGS]
        known = [record for record in records if record]
        if not known:
            lines.append(f"| {task} | no record |" + " – |" * (len(heading) - 2))
            continue
        seconds += sum(record["seconds"] for record in known)
        settings = known[0]["settings"]
        published = known[0].get("published")
        unit = " passages" if CLUE_TASKS[task].kind == "reading" else ""
        cells = [task, f"{settings['num_train']:,}{unit}", f"{known[0]['num_examples']:,}"]
        cells.append(f"{100 * settings['baseline']:.1f}")
        cells += [dev_scores(record) if record else "–" for record in records]
        cells.append("–" if published is None else f"{100 * published:.1f}")
        cells.append(" / ".join(f"{one['seconds'] / len(one['values']) / 60:.1f}" if one else "–" for one in records))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(
        [*lines, f"\nAll trainings together, answering dev after each epoch included: {seconds / 3600:.1f} hours."]
    )


def dev_scores(record: Mapping[str, Any]) -> str:
    """The main score with its spread over seeds, and the means of the others."""
    found = f"{SCORES[record['metric']]} {spread(record['values'])}"
    of_each = list(record["settings"]["of_each_seed"].values())
    for name in [one for one in SCORES if one in of_each[0] and one != record["metric"]]:
        found += f", {SCORES[name]} {spread([one[name] for one in of_each])}"
    return f"{found} ({len(of_each)})"


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation, × 100."""
    deviation = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.fmean(values):.1f}{deviation}"


def ways_table(results: Path) -> str:
    """What the study found of each pair of ways."""
    lines = ["| claim | | found | verdict |", "|---|---|---|---|"]
    for number, title in WAYS.items():
        record = read(results / "study" / "clue" / f"claim-{number:02d}.json")
        if record:
            lines.append(f"| {number} | {title} | {record['reason']['en']} | {record['outcome']} |")
    return "\n".join(lines) if len(lines) > 2 else "_Not measured yet._"


def speed_table(results: Path) -> str:
    """Samples a second of both sides, and scores where they were compared."""
    measured = read(results / "bench" / "clue_training.json").get("measured", {})
    lines = ["| | baihua | Trainer, dynamic padding | padded to 128 | grouped by length | times as fast as the first |"]
    lines.append("|---" * 6 + "|")
    for title, record in measured.items():
        sides = record["sides"]
        ours, peers = sides["baihua"], [one for name, one in sides.items() if name != "baihua"]
        if "accuracy" in ours:
            cells = [f"{100 * one['accuracy']:.2f} ± {100 * one['sd']:.2f}" for one in (ours, *peers)]
            cells += [*["–"] * (4 - len(cells)), "–"]
        else:
            cells = [f"{one['samples_per_second']:.1f}" for one in (ours, *peers)] + [f"{ours['times_as_fast']:.2f}"]
        lines.append(f"| {title.removesuffix(', bundled')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) if measured else "_Not measured yet._"


def main() -> None:
    """Write the page."""
    write_page(__doc__, "docs/clue.md", {"scores": scores_table, "ways": ways_table, "speed": speed_table})


if __name__ == "__main__":
    main()
