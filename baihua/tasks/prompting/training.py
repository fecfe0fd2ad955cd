"""Training a prompt, alone or with the model around it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from baihua.tasks.classification.dev_watch import DevWatch
from baihua.tasks.classification.sound_weights import check_finite
from baihua.tasks.classification.training import Course, dropout_if_any
from baihua.tasks.prompting.batches import Reading, training_batch
from baihua.tasks.prompting.cloze import Cloze
from baihua.tasks.prompting.model import Batch, PromptModel
from baihua.tasks.prompting.settings import PromptSettings
from baihua.text.prompts import Prompt
from baihua.text.verbalizer import Verbalizer
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule


@dataclass(frozen=True)
class Lessons:
    """What is learned from.

    Args:
        prompts: for each number of blanks, one per text.
        words: of each text's label, the numbers of its words in the verbalizer.
        verbalizer: the words.
        reading: how tokens are read.
        unlabeled: prompts whose blanks nobody can fill: of them the other tokens alone are learned.
    """

    prompts: Mapping[int, Sequence[Prompt]]
    words: Sequence[Sequence[int]]
    verbalizer: Verbalizer
    reading: Reading
    unlabeled: Sequence[Prompt] = ()

    @classmethod
    def of(
        cls,
        prompts: Mapping[int, Sequence[Prompt]],
        labels: Sequence[str],
        cloze: Cloze,
        unlabeled: Sequence[Prompt] = (),
    ) -> "Lessons":
        """Return what is learned from prompts and the label of each, and from prompts without one."""
        verbalizer = cloze.verbalizer
        numbers = {label: number for number, label in enumerate(verbalizer.labels)}
        words = [np.flatnonzero(verbalizer.label_of == numbers[label]).tolist() for label in labels]
        return cls(prompts, words, verbalizer, cloze.reading, unlabeled)

    def __len__(self) -> int:
        return len(self.words)

    def batch(self, places: Sequence[int], epoch: int, auxiliary: np.random.Generator | None) -> Batch:
        """Return a batch of some texts, and of as many drawn from those without a label, where other tokens are learned too.

        A label of several words takes them in turn.
        """
        chosen = [self.words[place][(epoch + place) % len(self.words[place])] for place in places]
        tokens = [self.verbalizer.ids[word] for word in chosen]
        prompts = [self.prompts[len(word)][place] for place, word in zip(places, tokens, strict=True)]
        if auxiliary is not None and self.unlabeled:
            drawn = auxiliary.integers(len(self.unlabeled), size=len(places)).tolist()
            prompts += [self.unlabeled[place] for place in drawn]
            tokens += [()] * len(drawn)
        return training_batch(prompts, tokens, self.reading, auxiliary)


def train_prompt(
    model: PromptModel,
    lessons: Lessons,
    settings: PromptSettings,
    *,
    watch: DevWatch | None = None,
    folder: str | Path | None = None,
    show_progress: bool | None = None,
) -> list[dict[str, float]]:
    """Train the parameters of a prompt model that are not frozen, in place.

    Args:
        model: the model.
        lessons: what is learned.
        settings: the numbers.
        watch: looks at texts held aside; None to train to the end and keep the last weights.
        folder: for checkpoints; a training cut off there goes on exactly.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The log.

    Raises:
        InvalidValue: when the loss, or a weight, is no longer finite; the loss is looked at only now and then.
    """
    weights, prompt = settings.rates(int(model.model.config.hidden_size))
    frozen = not any(parameter.requires_grad for parameter in model.model.parameters())
    settings = replace(settings, least_steps=settings.steps(frozen=frozen))
    course = Course.of(len(lessons), settings)
    rate = prompt if frozen else weights
    fit_settings = FitSettings(
        Schedule(steps=course.steps),
        learning_rate=rate,
        precision=settings.precision,
        save_every=settings.save_every,
        rate_factors={"soft.": prompt / rate, "deep": prompt / rate},  # and without weight decay
    )
    with dropout_if_any(model.model, settings.dropout):
        log = fit(
            model,
            lambda start: _batches(lessons, settings, watch, start),
            fit_settings,
            folder=folder,
            count=lambda batch: len(batch["ids"]),
            show_progress=show_progress,
        )
    model.eval()
    if watch is not None:
        if not watch.enough:
            _look(watch, course.epochs)
        watch.restore()
    check_finite(model)
    return log


def _look(watch: DevWatch, epoch: int) -> bool:
    """Let the watch look at weights that are sound, and return whether the training may go on."""
    check_finite(watch.weights)
    return watch.look(epoch)


def _batches(lessons: Lessons, settings: PromptSettings, watch: DevWatch | None, start: int) -> Iterator[Batch]:
    """Yield the batches from number ``start`` on, the same ones whether or not it was cut off; a look of the watch may end it."""
    course = Course.of(len(lessons), settings)
    first, skipped = divmod(start, course.per_epoch)
    if watch is not None:
        watch.go_on(first)
        if not skipped and course.looks_after(first):
            _look(watch, first)  # it may have been cut off before this look
    for epoch in range(first, course.epochs):
        if watch is not None and watch.enough:
            return
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(lessons))
        for number in range(skipped, course.per_epoch):
            places = order[number * settings.batch_size : (number + 1) * settings.batch_size]
            auxiliary = np.random.default_rng([settings.seed, epoch, number]) if settings.auxiliary else None
            yield lessons.batch(places.tolist(), epoch, auxiliary)
        skipped = 0
        if watch is not None and course.looks_after(epoch + 1) and not _look(watch, epoch + 1):
            return
