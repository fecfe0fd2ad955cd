"""Training an extraction model in place."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import nn

from baihua.encoders.dropout import dropout
from baihua.encoders.pooler import pooler_left_out
from baihua.tasks.extraction.dev_watch import DevWatch, Look
from baihua.tasks.extraction.model import Batch, ExtractionModel
from baihua.tasks.extraction.rows import Rows, num_batches, row_batches
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.training.fit import FitSettings, fit
from baihua.training.processes import num_steps
from baihua.training.schedules import Schedule

# The scores between tags start near 0 and have far to go: the article's code gives them 1000 times its rate of 2e-5.
CRF_RATE = 0.02


@dataclass(frozen=True)
class ExtractionReport:
    """What a training did.

    Args:
        num_texts: texts learned from.
        num_entities: entities learned from.
        num_lost: entities that could not be: an edge inside a token, or too wide.
        num_covered: entities left out because the CRF cannot hold them beside a wider one.
        log: of `baihua.training.fit.fit`.
        looks: at the texts held aside, one per epoch; empty without any.
        kept: the look whose weights were kept; None without any.
        stopped_early: whether it ended before its last epoch.
    """

    num_texts: int
    num_entities: int
    num_lost: int
    num_covered: int = 0
    log: list[dict[str, float]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    kept: Look | None = None
    stopped_early: bool = False


def train_model(
    model: ExtractionModel,
    rows: Rows,
    settings: ExtractionSettings,
    watch: DevWatch | None,
    *,
    folder: str | Path | None = None,
    show_progress: bool | None = None,
) -> list[dict[str, float]]:
    """Train the weights of a model, and put the best ones back.

    Args:
        model: encoder and head.
        rows: what to learn from.
        settings: the numbers.
        watch: looks after each epoch; None to train to the end and keep the last weights.
        folder: for checkpoints; a training cut off there goes on exactly.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The log.

    Raises:
        InvalidValue: when the loss is no longer finite.
    """
    per_epoch = num_batches(rows, settings.batch_size)

    def batches(start: int) -> Iterator[Batch]:
        if watch is not None:
            watch.go_on(start // per_epoch)
        return _batches(rows, settings, watch, start)

    has_dropout = any(isinstance(module, nn.Dropout) for module in model.encoder.modules())
    rates = dropout(model.encoder, settings.dropout, settings.dropout) if has_dropout else nullcontext()
    with rates, pooler_left_out(model.encoder):
        log = fit(
            model,
            batches,
            _fit_settings(model, settings, num_steps(settings.epochs * per_epoch)),
            folder=folder,
            count=lambda batch: len(batch["ids"]),
            show_progress=show_progress,
        )
    model.eval()
    if watch is not None:
        if not watch.enough:
            watch.look(settings.epochs)
        watch.restore()
    return log


def _fit_settings(model: ExtractionModel, settings: ExtractionSettings, steps: int) -> FitSettings:
    rate = settings.rate(model.head.projection.in_features)
    return FitSettings(
        Schedule(steps=steps),
        learning_rate=rate,
        precision=settings.precision,
        save_every=settings.save_every,
        rate_factors={
            "head.projection.": settings.head_rate,
            "head.types.": settings.head_rate,  # of the efficient head
            "head.crf.": CRF_RATE / rate,
        },
    )


def report_of(
    rows: Rows,
    settings: ExtractionSettings,
    watch: DevWatch | None,
    log: list[dict[str, float]],
    counts: tuple[int, int, int],
) -> ExtractionReport:
    """Return what a training did.

    Args:
        rows: what was learned from.
        settings: the numbers.
        watch: what looked on, or None.
        log: of the training.
        counts: texts, entities asked of it, and entities left out beside wider ones.
    """
    num_texts, num_entities, num_covered = counts
    num_lost = sum(map(len, rows.lost))
    report = ExtractionReport(num_texts, num_entities - num_lost, num_lost, num_covered, log)
    if watch is None:
        return report
    early = watch.looks[-1].epoch < settings.epochs
    return replace(report, looks=watch.looks, kept=watch.best, stopped_early=early)


def _batches(rows: Rows, settings: ExtractionSettings, watch: DevWatch | None, start: int) -> Iterator[Batch]:
    """Yield the batches from number ``start`` on; after each epoch the watch may end it."""
    per_epoch = num_batches(rows, settings.batch_size)
    first, skipped = divmod(start, per_epoch)
    if watch is not None and first and not skipped:
        watch.look(first)  # it may have been cut off before this look
    for epoch in range(first, settings.epochs):
        if watch is not None and watch.enough:
            return
        for number, batch in enumerate(row_batches(rows, settings.batch_size, settings.seed, epoch)):
            if epoch > first or number >= skipped:
                yield batch
        if watch is not None and not watch.look(epoch + 1):
            return
