"""Trying the methods of classification on one's own texts, each judged on texts that it did not learn from."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from baihua.checks import InvalidValue, Mistake, check_choice
from baihua.encoders.load import load_encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.language import say
from baihua.progress import Advance, progress
from baihua.tasks.any_classifier import METHOD_ALIASES, ClassifierPlan, chances_of, in_order
from baihua.tasks.classification.checked import Labels, Text, Texts, check_training
from baihua.tasks.classification.lesson import readable_places
from baihua.tasks.comparing.comparison import Comparison, Trial
from baihua.tasks.comparing.folds import Integers, deal_folds, num_folds_for
from baihua.tasks.method_choice import is_language_model, is_trainable
from baihua.tasks.prompting.label_words import words_of_labels
from baihua.tasks.prompting.wording import Words

# Each way to learn by its name: the method, and what of a language model it trains.
WAYS: dict[str, tuple[str, str | None]] = {
    "linear": ("linear", None),
    "contrastive": ("contrastive", None),
    "fine_tune": ("fine_tune", None),
    "zero_shot": ("zero_shot", None),
    "pet": ("pet", "all"),
    "p_tuning": ("p_tuning", "prompt"),
    "p_tuning_all": ("p_tuning", "all"),
    "prefix_tuning": ("prefix_tuning", "prompt"),
}


@dataclass(frozen=True)
class CompareSettings:
    """How methods are compared.

    Args:
        folds: into which the texts are dealt; fewer where a label has fewer texts.
        repeats: how often they are dealt anew.
        seed: of the dealing, and with it of the trainings.
        plan: what the classifiers have in common: the device, the numbers of the trainings, a template; its method, encoder
            and words are not looked at.
    """

    folds: int = 5
    repeats: int = 1
    seed: int = 0
    plan: ClassifierPlan = field(default_factory=lambda: ClassifierPlan("linear"))

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise InvalidValue(
                zh=f"repeats 至少为 1，收到 {self.repeats}。", en=f"repeats must be at least 1, not {self.repeats}."
            )


def compare_methods(
    texts: Texts,
    labels: Labels,
    *,
    methods: Sequence[str] | None = None,
    encoder: str = "bundled",
    words: Words | str | None = None,
    settings: CompareSettings | None = None,
    show_progress: bool | None = None,
) -> Comparison:
    """Compare methods by stratified cross-validation, all on the same folds.

    The best of several methods on the same texts looks a little better than it is; the differences and their intervals say
    how far its lead may be chance.

    Args:
        texts: strings, or pairs of strings; blank ones are left out.
        labels: the label of each, two different texts of each at least.
        methods: names of `WAYS`; None for those that `methods_for` finds.
        encoder: a name or a folder.
        words: of each label, for the prompts; or ``"learned"``.
        settings: folds, repeats, seed and the numbers of the trainings.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The rows, the recommendation, and what each method said of each text. A method that fails is listed with the reason.

    Raises:
        InvalidType, InvalidValue: for what are no texts or labels, an unknown method, a label with a single text, or when all
            methods fail.

    Example:
        >>> texts = ["好吃", "味道很好", "真好吃", "难吃", "味道很差", "真难吃"]
        >>> found = compare_methods(texts, ["好评"] * 3 + ["差评"] * 3, methods=["linear"], settings=CompareSettings(folds=3))
        >>> found.recommended.method, found.num_folds
        ('linear', 3)
    """
    chosen = settings or CompareSettings()
    given, answers = check_training(texts, labels)
    places = readable_places(given)
    given, answers = [given[place] for place in places], [answers[place] for place in places]
    wanted = methods_for(answers, encoder, words) if methods is None else map(_known, methods)
    names = list(dict.fromkeys(wanted))
    num_folds = num_folds_for(given, answers, chosen.folds)
    dealt = [deal_folds(given, answers, num_folds, [chosen.seed, repeat]) for repeat in range(chosen.repeats)]
    trials, problems = [], {}
    work = len(names) * len(dealt) * num_folds
    with progress(say(zh="比较方法", en="Comparing methods"), work, show_progress) as advance:
        for name in names:
            method, tune = WAYS[name]
            plan = replace(chosen.plan, method=method, tune=tune, encoder=encoder, words=words).with_seed(chosen.seed)
            try:
                trials.append(_try(name, plan, (given, answers), dealt, advance))
            except (Mistake, RuntimeError) as problem:  # torch says by the latter that memory is used up
                problems[name] = problem
    return Comparison(sorted(set(answers)), answers, trials, problems, num_folds)


def methods_for(labels: Sequence[str], encoder: str, words: Words | str | None = None) -> list[str]:
    """Return the methods that make sense: those an encoder can do, and zero-shot where the labels have words.

    Args:
        labels: the labels.
        encoder: a name or a folder.
        words: as in `compare_methods`.

    Raises:
        FileProblem, InvalidValue: when there is no such encoder.

    Example:
        >>> methods_for(["好评", "差评"], "static"), "zero_shot" in methods_for(["0", "1"], "bundled")
        (['linear'], False)
    """
    found = ["linear"]
    if is_trainable(encoder):
        found += ["contrastive", "fine_tune"]
    if is_language_model(encoder):
        known = _are_words(labels, encoder) if words is None else not isinstance(words, str)
        found += ["zero_shot"] if known else []
        found += ["pet", "p_tuning", "p_tuning_all"]
    return found


def _are_words(labels: Sequence[str], encoder: str) -> bool:
    loaded = load_encoder(encoder, device="cpu")
    return isinstance(loaded, TransformerEncoder) and words_of_labels(sorted(set(labels)), loaded.backend()) is not None


def _known(name: str) -> str:
    aliases = {"p_tuning+all": "p_tuning_all", **METHOD_ALIASES}
    return check_choice("methods", name, WAYS, aliases)


def _try(
    name: str,
    plan: ClassifierPlan,
    examples: tuple[Sequence[Text], Sequence[str]],
    dealt: Sequence[Integers],
    advance: Advance,
) -> Trial:
    """Train a method on all folds but one, in turn, and keep what it says of that one."""
    given, answers = examples
    texts = [text[0] if len(text) == 1 else text for text in given]
    labels = sorted(set(answers))
    chances = np.empty((len(dealt), len(texts), len(labels)))
    seconds = []
    for repeat, folds in enumerate(dealt):
        for fold in range(int(folds.max()) + 1):
            learned, held = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
            classifier = plan.with_seed(plan.text.seed + repeat).make()
            started = time.monotonic()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # the training on all texts says the same, once
                classifier.fit([texts[row] for row in learned], [answers[row] for row in learned], show_progress=False)
                seconds.append(time.monotonic() - started)
                found = chances_of(classifier, [texts[row] for row in held], show_progress=False)
            chances[repeat, held] = in_order(found, classifier.labels, labels)
            advance()
    return Trial(name, chances, float(np.mean(seconds)))
