"""What is known of a way to classify on one sample: which dev reviews it got right; as a file, and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.files import write_text
from baihua.results import package_versions

KIND = "few-shot cell"


@dataclass(frozen=True, eq=False)
class Cell:
    """What was measured on one sample.

    Args:
        accuracy: on the dev reviews, a fraction.
        right: which of them it got right, shape ``(num_dev,)``; None of a watched training, which ends with other weights.
        looks: optimizer steps and accuracy then, of a watched training.
        seconds: wall time of training and scoring.
    """

    accuracy: float
    right: npt.NDArray[np.bool_] | None
    looks: tuple[tuple[int, float], ...]
    seconds: float


def write_cell(path: Path, cell: Cell, facts: Mapping[str, Any], sample: int) -> None:
    """Write a cell, whole or not at all.

    Args:
        path: the file.
        cell: what was measured.
        facts: all that could change it but for the sample, as JSON has it.
        sample: the number of the sample.

    Raises:
        FileProblem: when it cannot be written.
    """
    record = {
        "kind": KIND,
        "sample": sample,
        "facts": dict(facts),
        "accuracy": cell.accuracy,
        "right": None if cell.right is None else "".join("1" if one else "0" for one in cell.right),
        "looks": cell.looks,
        "seconds": round(cell.seconds, 1),
        "versions": package_versions(),
    }
    write_text(path, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def read_cell(path: Path, facts: Mapping[str, Any]) -> Cell | None:
    """Read a cell again.

    Args:
        path: the file.
        facts: those of what is wanted.

    Returns:
        The cell, or None when there is no such file or its facts are others.

    Raises:
        InvalidValue: when the file is no whole record.
    """
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        right = None if record["right"] is None else np.array([one == "1" for one in record["right"]])
        looks = tuple((int(step), float(accuracy)) for step, accuracy in record["looks"])
        found = Cell(float(record["accuracy"]), right, looks, float(record["seconds"]))
        same = record["facts"] == dict(facts)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValue(
            zh=f"{path} 不是完整的记录（{error}）；请删掉它再重跑。",
            en=f"{path} is not a whole record ({error}). Delete it and run again.",
        ) from error
    return found if same else None
