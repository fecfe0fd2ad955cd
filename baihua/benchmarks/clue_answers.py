"""The answers of a training to dev, kept beside its record, so that its mistakes can be looked at without training again.

They lie in ``FOLDER/answers/NAME/seed-N.json``, by the name of the record. They hold what a model said, not what it was asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baihua.checks import InvalidValue
from baihua.files import write_text
from baihua.text.entities import Entity


@dataclass(frozen=True)
class KeptAnswers:
    """The answers of one training.

    Args:
        answers: one for each id of the part.
        sure: the probability the model gave to each; None for a task of which there is no such number.
        facts: of the training, by which answers of another are told apart: what the record says, and the seed.
    """

    answers: Sequence[Any]
    sure: Sequence[float] | None
    facts: Mapping[str, Any] = field(default_factory=dict)


def answers_path(folder: str | Path, name: str, seed: int) -> Path:
    """Return where the answers of a seed lie.

    Example:
        >>> answers_path("results", "clue/article/TNEWS/dev/bundled", 0).as_posix()
        'results/answers/clue/article/TNEWS/dev/bundled/seed-0.json'
    """
    return Path(folder) / "answers" / name / f"seed-{seed}.json"


def facts_of(settings: Mapping[str, Any], data: Mapping[str, str], seed: int) -> dict[str, Any]:
    """Return what a training was, by what its record says, so that answers of another are not taken for its own."""
    return {"settings": dict(settings), "data": dict(data), "seed": seed}


def keep_answers(path: str | Path, kept: KeptAnswers) -> None:
    """Write answers, whole or not at all."""
    record = {
        "facts": dict(kept.facts),
        "answers": [_plain(answer) for answer in kept.answers],
        "sure": None if kept.sure is None else [round(one, 6) for one in kept.sure],
    }
    write_text(path, json.dumps(record, ensure_ascii=False))


def find_answers(path: str | Path, facts: Mapping[str, Any]) -> KeptAnswers | None:
    """Return answers that were kept, or None where there are none of the same training.

    Args:
        path: see `answers_path`.
        facts: what the training was; others are not these answers.

    Raises:
        InvalidValue: when the file there is not whole.
    """
    path = Path(path)
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        kept = KeptAnswers([_answer(one) for one in record["answers"]], record["sure"], record["facts"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValue(
            zh=f"{path} 不是完整的答案文件（{error}）；请删掉它再重跑。",
            en=f"{path} is not a whole file of answers ({error}). Delete it and run again.",
        ) from error
    return kept if kept.facts == dict(facts) else None


def _plain(answer: Any) -> Any:
    return [[one.start, one.end, one.type] for one in answer] if isinstance(answer, list | tuple) else answer


def _answer(plain: Any) -> Any:
    return [Entity(*one) for one in plain] if isinstance(plain, list) else plain
