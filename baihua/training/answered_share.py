"""Answering only where one is sure enough: the share of texts that are then answered, and how many of the answers are right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.maths.proportion import wilson_interval
from baihua.training.thresholds import best_threshold, threshold_curve

NUM_POINTS = 10
OTHERWISE = 0.5  # where no answer is right, and nothing can be learned about how sure is sure enough


@dataclass(frozen=True)
class AnsweredShare:
    """What it comes to to answer where the probability of the answer is at least a threshold.

    Args:
        threshold: the probability.
        num_right: texts answered rightly.
        num_answered: texts answered.
        num_texts: texts in all.
    """

    threshold: float
    num_right: int
    num_answered: int
    num_texts: int

    @property
    def share(self) -> float:
        """The share of texts that are answered."""
        return self.num_answered / self.num_texts

    @property
    def accuracy(self) -> float:
        """The share of right answers among those given."""
        return self.num_right / self.num_answered

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson), texts taken as independent."""
        return wilson_interval(self.num_right, self.num_answered)

    def to_dict(self) -> Mapping[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "threshold": self.threshold,
            "share": self.share,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "answered": self.num_answered,
            "right": self.num_right,
        }


def answered_shares(
    chances: npt.ArrayLike, right: npt.ArrayLike, *, num_points: int = NUM_POINTS
) -> tuple[AnsweredShare, ...]:
    """Return how accuracy rises as only the surer texts are answered, from all of them down.

    Args:
        chances: the probability of the label given, of each text, shape ``(num_texts,)``.
        right: whether that label is right, same shape.
        num_points: how many points at most, at even shares. Texts of the same probability are answered together, and a
            point that would answer none is left out.

    Returns:
        The largest share first; the first answers every text.

    Raises:
        InvalidType: for probabilities that are no numbers, or ``right`` that is no truth values.
        InvalidValue: for no texts, lengths that differ, or fewer than one point.

    Example:
        >>> points = answered_shares([0.9, 0.8, 0.7, 0.6], [True, True, True, False], num_points=2)
        >>> [(point.threshold, point.share, point.accuracy) for point in points]
        [(0.6, 1.0, 0.75), (0.8, 0.5, 1.0)]
    """
    curve = threshold_curve(chances, right, int(np.sum(right)))
    if not len(curve.found) or num_points < 1:
        raise InvalidValue(
            zh=f"至少要一条文本、一个点，收到 {len(curve.found)} 种概率、{num_points} 个点；请给出文本。",
            en=f"At least one text and one point are needed, but received {len(curve.found)} probabilities and {num_points} "
            "points. Give texts.",
        )
    total = int(curve.found[-1])
    wanted = [total * (num_points - number) / num_points for number in range(num_points)]
    places = [int(np.searchsorted(curve.found, most, side="right")) - 1 for most in wanted]
    return tuple(
        AnsweredShare(float(curve.thresholds[place]), int(curve.right[place]), int(curve.found[place]), total)
        for place in dict.fromkeys(places)
        if place >= 0
    )


def suggest_threshold(chances: npt.ArrayLike, right: npt.ArrayLike, *, accuracy: float | None = None) -> float | None:
    """Return the probability from which on a text is to be answered.

    Args:
        chances: the probability of the label given, of each text, shape ``(num_texts,)``.
        right: whether that label is right, same shape.
        accuracy: the share of answers to be right, and then as many texts as possible are answered. None for the threshold
            that best tells right answers from wrong ones: the highest F1 of keeping those that are right.

    Returns:
        The threshold, halfway between the least sure text answered and the next; None where no share of the texts is answered
        so accurately. It was chosen on these texts, so that on others the accuracy is a little lower.

    Raises:
        InvalidType, InvalidValue: as `answered_shares`, and for an accuracy that is not above 0 and at most 1.

    Example:
        >>> chances, right = [0.875, 0.75, 0.625, 0.5], [True, True, False, False]
        >>> suggest_threshold(chances, right), suggest_threshold(chances, right, accuracy=0.6)
        (0.6875, 0.5625)
        >>> suggest_threshold([0.9], [False], accuracy=0.6) is None
        True
    """
    if accuracy is None:
        return best_threshold(chances, right, int(np.sum(right)), OTHERWISE).threshold
    if not 0 < accuracy <= 1:
        raise InvalidValue(
            zh=f"accuracy 应大于 0、不超过 1，收到 {accuracy}。",
            en=f"accuracy must be above 0 and at most 1, but received {accuracy}.",
        )
    curve = threshold_curve(chances, right, int(np.sum(right)))
    reached = np.flatnonzero(curve.precision >= accuracy)
    if not len(reached):
        return None
    least = curve.thresholds[reached[-1] : reached[-1] + 2]  # that of the least sure text answered, and the next
    return float(least[0] if len(least) == 1 else least.mean())
