"""The words nearest to learned tokens: a word is nearest to itself, and what is no word never is."""

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED, load_encoder
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.nearest_words import nearest_words
from baihua.tasks.prompting.settings import PromptSettings
from baihua.tasks.prompting.vectors import unused_rows

TEXTS = ["很好吃，喜欢", "质量很好", "太难吃了", "质量很差"]
LABELS = ["正面", "正面", "负面", "负面"]
WORDS = {"正面": "好", "负面": "差"}


@pytest.fixture(scope="module")
def vocabulary():
    model, _ = open_masked_model(BUNDLED, device="cpu")
    return model.get_input_embeddings().weight.detach(), load_encoder("bundled").backend()


def rows_of(backend, words):
    return [backend.token_to_id(word) for word in words]


def test_a_word_is_nearest_to_itself_whatever_its_length(vocabulary):
    weight, backend = vocabulary
    found = nearest_words(3 * weight[rows_of(backend, "好坏国")], weight, backend, 2)
    assert [words[0] for words in found] == [("好", 1.0), ("坏", 1.0), ("国", 1.0)]
    cosine = torch.nn.functional.cosine_similarity(
        weight[backend.token_to_id("好")], weight[backend.token_to_id(found[0][1][0])], dim=0
    )
    assert found[0][1][1] == pytest.approx(float(cosine), abs=1e-5)


def test_cosines_fall_and_words_are_words(vocabulary):
    weight, backend = vocabulary
    special = rows_of(backend, ["[CLS]", "[MASK]", "[unused1]", ",", "##se"])
    for words in nearest_words(weight[special], weight, backend, 20):
        assert len(dict(words)) == 20
        assert [cosine for _, cosine in words] == sorted((cosine for _, cosine in words), reverse=True)
        assert all(any(character.isalnum() for character in word) for word, _ in words)
        assert not any("[" in word or "#" in word for word, _ in words)


def test_a_vector_of_zeros_is_like_nothing(vocabulary):
    weight, backend = vocabulary
    assert {cosine for _, cosine in nearest_words(torch.zeros(1, 256), weight, backend, 3)[0]} == {0.0}
    assert nearest_words(torch.empty(0, 256), weight, backend) == []


def test_fewer_than_one_word_is_refused(vocabulary):
    with pytest.raises(InvalidValue, match="At least 1 word"):
        nearest_words(vocabulary[0][:1], *vocabulary, 0)


def learned(method="p_tuning", template="{soft:2}{mask}{text}", **changes):
    settings = PromptSettings(least_steps=2, epochs=1, max_length=32, **changes)
    made = PromptClassifier("bundled", template, WORDS, method=method, settings=settings, device="cpu")
    return made.fit(TEXTS, LABELS, show_progress=False)


@pytest.mark.parametrize("tied", [True, False])
def test_a_classifier_says_what_its_soft_tokens_are_like(tied, tmp_path):
    """Where the vectors are, in rows of the vocabulary or beside it, makes no difference."""
    classifier = learned(tied=tied, start="words", prompt_rate=1e-6)
    found = classifier.nearest_words(3)
    assert [words[0][0] for words in found] == ["的", "是"]  # as they began, and they have hardly moved
    assert [len(words) for words in found] == [3, 3]
    classifier.save(tmp_path / "out")
    assert PromptClassifier.load(tmp_path / "out", device="cpu").nearest_words(3) == found


def test_learned_label_words_are_not_among_them():
    settings = PromptSettings(least_steps=2, epochs=1, max_length=32)
    made = PromptClassifier("bundled", "{soft:2}{mask}{text}", "learned", settings=settings, device="cpu")
    made.fit(TEXTS, LABELS, show_progress=False)
    assert len(made.nearest_words()) == 2
    weight = made._model.model.get_input_embeddings().weight
    rows = list(unused_rows(made._backend, 2))
    assert made.nearest_words() == nearest_words(weight[rows], weight, made._backend)


def test_without_soft_tokens_there_are_none_and_before_fit_it_is_said():
    assert learned("pet", "{mask}{text}").nearest_words() == []
    with pytest.raises(InvalidValue, match="has not been trained"):
        PromptClassifier("bundled", device="cpu").nearest_words()
