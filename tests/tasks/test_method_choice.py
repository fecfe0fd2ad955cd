"""The rule that chooses a method: what it goes by, and that it says so in both languages."""

import pytest

from baihua.checks import FileProblem, InvalidValue
from baihua.language import set_language
from baihua.tasks.method_choice import (
    FEWEST_PER_LABEL_TO_FINE_TUNE,
    FEWEST_TO_FINE_TUNE,
    choose_method,
    is_language_model,
    is_trainable,
)

TWO = ["好评", "差评"]


@pytest.mark.parametrize(
    ("labels", "method"),
    [
        (TWO, "linear"),
        (TWO * 16, "linear"),
        ((TWO * FEWEST_TO_FINE_TUNE)[: FEWEST_TO_FINE_TUNE - 1], "linear"),
        ((TWO * FEWEST_TO_FINE_TUNE)[:FEWEST_TO_FINE_TUNE], "fine_tune"),
        ([str(number) for number in range(FEWEST_TO_FINE_TUNE)] * (FEWEST_PER_LABEL_TO_FINE_TUNE - 1), "linear"),
        ([str(number) for number in range(FEWEST_TO_FINE_TUNE)] * FEWEST_PER_LABEL_TO_FINE_TUNE, "fine_tune"),
    ],
)
def test_it_goes_by_how_many_examples_there_are(labels, method):
    assert choose_method(labels).method == method


def test_what_cannot_be_trained_is_not():
    choice = choose_method(TWO * 1000, trainable=False)
    assert choice.method == "linear"
    assert "no layers to train" in choice.reason
    assert "prompts included" not in choice.reason


def test_the_reason_has_the_facts_in_both_languages():
    choice = choose_method([*TWO * 4, "好评"], pairs=True)
    assert choice.reason == choice.en
    assert choice.en.startswith("9 pairs of texts of 2 labels, at least 4 of each:")
    assert "--compare" in choice.en
    assert "prompts included" in choice.en
    assert "prompts" not in choose_method(TWO, language_model=False).en
    set_language("zh")
    assert choice.reason == choice.zh
    assert choice.zh.startswith("9 对文本，2 个标签，最少的有 4 条：")
    assert "--compare" in choice.zh


def test_no_examples_are_refused():
    with pytest.raises(InvalidValue, match="no examples"):
        choose_method([])


def test_what_an_encoder_can_do_is_read_off_its_folder(bert_folder, masked_folder, tmp_path):
    assert [is_language_model(str(folder)) for folder in (bert_folder, masked_folder, "bundled", "static")] == [
        False,
        True,
        True,
        False,
    ]
    assert [is_trainable(str(folder)) for folder in (bert_folder, "bundled", "static")] == [True, True, False]
    assert not is_language_model(str(tmp_path))  # has no config.json
    (tmp_path / "config.json").write_text("[broken", encoding="utf-8")
    assert not is_language_model(str(tmp_path))
    for question in (is_language_model, is_trainable):
        with pytest.raises(FileProblem, match="no model folder"):
            question("./nowhere")


def test_a_saved_static_encoder_is_not_trainable(tmp_path):
    from baihua import SentenceEmbedder

    SentenceEmbedder("static").save(tmp_path / "static")
    assert not is_trainable(str(tmp_path / "static"))
    assert not is_language_model(str(tmp_path / "static"))
