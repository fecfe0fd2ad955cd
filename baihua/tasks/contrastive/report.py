"""How a contrastive training is set up and what is said of it in the end."""

import warnings
from dataclasses import dataclass

from baihua.encoders.transformer import TransformerEncoder
from baihua.language import say
from baihua.tasks.contrastive.guard import CollapseGuard, Look
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.training.fit import FitSettings
from baihua.training.schedules import Schedule


@dataclass(frozen=True)
class ContrastiveReport:
    """What a contrastive training did.

    Args:
        num_texts: distinct texts trained on.
        log: of `baihua.training.fit.fit`.
        looks: of the `CollapseGuard`, the first before the first step; empty without one.
        kept: the look whose weights were kept; None without a guard.
        stopped_early: whether the guard ended the training.
    """

    num_texts: int
    log: list[dict[str, float]]
    looks: list[Look]
    kept: Look | None
    stopped_early: bool


def fit_settings(encoder: TransformerEncoder, settings: ContrastiveSettings, steps: int) -> FitSettings:
    """Return what `fit` is to do: a constant rate without weight decay, as the article has it."""
    return FitSettings(
        Schedule(steps=steps, warmup=0.0, decay="constant"),
        learning_rate=settings.rate(int(encoder.model.config.hidden_size)),
        weight_decay=0.0,
        precision=settings.precision,
    )


def finish(
    encoder: TransformerEncoder, guard: CollapseGuard | None, num_texts: int, steps: int, log: list[dict[str, float]]
) -> ContrastiveReport:
    """Put the best weights back, leave the encoder ready to encode, and tell what was done."""
    encoder.model.eval()
    if encoder.head is not None:
        encoder.head.eval()
    if guard is None:
        return ContrastiveReport(num_texts, log, [], None, False)
    if guard.stopped_at is None:
        guard.look(steps)
    guard.restore()
    kept, first = guard.best, guard.looks[0]
    if kept is first:
        warnings.warn(
            say(
                zh="训练没有让向量在留出的文本上变好，权重保持训练前的样子；可以减小 learning_rate 或 dropout，"
                "或用 guard_every=0 留下训练后的权重。",
                en="Training did not make the vectors better on what was held aside, so the weights are as they were before. Try a smaller "
                "learning_rate or dropout, or keep the trained weights with guard_every=0.",
            ),
            stacklevel=4,
        )
    return ContrastiveReport(num_texts, log, guard.looks, kept, guard.stopped_at is not None)
