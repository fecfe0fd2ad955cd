"""Sentence pairs with a human judgement of how alike they are, read from the five STS sets."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.data import find_file
from baihua.benchmarks.datasets import find_dataset
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import InvalidValue, check_choice

STS_SETS = ("ATEC", "BQ", "LCQMC", "PAWSX", "STS-B")


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of one split of a set, in the order of its file.

    Args:
        name: the set.
        split: ``"train"``, ``"valid"`` or ``"test"``.
        first: the first sentence of each pair.
        second: the second sentence of each pair.
        labels: how alike the two are, shape ``(num_pairs,)``: 0 to 5 in STS-B, 0 or 1 in the others.
        skipped: how many lines had not exactly three fields and were left out.
        file: the recorded name of the file.
        revision: the sha256 of the file that was read.
    """

    name: str
    split: str
    first: list[str]
    second: list[str]
    labels: npt.NDArray[np.float64]
    skipped: int
    file: str
    revision: str

    def __len__(self) -> int:
        return len(self.first)

    def thin(self, max_pairs: int | None) -> "Pairs":
        """Return at most that many of the pairs, spread evenly over the file, since files may be sorted.

        Raises:
            InvalidValue: for fewer than 2, of which no correlation can be taken.
        """
        if max_pairs is None or max_pairs >= len(self):
            return self
        if max_pairs < 2:
            raise InvalidValue(
                zh=f"max_pairs 至少是 2，收到 {max_pairs}；不限请用 None。",
                en=f"max_pairs must be at least 2, but received {max_pairs}. Use None for all pairs.",
            )
        kept = np.linspace(0, len(self) - 1, max_pairs).astype(np.intp)
        first, second = [self.first[i] for i in kept], [self.second[i] for i in kept]
        return Pairs(self.name, self.split, first, second, self.labels[kept], self.skipped, self.file, self.revision)


def read_pairs(name: str, split: str = "valid") -> Pairs:
    """Read one split of an STS set: a first sentence, a second and a label on each line, with tabs between.

    Args:
        name: one of `STS_SETS`; capitals and hyphens do not matter.
        split: ``"valid"``, ``"test"``, or ``"train"`` where that is recorded (STS-B). Choose settings on
            ``"valid"``; ``"test"`` is for the last number.

    Returns:
        The pairs. Lines without exactly three fields are left out and counted, as in the article's own script.

    Raises:
        InvalidValue: for an unknown set or split, a file without pairs or not in UTF-8, or a label that is
            not a number.
        FileProblem: when the file is not on this machine, saying how to get it, or cannot be read.

    Source:
        https://kexue.fm/archives/8321 (the format and the rule for odd lines).
    """
    record = find_dataset(name)
    check_choice("name", record.name, STS_SETS)
    splits = {item.file.split(".")[1]: item.file for item in record.files}
    file = splits[check_choice("split", split, list(splits))]
    path = find_file(record.name, file)
    first, second, labels, skipped = _read_lines(path)
    if not first:
        raise InvalidValue(
            zh=f"{path} 里没有一行是三栏（句一⇥句二⇥标签）；请取原始文件。",
            en=f"No line of {path} has three fields (sentence⇥sentence⇥label). Fetch the raw file.",
        )
    revision = sha256_of(path)
    return Pairs(record.name, split, first, second, np.array(labels, dtype=np.float64), skipped, file, revision)


def _read_lines(path: Path) -> tuple[list[str], list[str], list[float], int]:
    first: list[str] = []
    second: list[str] = []
    labels: list[float] = []
    skipped = 0
    with open_raw(path) as lines:
        for number, line in enumerate(lines, start=1):
            fields = line.rstrip("\r\n").split("\t")
            if len(fields) != 3:
                skipped += 1
                continue
            first.append(fields[0])
            second.append(fields[1])
            labels.append(_number(fields[2], path, number))
    return first, second, labels, skipped


def _number(field: str, path: Path, line: int) -> float:
    """Return a label as a number, or say on which line it is none."""
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidValue(
            zh=f"{path} 第 {line} 行的标签应是数字，收到 {field!r}；请改正这一行或取原始文件。",
            en=f"The label on line {line} of {path} must be a number, but it is {field!r}. "
            "Mend the line or fetch the raw file.",
        )
    return value
