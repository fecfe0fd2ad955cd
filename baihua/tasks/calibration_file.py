"""What the scores of one embedder mean, as one record: kept in a library, or in a JSON file of its own."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from baihua.checks import FileProblem, InvalidValue
from baihua.files import write_text
from baihua.training.calibration import FalseMatchRate, MatchCalibration

KIND = "calibration"


@dataclass(frozen=True)
class Calibration:
    """What a cosine means: how often unrelated texts reach it, and from labelled pairs how probably it is a match.

    Args:
        background: the rate of unrelated pairs at every score.
        match: the probability of the same meaning at every score; None without labelled pairs.
        num_documents: how many texts there were when it was made.
        fingerprint: of the embedder whose scores these are; those of another mean something else.

    Example:
        >>> import numpy as np
        >>> background = FalseMatchRate.fit(np.random.default_rng(0).normal(0.2, 0.1, size=5000))
        >>> calibration = Calibration(background, None, 2000, "a fingerprint")
        >>> {name: round(value, 1) for name, value in calibration.explain(0.45, size=2000).items()}
        {'expected_false': 9.8}
        >>> Calibration.from_dict(calibration.to_dict()) == calibration
        True
    """

    background: FalseMatchRate
    match: MatchCalibration | None
    num_documents: int
    fingerprint: str

    def explain(self, score: float, size: int | None = None) -> dict[str, float]:
        """Return what a score means, by name.

        Args:
            score: the cosine.
            size: how many texts were searched; None for a pair that was not searched for.

        Returns:
            ``false_match_rate``, the share of unrelated pairs that score so high, or with a size ``expected_false``, how
            many unrelated texts a query meets at this score or above. With labelled pairs also ``probability`` of the
            same meaning and its 95 % interval, ``probability_low`` and ``probability_high``.

        Raises:
            InvalidValue: for NaN.
        """
        found = (
            {"false_match_rate": self.background.rate(score)}
            if size is None
            else {"expected_false": self.background.expected(score, size)}
        )
        if self.match is not None:
            low, high = self.match.interval(score)
            found |= {
                "probability": self.match.probability(score),
                "probability_low": low,
                "probability_high": high,
            }
        return found

    def sentences(self, score: float) -> list[str]:
        """Say how rare a score is among unrelated pairs and, with labelled pairs, the probability of the same meaning."""
        return [part.sentence(score) for part in (self.background, self.match) if part is not None]

    def check(self, fingerprint: str) -> None:
        """Refuse to read the scores of another embedder.

        Args:
            fingerprint: of the embedder that gave the scores.

        Raises:
            InvalidValue: when it is not the one the calibration was made with.
        """
        if fingerprint != self.fingerprint:
            raise InvalidValue(
                zh="这份校准是用另一个编码器、池化或白化做的，对现在的得分不成立；请用当时的那些，或用 baihua calibrate 重新校准。",
                en="This calibration was made with another encoder, pooling or whitening and says nothing about these scores. "
                "Use those of that time, or calibrate again with baihua calibrate.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers, lists and dictionaries, for JSON."""
        return {
            "kind": KIND,
            "fingerprint": self.fingerprint,
            "num_documents": self.num_documents,
            "false_match_rate": self.background.to_dict(),
            "match_calibration": None if self.match is None else self.match.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Build it again from what `to_dict` gave.

        Raises:
            InvalidValue: when it is no such record, something is missing, or something is no number.
        """
        try:
            match = record["match_calibration"]
            found = cls(
                background=FalseMatchRate.from_dict(_numbers(record["false_match_rate"])),
                match=None if match is None else MatchCalibration.from_dict(_numbers(match)),
                num_documents=record["num_documents"],
                fingerprint=record["fingerprint"],
            )
            right = record["kind"] == KIND and isinstance(found.fingerprint, str) and _can_be_used(found)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            right = False
        if not right:
            raise InvalidValue(
                zh="这不是 baihua 的校准记录，或已损坏；请用 baihua calibrate 重新校准。",
                en="This is no calibration of baihua, or it is damaged. Calibrate again with baihua calibrate.",
            )
        return found

    def to_json(self) -> str:
        """Return it as JSON text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Build it again from what `to_json` gave.

        Raises:
            InvalidValue: when it is no such text.
        """
        try:
            record = json.loads(text)
        except (TypeError, ValueError):
            record = None
        return cls.from_dict(record if isinstance(record, dict) else {})

    def save(self, path: str | Path) -> Path:
        """Write it as a JSON file.

        Raises:
            FileProblem: when it cannot be written; a file already there is left as it was.
        """
        write_text(path, self.to_json())
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            FileProblem: when there is no such file, or it is no calibration or damaged.
        """
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise FileProblem(
                zh=f"读不了校准文件 {path}：{error.strerror}。请检查路径。",
                en=f"Cannot read the calibration {path}: {error.strerror}. Check the path.",
            ) from error
        except ValueError as error:
            raise FileProblem(
                zh=f"{path} 不是 baihua calibrate -o 写的校准，或已损坏；请重新校准。",
                en=f"{path} is no calibration written by baihua calibrate -o, or it is damaged. Calibrate again.",
            ) from error


def _numbers(record: Any) -> Any:
    """Return a record as it is, once it holds nothing but finite numbers at its leaves.

    Raises:
        ValueError: when it does not. `Calibration.from_dict` says so in both languages.
    """
    leaves = [record]
    while leaves:
        value = leaves.pop()
        if isinstance(value, Mapping):
            leaves += value.values()
        elif isinstance(value, (list, tuple)):
            leaves += value
        elif isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise InvalidValue(zh=f"应是数，收到 {value!r:.40}。", en=f"Expected a number, but received {value!r:.40}.")
    return record


def _can_be_used(found: Calibration) -> bool:
    """Say whether the numbers fit together: rates and probabilities come out between 0 and 1 where they are asked for."""
    background, match = found.background, found.match
    shares = [value for score in (-1.0, background.scores[-1], 1.0) for value in background.interval(score)]
    if match is not None:
        shares += [*match.interval(0.5), match.prior, match.share]
    counts = (found.num_documents, background.num_scores)
    return all(0 <= share <= 1 for share in shares) and all(isinstance(n, int) and n >= 0 for n in counts)
