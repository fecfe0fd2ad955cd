"""How far apart two ways are: over samples, and on one sample over its reviews.

The two intervals answer two questions. Over samples (Student's t of the differences sample by sample): would another draw of
labelled reviews say the same? On one sample over the reviews scored (Tango's): would other reviews to score?
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from baihua.maths.mean_interval import t_interval
from baihua.maths.proportion import paired_difference
from baihua.studies.ptuning.record import Cell

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """How much more accurate one way is than another on the same samples.

    Args:
        mean: the first less the second, a fraction.
        over_samples: the 95 % interval of the mean; None with one sample.
        over_reviews: the 95 % interval on the first sample, over its reviews; None where they are not known one by one.
    """

    mean: float
    over_samples: tuple[float, float] | None
    over_reviews: tuple[float, float] | None

    @property
    def interval(self) -> tuple[float, float]:
        """The interval that decides: over samples where there are several, else over reviews."""
        return self.over_samples or self.over_reviews or (-math.inf, math.inf)

    def spell(self, language: str) -> str:
        """Return it in points, with its intervals, in one of the two languages."""
        zh = language == "zh"
        words = [f"{100 * self.mean:+.2f}"]
        if self.over_samples:
            words.append(_ends(self.over_samples, "对样本" if zh else "over samples"))
        if self.over_reviews:
            words.append(_ends(self.over_reviews, "首个样本，对评论" if zh else "first sample, over reviews"))
        return " ".join(words)


def difference(first: Sequence[Cell], second: Sequence[Cell]) -> Difference:
    """Compare two ways on the same samples.

    Args:
        first: cells of the one, sample by sample.
        second: cells of the other, in the same order.

    Returns:
        The first less the second.
    """
    apart = [one.accuracy - other.accuracy for one, other in zip(first, second, strict=True)]
    right = first[0].right, second[0].right
    reviews = None
    if right[0] is not None and right[1] is not None:
        found = paired_difference(right[0], right[1], CONFIDENCE)
        reviews = found.low, found.high
    return Difference(statistics.fmean(apart), t_interval(apart), reviews)


def difference_from_mean(first: Sequence[Cell], others: Sequence[Sequence[Cell]]) -> Difference:
    """Compare a way with the mean accuracy of several others, sample by sample; over reviews there is no interval of that."""
    means = [statistics.fmean(cell.accuracy for cell in same) for same in zip(*others, strict=True)]
    apart = [one.accuracy - mean for one, mean in zip(first, means, strict=True)]
    return Difference(statistics.fmean(apart), t_interval(apart), None)


def _ends(interval: tuple[float, float], what: str) -> str:
    return f"[{100 * interval[0]:+.2f}, {100 * interval[1]:+.2f}] ({what})"
