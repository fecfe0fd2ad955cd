"""Fill the tables of docs/entities.md from the results; nothing is measured here.

Task: what lies between <!-- heads --> and <!-- /heads --> is the F1 of each head, what lies between <!-- speed --> and
<!-- /speed --> its cost beside others.
Data: results/ner (recipes/entity_heads.py) and results/bench/span_heads.json (bench/span_heads.py).
Command: python recipes/entity_page.py [--results results] [--page docs/entities.md]
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from baihua.benchmarks.ner import NER_SETS
from baihua.files import write_text

HEADS = ("crf", "global_pointer", "efficient_global_pointer")
ROWS = {
    **{head: f"`{head}`" for head in HEADS},
    "global_pointer/rotary=False": "`global_pointer`, no rotary positions",
    "efficient_global_pointer/rotary=False": "`efficient_global_pointer`, no rotary positions",
}


def read(path: Path) -> dict[str, Any]:
    """Read a JSON file, or return an empty record where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


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


def fill(page: str, blocks: Iterable[tuple[str, str]]) -> str:
    """Replace what lies between the comments of each name."""
    for name, table in blocks:
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page, found = pattern.subn(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", page)
        if found != 1:
            raise SystemExit(f"The page has {found} blocks {name}, and should have one.")
    return page


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--page", type=Path, default=Path("docs/entities.md"))
    given = parser.parse_args()
    speed = read(given.results / "bench" / "span_heads.json")
    blocks = [("heads", heads_table(given.results)), ("speed", speed_table(speed))]
    write_text(given.page, fill(given.page.read_text(encoding="utf-8"), blocks))


if __name__ == "__main__":
    main()
