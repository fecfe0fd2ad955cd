"""What the training of a classifier did."""

from dataclasses import dataclass, field

from baihua.tasks.classification.dev_watch import Look
from baihua.training.classification_scores import ClassificationScores


@dataclass(frozen=True)
class ClassificationReport:
    """What a training did.

    Args:
        num_texts: texts learned from.
        num_blank: texts left out because nothing is in them; they count among the shares of labels.
        calibrated: whether the temperature was fitted on texts that were not learned from: dev, or for ``"linear"`` texts
            held out in turn. Otherwise it is 1, and probabilities tend to be too sure.
        inverse_penalty: C of the logistic regression; None for ``"fine_tune"``.
        cross_validated: scores of the training texts, each by a classifier that did not learn from it; None but for
            ``"linear"`` with enough texts of each label. C and the temperature were chosen on them, which flatters a little.
        num_pairs: pairs compared by ``"contrastive"``.
        log: of `baihua.training.fit.fit`; empty for ``"linear"``.
        looks: at dev, for ``"fine_tune"``.
        kept: the look whose weights were kept; None without any.
        stopped_early: whether training ended before its last epoch.
    """

    num_texts: int
    num_blank: int = 0
    calibrated: bool = False
    inverse_penalty: float | None = None
    cross_validated: ClassificationScores | None = None
    num_pairs: int = 0
    log: list[dict[str, float]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    kept: Look | None = None
    stopped_early: bool = False
