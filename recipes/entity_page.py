"""Fill the tables of docs/entities.md from the results; nothing is measured here.

Task: what lies between <!-- heads --> and <!-- /heads --> is the F1 of each head, what lies between <!-- speed --> and
<!-- /speed --> its cost beside others.
Data: results/ner (recipes/entity_heads.py) and results/bench/span_heads.json (bench/span_heads.py).
Command: python recipes/entity_page.py [--results results] [--page docs/entities.md]
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from page_blocks import read, write_page

from baihua.benchmarks.ner import NER_SETS

HEADS = ("crf", "global_pointer", "efficient_global_pointer")
ROWS = {
    **{head: f"`{head}`" for head in HEADS},
    "global_pointer/rotary=False": "`global_pointer`, no rotary positions",
    "efficient_global_pointer/rotary=False": "`efficient_global_pointer`, no rotary positions",
}


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Mean ± standard deviation over seeds, with their number where it is not three."""
    if not values:
        return "–"
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.{digits}f} (1)"
    deviation = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}" + ("" if len(values) == 3 else f" ({len(values)})")


def heads_table(results: Path) -> str:
    """F1 × 100 per set and head, and the minutes of a training."""
    lines = ["| | " + " | ".join(NER_SETS) + " |", "|---" * (1 + len(NER_SETS)) + "|"]
    for row, title in ROWS.items():
        records = [read(results / "ner" / name / "dev" / "bundled" / f"{row}.json") for name in NER_SETS]
        if any(records):
            cells = [spread([100 * value for value in record.get("values", [])]) for record in records]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    for key, title in (("boundary_f1", "spans alone"), ("recall_depth_1", "recall, nested inside another")):
        for row in HEADS:
            records = [read(results / "ner" / name / "dev" / "bundled" / f"{row}.json") for name in NER_SETS]
            cells = [spread(_of_seeds(record, key, 100)) for record in records]
            if set(cells) != {"–"}:
                lines.append(f"| {title}, `{row}` | " + " | ".join(cells) + " |")
    for row in HEADS:
        records = [read(results / "ner" / name / "dev" / "bundled" / f"{row}.json") for name in NER_SETS]
        cells = [spread(_of_seeds(record, "train_seconds", 1 / 60), 1) for record in records]
        lines.append(f"| minutes of training, `{row}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _of_seeds(record: dict[str, Any], key: str, factor: float) -> list[float]:
    of_each = record.get("settings", {}).get("of_each_seed", {})
    return [factor * run[key] for run in of_each.values() if key in run]


def speed_table(record: dict[str, Any]) -> str:
    """Milliseconds and MiB per head, one column per case."""
    if not record:
        return "_Not measured yet._"
    columns = [(where, kind, seconds) for where, kinds in record["seconds"].items() for kind, seconds in kinds.items()]
    names = list(dict.fromkeys(name for _, _, seconds in columns for name in seconds))
    sizes = record["peak_bytes"]
    head = [f"{where}: {kind}" for where, kind, _ in columns] + [f"{where}: MiB" for where in sizes]
    lines = ["| ms | " + " | ".join(head) + " |", "|---" * (1 + len(head)) + "|"]
    for name in names:
        cells = [f"{1000 * seconds[name]:.0f}" if name in seconds else "–" for _, _, seconds in columns]
        cells += [f"{of[name] / 2**20:.0f}" if name in of else "–" for of in sizes.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    tables = {"heads": heads_table, "speed": lambda results: speed_table(read(results / "bench" / "span_heads.json"))}
    write_page(__doc__, "docs/entities.md", tables)


if __name__ == "__main__":
    main()
