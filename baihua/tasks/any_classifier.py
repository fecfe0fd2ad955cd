"""Either of the two classifiers, `TextClassifier` or `PromptClassifier`: made by the name of a method, saved, and loaded again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baihua.checks import FileProblem, check_choice
from baihua.files import replacing_folder
from baihua.tasks.classification import file as text_file
from baihua.tasks.classification import settings as text_settings
from baihua.tasks.classification.answer_threshold import AnswerThreshold, write_threshold
from baihua.tasks.classification.checked import Texts
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classify import TextClassifier
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting import file as prompt_file
from baihua.tasks.prompting import settings as prompt_settings
from baihua.tasks.prompting.settings import PromptSettings
from baihua.tasks.prompting.wording import Words
from baihua.text.template import Template

AnyClassifier = TextClassifier | PromptClassifier

METHODS = (*text_settings.METHODS, *prompt_settings.METHODS)
METHOD_ALIASES = {**text_settings.METHOD_ALIASES, **prompt_settings.METHOD_ALIASES}


@dataclass(frozen=True)
class ClassifierPlan:
    """What a classifier is to be made of; what is of no use to its method is left aside.

    Args:
        method: one of `METHODS`.
        tune: of prompts, see `PromptClassifier`.
        encoder: a name or a folder.
        template: of prompts.
        words: of prompts, the words of each label, ``"learned"``, or None.
        text: the numbers of `TextClassifier`.
        prompt: the numbers of `PromptClassifier`.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        InvalidValue: for an unknown method.

    Example:
        >>> ClassifierPlan("p-tuning").method, ClassifierPlan("p-tuning").prompts
        ('p_tuning', True)
    """

    method: str
    tune: str | None = None
    encoder: str = "bundled"
    template: str | None = None
    words: Words | str | None = None
    text: ClassificationSettings = field(default_factory=ClassificationSettings)
    prompt: PromptSettings = field(default_factory=PromptSettings)
    device: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", check_choice("method", self.method, METHODS, METHOD_ALIASES))

    @property
    def prompts(self) -> bool:
        """Whether it is a `PromptClassifier`."""
        return self.method in prompt_settings.METHODS

    def make(self) -> AnyClassifier:
        """Return the classifier, before any training.

        Raises:
            FileProblem, InvalidValue: as the two classifiers do.
        """
        if not self.prompts:
            return TextClassifier(self.encoder, self.method, settings=self.text, device=self.device)
        return PromptClassifier(
            self.encoder,
            self.template,
            self.words,
            method=self.method,
            tune=self.tune,
            settings=self.prompt,
            device=self.device,
        )

    def with_seed(self, seed: int) -> "ClassifierPlan":
        """Return the plan with another seed."""
        return replace(self, text=replace(self.text, seed=seed), prompt=replace(self.prompt, seed=seed))


def check_free(folder: str | Path) -> None:
    """Refuse to write over what is no classifier; a training asks before it begins.

    Raises:
        FileProblem: when something else than a classifier of either kind is there.
    """
    if not (Path(folder) / prompt_file.FACTS_FILE).is_file():
        text_file.check_free(folder)


def save_classifier(classifier: AnyClassifier, folder: str | Path, threshold: AnswerThreshold | None = None) -> Path:
    """Save a classifier of either kind, and beside it from which probability on it is to answer, whole or not at all.

    Args:
        classifier: after `fit`.
        folder: where; a classifier of either kind already there is replaced.
        threshold: or None, and then there is none beside it.

    Raises:
        InvalidValue: before `fit`, or for an encoder that cannot be saved.
        FileProblem: when it cannot be written, or something else than a classifier is there.
    """
    check_free(folder)
    with replacing_folder(folder) as temporary:
        classifier.save(temporary)
        if threshold is not None:
            write_threshold(temporary, threshold)
    return Path(folder)


def load_classifier(folder: str | Path, *, device: str | None = None) -> AnyClassifier:
    """Load whichever classifier a folder holds.

    Args:
        folder: that `TextClassifier.save` or `PromptClassifier.save` wrote.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        FileProblem: when there is none.
        InvalidValue: when it is damaged.

    Example:
        >>> import tempfile
        >>> made = TextClassifier("static").fit(["好吃", "难吃"], ["好评", "差评"], show_progress=False)
        >>> load_classifier(save_classifier(made, tempfile.mkdtemp())).predict(["很好吃"])
        ['好评']
    """
    if (Path(folder) / prompt_file.FACTS_FILE).is_file():
        return PromptClassifier.load(folder, device=device)
    if (Path(folder) / text_file.FACTS_FILE).is_file():
        return TextClassifier.load(folder, device=device)
    names = f"{text_file.FACTS_FILE}, {prompt_file.FACTS_FILE}"
    raise FileProblem(
        zh=f"{folder} 里没有分类器（{names} 都没有）；请给出 baihua train classify 或 save 写出的文件夹。",
        en=f"{folder} holds no classifier: it has none of {names}. Give a folder that baihua train classify or save wrote.",
    )


def takes_pairs(folder: str | Path) -> bool:
    """Whether the classifier that `load_classifier` found in a folder labels pairs of texts."""
    if (Path(folder) / prompt_file.FACTS_FILE).is_file():
        return len(Template.parse(prompt_file.read_prompt(folder)[0]["template"]).fields) == 2
    return bool(text_file.read_classifier(folder)[0]["pairs"])


def chances_of(
    classifier: AnyClassifier, texts: Texts, *, show_progress: bool | None = None
) -> npt.NDArray[np.float64]:
    """Return ``predict_proba`` of either kind, with a bar where there is one."""
    if isinstance(classifier, TextClassifier):
        return classifier.predict_proba(texts, show_progress=show_progress)
    return classifier.predict_proba(texts)


def in_order(chances: npt.NDArray[np.float64], labels: Sequence[str], wanted: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return columns in another order; a label that has none gets a probability of 0.

    Args:
        chances: shape ``(num_texts, len(labels))``.
        labels: of the columns.
        wanted: of the columns returned.

    Example:
        >>> in_order(np.array([[0.25, 0.75]]), ["b", "a"], ["a", "b", "c"]).tolist()
        [[0.75, 0.25, 0.0]]
    """
    found = np.zeros((len(chances), len(wanted)))
    for column, label in enumerate(labels):
        found[:, list(wanted).index(label)] = chances[:, column]
    return found
