"""Comparing methods: the folds of one are the folds of all, what fails is listed, and mistakes are refused."""

import numpy as np
import pytest

from baihua import TextClassifier
from baihua.checks import FileProblem, InvalidValue
from baihua.tasks.any_classifier import ClassifierPlan
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.compare import CompareSettings, compare_methods, methods_for
from baihua.tasks.comparing.folds import deal_folds
from baihua.tasks.prompting.settings import PromptSettings
from baihua.training.classification_scores import score_labels

TEXTS = ["很好吃，喜欢", "质量很好", "服务热情", "屏幕清晰", "太难吃了", "质量很差", "态度恶劣", "坏了，退货"]
LABELS = ["正面"] * 4 + ["负面"] * 4
WORDS = {"正面": "好", "负面": "差"}
QUICK = ClassifierPlan(
    "linear",
    text=ClassificationSettings(least_steps=2, epochs=1, num_pairs=16),
    prompt=PromptSettings(least_steps=2, epochs=1, max_length=32),
    device="cpu",
)


def settings(folds=2, **others):
    return CompareSettings(folds, plan=QUICK, **others)


@pytest.fixture(scope="module")
def all_methods():
    return compare_methods(TEXTS, LABELS, words=WORDS, settings=settings(), show_progress=False)


def test_every_method_is_tried_on_every_text(all_methods):
    names = ["linear", "contrastive", "fine_tune", "zero_shot", "pet", "p_tuning", "p_tuning_all"]
    assert [trial.method for trial in all_methods.trials] == names
    assert not all_methods.problems
    for trial in all_methods.trials:
        assert trial.chances.shape == (1, 8, 2)
        np.testing.assert_allclose(trial.chances.sum(axis=2), 1)
        assert trial.seconds >= 0
    assert all_methods.recommended.method in names


def test_the_answers_are_of_classifiers_that_learned_from_the_other_folds():
    found = compare_methods(TEXTS, LABELS, methods=["linear"], encoder="static", settings=settings(seed=3, folds=4))
    folds = deal_folds([(text,) for text in TEXTS], LABELS, 4, [3, 0])
    expected = np.empty((8, 2))
    for fold in range(4):
        held = folds == fold
        learned = [row for row in range(8) if not held[row]]
        classifier = TextClassifier("static", settings=ClassificationSettings(seed=3))
        classifier.fit([TEXTS[row] for row in learned], [LABELS[row] for row in learned], show_progress=False)
        expected[held] = classifier.predict_proba([TEXTS[row] for row in np.flatnonzero(held)])
    np.testing.assert_allclose(found.trials[0].chances[0], expected, atol=1e-9)
    scores = score_labels(expected, ["正面", "负面"], LABELS)
    assert found.rows[0].accuracy == scores.accuracy
    assert found.rows[0].log_loss == pytest.approx(scores.log_loss)


def test_repeats_deal_anew():
    found = compare_methods(
        TEXTS, LABELS, methods=["linear"], encoder="static", settings=settings(repeats=2), show_progress=False
    )
    first, second = found.trials[0].chances
    assert not np.allclose(first, second)


def test_a_method_that_fails_is_listed_and_the_others_go_on():
    found = compare_methods(
        TEXTS, LABELS, methods=["fine_tune", "pet", "linear"], encoder="static", settings=settings()
    )
    assert [trial.method for trial in found.trials] == ["linear"]
    assert list(found.problems) == ["fine_tune", "pet"]
    assert "fills in no blanks" in str(found.problems["pet"])
    with pytest.raises(InvalidValue, match="None of the methods"):
        compare_methods(TEXTS, LABELS, methods=["pet"], encoder="static", settings=settings())


def test_other_spellings_and_repetitions_of_methods():
    found = compare_methods(TEXTS, LABELS, methods=["probe", "linear"], encoder="static", settings=settings())
    assert [trial.method for trial in found.trials] == ["linear"]
    with pytest.raises(InvalidValue, match="Did you mean 'p_tuning'"):
        compare_methods(TEXTS, LABELS, methods=["p_tunings"], encoder="static", settings=settings())


def test_blank_texts_are_left_out_and_pairs_are_compared_too():
    found = compare_methods([*TEXTS, " "], [*LABELS, "正面"], methods=["linear"], encoder="static", settings=settings())
    assert len(found.gold) == 8
    pairs = [(text, text + "吗") for text in TEXTS]
    of_pairs = compare_methods(pairs, LABELS, methods=["linear"], encoder="static", settings=settings())
    assert of_pairs.trials[0].chances.shape == (1, 8, 2)


def test_labels_of_any_kind_become_strings():
    found = compare_methods(TEXTS, [1] * 4 + [0] * 4, methods=["linear"], encoder="static", settings=settings())
    assert (list(found.labels), found.gold[0]) == (["0", "1"], "1")


def test_which_methods_make_sense(bert_folder):
    assert methods_for(["1", "0"], "static") == ["linear"]
    assert methods_for(["1", "0"], str(bert_folder)) == ["linear", "contrastive", "fine_tune"]
    without = methods_for(["1", "0"], "bundled")
    assert "zero_shot" not in without
    assert "zero_shot" not in methods_for(["1", "0"], "bundled", "learned")
    assert set(methods_for(["1", "0"], "bundled", {"1": "好", "0": "差"})) - set(without) == {"zero_shot"}
    assert "zero_shot" in methods_for(["体育", "财经"], "bundled")
    with pytest.raises(FileProblem, match="no model folder"):
        methods_for(["1", "0"], "./nowhere")


@pytest.mark.parametrize(
    ("texts", "labels", "sentence"),
    [
        ([], [], "nothing to tell apart"),
        (TEXTS, ["正面"] * 8, "nothing to tell apart"),
        (TEXTS, [*LABELS[:7], "中性"], "'中性' has 1 different text"),
        (TEXTS, LABELS[:7], "same length"),
        (TEXTS, [*LABELS[:7], None], "is no label"),
    ],
)
def test_mistakes(texts, labels, sentence):
    with pytest.raises(InvalidValue, match=sentence):
        compare_methods(texts, labels, methods=["linear"], encoder="static", settings=settings())


def test_settings_that_make_no_sense():
    with pytest.raises(InvalidValue, match="repeats must be at least 1"):
        CompareSettings(repeats=0)
    with pytest.raises(InvalidValue, match="At least 2 folds"):
        compare_methods(TEXTS, LABELS, methods=["linear"], encoder="static", settings=settings(folds=1))
