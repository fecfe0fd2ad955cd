"""What a cosine means: the probability that two texts mean the same, learned from labelled pairs.

This needs at least 50 pairs that somebody has judged. Without any, `FalseMatchRate` says how often unrelated texts
score so high, which is another thing. Both are reached from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from baihua.checks import InvalidType, InvalidValue, check_same_length
from baihua.language import say
from baihua.maths.cosines import check_cosines
from baihua.training.background import background_pairs
from baihua.training.false_matches import FalseMatchRate

__all__ = [
    "FalseMatchRate",
    "MatchCalibration",
    "ReliabilityBin",
    "background_pairs",
    "expected_calibration_error",
    "reliability_table",
]

MIN_PAIRS = 50
NUM_FOLDS = 5
MOST_BINS = 10
PAIRS_PER_BIN = 10  # fewer bins for fewer pairs
NORMAL_95 = 1.959964

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReliabilityBin:
    """Held-out pairs of similar predicted probability.

    Args:
        predicted: their mean predicted probability.
        observed: the share of them that do mean the same.
        count: how many they are.
    """

    predicted: float
    observed: float
    count: int


@dataclass(frozen=True)
class MatchCalibration:
    """The probability that a pair means the same, given its cosine: a logistic curve.

    Made by `fit`; every field is plain numbers, so it can be kept as JSON (`to_dict`, `from_dict`).

    Args:
        intercept: of the log-odds at the labelled pairs' own share of matches.
        slope: change of the log-odds per unit of cosine.
        covariance: of intercept and slope, 2 × 2.
        prior: the share of matches, among the pairs asked about, that the probabilities are for.
        share: the share of matches among the labelled pairs.
        num_pairs: how many pairs were labelled.
        reliability: held-out pairs from the least to the most probable, in bins of equal count.
        calibration_error: expected calibration error: |observed − predicted| of the bins, by their counts. Chance
            alone makes it about 0.8 √(p (1 − p) / count of a bin).
        brier: Brier score: mean squared difference of held-out prediction and label; always predicting ``share``
            has ``share (1 − share)``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(400) % 2
        >>> found = MatchCalibration.fit(rng.normal(0.3 + 0.2 * labels, 0.1), labels)
        >>> round(found.probability(0.4), 1), found.probability(0.7) > 0.9
        (0.5, True)
        >>> found.sentence(0.4)
        'probability of the same meaning 52 % (44 to 59 %) if 50 % of the pairs asked about mean the same'
    """

    intercept: float
    slope: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    prior: float
    share: float
    num_pairs: int
    reliability: tuple[ReliabilityBin, ...]
    calibration_error: float
    brier: float

    @classmethod
    def fit(cls, scores: npt.ArrayLike, labels: npt.ArrayLike, prior: float | None = None, *, seed: int = 0) -> Self:
        """Learn the curve from labelled pairs, and measure it on pairs it was not learned from.

        Maximum likelihood with the labels replaced by (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2), which keeps the slope
        finite when a cosine separates the labels (Platt, "Probabilistic Outputs for Support Vector Machines", 1999).
        The reliability is that of five-fold cross-fitting, at the labelled pairs' own share of matches.

        Args:
            scores: cosines of the pairs, shape ``(num_pairs,)``, at least 50.
            labels: 1 where a pair means the same, else 0, shape ``(num_pairs,)``.
            prior: the share of matches among the pairs that will be asked about, when it differs from that among the
                labelled ones, as it does where these were picked. Odds are multiplied by the ratio of the two shares'
                odds (Bayes' rule). None for the labelled pairs' own share.
            seed: of the folds.

        Raises:
            InvalidType: for scores or labels that are not numbers.
            InvalidValue: for fewer than 50 pairs, one class only, other labels, scores all alike or no cosines, or a
                prior that does not lie between 0 and 1.
        """
        values, truths = _check_pairs(scores, labels)
        share = float(truths.mean())
        if prior is not None and not 0 < prior < 1:
            raise InvalidValue(
                zh=f"prior 是同义对所占的比例，应在 0 与 1 之间（不含两端），收到 {prior}；不知道就不要给。",
                en=f"prior is the share of pairs that mean the same and must lie between 0 and 1, both excluded, but "
                f"received {prior}. Leave it out if it is not known.",
            )
        coefficients, covariance = _fit_logistic(values, truths)
        predictions = _cross_fit(values, truths, seed)
        reliability = reliability_table(predictions, truths)
        return cls(
            intercept=float(coefficients[0]),
            slope=float(coefficients[1]),
            covariance=_as_pairs(covariance),
            prior=share if prior is None else float(prior),
            share=share,
            num_pairs=len(values),
            reliability=reliability,
            calibration_error=expected_calibration_error(reliability),
            brier=float(np.square(predictions - truths).mean()),
        )

    def probability(self, score: float) -> float:
        """Return the probability that a pair with this cosine means the same, for pairs with the stated prior."""
        return float(expit(self._log_odds(score)))

    def interval(self, score: float) -> tuple[float, float]:
        """Return the 95 % interval of `probability`, by the delta method on the log-odds.

        It takes pairs as independent; where many share a text it should be wider.
        """
        at = np.array([1.0, score])
        spread = NORMAL_95 * float(np.sqrt(at @ np.array(self.covariance) @ at))
        centre = self._log_odds(score)
        return float(expit(centre - spread)), float(expit(centre + spread))

    def sentence(self, score: float) -> str:
        """Say the probability, its interval, and the prior it is for."""
        values = (self.probability(score), *self.interval(score))
        middle, low, high = (f"{100 * value:.0f}" for value in values)
        prior = f"{100 * self.prior:.2g} %"
        return say(
            zh=f"同义的概率 {middle} %（{low} 至 {high} %），前提是所问的对里有 {prior} 同义",
            en=f"probability of the same meaning {middle} % ({low} to {high} %) if {prior} of the pairs asked about "
            "mean the same",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers, lists and dictionaries, for JSON."""
        record = asdict(self)
        record["covariance"] = [list(row) for row in self.covariance]
        record["reliability"] = [asdict(item) for item in self.reliability]
        return record

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
                zh=f"这不是完整的同义概率记录，缺少 {listed}；请重新校准。",
                en=f"This is no complete record of match probabilities: {listed} is missing. Calibrate again.",
            )
        values = {item.name: record[item.name] for item in fields(cls)}
        values["covariance"] = _as_pairs(record["covariance"])
        values["reliability"] = tuple(ReliabilityBin(**item) for item in record["reliability"])
        return cls(**values)

    def _log_odds(self, score: float) -> float:
        if not score == score:
            raise InvalidValue(
                zh="score 是 NaN，不是余弦；请检查这一对的向量。",
                en="The score is NaN, not a cosine. Check the vectors of this pair.",
            )
        return self.intercept + self.slope * score + float(logit(self.prior) - logit(self.share))


def reliability_table(predictions: Floats, labels: Floats) -> tuple[ReliabilityBin, ...]:
    """Lay predicted probabilities beside what came true, in up to ten bins of equal count, ten pairs or more in each.

    Args:
        predictions: one probability per pair, shape ``(num_pairs,)``.
        labels: 1 where the pair means the same, else 0, shape ``(num_pairs,)``.

    Example:
        >>> reliability_table(np.array([0.25] * 10 + [0.75] * 10), np.array([0] * 10 + [1] * 10))
        (ReliabilityBin(predicted=0.25, observed=0.0, count=10), ReliabilityBin(predicted=0.75, observed=1.0, count=10))
    """
    num_bins = min(MOST_BINS, max(1, len(labels) // PAIRS_PER_BIN))
    parts = np.array_split(np.argsort(predictions, kind="stable"), num_bins)
    return tuple(ReliabilityBin(float(predictions[p].mean()), float(labels[p].mean()), len(p)) for p in parts)


def expected_calibration_error(table: Sequence[ReliabilityBin]) -> float:
    """Return the mean of |observed − predicted| over the bins, weighted by their counts.

    Example:
        >>> expected_calibration_error([ReliabilityBin(0.25, 0.0, 10), ReliabilityBin(0.75, 1.0, 10)])
        0.25
    """
    gaps = [item.count * abs(item.observed - item.predicted) for item in table]
    return sum(gaps) / sum(item.count for item in table)


def _check_pairs(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, Floats]:
    values = check_cosines(scores)
    try:
        truths = np.asarray(labels, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        raise InvalidType(
            zh=f"labels 应是 0 与 1，收到 {labels!r:.40}；请先转成数。",
            en=f"labels must be 0 and 1, but received {labels!r:.40}. Turn them into numbers first.",
        ) from None
    check_same_length(values.tolist(), truths.tolist(), ("scores", "labels"))
    wrong = ~np.isin(truths, (0, 1))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InvalidValue(
            zh=f"labels 只能是 1（同义）与 0，第 {place} 项（从 0 数）是 {truths[place]:g}；请先改成 0 或 1。",
            en=f"labels must be 1 (the same meaning) or 0, but item {place} is {truths[place]:g}. Make it 0 or 1.",
        )
    num_same = int(truths.sum())
    if len(values) < MIN_PAIRS or num_same in (0, len(values)):
        raise InvalidValue(
            zh=f"同义概率至少要 {MIN_PAIRS} 对、两类都有，收到 {len(values)} 对，其中 {num_same} 对同义；请再标一些。",
            en=f"Match probabilities need at least {MIN_PAIRS} labelled pairs of both kinds, but received "
            f"{len(values)} with {num_same} of the same meaning. Label some more.",
        )
    if values.min() == values.max():
        raise InvalidValue(
            zh=f"{len(values)} 对的得分全是 {values[0]:g}，学不到什么；请检查文本与编码器。",
            en=f"All {len(values)} scores are {values[0]:g}, so nothing can be learned. Check the texts and the encoder.",
        )
    return values, truths


def _fit_logistic(scores: Floats, labels: Floats) -> tuple[Floats, Floats]:
    """Return intercept and slope, shape (2,), and their covariance, the inverse of the Fisher information, (2, 2)."""
    num_same = labels.sum()
    targets = np.where(labels == 1, (num_same + 1) / (num_same + 2), 1 / (len(labels) - num_same + 2))
    centre, spread = scores.mean(), scores.std() or 1.0  # a fold may hold scores that are all alike
    design = np.stack([np.ones_like(scores), (scores - centre) / spread], axis=1)  # (num, 2)

    def loss(weights: Floats) -> float:
        logits = design @ weights
        return float(np.sum(np.logaddexp(0, logits) - targets * logits))

    def gradient(weights: Floats) -> Floats:
        return design.T @ (expit(design @ weights) - targets)

    def information(weights: Floats) -> Floats:
        chances = expit(design @ weights)
        return (design * (chances * (1 - chances))[:, None]).T @ design

    found = minimize(loss, np.zeros(2), jac=gradient, hess=information, method="trust-exact").x
    back = np.array([[1.0, -centre / spread], [0.0, 1 / spread]])  # from standardised scores to cosines
    return back @ found, back @ np.linalg.pinv(information(found)) @ back.T


def _cross_fit(scores: Floats, labels: Floats, seed: int) -> Floats:
    """Predict each pair from the other four fifths; every fold has its share of both kinds."""
    rng = np.random.default_rng(seed)
    folds = np.empty(len(scores), dtype=int)
    for kind in (0, 1):
        rows = np.flatnonzero(labels == kind)
        folds[rng.permutation(rows)] = np.arange(len(rows)) % NUM_FOLDS
    predictions = np.empty(len(scores))
    for fold in range(NUM_FOLDS):
        held = folds == fold
        intercept, slope = _fit_logistic(scores[~held], labels[~held])[0]
        predictions[held] = expit(intercept + slope * scores[held])
    return predictions


def _as_pairs(matrix: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = matrix
    return (float(a), float(b)), (float(c), float(d))
