"""Fill the tables of docs/wgan.md from the results; nothing is measured here.

Task: between <!-- critics --> and <!-- /critics --> what generators trained against each critic came to, between <!-- speed --> and
<!-- /speed --> exact and entropic transport beside POT, between <!-- halves --> and <!-- /halves --> how often `compare` finds a
difference where there is none, and where there is one.
Data: results/wgan (baihua study wgan --scale full --save results), results/bench/transport.json, results/compare.
Command: python recipes/wgan_page.py [--results results] [--page docs/wgan.md]
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from page_blocks import read, write_page

COLUMNS = {
    "batch_w1": "batch W1 to real",
    "variance_ratio": "variance over real",
    "centroid_distance": "distance to centroids",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "patch_distance": "sliced W1 of patches",
    "steepness": "largest slope",
}
OBJECTIVES = {
    "wasserstein": "Wasserstein",
    "c_transform": "c-transform",
    "non_saturating": "non-saturating",
    "hinge": "hinge",
    "exact_transport": "exact W1, no critic",
    "energy": "energy distance, no critic",
}
CONSTRAINTS = {
    "none": "",
    "clipping": "clipping",
    "gradient_penalty": "GP",
    "one_sided": "one-sided GP",
    "zero_centred": "zero-centred GP",
    "spectral_norm": "spectral norm",
}
USUAL = {"cost": "euclidean", "batch_size": 64}
COMPARED = "waimai_10k"


def name_of(facts: Mapping[str, Any]) -> str:
    """What a generator was trained against, in words."""
    objective = OBJECTIVES[facts["objective"]]
    with_epsilon = f", ε = {facts['epsilon']:g}" if facts["epsilon"] else ""
    constraint = CONSTRAINTS.get(facts["constraint"], facts["constraint"])
    others = [f"{name.replace('_', ' ')} {facts[name]}" for name, usual in USUAL.items() if facts[name] != usual]
    others += [f"{facts['fixed_noise']} images in all"] if "fixed_noise" in facts else []
    return ", ".join([objective + with_epsilon, *([constraint] if constraint else []), *others])


def critics_table(results: Path) -> str:
    """Mean ± standard deviation over seeds of what is measured of each generator."""
    cells = [json.loads(path.read_text(encoding="utf-8")) for path in (results / "wgan").glob("*.json")]
    lines = ["| trained against | " + " | ".join(COLUMNS.values()) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
    for cell in sorted(cells, key=lambda one: -statistics.fmean(one["figures"]["coverage"])):
        values = [cell["figures"].get(name) for name in COLUMNS]
        lines.append(f"| {name_of(cell['facts'])} | " + " | ".join(map(spread, values)) + " |")
    return "\n".join(lines)


def spread(values: Sequence[float] | None) -> str:
    """Mean ± standard deviation with three figures behind the point."""
    if not values:
        return "–"
    return f"{statistics.fmean(values):.3f} ± {statistics.stdev(values):.3f}"


def speed_table(results: Path) -> str:
    """Milliseconds of both sides, and POT's over ours."""
    record = read(results / "bench" / "transport.json")
    lines = ["| | points | width | baihua, ms | POT, ms | POT over ours | POT's method |", "|---" * 7 + "|"]
    for row in record["settings"]["rows"]:
        cells = [row["what"], row["num"], row["width"], f"{1000 * row['baihua']:.2f}", f"{1000 * row['POT']:.2f}"]
        cells += [f"{row['ratio']:.2f}", row.get("method", "emd2")]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def halves_table(results: Path) -> str:
    """How often the test rejects at 5 %: halves of one set, and a set with a share of others mixed in."""
    root = results / "compare" / COMPARED
    lines = ["| what differs | energy | sliced | Sinkhorn |", "|---|---|---|---|"]
    halves = [read(root / "b_halves" / f"{name}.json") for name in ("energy", "sliced", "sinkhorn")]
    lines.append("| nothing: random halves, 200 draws | " + " | ".join(map(_rate, halves)) + " |")
    for share in ("0.1", "0.2", "0.3"):
        mixed = [read(root / "c_mixture" / "off" / name / f"{share}.json") for name in ("energy", "sliced")]
        label = f"{100 * float(share):.0f} % of one side are from the other kind, {mixed[0]['settings']['side']} texts a side"
        lines.append(f"| {label} | " + " | ".join(map(_rate, mixed)) + " | – |")
    return "\n".join(lines)


def _rate(record: Mapping[str, Any]) -> str:
    return f"{100 * record['settings']['rate_of_the_first_200']:.1f} %"


def main() -> None:
    """Write the page."""
    write_page(__doc__, "docs/wgan.md", {"critics": critics_table, "speed": speed_table, "halves": halves_table})


if __name__ == "__main__":
    main()
