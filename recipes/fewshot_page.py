"""Fill the tables of docs/fewshot.md from the results; nothing is measured here.

Task: what lies between <!-- fewclue --> and <!-- /fewclue --> is the accuracy of each method on the nine tasks, what lies
between <!-- differences --> and <!-- /differences --> how far each method is from fine-tuning over the same questions, and
between <!-- speed --> and <!-- /speed --> what a step costs, between <!-- labels --> and <!-- /labels --> accuracy by number of
labels, and between <!-- path --> and <!-- /path --> how long three commands take.
Data: results/fewclue (baihua evaluate fewclue --save results), results/bench/prompt_tuning.json, results/few_shot and results/new_user.
Command: python recipes/fewshot_page.py [--results results] [--page docs/fewshot.md]
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from page_blocks import read, write_page

from baihua.benchmarks.fewclue_published import published_fewclue
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, FewClueTask
from baihua.maths.proportion import paired_difference, wilson_interval

METHODS = {
    "zero_shot": "zero-shot",
    "linear": "linear",
    "contrastive": "contrastive",
    "fine_tune": "fine-tuning",
    "pet": "PET",
    "p_tuning": "P-tuning, prompt alone",
    "p_tuning_all": "P-tuning, all",
}
PUBLISHED = {"fine_tuning": "fine-tuning", "zero_shot": "zero-shot", "pet": "PET", "p_tuning": "P-tuning"}


def records_of(results: Path, method: str) -> list[dict[str, Any]]:
    """The record of a method on each task, empty where there is none."""
    return [read(results / "fewclue" / task / "held" / "bundled" / f"{method}.json") for task in FEWCLUE_TASKS]


def score(record: dict[str, Any], task: FewClueTask) -> str:
    """Mean ± standard deviation over splits, ×100, with their number where some are wanting."""
    values = [100 * value for value in record.get("values", [])]
    if not values:
        return "–"
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.1f}"
    deviation = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    wanting = "" if len(values) == len(task.splits) else f" ({len(values)})"
    return f"{mean:.1f} ± {deviation:.1f}{wanting}"


def fewclue_table(results: Path) -> str:
    """Accuracy ×100 of each method on each task, and what was published of a larger model."""
    tasks = list(FEWCLUE_TASKS.values())
    lines = ["| | " + " | ".join(FEWCLUE_TASKS) + " |", "|---" * (1 + len(tasks)) + "|"]
    known = {method: records_of(results, method) for method in METHODS}
    first = [next((mine[place] for mine in known.values() if mine[place]), {}) for place in range(len(tasks))]
    lines.append(_line("questions, of one split", [str(record.get("num_examples", "–")) for record in first]))
    lines.append(_line("± of one split, 95 %", [half_width(record) for record in first]))
    lines.append(_line("chance", [f"{100 * task.chance:.1f}" for task in tasks]))
    for method, mine in known.items():
        if any(mine):
            cells = [score(record, task) for record, task in zip(mine, tasks, strict=True)]
            lines.append(_line(METHODS[method], cells))
    for method, title in PUBLISHED.items():
        cells = [f"{100 * published_fewclue(method, task.name):.1f}" for task in tasks]
        lines.append(_line(f"_published: {title}_", cells))
    return "\n".join(lines)


def half_width(record: dict[str, Any]) -> str:
    """Half the width of the interval of one split's accuracy, in points."""
    if not record:
        return "–"
    num = record["num_examples"]
    low, high = wilson_interval(round(record["values"][0] * num), num)
    return f"{50 * (high - low):.0f}"


def differences_table(results: Path) -> str:
    """How far each method is from fine-tuning: the mean over splits, and in how many of them the interval leaves out 0."""
    tasks, base = list(FEWCLUE_TASKS), records_of(results, "fine_tune")
    lines = ["| | " + " | ".join(tasks) + " |", "|---" * (1 + len(tasks)) + "|"]
    for method, title in METHODS.items():
        mine = records_of(results, method)
        if method != "fine_tune" and any(mine):
            lines.append(_line(title, [difference(one, other) for one, other in zip(mine, base, strict=True)]))
    return "\n".join(lines)


def difference(record: dict[str, Any], base: dict[str, Any]) -> str:
    """One cell of `differences_table`."""
    one, other = (_answers(each) for each in (record, base))
    shared = sorted(set(one) & set(other))
    if not shared:
        return "–"
    found = [paired_difference(one[split], other[split]) for split in shared]
    mean = 100 * sum(each.difference for each in found) / len(found)
    clear = sum(each.low > 0 or each.high < 0 for each in found)
    return f"{mean:+.1f} ({clear}/{len(found)})"


def _answers(record: dict[str, Any]) -> dict[str, list[int]]:
    of_each = record.get("settings", {}).get("of_each_seed", {})
    return {split: [int(one) for one in run["right"]] for split, run in of_each.items()}


def _line(title: str, cells: Sequence[str]) -> str:
    return f"| {title} | " + " | ".join(cells) + " |"


def speed_table(path: Path) -> str:
    """The medians of bench/prompt_tuning.py as they were recorded."""
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not record:
        return "_Not measured yet._"
    measured = record["measured"]
    names = list(dict.fromkeys(name for one in measured.values() for name in one["steps_per_second"]))
    lines = ["| steps a second | " + " | ".join(names) + " | times the faster peer |", "|---" * (2 + len(names)) + "|"]
    for where, one in measured.items():
        speeds = [f"{one['steps_per_second'][name]:.2f}" for name in names]
        lines.append(_line(where, [*speeds, f"{one['times_as_fast_as_peer']:.2f}"]))
    return "\n".join(lines)


def labels_table(folder: Path) -> str:
    """Accuracy by number of labels of each kind, a row per method; in brackets how many samples."""
    ways = {"linear": "linear", "fine_tune": "fine-tuning", "p_tuning": "P-tuning, prompt alone, with words"}
    found = {way: {int(path.name): path for path in (folder / way).iterdir() if path.name.isdigit()} for way in ways}
    sizes = sorted(set.intersection(*(set(mine) for name, mine in found.items() if name != "p_tuning")))
    lines = [_line("labels of each kind", list(map(str, sizes))), "|---" * (1 + len(sizes)) + "|"]
    for way, title in ways.items():
        lines.append(_line(title, [_samples(found[way].get(size)) for size in sizes]))
    return "\n".join(lines)


def _samples(folder: Path | None) -> str:
    if folder is None:
        return "–"
    values = [100 * json.loads(path.read_text(encoding="utf-8"))["accuracy"] for path in folder.glob("sample-*.json")]
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f} ({len(values)})"


def path_table(folder: Path) -> str:
    """Accuracy and seconds of recipes/new_user.py, a row per method."""
    lines = ["| `--method` | accuracy | train | predict | evaluate |", "|---" * 5 + "|"]
    for path in sorted(folder.glob("*.json")):
        record = read(path)
        values = [100 * value for value in record["values"]]
        mean, deviation = statistics.mean(values), statistics.stdev(values)
        seconds = record["settings"]["seconds"]
        cells = [
            f"{mean:.1f} ± {deviation:.1f}",
            *(f"{seconds[name]:.0f}" for name in ("train", "predict", "evaluate")),
        ]
        lines.append(_line(f"`{record['settings']['method']}`", cells))
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    write_page(
        __doc__,
        "docs/fewshot.md",
        {
            "fewclue": fewclue_table,
            "differences": differences_table,
            "speed": lambda results: speed_table(results / "bench" / "prompt_tuning.json"),
            "labels": lambda results: labels_table(results / "few_shot" / "waimai_10k" / "bundled"),
            "path": lambda results: path_table(results / "new_user" / "waimai_10k" / "dev" / "bundled"),
        },
    )


if __name__ == "__main__":
    main()
