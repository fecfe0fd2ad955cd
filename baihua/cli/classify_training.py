"""``baihua train classify``: learn to give texts their labels, from many examples or a handful."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baihua.cli import console
from baihua.cli.classify_check import check_training_texts
from baihua.cli.classify_options import (
    BatchSize,
    Checkpoints,
    Compare,
    Dev,
    Epochs,
    File,
    Folds,
    LearningRate,
    MaxLength,
    Method,
    Output,
    Seed,
    Template,
    Tune,
    Unlabeled,
    WordsOfLabels,
)
from baihua.cli.classify_report import report
from baihua.cli.classify_wish import AUTO, Wish, check_labels_of_words, check_places, check_wish, read_words
from baihua.cli.labelled_texts import ColumnNames, TableOfTexts, open_texts
from baihua.cli.options import Device, EncoderName, FirstColumn, LabelColumn, SecondColumn, TextColumn
from baihua.cli.train import group
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.any_classifier import AnyClassifier, ClassifierPlan
    from baihua.tasks.classification.answer_threshold import AnswerThreshold
    from baihua.tasks.comparing.comparison import Comparison
    from baihua.training.classification_scores import ClassificationScores


@verb(
    group,
    "classify",
    zh="从带标签的表学会给文本（或文本对）分类，多少例子都行；方法自动选，也可以用 --compare 在自己的文本上比出来。",
    en="Learn to label texts, or pairs of texts, from a table with labels, many or a handful; the method is chosen, or found on "
    "your own texts with --compare.",
)
def train_classify(
    file: File,
    output: Output,
    dev: Dev = None,
    unlabeled: Unlabeled = None,
    method: Method = AUTO,
    compare: Compare = False,
    tune: Tune = None,
    encoder: EncoderName = "bundled",
    template: Template = None,
    words: WordsOfLabels = None,
    text_column: TextColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    label_column: LabelColumn = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    max_length: MaxLength = None,
    folds: Folds = 5,
    checkpoints: Checkpoints = None,
    seed: Seed = 0,
    device: Device = None,
) -> None:
    """Train a classifier on a table with labels."""
    given = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "max_length": max_length}
    numbers = {name: value for name, value in given.items() if value is not None} | {"seed": seed}
    asked = Wish(method, compare, tune, encoder, template, read_words(words), numbers, device, unlabeled)
    wish = check_wish(asked, checkpoints)
    check_places(output, checkpoints)
    examples = _read(file, dev, unlabeled, ColumnNames(text_column, first_column, second_column, label_column))
    check_labels_of_words(wish, examples.train.labels)
    chosen = _choose(wish, examples, folds)
    started = time.monotonic()
    classifier = _fit(chosen.plan, examples, checkpoints)
    seconds = round(time.monotonic() - started, 1)
    scores, threshold = _score(classifier, examples.held)
    _save(classifier, output, threshold)
    record = {"output": output, "seconds": seconds, "checkpoints": checkpoints, **_about(examples, chosen)}
    report(record, classifier, scores, threshold, chosen.comparison)


@dataclass(frozen=True)
class Examples:
    """What is learned from, what is held aside, and what has no labels."""

    train: TableOfTexts
    held: TableOfTexts | None
    unlabeled: TableOfTexts | None


@dataclass(frozen=True)
class Chosen:
    """How it is learned, why, and what was compared if anything was."""

    plan: "ClassifierPlan"
    reason: str
    comparison: "Comparison | None" = None


def _read(file: str, dev: str | None, unlabeled: str | None, names: ColumnNames) -> Examples:
    train = open_texts(file, names, pairs=None, labelled=True)
    held = None if dev is None else open_texts(dev, names, pairs=train.pairs, labelled=True)
    more = None if unlabeled is None else open_texts(unlabeled, names, pairs=train.pairs, labelled=False)
    check_training_texts(train, held)
    return Examples(train, held, more)


def _choose(wish: Wish, examples: Examples, folds: int) -> Chosen:
    """Return the method that the user named, that the rule names, or that a comparison recommends."""
    from baihua.tasks.method_choice import choose_method, is_language_model, is_trainable

    if wish.compare:
        return _compare(wish, examples.train, folds)
    if wish.method != AUTO:
        return Chosen(wish.plan(wish.method), say(zh="按 --method 的指定。", en="Named by --method."))
    choice = choose_method(
        examples.train.labels,
        pairs=examples.train.pairs,
        trainable=is_trainable(wish.encoder),
        language_model=is_language_model(wish.encoder),
    )
    console.note(say(zh=f"方法：{choice.method}。", en=f"Method: {choice.method}."))
    return Chosen(wish.plan(choice.method), choice.reason)


def _compare(wish: Wish, train: TableOfTexts, folds: int) -> Chosen:
    from baihua.tasks.compare import WAYS, CompareSettings, compare_methods, methods_for

    names = methods_for(train.labels, wish.encoder, wish.words)
    console.note(
        say(
            zh=f"分 {folds} 份，比较这些方法：{'、'.join(names)}。",
            en=f"Comparing in {folds} folds: {', '.join(names)}.",
        )
    )
    settings = CompareSettings(folds, seed=wish.numbers["seed"], plan=wish.plan("linear"))
    found = compare_methods(
        train.texts, train.labels, methods=names, encoder=wish.encoder, words=wish.words, settings=settings
    )
    return Chosen(wish.plan(*WAYS[found.recommended.method]), found.advice, found)


def _fit(plan: "ClassifierPlan", examples: Examples, checkpoints: str | None) -> "AnyClassifier":
    from baihua.tasks.prompt_classify import PromptClassifier

    train, held = examples.train, examples.held
    dev = None if held is None else (held.texts, held.labels)
    classifier, more = plan.make(), examples.unlabeled
    if isinstance(classifier, PromptClassifier) and more is not None:
        return classifier.fit(train.texts, train.labels, unlabeled=more.texts, dev=dev, folder=checkpoints)
    return classifier.fit(train.texts, train.labels, dev=dev, folder=checkpoints)


def _score(
    classifier: "AnyClassifier", held: TableOfTexts | None
) -> "tuple[ClassificationScores | None, AnswerThreshold | None]":
    """Return the scores on dev, and how sure is sure enough there; no threshold where no answer is right."""
    import numpy as np

    from baihua.tasks.any_classifier import chances_of
    from baihua.tasks.classification.answer_threshold import AnswerThreshold
    from baihua.training.answered_share import suggest_threshold
    from baihua.training.classification_scores import score_labels

    if held is None:
        return None, None
    chances = chances_of(classifier, held.texts)
    scores = score_labels(chances, classifier.labels, held.labels)
    highest, given = chances.max(axis=1), np.array(classifier.labels)[chances.argmax(axis=1)]
    right = given == np.array(held.labels)
    threshold = suggest_threshold(highest, right)
    if threshold is None or not right.any():
        return scores, None
    kept = highest >= threshold
    return scores, AnswerThreshold(threshold, int(right[kept].sum()), int(kept.sum()), len(right))


def _save(classifier: "AnyClassifier", output: str, threshold: "AnswerThreshold | None") -> None:
    from baihua.tasks.any_classifier import save_classifier

    save_classifier(classifier, output, threshold)


def _about(examples: Examples, chosen: Chosen) -> dict[str, Any]:
    held = examples.held
    plan = chosen.plan
    return {
        "method": plan.method,
        "tune": plan.tune if plan.prompts else None,
        "reason": chosen.reason,
        "encoder": plan.encoder,
        "train": examples.train.about(),
        "dev": None if held is None else held.about(),
        "unlabeled": None if examples.unlabeled is None else examples.unlabeled.about(),
    }
