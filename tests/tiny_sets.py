"""Public sets in small, made on the spot: pairs of sentences that share more or fewer characters."""

from pathlib import Path

import numpy as np
from tiny_models import CHARACTERS


def write_sts_b(folder: Path, num_pairs: int) -> None:
    """Write an STS-B of our own into a data folder; the label is the share of characters kept, times 5."""
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(num_pairs):
        first = rng.choice(list(CHARACTERS), 10)
        changed = rng.random(10) < rng.random()
        second = np.where(changed, rng.choice(list(CHARACTERS), 10), first)
        lines.append(f"{''.join(first)}\t{''.join(second)}\t{5 - 5 * changed.mean():.1f}")
    (folder / "STS-B").mkdir(parents=True)
    (folder / "STS-B" / "STS-B.valid.data").write_text("\n".join(lines), encoding="utf-8")
