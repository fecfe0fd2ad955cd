"""Giving each text, or each pair of texts, one of a few labels, learned from examples: many, or a handful."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue, check_choice
from baihua.encoders.load import load_encoder
from baihua.encoders.protocol import Encoder
from baihua.tasks.classification.checked import (
    Labels,
    Text,
    Texts,
    check_dev,
    check_examples,
    check_inputs,
    check_same_kind,
    check_training,
)
from baihua.tasks.classification.features import feature_blocks
from baihua.tasks.classification.file import damaged, read_classifier, write_classifier
from baihua.tasks.classification.learning import Learner
from baihua.tasks.classification.lesson import Lesson, readable_places, with_shares
from baihua.tasks.classification.linear import LinearHead
from baihua.tasks.classification.model import ClassificationModel
from baihua.tasks.classification.report import ClassificationReport
from baihua.tasks.classification.scorers import LinearScorer, Scorer, TunedScorer
from baihua.tasks.classification.settings import METHOD_ALIASES, METHODS, ClassificationSettings
from baihua.tasks.classification.sound_weights import restored_on_failure
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.model_folder import rebuilding
from baihua.tasks.seeded import seeded
from baihua.training.classification_scores import ClassificationScores, score_labels
from baihua.training.temperature import probabilities


class TextClassifier:
    """Learn which label texts have from texts that have one, and give it to others.

    Three methods. ``"linear"`` leaves the encoder as it is and fits logistic regression on its vectors: seconds on a laptop, for
    any encoder, also ``"static"``. ``"fine_tune"`` trains the encoder with a dense layer on top, which needs more examples and
    more time, and with them gets farther. ``"contrastive"`` trains the encoder on a handful of examples by comparing them with
    one another, and then does as ``"linear"`` does (SetFit).

    A text is a string, or a pair of strings in a tuple or a list. ``"fine_tune"`` reads a pair together, as the encoder's tokenizer
    has it; the others compare the vectors of its halves. Blank texts get the labels' shares in training as probabilities.

    Labels may be strings, whole numbers or truth values; they become strings, and those are what `predict` returns.

    Args:
        encoder: a name for `baihua.load_encoder` (``"bundled"``, ``"static"``, a folder, a hub name), or an encoder, which all
            methods but ``"linear"`` train in place. A second `fit` goes on from what the first made of it.
        method: ``"linear"``, ``"fine_tune"`` or ``"contrastive"``.
        settings: the numbers of the training.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        InvalidValue: for an unknown method, or an encoder without layers to train where they are to be.

    Example:
        >>> texts, labels = ["味道很好", "非常好吃", "又冷又难吃", "难吃，太差了"], ["好评", "好评", "差评", "差评"]
        >>> classifier = TextClassifier("bundled").fit(texts, labels)
        >>> classifier.predict(["很好吃", "太难吃了"])
        ['好评', '差评']
        >>> classifier.labels, classifier.predict_proba(["很好吃"]).shape
        (['好评', '差评'], (1, 2))
    """

    def __init__(
        self,
        encoder: str | Encoder = "bundled",
        method: str = "linear",
        *,
        settings: ClassificationSettings | None = None,
        device: str | None = None,
    ) -> None:
        self.method = check_choice("method", method, METHODS, METHOD_ALIASES)
        self.settings = settings or ClassificationSettings()
        self.encoder = load_encoder(str(encoder), device=device) if isinstance(encoder, (str, Path)) else encoder
        if self.method != "linear":
            trainable(self.encoder)
        self.labels: list[str] = []
        self.temperature = 1.0
        self.report: ClassificationReport | None = None
        self._shares = np.empty(0)
        self._pairs = False
        self._scorer: Scorer | None = None

    def fit(
        self,
        texts: Texts,
        labels: Labels,
        *,
        dev: tuple[Texts, Labels] | None = None,
        folder: str | Path | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Learn from texts with labels; what was done is in ``classifier.report``.

        The order of the texts plays no part.

        Args:
            texts: strings, or pairs of strings; one of each label at least is not blank.
            labels: the label of each text, two different ones at least.
            dev: texts and labels held aside. ``"fine_tune"`` is watched on them: the best weights are kept, and training stops
                when nothing gets better. The probabilities of all methods are calibrated on them by a temperature; without
                them, ``"linear"`` is calibrated on training texts held out in turn, and the others are not.
            folder: for checkpoints; a training that was cut off there goes on where it stopped. ``"linear"`` needs none.
            show_progress: show bars; None to show them on a terminal.

        Returns:
            The classifier itself.

        Raises:
            InvalidType: for texts or labels that are none.
            InvalidValue: when lengths differ, a label is missing, there is nothing to learn or to measure on dev, or the
                training diverges. As with all exceptions, the classifier stays as it was.
        """
        given, answers = check_training(texts, labels)
        lesson, pairs = Lesson.of(given, answers), len(given[0]) == 2
        held = check_dev(dev, lesson.labels, pairs=pairs)
        learner = Learner(self.encoder, self.method, self.settings, folder, show_progress)
        if self.method == "linear":
            learned = learner.learn(lesson, held)
        else:
            with restored_on_failure(self.encoder), seeded(self.settings.seed):
                learned = learner.learn(lesson, held)
        self.labels, self._shares, self._pairs = lesson.labels, lesson.shares, pairs
        self._scorer, self.temperature, self.report = learned.scorer, learned.temperature, learned.report
        return self

    def predict(self, texts: Texts, *, show_progress: bool | None = None) -> list[str]:
        """Return the most probable label of each text, of equals the first in ``classifier.labels``.

        Args:
            texts: strings, or pairs of strings where `fit` had them.
            show_progress: show a bar; None to show it on a terminal.

        Raises:
            InvalidType: for what are no texts, or pairs for single texts and the other way round.
            InvalidValue: before `fit`.
        """
        chances = self.predict_proba(texts, show_progress=show_progress)
        return [self.labels[place] for place in chances.argmax(axis=1)]

    def predict_proba(self, texts: Texts, *, show_progress: bool | None = None) -> npt.NDArray[np.float64]:
        """Return the probability of each label, shape ``(num_texts, num_labels)``, columns as in ``classifier.labels``.

        Each row adds up to 1. Arguments and mistakes are those of `predict`.
        """
        given = check_inputs(texts)
        self._fitted()
        check_same_kind(given, pairs=self._pairs)
        return self._chances(given, show_progress)

    def evaluate(self, texts: Texts, labels: Labels, *, show_progress: bool | None = None) -> ClassificationScores:
        """Classify texts and compare with the labels that are right.

        Args:
            texts: the texts.
            labels: the right label of each. A text whose label was never seen in training counts as wrong.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            Accuracy and more, see `baihua.training.classification_scores`.

        Raises:
            InvalidType, InvalidValue: as in `predict`, and for labels that are none, or no texts at all.
        """
        given, gold = check_examples(texts, labels)
        self._fitted()
        check_same_kind(given, pairs=self._pairs)
        return score_labels(self._chances(given, show_progress), self.labels, gold)

    def save(self, folder: str | Path) -> Path:
        """Save encoder, head, labels and settings as a folder; its encoder is one that `load_encoder` reads too.

        Raises:
            InvalidValue: before `fit`, and for an encoder that is not one of `load_encoder`.
            FileProblem: when it cannot be written; what was there is left as it was.
        """
        scorer = self._fitted()
        facts = {
            "method": self.method,
            "labels": self.labels,
            "shares": self._shares.tolist(),
            "temperature": self.temperature,
            "pairs": self._pairs,
            "settings": asdict(self.settings),
            "max_length": self.encoder.max_length,
            "dtype": getattr(self.encoder, "dtype", "float32"),
        }
        write_classifier(folder, self.encoder, scorer.tensors(), facts)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> Self:
        """Load what `save` saved.

        Raises:
            FileProblem: when there is no such folder or it cannot be read.
            InvalidValue: when it is damaged.
        """
        facts, tensors = read_classifier(folder)
        with rebuilding(folder, damaged):
            settings = ClassificationSettings(**facts["settings"])
            length, dtype = facts["max_length"], facts["dtype"]
            encoder = load_encoder(str(folder), device=device, max_length=length, dtype=dtype)
            made = cls(encoder, facts["method"], settings=settings)
            made._restore(facts, tensors)
        return made

    def _restore(self, facts: dict[str, Any], tensors: dict[str, Any]) -> None:
        """Take over what `save` wrote down.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: when something is missing or does not fit.
        """
        self.labels = [str(label) for label in facts["labels"]]
        self._shares = np.array(facts["shares"], dtype=np.float64).reshape(len(self.labels))
        self._pairs, self.temperature = bool(facts["pairs"]), float(facts["temperature"])
        num_labels = len(self.labels)
        probabilities(np.zeros((1, num_labels)), self.temperature)  # refuses what is no temperature
        score_labels(self._shares[None], self.labels, self.labels[:1])  # and what are no labels and shares
        if self.method != "fine_tune":
            width = sum(feature_blocks(self.encoder.width, pairs=self._pairs))
            arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
            self._scorer = LinearScorer(self.encoder, LinearHead.of(arrays, width, num_labels))
            return
        encoder = trainable(self.encoder)
        with seeded(self.settings.seed):
            model = ClassificationModel(encoder.model, self.settings.pooling, num_labels, self.settings.dropout)
        model.head.load_state_dict(tensors)
        self._scorer = TunedScorer(encoder, model.to(encoder.device).eval(), self.settings)

    def _fitted(self) -> Scorer:
        if self._scorer is None:
            raise InvalidValue(
                zh="这个分类器还没有训练；请先调用 fit，或用 TextClassifier.load 读入训练好的。",
                en="This classifier has not been trained. Call fit first, or read a trained one with TextClassifier.load.",
            )
        return self._scorer

    def _chances(self, texts: list[Text], show_progress: bool | None) -> npt.NDArray[np.float64]:
        places = readable_places(texts)
        logits = self._fitted().logits([texts[place] for place in places], show_progress=show_progress)
        return with_shares(probabilities(logits, self.temperature), places, len(texts), self._shares)
