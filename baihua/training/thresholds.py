"""From which score on a candidate counts as found: the threshold of each type that makes its F1 the highest.

Everything here is about candidates for entities of one type: their scores, which of them are right, and how many gold
entities there are, candidates or not. A candidate is found when its score is at least the threshold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidType, InvalidValue, check_same_length
from baihua.training.span_metrics import PrecisionRecall

Floats = npt.NDArray[np.floating[Any]]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """Precision and recall at every threshold that makes a difference.

    Args:
        thresholds: the different scores, from the highest to the lowest.
        right: how many candidates that score at least so much are right.
        found: how many candidates score at least so much.
        num_gold: how many gold entities there are.
    """

    thresholds: Floats
    right: Counts
    found: Counts
    num_gold: int

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """The share of what is found that is right, at each threshold."""
        return self.right / self.found

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """The share of the gold entities that is found, at each threshold; 0 when there are none."""
        return self.right / max(self.num_gold, 1)

    @property
    def f1(self) -> npt.NDArray[np.float64]:
        """The harmonic mean of precision and recall, at each threshold."""
        return 2 * self.right / (self.found + self.num_gold)


@dataclass(frozen=True)
class BestThreshold:
    """A threshold and what it reaches on the candidates it was chosen from.

    Args:
        threshold: a candidate is found when its score is at least this.
        reached: the counts, and with them precision, recall and F1.
    """

    threshold: float
    reached: PrecisionRecall


def threshold_curve(scores: npt.ArrayLike, right: npt.ArrayLike, num_gold: int) -> ThresholdCurve:
    """Return precision and recall at every threshold, in one sort. Equal scores are found together.

    Args:
        scores: of the candidates, any finite numbers.
        right: for each, whether it is a gold entity.
        num_gold: how many gold entities there are; those that are no candidates can never be found.

    Returns:
        One point per different score, and none without candidates.

    Raises:
        InvalidType: when the scores are no numbers or ``right`` is no truth values.
        InvalidValue: when the lengths differ, a score is not finite, or more are right than there are.

    Example:
        >>> curve = threshold_curve([0.9, 0.5, 0.5, 0.2], [True, True, False, False], num_gold=4)
        >>> curve.thresholds.tolist(), curve.right.tolist(), curve.found.tolist()
        ([0.9, 0.5, 0.2], [1, 2, 2], [1, 3, 4])
        >>> curve.recall.tolist()
        [0.25, 0.5, 0.5]
    """
    values, hits = _check_scores(scores), _check_right(right)
    check_same_length(range(len(values)), range(len(hits)), ("scores", "right"))
    if hits.sum() > num_gold:
        raise InvalidValue(
            zh=f"候选里有 {hits.sum()} 个是对的，实体却只有 {num_gold} 个（num_gold）；请去掉重复的候选，并检查 num_gold。",
            en=f"{hits.sum()} candidates are right, but there are only {num_gold} gold entities (num_gold). "
            "Remove repeated candidates and check num_gold.",
        )
    order = np.argsort(values)[::-1]
    values, hits = values[order], hits[order]
    last_of_equals = np.flatnonzero(np.append(values[1:] != values[:-1], True)[: len(values)])
    return ThresholdCurve(
        values[last_of_equals], np.cumsum(hits, dtype=np.int64)[last_of_equals], last_of_equals + 1, int(num_gold)
    )


def best_threshold(scores: npt.ArrayLike, right: npt.ArrayLike, num_gold: int, otherwise: float) -> BestThreshold:
    """Return the threshold with the highest F1: halfway between the lowest score it keeps and the next one.

    Where several reach it, the highest is taken, which finds the fewest.

    Args:
        scores: of the candidates, any finite numbers.
        right: for each, whether it is a gold entity.
        num_gold: how many gold entities there are.
        otherwise: the threshold to keep to when no candidate is right, since nothing can be learned then.

    Returns:
        The threshold, in the precision of the scores, and the counts it reaches.

    Raises:
        InvalidType: when the scores are no numbers or ``right`` is no truth values.
        InvalidValue: when the lengths differ, a score is not finite, or more are right than there are.

    Example:
        >>> best = best_threshold([0.9, 0.75, 0.25, 0.1], [True, True, False, True], num_gold=3, otherwise=0.5)
        >>> best.threshold, round(best.reached.f1, 3)
        (0.1, 0.857)
        >>> best_threshold([0.75, 0.25], [True, False], num_gold=1, otherwise=0.5).threshold
        0.5
    """
    curve = threshold_curve(scores, right, num_gold)
    if not curve.right.any():
        found = int((_check_scores(scores) >= otherwise).sum())
        return BestThreshold(float(otherwise), PrecisionRecall(0, found, curve.num_gold))
    best = int(np.argmax(curve.f1))
    threshold = curve.thresholds[best]
    if best + 1 < len(curve.thresholds):
        below = curve.thresholds[best + 1]
        halfway = curve.thresholds.dtype.type(float(threshold) / 2 + float(below) / 2)
        threshold = halfway if halfway > below else threshold  # between neighbouring numbers there is none
    return BestThreshold(
        float(threshold), PrecisionRecall(int(curve.right[best]), int(curve.found[best]), curve.num_gold)
    )


def best_thresholds(
    candidates: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]], num_gold: Mapping[str, int], otherwise: float
) -> dict[str, BestThreshold]:
    """Return for each type the threshold with the highest F1, as `best_threshold` does.

    Args:
        candidates: for each type, the scores of its candidates and whether each is right.
        num_gold: for each type, how many gold entities there are. A type without candidates keeps to ``otherwise``.
        otherwise: the threshold of types with no right candidate.

    Returns:
        The types of ``num_gold``, in its order.

    Raises:
        InvalidType: when scores are no numbers or ``right`` is no truth values.
        InvalidValue: when a type has candidates but no number of gold entities, and for what `best_threshold` refuses.

    Example:
        >>> best = best_thresholds({"姓名": ([0.75, 0.25], [True, False])}, {"姓名": 1, "地点": 2}, otherwise=0.5)
        >>> {name: (one.threshold, one.reached.f1) for name, one in best.items()}
        {'姓名': (0.5, 1.0), '地点': (0.5, 0.0)}
    """
    unknown = sorted(set(candidates) - set(num_gold))
    if unknown:
        raise InvalidValue(
            zh=f"num_gold 缺少这些类型：{'、'.join(unknown)}；没有实体的类型请写 0。",
            en=f"num_gold lacks the types {', '.join(unknown)}. Write 0 for a type without entities.",
        )
    return {name: best_threshold(*candidates.get(name, ((), ())), num, otherwise) for name, num in num_gold.items()}


def _check_scores(scores: npt.ArrayLike) -> Floats:
    values = np.asarray(scores)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise InvalidType(
            zh=f"scores 应是一维的数，收到形状 {values.shape}、类型 {values.dtype}。请每个候选给一个得分。",
            en=f"scores must be a row of numbers, but received shape {values.shape} of {values.dtype}. "
            "Give one score per candidate.",
        )
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise InvalidValue(
            zh=f"scores 的第 {wrong[0]} 项（从 0 数）是 {values[wrong[0]]}，不是有限的数；请先去掉这个候选。",
            en=f"Item {wrong[0]} of scores is {values[wrong[0]]}, which is no finite number. Remove this candidate.",
        )
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _check_right(right: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    values = np.asarray(right)
    if values.ndim != 1 or (len(values) and values.dtype.kind != "b"):
        raise InvalidType(
            zh=f"right 应是一维的真假值，收到形状 {values.shape}、类型 {values.dtype}。请每个候选给一个 True 或 False。",
            en=f"right must be a row of truth values, but received shape {values.shape} of {values.dtype}. "
            "Give True or False per candidate.",
        )
    return values.astype(np.bool_)
