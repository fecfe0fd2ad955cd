"""How often two unrelated texts score so high: the false-match rate of a cosine, from the user's own texts.

A cosine of 0.8 means nothing by itself: with one encoder no unrelated pair reaches it, with another half of them do.
So random pairs of the user's texts are scored, and a score is told by the share of them that reach it. That is a
rate among unrelated pairs and never the probability that a pair matches; for that, see `MatchCalibration`.

Random pairs of a library hold its true matches too, though few: in a library where each text has one partner among
10 000, one random pair in 10 000 is a match. They count as unrelated here, so rates near and below that share come
out too high and thresholds too cautious. Texts that repeat should be left out beforehand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.maths.cosines import ROUNDING, check_cosines
from baihua.maths.tails import NUM_DRAWS, Tail, clopper_pearson, fit_tail
from baihua.training.background import design_effect

MIN_SCORES = 100
NUM_KNOTS = 100  # 8 % apart in rate at 200 000 scores; between two the logarithm of the rate is a straight line
ENOUGH = 100  # with so many scores above, a counted rate is right to 10 % (one standard error)
MOST_EXCESSES = 1000
SMALLEST = 1e-12  # rates below are said as "fewer than"
HALVINGS = 60

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class FalseMatchRate:
    """The rate of unrelated pairs at every score: counted where it can be, by a fitted tail beyond.

    Made by `fit`; every field is plain numbers, so it can be kept as JSON (`to_dict`, `from_dict`).

    Args:
        num_scores: how many background pairs were scored.
        scores: scores at which the rate was counted, rising, shape ``(num_knots,)``. The last is where the tail begins.
        rates: the share of background pairs that score at least so high, shape ``(num_knots,)``.
        design_effects: how many pairs tell as much as one independent pair there, shape ``(num_knots,)``.
        tail_from: the score over which the tail was fitted.
        shapes: shape of each draw of the tail, see `Tail`.
        scales: scale of each draw of the tail.
        start_rates: of each draw, the rate at the score where the tail begins.

    Example:
        >>> background = FalseMatchRate.fit(np.random.default_rng(0).normal(0.2, 0.1, size=5000))
        >>> round(background.rate(0.4), 3), background.rate(0.7) < 1e-4
        (0.023, True)
        >>> background.sentence(0.45, size=2000)
        'about 1 in 200 unrelated pairs scores this high; expected per query among 2 000 texts: 9.8'
    """

    num_scores: int
    scores: Numbers
    rates: Numbers
    design_effects: Numbers
    tail_from: float
    shapes: Numbers
    scales: Numbers
    start_rates: Numbers

    @classmethod
    def fit(cls, background_scores: npt.ArrayLike, pairs: npt.NDArray[np.intp] | None = None, *, seed: int = 0) -> Self:
        """Learn the rates from the cosines of background pairs.

        Rates are counted wherever at least 100 scores lie above. Beyond, they follow a generalised Pareto tail fitted
        to the 2√num highest scores (at most 1 000): their number grows with the sample, so the tail is learned better,
        while their share shrinks, so it is learned further out, where the form holds. Of 2√num, num^⅔ and 5 %, tried
        on random unit vectors and on Chinese questions, it came nearest to rates known from millions of pairs.

        Args:
            background_scores: cosines of unrelated pairs, shape ``(num_pairs,)``, at least 100.
            pairs: which two texts each pair is, shape ``(num_pairs, 2)``, see `background_pairs`. Pairs that share a
                text are not independent; knowing them makes the intervals as wide as they have to be.
            seed: of the order in which draws of the tail are put beside draws of the rate where it begins.

        Raises:
            InvalidValue: for fewer than 100 scores, NaN, numbers that are no cosines, or scores all alike.
        """
        values = _check_background(background_scores)
        num = len(values)
        ordered = np.sort(values)
        num_excesses = min(int(np.ceil(2 * np.sqrt(num))), MOST_EXCESSES)
        enough = min(ENOUGH, num_excesses)
        counts = np.unique(np.geomspace(enough, num, NUM_KNOTS).astype(int))
        knots = np.unique(ordered[num - counts])
        rates = (num - np.searchsorted(ordered, knots, side="left")) / num
        effects = [1.0 if pairs is None else design_effect(values >= knot, pairs) for knot in knots]
        tail_from = min(ordered[num - num_excesses - 1], ordered[ordered < ordered[-1]][-1])
        tail = fit_tail(ordered[ordered > tail_from] - tail_from, effects[-1])
        return cls(
            num_scores=num,
            scores=tuple(map(float, knots)),
            rates=tuple(map(float, rates)),
            design_effects=tuple(map(float, effects)),
            tail_from=float(tail_from),
            shapes=tuple(map(float, tail.shapes)),
            scales=tuple(map(float, tail.scales)),
            start_rates=_draw_rates(float(rates[-1]), num / effects[-1], seed),
        )

    def rate(self, score: float) -> float:
        """Return the share of unrelated pairs that score at least so high; above 1, 0.

        In the tail it is the mean over what the sample leaves open about the tail, as an expectation should be. What a
        draw of the tail has beyond 1 counts at 1, the score of texts that differ in nothing the encoder sees.

        Raises:
            InvalidValue: for NaN.
        """
        score = _check_score(score)
        if score > self.scores[-1]:
            return self.rates[-1] * float(self._tail_ratios(score).mean())
        if score < self.scores[0]:
            return 1.0
        return float(np.exp(np.interp(score, self.scores, np.log(self.rates))))

    def interval(self, score: float) -> tuple[float, float]:
        """Return the 95 % interval of `rate`: Clopper-Pearson where counted, quantiles of the draws in the tail.

        It tells what other texts of the same kind would give. With ``pairs`` given to `fit`, the counts are those of
        as many independent pairs as tell as much (the design effect).

        Raises:
            InvalidValue: for NaN.
        """
        score = _check_score(score)
        if score > self.scores[-1]:
            low, high = np.percentile(np.array(self.start_rates) * self._tail_ratios(score), [2.5, 97.5])
            return float(low), float(high)
        effective = self.num_scores / float(np.interp(score, self.scores, self.design_effects))
        return clopper_pearson(self.rate(score) * effective, effective)

    def expected(self, score: float, size: int) -> float:
        """Return how many unrelated texts of an index a query meets, on average, at this score or above.

        When it is 1 or more, a hit with this score is no better than chance.

        Args:
            score: the cosine.
            size: texts in the index.

        Raises:
            InvalidValue: for a negative size.
        """
        if not size >= 0:
            raise InvalidValue(
                zh=f"size 是索引里的文本数，不能是 {size}；请给不小于 0 的整数。",
                en=f"size is the number of texts in the index and cannot be {size}. Give a whole number of at least 0.",
            )
        return size * self.rate(score)

    def threshold(self, rate: float) -> float:
        """Return the lowest score that no more than this share of unrelated pairs reaches.

        Args:
            rate: the wished rate, such as 0.001.

        Returns:
            A cosine. 1.0 when no lower score is rare enough; ``rate(1.0)`` then says how rare 1 itself is.

        Raises:
            InvalidValue: when the rate does not lie between 0 and 1.
        """
        return _first_below(self.rate, _check_rate(rate))

    def threshold_interval(self, rate: float) -> tuple[float, float]:
        """Return the scores between which `threshold` may lie: those whose 95 % interval holds the wished rate.

        Raises:
            InvalidValue: when the rate does not lie between 0 and 1.
        """
        wished = _check_rate(rate)
        low = _first_below(lambda score: self.interval(score)[0], wished)
        return low, _first_below(lambda score: self.interval(score)[1], wished)

    def sentence(self, score: float, size: int | None = None) -> str:
        """Say how rare the score is among unrelated pairs, and for an index of so many texts how many a query meets."""
        rate = self.rate(score)
        if rate > 0.1:
            share = f"{100 * rate:.0f} %"
            said = say(zh=f"约 {share} 的无关文本对得分这么高", en=f"about {share} of unrelated pairs score this high")
        elif rate < SMALLEST:
            most = _grouped(1 / SMALLEST)
            said = say(
                zh=f"{most} 对无关文本里也到不了 1 对得分这么高",
                en=f"fewer than 1 in {most} unrelated pairs scores this high",
            )
        else:
            one_in = _grouped(1 / rate)
            said = say(
                zh=f"约每 {one_in} 对无关文本里有 1 对得分这么高",
                en=f"about 1 in {one_in} unrelated pairs scores this high",
            )
        if size is None:
            return said
        expected, texts = self.expected(score, size), f"{size:,}".replace(",", " ")
        few = "< 0.01" if expected < 0.01 else _grouped(expected)
        return said + say(
            zh=f"；在 {texts} 条文本里查一次，预计碰上 {few} 条",
            en=f"; expected per query among {texts} texts: {few}",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers and lists, for JSON."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Build it again from what `to_dict` gave.

        Raises:
            InvalidValue: when something is missing.
        """
        missing = [item.name for item in fields(cls) if item.name not in record]
        if missing:
            listed = ", ".join(missing)
            raise InvalidValue(
                zh=f"这不是完整的误配率记录，缺少 {listed}；请重新校准。",
                en=f"This is no complete record of false-match rates: {listed} is missing. Calibrate again.",
            )
        values = ((item.name, record[item.name]) for item in fields(cls))
        known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values}
        return cls(**known)

    def _tail_ratios(self, score: float) -> npt.NDArray[np.float64]:
        """Return, for each draw, the rate at a score in the tail over the rate where the tail begins."""
        if score > 1:
            return np.zeros(len(self.shapes))
        tail = Tail(np.array(self.shapes), np.array(self.scales))
        return tail.survival(score - self.tail_from) / tail.survival(self.scores[-1] - self.tail_from)


def _check_background(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = check_cosines(scores, "background_scores")
    if len(values) < MIN_SCORES:
        raise InvalidValue(
            zh=f"误配率至少要 {MIN_SCORES} 对背景得分，收到 {len(values)}；请给更多文本（15 条就有 105 对）。",
            en=f"False-match rates need at least {MIN_SCORES} background scores, but received {len(values)}. "
            "Give more texts (15 make 105 pairs).",
        )
    if values.min() == values.max():
        raise InvalidValue(
            zh=f"{len(values)} 对背景得分全是 {values[0]:g}，分不出高低；请检查文本是否都一样、编码器是否正常。",
            en=f"All {len(values)} background scores are {values[0]:g}, so none is rarer than another. "
            "Check whether the texts are all the same, and the encoder.",
        )
    return values


def _check_score(score: float) -> float:
    """Return a score as a number; one that rounding carried past 1 becomes 1."""
    if not score == score:
        raise InvalidValue(
            zh="score 是 NaN，不是余弦；请检查这一对的向量。",
            en="The score is NaN, not a cosine. Check the vectors of this pair.",
        )
    return 1.0 if 1 < score <= 1 + ROUNDING else float(score)


def _check_rate(rate: float) -> float:
    if not 0 < rate < 1:
        raise InvalidValue(
            zh=f"rate 应在 0 与 1 之间（不含两端），收到 {rate}；例如 0.001 是千分之一。",
            en=f"rate must lie between 0 and 1, both excluded, but received {rate}. One in a thousand is 0.001.",
        )
    return rate


def _draw_rates(rate: float, total: float, seed: int) -> Numbers:
    """Return draws of a counted rate (Jeffreys' posterior), evenly spaced in probability, in random order."""
    points = (np.random.default_rng(seed).permutation(NUM_DRAWS) + 0.5) / NUM_DRAWS
    draws = betaincinv(rate * total + 0.5, total - rate * total + 0.5, points)
    return tuple(map(float, draws))


def _first_below(function: Callable[[float], float], wished: float) -> float:
    """Return where a falling function of the cosine comes down to the wished value; 1 when it never does."""
    low, high = -1.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > wished else (low, middle)
    return high


def _grouped(number: float) -> str:
    """Return a number with two significant digits, in groups of three: 2 000, 16, 9.7."""
    place = int(np.floor(np.log10(number))) - 1
    return f"{round(number, -place):,.{max(0, -place)}f}".replace(",", " ")
