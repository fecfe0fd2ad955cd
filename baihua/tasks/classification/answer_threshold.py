"""From which probability on a classifier is to answer: a small JSON file beside it, with the texts it was measured on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from baihua.checks import InvalidValue
from baihua.files import write_text

THRESHOLD_FILE = "answer_threshold.json"


@dataclass(frozen=True)
class AnswerThreshold:
    """A threshold chosen on texts that were not learned from.

    Args:
        threshold: a text is answered where the probability of its label is at least this.
        num_right: of those texts, answered rightly with this threshold.
        num_answered: answered.
        num_texts: all of them.
    """

    threshold: float
    num_right: int
    num_answered: int
    num_texts: int


def write_threshold(folder: str | Path, threshold: AnswerThreshold) -> None:
    """Write a threshold into a classifier's folder.

    Raises:
        FileProblem: when it cannot be written.
    """
    write_text(Path(folder) / THRESHOLD_FILE, json.dumps(asdict(threshold), indent=1) + "\n")


def read_threshold(folder: str | Path) -> AnswerThreshold | None:
    """Return the threshold in a classifier's folder, or None where there is none.

    Raises:
        InvalidValue: when the file cannot be made sense of.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> write_threshold(folder, AnswerThreshold(0.75, 9, 10, 12))
        >>> read_threshold(folder).threshold
        0.75
    """
    path = Path(folder) / THRESHOLD_FILE
    if not path.is_file():
        return None
    try:
        found = AnswerThreshold(**json.loads(path.read_text(encoding="utf-8")))
        sound = 0 <= float(found.threshold) <= 1
    except (OSError, TypeError, ValueError) as error:
        raise _no_threshold(path, str(error)) from error
    if not sound:
        raise _no_threshold(path, f"threshold: {found.threshold}")
    return found


def _no_threshold(path: Path, what: str) -> InvalidValue:
    return InvalidValue(
        zh=f"{path} 读不懂（{what:.160}）；请删掉它，或用 baihua train classify --dev 重新训练。",
        en=f"{path} makes no sense ({what:.160}). Delete it, or train again with baihua train classify --dev.",
    )
