"""Questions and how their answers are read: the probability of a label is the one that training raises."""

import numpy as np
import pytest
import torch
import transformers
from tiny_models import write_tokenizer
from tokenizers import Tokenizer, processors

from baihua.checks import InvalidValue
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.batches import training_batch
from baihua.tasks.prompting.settings import PromptSettings

TEXTS, LABELS = ["天气很好", "手机很好", "手机坏了", "天气坏"], ["正面", "正面", "负面", "负面"]
WORDS = {"正面": ["好", "大", "上"], "负面": "坏"}


def made(method, encoder="bundled", template=None, words=WORDS, **changes):
    settings = PromptSettings(**({"least_steps": 2, "epochs": 1, "max_length": 32, "auxiliary": False} | changes))
    return PromptClassifier(encoder, template, words, method=method, settings=settings, device="cpu")


def learn(classifier, texts=TEXTS, labels=LABELS, **others):
    return classifier.fit(texts, labels, show_progress=False, **others)


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory):
    """A tiny random causal model, whose tokenizer puts nothing before a text."""
    folder = tmp_path_factory.mktemp("causal")
    write_tokenizer(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
    tokenizer.save(str(folder / "tokenizer.json"))
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(1)
    config = transformers.LlamaConfig(vocab_size=100, max_position_embeddings=32, tie_word_embeddings=True, **sizes)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


# What a label has.


def losses(classifier, label):
    """The loss of training for each word of a label, each text by itself, shape ``(num_words, num_texts)``."""
    cloze, model = classifier._cloze, classifier._model.eval()
    words = cloze.verbalizer.words[label]
    found = np.empty((len(words), len(TEXTS)))
    for row, word in enumerate(words):
        tokens = tuple(cloze.backend.encode(word, add_special_tokens=False).ids)
        for column, prompt in enumerate(cloze.prompts([(text,) for text in TEXTS])[len(tokens)]):
            with torch.no_grad():
                mean = model(training_batch([prompt], [tokens], cloze.reading))
            found[row, column] = float(mean) * len(tokens)
    return found


@pytest.mark.parametrize("method", ["pet", "p_tuning", "prefix_tuning"])
def test_a_label_has_what_training_gives_its_words(method):
    """Of each label e^(−loss) of its words, added up, and these as shares of all labels'."""
    check_shares(learn(made(method)))


def test_so_it_is_of_a_causal_model_and_of_long_words(causal_folder):
    check_shares(learn(made("pet", causal_folder, "{text}", {"正面": ["好", "国上"], "负面": "大坏"})))


def check_shares(classifier):
    chances = classifier.predict_proba(TEXTS)
    expected = np.stack([np.exp(-losses(classifier, label)).sum(axis=0) for label in classifier.labels], axis=1)
    np.testing.assert_allclose(chances, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_a_label_of_many_words_has_no_handicap():
    """Of the same text one half says the one thing and one half the other."""
    classifier = learn(made("p_tuning", least_steps=200, batch_size=12), ["天气"] * 12, ["正面", "负面"] * 6)
    chances = classifier.predict_proba(["天气"])[0]
    np.testing.assert_allclose(chances, 0.5, atol=0.1)


# What stands before an answer.


@pytest.mark.parametrize("method", ["zero_shot", "pet"])
@pytest.mark.parametrize("blank", ["", "  "])
def test_nothing_before_the_answer_of_a_causal_model(causal_folder, method, blank):
    classifier = made(method, causal_folder, "{text}")
    with pytest.raises(InvalidValue, match=r"the template '\{text\}' puts nothing there. Add words") as mistake:
        learn(classifier, [*TEXTS, blank], [*LABELS, "正面"]).predict([blank])
    assert "一个词元也没有" in mistake.value.zh


def test_it_is_said_of_texts_to_predict_too(causal_folder):
    classifier = learn(made("pet", causal_folder, "{text}"))
    assert classifier.predict(TEXTS)
    with pytest.raises(InvalidValue, match="puts nothing there"):
        classifier.predict([*TEXTS, " "])


@pytest.mark.parametrize("template", ["{text}。", "好{text}", "{soft:2}{text}"])
def test_with_anything_before_it_a_blank_text_is_answered(causal_folder, template):
    classifier = learn(made("pet", causal_folder, template), [*TEXTS, ""], [*LABELS, "正面"])
    assert np.isfinite(classifier.predict_proba(["", " "])).all()
