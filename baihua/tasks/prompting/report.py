"""What a training of a prompt classifier did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from baihua.tasks.classification.dev_watch import DevWatch, Look
from baihua.text.prompts import Prompt


@dataclass(frozen=True)
class PromptReport:
    """What a training did.

    Args:
        num_texts: texts learned from.
        num_cut: of these, how many lost their end.
        num_trained: how many numbers were trained; 0 for zero-shot.
        log: of `baihua.training.fit.fit`.
        looks: at dev; empty without.
        kept: the look whose weights were kept; None without any.
        calibrated: whether the probabilities were calibrated, which needs dev.
    """

    num_texts: int
    num_cut: int
    num_trained: int
    log: list[dict[str, float]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    kept: Look | None = None
    calibrated: bool = False


def report_of(
    prompts: Mapping[int, Sequence[Prompt]],
    num_trained: int,
    log: list[dict[str, float]],
    watch: DevWatch | None,
    *,
    calibrated: bool,
) -> PromptReport:
    """Return what a training did.

    Args:
        prompts: that were learned from.
        num_trained: how many numbers were trained.
        log: of the training.
        watch: what looked on, or None.
        calibrated: whether the probabilities were calibrated.
    """
    widest = prompts[max(prompts)]
    num_cut = sum(prompt.num_cut > 0 for prompt in widest)
    looks = watch.looks if watch is not None else []
    kept = watch.best if watch is not None else None
    return PromptReport(len(widest), num_cut, num_trained, log, looks, kept, calibrated)
