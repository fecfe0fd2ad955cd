"""The three ways to learn: an encoder's vectors as they are, an encoder fine-tuned, an encoder trained by comparison first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baihua.encoders.protocol import Encoder
from baihua.tasks.classification.checked import Examples
from baihua.tasks.classification.contrast import num_pairs_of, train_contrast
from baihua.tasks.classification.dev_watch import DevWatch
from baihua.tasks.classification.features import feature_blocks, features_of
from baihua.tasks.classification.lesson import Lesson, readable_places, with_shares
from baihua.tasks.classification.linear import fit_linear, make_folds
from baihua.tasks.classification.model import ClassificationModel, logits_of
from baihua.tasks.classification.report import ClassificationReport
from baihua.tasks.classification.rows import epoch_batches
from baihua.tasks.classification.scorers import LinearScorer, Scorer, TunedScorer
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classification.training import Course, Lessons, train_model
from baihua.tasks.contrastive.trained_part import trainable
from baihua.training.classification_scores import score_labels
from baihua.training.temperature import fit_temperature, probabilities

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Learned:
    """What a way to learn has come to.

    Args:
        scorer: tells texts apart.
        temperature: what its logits are to be divided by.
        report: what was done.
    """

    scorer: Scorer
    temperature: float
    report: ClassificationReport


@dataclass(frozen=True)
class Learner:
    """An encoder and how it is to learn.

    Args:
        encoder: trained in place but for ``"linear"``.
        method: one of `baihua.tasks.classification.settings.METHODS`.
        settings: the numbers.
        folder: for checkpoints, or None.
        show_progress: show bars; None to show them on a terminal.
    """

    encoder: Encoder
    method: str
    settings: ClassificationSettings
    folder: str | Path | None = None
    show_progress: bool | None = None

    def learn(self, lesson: Lesson, held: Examples | None) -> Learned:
        """Learn, and calibrate on texts held aside, if there are any."""
        if self.method == "fine_tune":
            learned = self._fine_tuned(lesson, held)
        else:
            learned = self._contrastive(lesson) if self.method == "contrastive" else self._linear(lesson)
        if held is None:
            return learned
        temperature = self._temperature_of(learned.scorer, lesson.labels, held)
        if temperature is None:
            return learned
        return replace(learned, temperature=temperature, report=replace(learned.report, calibrated=True))

    def _linear(self, lesson: Lesson) -> Learned:
        folds = make_folds(lesson.texts, lesson.answers, self.settings.seed)
        features = features_of(self.encoder, lesson.texts, show_progress=self.show_progress)
        blocks = feature_blocks(self.encoder.width, pairs=len(lesson.texts[0]) == 2)
        found = fit_linear(features, lesson.answers, folds, blocks)
        scorer = LinearScorer(self.encoder, found.head)
        report = _report_of(lesson, inverse_penalty=found.inverse_penalty)
        if found.held_out is None:
            return Learned(scorer, 1.0, report)
        temperature = fit_temperature(found.held_out, lesson.answers)
        scores = score_labels(probabilities(found.held_out, temperature), lesson.labels, lesson.gold)
        return Learned(scorer, temperature, replace(report, calibrated=True, cross_validated=scores))

    def _contrastive(self, lesson: Lesson) -> Learned:
        """Compare, then fit a head. The vectors know the labels by then, so nothing is held out, and C is 1."""
        log = train_contrast(
            trainable(self.encoder),
            lesson.texts,
            lesson.answers,
            self.settings,
            folder=self.folder,
            show_progress=self.show_progress,
        )
        features = features_of(self.encoder, lesson.texts, show_progress=self.show_progress)
        blocks = feature_blocks(self.encoder.width, pairs=len(lesson.texts[0]) == 2)
        found = fit_linear(features, lesson.answers, None, blocks)
        num_pairs = num_pairs_of(len(lesson.texts), self.settings)
        report = _report_of(lesson, inverse_penalty=found.inverse_penalty)
        return Learned(LinearScorer(self.encoder, found.head), 1.0, replace(report, log=log, num_pairs=num_pairs))

    def _fine_tuned(self, lesson: Lesson, held: Examples | None) -> Learned:
        encoder, settings = trainable(self.encoder), self.settings
        model = ClassificationModel(encoder.model, settings.pooling, len(lesson.labels), settings.dropout)
        scorer = TunedScorer(encoder, model.to(encoder.device), settings)
        rows, watch = scorer.rows(lesson.texts), self._watch(scorer, lesson, held)
        batches_of = partial(epoch_batches, rows, lesson.answers, settings.batch_size, settings.seed)
        lessons = Lessons(len(rows), batches_of)
        log = train_model(model, lessons, settings, watch, folder=self.folder, show_progress=self.show_progress)
        report = replace(_report_of(lesson), log=log)
        if watch is not None:
            early = watch.looks[-1].epoch < Course.of(len(rows), settings).epochs
            report = replace(report, looks=watch.looks, kept=watch.best, stopped_early=early)
        return Learned(scorer, 1.0, report)

    def _watch(self, scorer: TunedScorer, lesson: Lesson, held: Examples | None) -> DevWatch | None:
        if held is None:
            return None
        texts, gold = held
        places = readable_places(texts)
        rows = scorer.rows([texts[place] for place in places])

        def score() -> tuple[float, float]:
            chances = probabilities(logits_of(scorer.model, rows, precision=self.settings.precision))
            found = score_labels(with_shares(chances, places, len(texts), lesson.shares), lesson.labels, gold)
            assert found.log_loss is not None  # some text's label is known, as `check_dev` has seen to
            return found.accuracy, found.log_loss

        return DevWatch(scorer.model, score, self.settings.patience, self.folder)

    def _temperature_of(self, scorer: Scorer, labels: Sequence[str], held: Examples) -> float | None:
        """Return the temperature of the texts held aside whose label is known, or None where there is no such text."""
        column = {label: number for number, label in enumerate(labels)}
        texts, gold = held
        places = [place for place in readable_places(texts) if gold[place] in column]
        if not places:
            return None
        logits = scorer.logits([texts[place] for place in places], show_progress=self.show_progress)
        return fit_temperature(logits, np.array([column[gold[place]] for place in places]))


def _report_of(lesson: Lesson, inverse_penalty: float | None = None) -> ClassificationReport:
    return ClassificationReport(len(lesson.texts), lesson.num_blank, inverse_penalty=inverse_penalty)
