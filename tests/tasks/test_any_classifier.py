"""Either classifier by one name: made, saved over the other kind, loaded, and told from what is none."""

import numpy as np
import pytest

from baihua import PromptClassifier, TextClassifier
from baihua.checks import FileProblem, InvalidValue
from baihua.tasks.any_classifier import (
    METHODS,
    ClassifierPlan,
    chances_of,
    check_free,
    in_order,
    load_classifier,
    save_classifier,
    takes_pairs,
)
from baihua.tasks.classification.answer_threshold import AnswerThreshold, read_threshold

TEXTS = ["很好吃，喜欢", "质量很好", "太难吃了", "质量很差"]
LABELS = ["正面", "正面", "负面", "负面"]
WORDS = {"正面": "好", "负面": "差"}
PAIRS = [("天气好", "天气很好"), ("手机坏", "手机坏了"), ("天气好", "手机坏"), ("手机坏了", "天气好")]


@pytest.fixture(scope="module")
def text():
    return TextClassifier("static").fit(TEXTS, LABELS, show_progress=False)


@pytest.fixture(scope="module")
def prompt():
    return PromptClassifier(verbalizer=WORDS, method="zero_shot", device="cpu").fit(TEXTS, LABELS)


def test_every_method_makes_its_classifier():
    kinds = {method: type(ClassifierPlan(method, device="cpu").make()) for method in METHODS}
    assert [kinds[method] for method in ("linear", "fine_tune", "contrastive")] == [TextClassifier] * 3
    assert [kinds[method] for method in METHODS[3:]] == [PromptClassifier] * 4
    made = (
        ClassifierPlan("p-tuning", "all", words=WORDS, template="{soft}{mask}{text}", device="cpu").with_seed(7).make()
    )
    assert (made.method, made.tune, made.settings.seed) == ("p_tuning", "all", 7)
    with pytest.raises(InvalidValue, match="Did you mean 'linear'"):
        ClassifierPlan("liner")


@pytest.mark.parametrize("order", [("text", "prompt"), ("prompt", "text")])
def test_one_kind_takes_the_place_of_the_other(order, request, tmp_path):
    first, second = (request.getfixturevalue(name) for name in order)
    folder = tmp_path / "out"
    save_classifier(first, folder, AnswerThreshold(0.75, 1, 2, 3))
    assert type(load_classifier(folder)) is type(first)
    assert read_threshold(folder).threshold == 0.75
    save_classifier(second, folder)
    loaded = load_classifier(folder, device="cpu")
    assert type(loaded) is type(second)
    assert read_threshold(folder) is None
    np.testing.assert_allclose(chances_of(loaded, TEXTS), chances_of(second, TEXTS), atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # nothing else is left there


def test_pairs_are_told_from_single_texts(text, prompt, tmp_path):
    pairs = TextClassifier("static").fit(PAIRS, ["同", "同", "异", "异"], show_progress=False)
    asked = PromptClassifier(
        template="{text_a}？{mask}，{text_b}", verbalizer={"同": "是", "异": "不"}, method="zero_shot", device="cpu"
    ).fit(PAIRS, ["同", "同", "异", "异"])
    for number, (classifier, expected) in enumerate([(text, False), (prompt, False), (pairs, True), (asked, True)]):
        assert takes_pairs(save_classifier(classifier, tmp_path / str(number))) == expected


def test_nothing_but_a_classifier_is_written_over(text, tmp_path):
    (tmp_path / "letter.txt").write_text("信", encoding="utf-8")
    for write in (check_free, lambda folder: save_classifier(text, folder)):
        with pytest.raises(FileProblem, match="holds no classifier"):
            write(tmp_path)
        with pytest.raises(FileProblem, match="holds no classifier"):
            write(tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "信"
    check_free(tmp_path / "new")


def test_a_folder_without_a_classifier_is_said(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileProblem, match="holds no classifier"):
            load_classifier(folder)
    (tmp_path / "classifier.json").write_text("{}", encoding="utf-8")
    with pytest.raises((FileProblem, InvalidValue), match="Cannot read|not an intact"):
        load_classifier(tmp_path)


def test_columns_in_another_order():
    chances = np.array([[0.2, 0.3, 0.5]])
    assert in_order(chances, ["a", "b", "c"], ["c", "a", "b"]).tolist() == [[0.5, 0.2, 0.3]]
    assert in_order(chances, ["a", "b", "c"], ["d", "c", "b", "a"]).tolist() == [[0.0, 0.5, 0.3, 0.2]]
