"""Classifying texts from few labels, or none, by letting a language model fill in a blank."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

import numpy as np
from tokenizers import Tokenizer

from baihua.checks import InvalidValue, check_choice
from baihua.encoders.language_models import open_language_model
from baihua.encoders.transformer import num_positions
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
from baihua.tasks.classification.dev_watch import DevWatch
from baihua.tasks.model_folder import rebuilding
from baihua.tasks.prompting.cloze import Cloze
from baihua.tasks.prompting.file import damaged, read_prompt, write_prompt
from baihua.tasks.prompting.making import Plan, make_cloze, restored
from baihua.tasks.prompting.model import PromptModel
from baihua.tasks.prompting.nearest_words import WordsOfToken, nearest_words
from baihua.tasks.prompting.report import PromptReport, report_of
from baihua.tasks.prompting.settings import METHOD_ALIASES, METHODS, TUNES, PromptSettings
from baihua.tasks.prompting.training import Lessons, train_prompt
from baihua.tasks.prompting.vectors import fold_in
from baihua.tasks.prompting.wording import Words, check_learned, check_unlabeled
from baihua.tasks.seeded import seeded
from baihua.text.template import Template
from baihua.text.verbalizer import Verbalizer
from baihua.training.classification_scores import ClassificationScores, score_labels
from baihua.training.temperature import fit_temperature, probabilities


class PromptClassifier:
    """Classify by filling in a blank.

    Args:
        encoder: a language model, masked or causal: ``"bundled"``, a folder, or a name on the Hugging Face hub.
        template: such as ``"{soft:4}{mask}{soft:4}{text}"``, see `baihua.text.template.Template`; None for one that fits.
        verbalizer: the words of each label, such as ``{"正面": "好", "负面": ["差", "糟"]}``; ``"learned"`` for label tokens that
            are trained; None to take the labels themselves where they are Chinese words, else words that the model chooses
            from the examples.
        method: ``"zero_shot"`` trains nothing; ``"pet"`` the model, with a template of words; ``"p_tuning"`` learns soft tokens
            among the embeddings; ``"prefix_tuning"`` soft tokens of each layer.
        tune: ``"prompt"``: what is learned is the soft tokens alone; ``"all"``: the model too. None for ``"all"`` with ``"pet"``,
            else ``"prompt"``.
        settings: numbers of the training.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        FileProblem, InvalidValue: when there is no such language model, or for an unknown method.

    Source:
        https://kexue.fm/archives/8295 (P-tuning) and 7764 (PET).

    Example:
        >>> classifier = PromptClassifier(verbalizer={"正面": "好", "负面": "差"}, method="zero_shot")
        >>> classifier.predict_proba(["屏幕很清晰，喜欢"]).shape
        (1, 2)
    """

    def __init__(
        self,
        encoder: str | Path = "bundled",
        template: str | Template | None = None,
        verbalizer: Words | str | None = None,
        *,
        method: str = "p_tuning",
        tune: str | None = None,
        settings: PromptSettings | None = None,
        device: str | None = None,
    ) -> None:
        self.method = check_choice("method", method, METHODS, METHOD_ALIASES)
        self.tune = check_choice("tune", tune or ("all" if self.method == "pet" else "prompt"), TUNES)
        self.settings = settings or PromptSettings()
        model, self.tokenizer, self.causal = open_language_model(encoder, device)
        self._model = PromptModel(model)
        self._backend: Tokenizer = Tokenizer.from_str(self.tokenizer.backend_tokenizer.to_str())
        mask_id, most = int(self.tokenizer.mask_token_id or 0), num_positions(model.base_model)
        length = min(self.settings.max_length or most, most)
        self._plan = Plan(self.method, template, verbalizer, self.causal, length, mask_id, self.settings)
        self._cloze: Cloze | None = None
        self.temperature = 1.0
        self.report: PromptReport | None = None

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`.

        Raises:
            InvalidValue: before `fit`.
        """
        return self._fitted().verbalizer.labels

    @property
    def template(self) -> Template:
        """The template in use."""
        return self._fitted().template

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words of each label in use."""
        return self._fitted().verbalizer.words

    def fit(
        self,
        texts: Texts,
        labels: Labels,
        *,
        unlabeled: Texts = (),
        dev: tuple[Texts, Labels] | None = None,
        folder: str | Path | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Learn from texts with labels; what was done is in ``classifier.report``.

        Args:
            texts: strings, or pairs of strings.
            labels: of each; they become strings.
            unlabeled: more texts of the kind, from which the auxiliary loss learns, as many of them in a batch as have labels.
            dev: texts and labels held aside: the weights that do best on them are kept, training stops when it gets no
                better, and the probabilities are calibrated on them.
            folder: for checkpoints; a training that was cut off there goes on where it stopped.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            The classifier itself.

        Raises:
            InvalidType, InvalidValue: for what are no texts or labels, or a template or words that do not fit; the classifier
                stays as it was.
        """
        given, answers = check_training(texts, labels)
        pairs = len(given[0]) == 2
        held = check_dev(dev, sorted(set(answers)), pairs=pairs)
        more = check_unlabeled(unlabeled, self.settings, pairs=pairs)
        with seeded(self.settings.seed):
            cloze, model = make_cloze(self._plan, self._model.model, self._backend, given, answers, pairs=pairs)
            prompts = cloze.prompts(given)
            if self.method != "zero_shot" and self.tune == "prompt":
                check_learned(model.soft)
            self._cloze, self._model, self.temperature = cloze, model, 1.0
            model.train_only_prompt(self.tune == "prompt")
            num_trained = 0 if self.method == "zero_shot" else model.num_trained()
            watch = (
                DevWatch(model, self._scorer(*held), self.settings.patience, folder) if held and num_trained else None
            )
            log = []
            if num_trained:
                lessons = Lessons.of(prompts, answers, cloze, cloze.without_labels(more))
                log = train_prompt(
                    model, lessons, self.settings, watch=watch, folder=folder, show_progress=show_progress
                )
            fold_in(model)
        if held:
            self.temperature = self._temperature_on(*held)
        self.report = report_of(prompts, num_trained, log, watch, calibrated=held is not None)
        return self

    def predict(self, texts: Texts) -> list[str]:
        """Return the likeliest label of each text.

        Raises:
            InvalidType: for what are no texts.
            InvalidValue: before `fit`, but for zero-shot with words given.
        """
        chances = self.predict_proba(texts)
        return [self.labels[column] for column in chances.argmax(axis=1)]

    def predict_proba(self, texts: Texts) -> np.ndarray:
        """Return the probability of each label for each text.

        They are calibrated where `fit` had texts held aside (``report.calibrated``).

        Returns:
            float64 of shape ``(num_texts, num_labels)``, columns as in ``labels``.
        """
        given = check_inputs(texts)
        cloze = self._ready(given)
        check_same_kind(given, pairs=len(cloze.template.fields) == 2)
        if not given:
            return np.empty((0, len(self.labels)))
        return probabilities(self._log_chances(given), self.temperature)

    def evaluate(self, texts: Texts, labels: Labels) -> ClassificationScores:
        """Label texts and compare with what is right; a label that training never had can only be wrong."""
        given, answers = check_examples(texts, labels)
        chances = self.predict_proba([text[0] if len(text) == 1 else text for text in given])
        return score_labels(chances, self.labels, answers)

    def nearest_words(self, k: int = 5) -> list[WordsOfToken]:
        """Return the k words most like each soft token of the template, and their cosines; nothing where it has none.

        Raises:
            InvalidValue: before `fit`, or for k below 1.
        """
        cloze, soft = self._fitted(), self._model.soft
        weight = self._model.model.get_input_embeddings().weight
        vectors = soft() if soft is not None else weight[list(cloze.reading.rows or ())]
        return nearest_words(vectors[: cloze.template.num_soft], weight, self._backend, k)

    def with_words(self, words: Words) -> Self:
        """Return a classifier of the same model and template that chooses among other words.

        Raises:
            InvalidType, InvalidValue: before `fit`, or for what are no words.
        """
        made = copy(self)
        made._cloze = replace(self._fitted(), verbalizer=Verbalizer(words, self._backend))
        return made

    def save(self, folder: str | Path) -> Path:
        """Save model, prompt, words and settings as a folder.

        Raises:
            InvalidValue: before `fit`.
            FileProblem: when it cannot be written; what was there is left as it was.
        """
        cloze = self._fitted()
        facts = {
            "method": self.method,
            "tune": self.tune,
            "template": str(cloze.template),
            "words": {label: list(mine) for label, mine in cloze.verbalizer.words.items()},
            "rows": cloze.reading.rows,
            "temperature": self.temperature,
            "settings": asdict(self.settings),
        }
        write_prompt(folder, self._model, self.tokenizer, facts)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> Self:
        """Load what `save` saved.

        Raises:
            FileProblem: when there is no such folder or it cannot be read.
            InvalidValue: when it is damaged.
        """
        facts, tensors = read_prompt(folder)
        with rebuilding(folder, damaged):
            settings = PromptSettings(**facts["settings"])
            how = {name: facts[name] for name in ("method", "tune")}
            made = cls(folder, facts["template"], facts["words"], **how, settings=settings, device=device)
            rows = tuple(facts["rows"]) if facts["rows"] is not None else None
            made._cloze, made._model = restored(made._plan, made._model.model, made._backend, rows, tensors)
            made.temperature = float(facts["temperature"])
        return made

    def _fitted(self) -> Cloze:
        if self._cloze is None:
            raise InvalidValue(
                zh="这个分类器还没有训练；请先调用 fit，或用 PromptClassifier.load 读入训练好的。",
                en="This classifier has not been trained. Call fit first, or read a trained one with PromptClassifier.load.",
            )
        return self._cloze

    def _ready(self, texts: Sequence[Text]) -> Cloze:
        """Return the cloze; a zero-shot one with words of its own needs no fit."""
        if self._cloze is None and self.method == "zero_shot":
            pairs = bool(texts) and len(texts[0]) == 2
            self._cloze, self._model = make_cloze(self._plan, self._model.model, self._backend, [], [], pairs=pairs)
        return self._fitted()

    def _log_chances(self, texts: Sequence[Text], scoring: str | None = None) -> np.ndarray:
        cloze, prior = self._fitted(), self.method == "zero_shot"
        how, precision = scoring or self.settings.scoring, self.settings.precision
        return cloze.scores(self._model, cloze.prompts(texts), scoring=how, precision=precision, against_prior=prior)

    def _temperature_on(self, texts: list[Text], answers: list[str]) -> float:
        columns = {label: column for column, label in enumerate(self.labels)}
        known = [place for place, answer in enumerate(answers) if answer in columns]
        chances = self._log_chances([texts[place] for place in known])
        return fit_temperature(chances, [columns[answers[place]] for place in known])

    def _scorer(self, texts: list[Text], answers: list[str]) -> Callable[[], tuple[float, float]]:
        # Blanks that know nothing of each other, as in training: a trie of many words takes minutes a look.
        how = None if self.causal else "independent"

        def score() -> tuple[float, float]:
            training = self._model.training
            scores = score_labels(probabilities(self._log_chances(texts, how)), self.labels, answers)
            self._model.train(training)  # its dropout goes on after a look
            return scores.accuracy, float(scores.log_loss or 0.0)

        return score
