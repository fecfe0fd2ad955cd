"""How each method answers the questions of a FewCLUE task: what it is trained on, and what it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from baihua.benchmarks.fewclue_reader import FewClueExamples
from baihua.benchmarks.fewclue_records import Example
from baihua.benchmarks.fewclue_tasks import FewClueTask
from baihua.benchmarks.fewclue_templates import find_template
from baihua.checks import check_choice
from baihua.encoders.load import load_encoder
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classify import TextClassifier
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.settings import PromptSettings
from baihua.text.plain_tokens import unknown_characters

METHODS = ("zero_shot", "linear", "contrastive", "fine_tune", "pet", "p_tuning", "p_tuning_all")
WITHOUT_PROMPT = ("linear", "contrastive", "fine_tune")
YES, NO = "yes", "no"  # of an idiom in its place, for the methods that know no blanks


@dataclass(frozen=True)
class FewClueRow:
    """What answers.

    Args:
        method: one of `METHODS`: ``"zero_shot"`` and ``"pet"`` ask with the words of `baihua.benchmarks.fewclue_templates`,
            ``"p_tuning"`` with 8 soft tokens in their place, of which alone it learns, ``"p_tuning_all"`` with the model.
        encoder: a name or folder.
        classification: the numbers of the methods without a prompt; the seed is set here.
        prompting: the numbers of the others; seed and length are set here.

    Raises:
        InvalidValue: for an unknown method.
    """

    method: str
    encoder: str = "bundled"
    classification: ClassificationSettings = field(default_factory=ClassificationSettings)
    prompting: PromptSettings = field(default_factory=PromptSettings)

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)

    @property
    def settings(self) -> ClassificationSettings | PromptSettings:
        """The numbers in use."""
        return self.classification if self.method in WITHOUT_PROMPT else self.prompting


def answer(
    row: FewClueRow,
    task: FewClueTask,
    asked: Sequence[Example],
    train: FewClueExamples,
    dev: FewClueExamples,
    seed: int,
) -> list[str]:
    """Train on a few examples and answer questions.

    Args:
        row: what answers.
        task: the task.
        asked: the questions; their labels are not looked at.
        train: what is learned from; zero-shot looks at none.
        dev: what is chosen on.
        seed: of the training.

    Returns:
        A label of the task for each question.
    """
    if task.kind == "idiom choice":
        return _choose_idioms(row, task, asked, (train, dev), seed)
    classifier = _classifier(row, task, seed)
    if row.method != "zero_shot":
        classifier.fit(train.texts, train.labels, dev=(dev.texts, dev.labels), show_progress=False)
    found: list[str] = classifier.predict(_texts(asked))
    return found


def template_of(row: FewClueRow, task: FewClueTask) -> str:
    """Return the template: the task's own, or one of soft tokens with as many blanks.

    Example:
        >>> from baihua.benchmarks.fewclue_tasks import find_task
        >>> template_of(FewClueRow("p_tuning"), find_task("tnews"))
        '{soft:4}{mask}{mask}{soft:4}{text}'
    """
    written = find_template(task.name)
    if not row.method.startswith("p_tuning"):
        return written.template
    blanks = "{mask}" * written.num_masks
    if task.kind == "idiom choice":
        return f"{{soft:4}}{{text_a}}{blanks}{{text_b}}{{soft:4}}"
    if task.kind == "single text":
        return f"{{soft:4}}{blanks}{{soft:4}}{{text}}"
    return f"{{soft:2}}{{text_a}}{{soft:2}}{blanks}{{soft:2}}{{text_b}}{{soft:2}}"


def _classifier(row: FewClueRow, task: FewClueTask, seed: int, words: dict[str, str] | None = None) -> Any:
    """Return a classifier before training."""
    if row.method in WITHOUT_PROMPT:
        settings = replace(row.classification, seed=seed)
        return TextClassifier(row.encoder, row.method, settings=settings)
    method, tune = ("p_tuning", "all") if row.method == "p_tuning_all" else (row.method, None)
    written = find_template(task.name)
    return PromptClassifier(
        row.encoder,
        template_of(row, task),
        words or dict(written.words),
        method=method,
        tune=tune,
        settings=replace(row.prompting, seed=seed, max_length=written.max_length),
    )


def _texts(examples: Sequence[Example]) -> list[Any]:
    return [one.text_a if one.text_b is None else (one.text_a, one.text_b) for one in examples]


def _choose_idioms(
    row: FewClueRow,
    task: FewClueTask,
    asked: Sequence[Example],
    parts: tuple[FewClueExamples, FewClueExamples],
    seed: int,
) -> list[str]:
    """Answer with the place of an idiom among the seven of each question.

    A prompt has the idioms themselves as words: it learns to write the right one, to the end, as there are hardly two
    questions with the same words to choose on. An idiom with a character that the model does not know is not chosen. The
    others learn to tell a text with the right idiom in its place from one with another.
    """
    if row.method in WITHOUT_PROMPT:
        return _choose_by_reading(_classifier(row, task, seed), asked, parts)
    encoder: Any = load_encoder(row.encoder)
    spelled = partial(_spelled, encoder.backend())
    train = [one for one in parts[0].examples if spelled([one.candidates[int(one.label or 0)]])]
    right = [one.candidates[int(one.label or 0)] for one in train]
    words = {idiom: idiom for one in train for idiom in spelled(one.candidates)}
    classifier = _classifier(row, task, seed, words)
    if row.method == "zero_shot":
        classifier.predict(_texts(asked[:1]))
    else:
        classifier.fit(_texts(train), right, show_progress=False)
    found = []
    for one in asked:
        (idiom,) = classifier.with_words({idiom: idiom for idiom in spelled(one.candidates)}).predict(_texts([one]))
        found.append(str(one.candidates.index(idiom)))
    return found


def _spelled(backend: Tokenizer, idioms: Sequence[str]) -> list[str]:
    """Return the idioms that the vocabulary has all characters of."""
    return [idiom for idiom in idioms if not unknown_characters(backend, idiom)]


def _choose_by_reading(
    classifier: TextClassifier, asked: Sequence[Example], parts: tuple[FewClueExamples, FewClueExamples]
) -> list[str]:
    (texts, labels), dev = (_with_idioms(part.examples) for part in parts)
    classifier.fit(texts, labels, dev=dev, show_progress=False)
    chances = classifier.predict_proba(_with_idioms(asked)[0])[:, classifier.labels.index(YES)]
    places = np.split(chances, np.cumsum([len(one.candidates) for one in asked])[:-1])
    return [str(int(mine.argmax())) for mine in places]


def _with_idioms(examples: Sequence[Example]) -> tuple[list[str], list[str]]:
    """Return each text once with each of its idioms, and which one is right."""
    texts = [f"{one.text_a}{idiom}{one.text_b}" for one in examples for idiom in one.candidates]
    labels = [YES if str(place) == one.label else NO for one in examples for place in range(len(one.candidates))]
    return texts, labels
