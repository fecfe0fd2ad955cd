"""What a comparison of methods has found: a row for each, whose differences are over the same texts, and what to take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.maths.proportion import paired_difference, wilson_interval
from baihua.training.classification_scores import score_labels

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trial:
    """What a method said of texts that it had not learned from.

    Args:
        method: its name.
        chances: of each label, shape ``(num_repeats, num_texts, num_labels)``.
        seconds: that one training took, in the mean.
    """

    method: str
    chances: Floats
    seconds: float


@dataclass(frozen=True)
class MethodRow:
    """How well a method did.

    Args:
        method: its name.
        accuracy: a fraction; with several repeats their mean.
        interval: of the accuracy (Wilson, 95 %). Repeats bring no new texts and do not narrow it.
        difference: the accuracy less that of the best method, on the same texts.
        low: the lower end of the difference's interval (Tango, 95 %); with several repeats the mean of theirs.
        high: the upper end.
        log_loss: mean of −log of the probability of the right label.
        seconds: that one training took, in the mean.
    """

    method: str
    accuracy: float
    interval: tuple[float, float]
    difference: float
    low: float
    high: float
    log_loss: float
    seconds: float

    @property
    def may_be_best(self) -> bool:
        """Whether the difference from the best method may be chance alone: its interval holds 0."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, eq=False)
class Comparison:
    """Methods beside each other, judged on the same texts in the same folds.

    Args:
        labels: of the columns of chances.
        gold: the right label of each text.
        trials: of the methods that came to an end, in the order in which they were tried.
        problems: why each of the others did not.
        num_folds: into which the texts were dealt.

    Raises:
        InvalidValue: when no method came to an end.
    """

    labels: Sequence[str]
    gold: Sequence[str]
    trials: Sequence[Trial]
    problems: Mapping[str, Exception]
    num_folds: int

    def __post_init__(self) -> None:
        if not self.trials:
            listed = "; ".join(f"{method}: {problem}" for method, problem in self.problems.items())
            raise InvalidValue(
                zh=f"没有一种方法训练得成（{listed}）。请先按上面说的改。",
                en=f"None of the methods could be trained ({listed}). Mend what is said of them first.",
            )

    def right(self, trial: Trial) -> npt.NDArray[np.bool_]:
        """Return which texts a method labelled rightly, shape ``(num_repeats, num_texts)``."""
        given: npt.NDArray[np.bool_] = np.array(self.labels)[trial.chances.argmax(axis=2)] == np.array(self.gold)
        return given

    @property
    def rows(self) -> list[MethodRow]:
        """A row for each method, the most accurate first; of equals the one with the lower log loss."""
        losses = {trial.method: self._log_loss(trial) for trial in self.trials}
        order = sorted(self.trials, key=lambda trial: (-self.right(trial).mean(), losses[trial.method]))
        return [self._row(trial, order[0], losses[trial.method]) for trial in order]

    @property
    def recommended(self) -> MethodRow:
        """The method that trains quickest of those that may be as good as the best."""
        return min((row for row in self.rows if row.may_be_best), key=lambda row: row.seconds)

    @property
    def advice(self) -> str:
        """Which method is recommended and why, in the current language."""
        best, chosen = self.rows[0], self.recommended
        if chosen.method == best.method:
            return say(
                zh=f"推荐 {chosen.method}：在这些文本上最准，可能一样好的方法里它训练得也最快。",
                en=f"Recommended: {chosen.method}. It is the most accurate on these texts, and of the methods that may be as good "
                "none trains quicker.",
            )
        behind, low, high = (f"{100 * value:+.1f}" for value in (chosen.difference, chosen.low, chosen.high))
        return say(
            zh=f"推荐 {chosen.method}：与最准的 {best.method} 相差 {behind} 分，95 % 区间 {low} … {high} 含 0，这 {len(self.gold)} 条"
            "文本分不出高下；这样的方法里它训练得最快。",
            en=f"Recommended: {chosen.method}. It differs from the most accurate, {best.method}, by {behind} points, and the 95 % "
            f"interval {low} … {high} holds 0: these {len(self.gold)} texts cannot tell the two apart. Of such methods it trains "
            "quickest.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the rows, the problems and the recommendation as plain values, for JSON."""
        rows = [{**vars(row), "interval": list(row.interval), "may_be_best": row.may_be_best} for row in self.rows]
        return {
            "methods": rows,
            "problems": {method: str(problem) for method, problem in self.problems.items()},
            "recommended": self.recommended.method,
            "advice": self.advice,
            "folds": self.num_folds,
            "texts": len(self.gold),
        }

    def _row(self, trial: Trial, best: Trial, log_loss: float) -> MethodRow:
        mine = self.right(trial)
        accuracy = float(mine.mean())
        pairs = [paired_difference(*both) for both in zip(mine, self.right(best), strict=True)]
        difference, low, high = np.mean([(pair.difference, pair.low, pair.high) for pair in pairs], axis=0).tolist()
        interval = wilson_interval(float(mine.sum() / len(mine)), len(self.gold))
        return MethodRow(trial.method, accuracy, interval, difference, low, high, log_loss, trial.seconds)

    def _log_loss(self, trial: Trial) -> float:
        chances = trial.chances.reshape(-1, len(self.labels))  # (num_repeats · num_texts, num_labels)
        loss = score_labels(chances, self.labels, list(self.gold) * len(trial.chances)).log_loss
        assert loss is not None  # every label is one of the columns
        return loss
