"""Fine-tuning a classification model in place."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from baihua.encoders.dropout import dropout
from baihua.encoders.pooler import pooler_left_out
from baihua.tasks.classification.dev_watch import DevWatch
from baihua.tasks.classification.rows import Batch
from baihua.tasks.classification.sound_weights import check_finite
from baihua.training.fit import FitSettings, fit
from baihua.training.processes import num_steps
from baihua.training.schedules import Schedule

MOST_LOOKS = 20  # at dev in a training of many short epochs


class Length(Protocol):
    """The settings that say how long a training is."""

    @property
    def epochs(self) -> int:
        """Times that the texts are gone through."""
        ...

    @property
    def least_steps(self) -> int | None:
        """Optimizer steps at least; None for as many as the epochs come to."""
        ...

    @property
    def batch_size(self) -> int:
        """Texts of a batch."""
        ...


class TrainingSettings(Length, Protocol):
    """The settings of a training."""

    @property
    def head_rate(self) -> float:
        """The learning rate of the head, times that of the encoder."""
        ...

    @property
    def dropout(self) -> float:
        """Of the encoder."""
        ...

    @property
    def precision(self) -> str:
        """``"float32"`` or ``"bfloat16"``."""
        ...

    @property
    def save_every(self) -> float:
        """Seconds between checkpoints."""
        ...

    def rate(self, width: int) -> float:
        """Return the learning rate for an encoder of some width."""
        ...


@dataclass(frozen=True)
class Course:
    """How long a training is and when dev is looked at.

    Args:
        per_epoch: batches of an epoch.
        epochs: in all.
        look_every: epochs from one look to the next; there is one after the last epoch in any case.

    Example:
        >>> from baihua.tasks.classification.settings import ClassificationSettings
        >>> Course.of(32, ClassificationSettings(epochs=10, least_steps=200, batch_size=16))  # 32 texts, 2 batches
        Course(per_epoch=2, epochs=100, look_every=5)
        >>> Course.of(16000, ClassificationSettings(epochs=3, batch_size=16))
        Course(per_epoch=1000, epochs=3, look_every=1)
    """

    per_epoch: int
    epochs: int
    look_every: int

    @classmethod
    def of(cls, num_texts: int, settings: Length) -> "Course":
        """Return the course of so many texts."""
        per_epoch = math.ceil(num_texts / settings.batch_size)
        epochs = max(settings.epochs, math.ceil((settings.least_steps or 0) / per_epoch))
        return cls(per_epoch, epochs, max(1, epochs // MOST_LOOKS))

    @property
    def steps(self) -> int:
        """Optimizer steps in all, of which each takes a batch from every process."""
        return num_steps(self.epochs * self.per_epoch)

    def looks_after(self, epoch: int) -> bool:
        """Whether dev is looked at after so many epochs."""
        return epoch > 0 and (epoch % self.look_every == 0 or epoch == self.epochs)


@dataclass(frozen=True)
class Lessons:
    """What is learned from.

    Args:
        num: how many texts, or questions, there are.
        batches_of: the batches of an epoch, by its number; each has ``ids`` of shape ``(rows, length)``.
    """

    num: int
    batches_of: Callable[[int], Iterator[Batch]]


def train_model(
    model: nn.Module,
    lessons: Lessons,
    settings: TrainingSettings,
    watch: DevWatch | None,
    *,
    numbers: FitSettings | None = None,
    folder: str | Path | None = None,
    show_progress: bool | None = None,
) -> list[dict[str, float]]:
    """Train the weights of a model, and put the best ones back.

    Args:
        model: has a transformers model as its ``encoder`` and something else as its ``head``.
        lessons: what to learn from.
        settings: the numbers.
        watch: looks at texts held aside; None to train to the end and keep the last weights.
        numbers: optimizer, rate and schedule; None for AdamW with a warm-up and a linear decay at the settings' rates.
        folder: for checkpoints; a training cut off there goes on exactly.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The log.

    Raises:
        InvalidValue: when the loss, or a weight in the end, is no longer finite.
    """
    course = Course.of(lessons.num, settings)

    def batches(start: int) -> Iterator[Batch]:
        if watch is not None:
            watch.go_on(start // course.per_epoch)
        return _batches(lessons, settings, watch, start)

    encoder: Any = model.encoder
    with dropout_if_any(encoder, settings.dropout), pooler_left_out(encoder):
        log = fit(
            model,
            batches,
            numbers or _usual(settings, int(encoder.config.hidden_size), course.steps),
            folder=folder,
            count=lambda batch: len(batch["ids"]),
            show_progress=show_progress,
        )
    model.eval()
    if watch is not None:
        if not watch.enough:
            watch.look(course.epochs)
        watch.restore()
    check_finite(model)
    return log


def _usual(settings: TrainingSettings, width: int, steps: int) -> FitSettings:
    return FitSettings(
        Schedule(steps=steps),
        learning_rate=settings.rate(width),
        precision=settings.precision,
        save_every=settings.save_every,
        rate_factors={"head.": settings.head_rate},
    )


def dropout_if_any(encoder: nn.Module, rate: float) -> AbstractContextManager[None]:
    """Set the rates of dropout of a model that has dropout inside a block; decoders have none."""
    has_dropout = any(isinstance(module, nn.Dropout) for module in encoder.modules())
    return dropout(encoder, rate, rate) if has_dropout else nullcontext()


def _batches(lessons: Lessons, settings: TrainingSettings, watch: DevWatch | None, start: int) -> Iterator[Batch]:
    """Yield the batches from number ``start`` on; a look of the watch may end it."""
    course = Course.of(lessons.num, settings)
    first, skipped = divmod(start, course.per_epoch)
    if watch is not None and not skipped and course.looks_after(first):
        watch.look(first)  # it may have been cut off before this look
    for epoch in range(first, course.epochs):
        if watch is not None and watch.enough:
            return
        for number, batch in enumerate(lessons.batches_of(epoch)):
            if epoch > first or number >= skipped:
                yield batch
        if watch is not None and course.looks_after(epoch + 1) and not watch.look(epoch + 1):
            return
