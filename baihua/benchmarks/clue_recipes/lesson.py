"""What the recipes share: a lesson, the one training, and how labels are learned. Read it once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import softmax
from torch import nn

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_settings import ClueSettings
from baihua.benchmarks.clue_tasks import find_task
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.classification.dev_watch import DevWatch
from baihua.tasks.classification.model import ClassificationModel, logits_of
from baihua.tasks.classification.rows import Batch, Rows, epoch_batches
from baihua.tasks.classification.training import Course, Lessons, train_model
from baihua.tasks.seeded import seeded

Answers = list[Any]  # one for each of ``part.ids``, as `baihua.benchmarks.clue_submission.write_answers` takes them
Answerer = Callable[[ClueExamples], Answers]


class SureAnswers(list[Any]):
    """Answers, with the probability that the model gives to each, so that its surest mistakes can be looked at.

    Args:
        answers: one for each of ``part.ids``.
        sure: as many probabilities.
    """

    def __init__(self, answers: Iterable[Any], sure: Iterable[float]) -> None:
        super().__init__(answers)
        self.sure = tuple(float(one) for one in sure)


@dataclass(frozen=True)
class Lesson:
    """What a recipe is given.

    Args:
        encoder: trained in place.
        train: what to learn from.
        dev: what weights are chosen on; None to keep the last.
        settings: the numbers.
        folder: for checkpoints, or None.
        show_progress: show a bar; None to show it on a terminal.
    """

    encoder: TransformerEncoder
    train: ClueExamples
    dev: ClueExamples | None
    settings: ClueSettings
    folder: str | None = None
    show_progress: bool | None = None


def train(
    lesson: Lesson,
    model: nn.Module,
    num: int,
    batches_of: Callable[[int], Iterator[Batch]],
    score: Callable[[ClueExamples], float],
) -> None:
    """Train a model, look at dev after each epoch, and keep the best weights.

    Args:
        lesson: the settings and dev.
        model: has an ``encoder`` and a ``head``.
        num: rows, windows or questions to learn from.
        batches_of: the batches of an epoch.
        score: of the model as it is on a part, the higher the better.
    """
    settings, dev = lesson.settings, lesson.dev
    watch = None if dev is None else DevWatch(model, lambda: (score(dev), 0.0), settings.patience, lesson.folder)
    numbers = settings.fit_settings(lesson.encoder.width, Course.of(num, settings).steps)
    train_model(
        model,
        Lessons(num, batches_of),
        settings,
        watch,
        numbers=numbers,
        folder=lesson.folder,
        show_progress=lesson.show_progress,
    )


def learn_labels(lesson: Lesson, rows_of: Callable[[ClueExamples], Rows]) -> Answerer:
    """Learn labels: a dense layer on the pooled states, cross-entropy.

    Args:
        lesson: what to learn.
        rows_of: the tokens of a part.

    Returns:
        A function that gives each example of a part a label.
    """
    settings, labels = lesson.settings, list(find_task(lesson.train.task).labels)

    def answer(part: ClueExamples) -> Answers:
        chances = softmax(logits_of(model, rows_of(part), precision=settings.precision), axis=1)
        return SureAnswers((labels[place] for place in chances.argmax(axis=1)), chances.max(axis=1))

    with seeded(settings.seed):
        model = ClassificationModel(lesson.encoder.model, settings.pooling, len(labels), dropout=0.0)
        model.to(lesson.encoder.device)
        rows, right = rows_of(lesson.train), np.array([labels.index(label) for label in lesson.train.labels])
        batches_of = partial(epoch_batches, rows, right, settings.batch_size, settings.seed)
        train(lesson, model, len(rows), batches_of, lambda part: accuracy(answer(part), part.labels))
    return answer


def accuracy(answers: Answers, right: Answers) -> float:
    """Return the share of answers that are right."""
    return sum(one == other for one, other in zip(answers, right, strict=True)) / len(right)
