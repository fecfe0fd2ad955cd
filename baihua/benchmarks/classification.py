"""Texts with one label each: headlines by topic (TNEWS) and take-away reviews by sentiment (waimai_10k)."""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.data import find_file
from baihua.benchmarks.datasets import find_dataset
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import InvalidValue, check_choice

CLASSIFICATION_SETS = ("TNEWS-DataCLUE", "waimai_10k")
SPLITS = ("train", "dev", "test")
TNEWS_FILES = {"train": "train.json", "dev": "dev.json", "test": "test_public.json"}
WAIMAI_FILE = "waimai_10k.csv"


@dataclass(frozen=True)
class Labelled:
    """The texts of one split of a set, in the order of its file.

    Args:
        name: the set.
        split: ``"train"``, ``"dev"`` or ``"test"``.
        texts: the texts.
        labels: the label of each, as it stands in the file.
        file: the recorded name of the file.
        revision: the sha256 of the file that was read.
    """

    name: str
    split: str
    texts: list[str]
    labels: list[str]
    file: str
    revision: str

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled(name: str, split: str, *, allow_test: bool = False) -> Labelled:
    """Read one split of a classification set.

    The train and dev files of TNEWS-DataCLUE hold wrong labels on purpose, so no score on them comes near 1. waimai_10k
    comes as one file, which `waimai_split` cuts.

    Args:
        name: one of `CLASSIFICATION_SETS`; capitals and hyphens do not matter.
        split: ``"train"`` or ``"dev"``.
        allow_test: let ``"test"`` be read too, for the last number; settings are chosen on ``"dev"``.

    Returns:
        The texts and their labels.

    Raises:
        InvalidValue: for an unknown set or split, the test split unless it is allowed, a broken line, or a file
            without texts or not in UTF-8.
        FileProblem: when the file is not on this machine, saying how to get it, or cannot be read.
    """
    record = find_dataset(name)
    check_choice("name", record.name, CLASSIFICATION_SETS)
    check_choice("split", split, SPLITS)
    if split == "test" and not allow_test:
        raise InvalidValue(
            zh=f"{record.name} 的测试部分只用于最后一次报数；请用 'dev' 选择，确要读取请给 allow_test=True。",
            en=f"The test split of {record.name} is for the last number only. Choose on 'dev', "
            "or give allow_test=True if you mean it.",
        )
    waimai = record.name == "waimai_10k"
    file = WAIMAI_FILE if waimai else TNEWS_FILES[split]
    path = find_file(record.name, file)
    rows = _read(path, waimai)
    if waimai:
        rows = [row for row in rows if waimai_split(row[0]) == split]
    if not rows:
        raise InvalidValue(
            zh=f"{path} 里没有 {split} 部分的文本；请取原始文件。",
            en=f"{path} has no texts of the {split} split. Fetch the raw file.",
        )
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    return Labelled(record.name, split, texts, labels, file, sha256_of(path))


def waimai_split(review: str) -> str:
    """Return the split a review of waimai_10k belongs to, which its md5 decides: a tenth test, a tenth dev.

    Equal reviews thus never stand in two splits.

    Example:
        >>> waimai_split("很快，好吃，味道足，量大")
        'train'
    """
    digest = hashlib.md5(review.strip().encode(), usedforsecurity=False).hexdigest()
    return {0: "test", 1: "dev"}.get(int(digest, 16) % 10, "train")


def _read(path: Path, waimai: bool) -> list[tuple[str, str]]:
    with open_raw(path) as stream:
        return list(_csv_rows(stream, path) if waimai else _json_rows(stream, path))


def _json_rows(stream: TextIO, path: Path) -> Iterator[tuple[str, str]]:
    """Read JSON Lines with a ``sentence`` and a ``label``."""
    for number, line in enumerate(stream, start=1):
        if line.strip():
            try:
                record = json.loads(line)
                yield str(record["sentence"]), str(record["label"])
            except (ValueError, KeyError, TypeError) as error:
                raise _broken_line(path, number) from error


def _csv_rows(stream: TextIO, path: Path) -> Iterator[tuple[str, str]]:
    """Read CSV with the columns ``label`` and ``review``."""
    reader = csv.DictReader(stream)
    for row in reader:
        if not (row.get("review") and row.get("label")):
            raise _broken_line(path, reader.line_num)
        yield row["review"], row["label"]


def _broken_line(path: Path, number: int) -> InvalidValue:
    return InvalidValue(
        zh=f"{path} 第 {number} 行没有文本与标签；请改正这一行或取原始文件。",
        en=f"Line {number} of {path} has no text with a label. Mend the line or fetch the raw file.",
    )
