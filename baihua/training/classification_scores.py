"""How well texts are told apart: accuracy, F1 by label, what is taken for what, and whether the probabilities are right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.maths.proportion import wilson_interval
from baihua.training.calibration import expected_calibration_error, reliability_table
from baihua.training.span_metrics import PrecisionRecall


@dataclass(frozen=True)
class ClassificationScores:
    """What `score_labels` returns; fractions, not percentages.

    Args:
        num_right: texts with the right label.
        num_texts: texts scored.
        num_unknown: texts whose label the classifier does not know. They count as wrong.
        per_label: precision, recall, F1 and ``gold``, the number of texts, of each label that a text has or was given.
        labels: rows and columns of the confusion, in order.
        confusion: ``confusion[i][j]`` texts have label i and were given label j.
        log_loss: mean of −log of the probability of the right label, over the texts whose label is known; None without any.
        calibration_error: expected calibration error of the probability of the label given, in up to ten bins of equal count:
            the mean of |share right − mean probability|. Chance alone makes it about 0.8 √(p (1 − p) / texts of a bin).
    """

    num_right: int
    num_texts: int
    num_unknown: int
    per_label: Mapping[str, PrecisionRecall]
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    log_loss: float | None
    calibration_error: float

    @property
    def accuracy(self) -> float:
        """The share of texts with the right label."""
        return self.num_right / self.num_texts

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson), texts taken as independent."""
        return wilson_interval(self.num_right, self.num_texts)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that a text has or was given, as scikit-learn has it."""
        return sum(counts.f1 for counts in self.per_label.values()) / len(self.per_label)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "macro_f1": self.macro_f1,
            "right": self.num_right,
            "texts": self.num_texts,
            "unknown": self.num_unknown,
            "log_loss": self.log_loss,
            "calibration_error": self.calibration_error,
            "per_label": {label: counts.to_dict() for label, counts in self.per_label.items()},
            "labels": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
        }


def score_labels(probabilities: npt.ArrayLike, labels: Sequence[str], gold: Sequence[str]) -> ClassificationScores:
    """Compare the probabilities of labels with the labels that are right.

    Args:
        probabilities: of each text and label, shape ``(num_texts, num_labels)``; each row adds up to 1. The label given to
            a text is the most probable one, of equals the first.
        labels: the label of each column.
        gold: the right label of each text; one that is no column can only be wrong.

    Returns:
        The scores.

    Raises:
        InvalidValue: for no texts, shapes that do not fit, or rows that are no probabilities.

    Example:
        >>> scores = score_labels([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], ["坏", "好"], ["坏", "好", "好"])
        >>> round(scores.accuracy, 3), scores.confusion, scores.per_label["好"].recall
        (0.667, ((1, 0), (1, 1)), 0.5)
    """
    chances = _check(probabilities, labels, gold)
    column = {label: number for number, label in enumerate(labels)}
    given = chances.argmax(axis=1)
    answers = np.array([column.get(label, -1) for label in gold])
    right, known = given == answers, answers >= 0
    names = tuple(sorted({*labels, *gold}))
    confusion = _confusion(names, gold, [labels[place] for place in given])
    # As scikit-learn has it: below the distance of 1 from the next float, a probability is nothing but rounding.
    of_right = np.maximum(chances[known, answers[known]], np.finfo(np.float64).eps)
    return ClassificationScores(
        num_right=int(right.sum()),
        num_texts=len(gold),
        num_unknown=int((~known).sum()),
        per_label=_per_label(names, confusion),
        labels=names,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        log_loss=float(-np.log(of_right).mean()) if known.any() else None,
        calibration_error=expected_calibration_error(reliability_table(chances.max(axis=1), right.astype(np.float64))),
    )


def _confusion(names: Sequence[str], gold: Sequence[str], given: Sequence[str]) -> npt.NDArray[np.int64]:
    places = {name: place for place, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, ([places[label] for label in gold], [places[label] for label in given]), 1)
    return counts


def _per_label(names: Sequence[str], confusion: npt.NDArray[np.int64]) -> dict[str, PrecisionRecall]:
    found, gold = confusion.sum(axis=0), confusion.sum(axis=1)
    return {
        name: PrecisionRecall(int(confusion[place, place]), int(found[place]), int(gold[place]))
        for place, name in enumerate(names)
        if found[place] or gold[place]
    }


def _check(probabilities: npt.ArrayLike, labels: Sequence[str], gold: Sequence[str]) -> npt.NDArray[np.float64]:
    chances = np.asarray(probabilities, dtype=np.float64)
    if not len(gold):
        raise InvalidValue(
            zh="没有一条文本，算不出分数；请给出带标签的文本。",
            en="There is no text to score. Give texts with their labels.",
        )
    if chances.shape != (len(gold), len(labels)) or len(set(labels)) != len(labels):
        raise InvalidValue(
            zh=f"概率的形状应为（文本数 {len(gold)}, 标签数 {len(labels)}），标签不重复，收到 {chances.shape}。",
            en=f"The probabilities of {len(gold)} texts and {len(labels)} different labels have shape "
            f"({len(gold)}, {len(labels)}), but received {chances.shape}.",
        )
    if not (chances >= 0).all() or not np.allclose(chances.sum(axis=1), 1):
        raise InvalidValue(
            zh="每条文本的概率应不小于 0、加起来为 1。",
            en="The probabilities of each text must not be below 0 and must add up to 1.",
        )
    return chances
