"""The prompt classifier as a user has it: what trains and what does not, that it learns, comes back, and refuses clearly."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from tiny_models import make_bert, write_tokenizer

from baihua.checks import InvalidType, InvalidValue
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.settings import PromptSettings
from baihua.tasks.prompting.vectors import unused_rows

TEXTS = [
    "很好吃，喜欢",
    "质量很好",
    "服务热情，推荐",
    "屏幕清晰，满意",
    "太难吃了",
    "质量很差",
    "态度恶劣，失望",
    "坏了，退货",
]
LABELS = ["正面"] * 4 + ["负面"] * 4
WORDS = {"正面": "好", "负面": "差"}
PAIRS = [("今天天气好", "天气很好"), ("手机坏了", "手机坏"), ("我来中国", "我在中国")]
PAIRS += [("今天天气好", "手机坏了"), ("手机坏了", "我来中国"), ("我来中国", "天气很好")]
PAIR_LABELS = ["同"] * 3 + ["不同"] * 3
QUICK = PromptSettings(least_steps=30, epochs=1, max_length=32, batch_size=8, learning_rate=2e-4, prompt_rate=1e-2)
TRAINED = ["pet", "p_tuning", "prefix_tuning"]


def made(method="p_tuning", encoder="bundled", template=None, verbalizer=WORDS, *, tune=None, **changes):
    settings = replace(QUICK, **changes)
    return PromptClassifier(encoder, template, verbalizer, method=method, tune=tune, settings=settings, device="cpu")


def learn(classifier, texts=TEXTS, labels=LABELS, **others):
    return classifier.fit(texts, labels, show_progress=False, **others)


def snapshot(classifier):
    return {name: tensor.clone() for name, tensor in classifier._model.model.state_dict().items()}


@pytest.fixture(scope="module")
def learned():
    """One of each method that knows the eight texts."""
    return {method: learn(made(method, least_steps=40, prompt_rate=3e-2)) for method in TRAINED}


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory):
    """A folder with a tiny random causal model."""
    folder = tmp_path_factory.mktemp("causal") / "model"
    folder.mkdir()
    write_tokenizer(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(1)
    config = transformers.LlamaConfig(vocab_size=100, max_position_embeddings=32, tie_word_embeddings=True, **sizes)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


# What trains.


def test_exactly_the_soft_rows_change():
    """The article's claim: every other number of the model is the same to the last bit, weight decay or none."""
    classifier = made()
    before = snapshot(classifier)
    learn(classifier)
    after = classifier._model.model.state_dict()
    assert classifier.report.num_trained == 8 * 256
    tied = {"bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"}
    assert {name for name in before if not torch.equal(before[name], after[name])} == tied
    rows = unused_rows(classifier._backend, 8)
    for name in tied:
        changed = (before[name] != after[name]).any(dim=1).nonzero().flatten().tolist()
        assert changed == sorted(rows)
        assert (before[name] != after[name])[list(rows)].all()
    embedding = classifier._model.model.get_input_embeddings().weight
    assert classifier._model.model.get_output_embeddings().weight is embedding


@pytest.mark.parametrize("method", TRAINED)
def test_everything_changes_where_the_model_is_tuned(method):
    classifier = made(method, tune="all", least_steps=2)
    before = snapshot(classifier)
    learn(classifier)
    after = classifier._model.model.state_dict()
    layers = [name for name in before if "attention.self.query.weight" in name]
    assert len(layers) == 4
    assert all(not torch.equal(before[name], after[name]) for name in layers)
    assert classifier.report.num_trained > sum(
        parameter.numel() for parameter in classifier._model.model.parameters()
    ) - (8 * 256 if method == "pet" else 0)


def test_prefix_tuning_leaves_the_model_alone():
    classifier = made("prefix_tuning", least_steps=2)
    before = snapshot(classifier)
    learn(classifier)
    assert classifier.report.num_trained == (4 + 1) * 8 * 256
    rows = list(unused_rows(classifier._backend, 8))
    for name, tensor in classifier._model.model.state_dict().items():
        same = tensor == before[name]
        if "word_embeddings" in name or name.endswith("decoder.weight"):
            same[rows] = True
        assert same.all(), name


@pytest.mark.parametrize("changes", [{}, {"reparametrization": "lstm"}, {"reparametrization": "mlp"}])
def test_before_training_the_soft_layer_changes_nothing(changes, monkeypatch):
    """The article's second claim, to the last bit."""
    found = []

    def look(model, lessons, *_, **__):
        batch = lessons.batch(range(8), 0, np.random.default_rng(0))
        with torch.no_grad():
            found.append(model.eval().scores(batch))
            model.soft = None
            found.append(model.scores(batch))
        raise KeyboardInterrupt

    monkeypatch.setattr("baihua.tasks.prompt_classify.train_prompt", look)
    with pytest.raises(KeyboardInterrupt):
        learn(made(**changes))
    assert torch.equal(*found)


# That it learns.


@pytest.mark.parametrize("method", TRAINED)
def test_by_heart(learned, method):
    classifier = learned[method]
    assert classifier.evaluate(TEXTS, LABELS).accuracy >= 0.9
    chances = classifier.predict_proba(TEXTS)
    assert chances.shape == (8, 2)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-12)
    assert classifier.labels == sorted(WORDS)
    assert classifier.predict(TEXTS) == [classifier.labels[column] for column in chances.argmax(axis=1)]
    report = classifier.report
    assert (report.num_texts, report.num_cut, report.kept, report.calibrated) == (8, 0, None, False)


def test_together_or_one_by_one(learned):
    texts = [*TEXTS, "", "  ", "[MASK][unused1]", "长" * 100, "\ud800", "🙂"]
    for classifier in learned.values():
        alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
        np.testing.assert_allclose(classifier.predict_proba(texts), alone, atol=1e-4)
        assert classifier.predict_proba([]).shape == (0, 2)
        assert classifier.predict([]) == []


@pytest.mark.parametrize("method", TRAINED)
def test_pairs(method):
    classifier = made(method, verbalizer={"同": "是", "不同": "否"}, least_steps=40, tune="all", auxiliary=False)
    learn(classifier, PAIRS, PAIR_LABELS)
    assert classifier.evaluate(PAIRS, PAIR_LABELS).accuracy >= 0.9
    with pytest.raises(InvalidType, match="learned from pairs"):
        classifier.predict(["一条"])


@pytest.mark.parametrize("names", [("102", "104"), ("Positive", "Negative"), (1, 0)])
def test_labels_that_are_no_words(names):
    labels = [names[label == "负面"] for label in LABELS]
    classifier = learn(made(verbalizer=None), labels=labels)
    assert classifier.labels == sorted(map(str, names))
    assert len(set(classifier.words.values())) == 2
    assert classifier.evaluate(TEXTS, labels).accuracy >= 0.9


def test_labels_that_are_words():
    labels = ["体育" if label == "正面" else "财经新闻" for label in LABELS]
    classifier = learn(made(verbalizer=None, least_steps=60), labels=labels)
    assert classifier.words == {"体育": ("体育",), "财经新闻": ("财经新闻",)}
    assert classifier.evaluate(TEXTS, labels).accuracy >= 0.9


@pytest.mark.parametrize("tune", ["prompt", "all"])
def test_learned_words(tune, tmp_path):
    classifier = learn(made(verbalizer="learned", tune=tune, least_steps=60))
    rows = unused_rows(classifier._backend, 10)[8:]
    assert classifier.words == {
        label: (classifier._backend.id_to_token(row),) for label, row in zip(classifier.labels, rows, strict=True)
    }
    assert classifier.evaluate(TEXTS, LABELS).accuracy >= 0.9
    if tune == "prompt":
        assert classifier.report.num_trained == 10 * 256
    again = PromptClassifier.load(classifier.save(tmp_path / "one"), device="cpu")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


@pytest.mark.parametrize("scoring", ["joint", "independent"])
def test_several_words_of_different_lengths(scoring):
    words = {"正面": ["好", "满意", "不错"], "负面": ["差", "不满意"]}
    classifier = learn(made(verbalizer=words, scoring=scoring, least_steps=60))
    assert classifier.evaluate(TEXTS, LABELS).accuracy >= 0.9


# It comes back.


@pytest.mark.parametrize("method", TRAINED)
def test_saved_and_loaded_it_says_the_same(learned, tmp_path, method):
    classifier = learned[method]
    again = PromptClassifier.load(classifier.save(tmp_path / "one"), device="cpu")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    assert (again.method, again.tune, again.settings) == (classifier.method, classifier.tune, classifier.settings)
    assert (again.labels, again.words, again.template) == (classifier.labels, classifier.words, classifier.template)
    third = PromptClassifier.load(again.save(tmp_path / "one"), device="cpu")
    np.testing.assert_array_equal(third.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


@pytest.mark.parametrize("method", ["p_tuning", "prefix_tuning"])
@pytest.mark.parametrize(
    "changes", [{"tied": False}, {"start": "random"}, {"start": "words", "reparametrization": "mlp"}]
)
def test_vectors_in_a_file_of_their_own_come_back(tmp_path, method, changes):
    classifier = learn(made(method, least_steps=3, **changes))
    again = PromptClassifier.load(classifier.save(tmp_path / "one"), device="cpu")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


def test_a_zero_shot_one_comes_back(tmp_path):
    classifier = made("zero_shot")
    expected = classifier.predict_proba(TEXTS)
    again = PromptClassifier.load(classifier.save(tmp_path / "one"), device="cpu")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), expected)


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


@pytest.mark.parametrize("method", TRAINED)
@pytest.mark.parametrize("with_dev", [False, True])
def test_gone_on_with_it_is_as_if_never_cut_off(masked_folder, tmp_path, method, with_dev):
    words = {"正面": "好", "负面": "坏"}
    dev = (TEXTS, LABELS) if with_dev else None
    settings = {"encoder": masked_folder, "verbalizer": words, "least_steps": 24, "batch_size": 2, "save_every": 0}
    settings |= {"dropout": 0.1, "patience": 40}
    whole = learn(made(method, **settings), dev=dev)
    cut = made(method, **settings)
    steps = itertools.count()

    def kill(module, *_):
        if module.training and next(steps) == 10:
            raise Killed

    cut._model.model.register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        learn(cut, dev=dev, folder=tmp_path)
    again = learn(made(method, **settings), dev=dev, folder=tmp_path)
    assert again.report.looks == whole.report.looks
    assert len(whole.report.looks) == (6 if with_dev else 0)
    assert again.report.kept == whole.report.kept
    np.testing.assert_allclose(again.predict_proba(TEXTS), whole.predict_proba(TEXTS), atol=1e-5)


@pytest.mark.parametrize("method", ["p_tuning", "prefix_tuning"])
def test_the_same_seed_gives_the_same(masked_folder, method):
    words = {"正面": "好", "负面": "坏"}
    found = [
        learn(made(method, masked_folder, verbalizer=words, seed=seed, dropout=0.1, least_steps=5)).predict_proba(TEXTS)
        for seed in (3, 3, 4)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_training_disturbs_no_random_numbers_of_others(masked_folder):
    classifier = made(encoder=masked_folder, verbalizer={"正面": "好", "负面": "坏"}, least_steps=2)
    before = torch.get_rng_state()
    learn(classifier)
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_is_what_the_settings_say(tmp_path):
    """A checkpoint's own rates, 0.1 in BERT's, do not count."""
    make_bert(tmp_path / "model", "BertForMaskedLM", hidden_dropout_prob=0.5, attention_probs_dropout_prob=0.5)
    words = {"正面": "好", "负面": "坏"}
    rates = []
    classifier = made(encoder=tmp_path / "model", verbalizer=words, least_steps=1)
    dropout = next(module for module in classifier._model.model.modules() if isinstance(module, torch.nn.Dropout))
    dropout.register_forward_pre_hook(lambda module, _: rates.append(module.p) if module.training else None)
    learn(classifier)
    assert rates == [0.0]


# With texts held aside; and without any training.


def test_the_best_weights_on_dev_are_kept_and_calibrated():
    classifier = learn(made(least_steps=40), dev=(TEXTS, LABELS))
    report = classifier.report
    assert len(report.looks) >= 5
    assert report.kept.accuracy == max(look.accuracy for look in report.looks)
    assert report.calibrated
    assert classifier.temperature != 1
    assert classifier.evaluate(TEXTS, LABELS).accuracy == report.kept.accuracy


def test_zero_shot_needs_no_fit():
    classifier = made("zero_shot")
    before = snapshot(classifier)
    assert classifier.evaluate(TEXTS, LABELS).accuracy >= 0.6
    learn(classifier)
    assert classifier.report.num_trained == 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier._model.model.state_dict().items())
    with pytest.raises(InvalidValue, match="Without training texts give the words"):
        made("zero_shot", verbalizer=None).predict(TEXTS)


@pytest.mark.parametrize("method", ["zero_shot", *TRAINED])
def test_a_causal_model(causal_folder, tmp_path, method):
    texts, labels = ["天气很好", "手机很好", "手机坏了", "天气坏"], ["正面", "正面", "负面", "负面"]
    words = {"正面": ["好", "国上"], "负面": "坏"}
    settings = {"least_steps": 120, "tune": "all", "auxiliary": False, "learning_rate": 1e-2}
    classifier = made(method, causal_folder, verbalizer=words, **settings)
    if method == "zero_shot":
        assert classifier.predict_proba(texts).shape == (4, 2)
    else:
        assert learn(classifier, texts, labels).evaluate(texts, labels).accuracy >= 0.9
    again = PromptClassifier.load(classifier.save(tmp_path / "one"), device="cpu")
    np.testing.assert_array_equal(again.predict_proba(texts), classifier.predict_proba(texts))


# What it refuses.


def test_unknown_words_of_ours():
    with pytest.raises(InvalidValue, match=r"Unknown method 'p_tunning'.*Did you mean 'p_tuning'"):
        made("p_tunning")
    with pytest.raises(InvalidValue, match="Unknown tune 'prompts'"):
        made(tune="prompts")
    with pytest.raises(InvalidValue, match="holds vectors of characters and is no language model"):
        made(encoder="static")
    assert made("p-tuning").method == "p_tuning"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"template": "{soft:4}{text}"}, r"needs a blank to fill in.*no \{mask\}"),
        ({"template": "{mask}。{text}"}, "learns soft tokens, but the template"),
        ({"template": "{soft}{mask}{text_a}{text_b}"}, r"Single texts need a template with \{text\}"),
        ({"template": "{soft:40}{mask}{text}"}, "more than max_length=32"),
        ({"verbalizer": {"正面": "好", "负面": "鱻龘"}}, "is not in the model's vocabulary"),
        ({"verbalizer": {"正面": "好", "新": "差"}}, "'负面' of training has no word"),
        ({"verbalizer": {"正面": "好", "负面": 1}}, "Labels and words are strings"),
        ({"verbalizer": ["好", "差"]}, "Give words as {label: word}"),
        ({"verbalizer": "好"}, "or 'learned', but received '好'"),
        ({"verbalizer": "learned", "template": "{soft:98}{mask}{text}"}, "has no 100 .unused. tokens"),
        ({"method": "pet", "tune": "prompt"}, "nothing to train"),
    ],
)
def test_what_does_not_fit(arguments, message):
    classifier = made(**arguments)
    with pytest.raises((InvalidValue, InvalidType), match=message):
        learn(classifier)
    with pytest.raises(InvalidValue, match="has not been trained"):
        classifier.predict(TEXTS)


def test_before_fit():
    classifier = made()
    for call in (lambda: classifier.predict(TEXTS), lambda: classifier.labels, lambda: classifier.save("somewhere")):
        with pytest.raises(InvalidValue, match="has not been trained"):
            call()


def test_a_refused_fit_leaves_it_as_it_was(learned):
    classifier = learned["p_tuning"]
    before, weights = classifier.predict_proba(TEXTS), snapshot(classifier)
    for texts, labels, dev in (
        (TEXTS, LABELS[:3], None),
        (TEXTS, ["正面"] * 8, None),
        (TEXTS, ["新"] * 4 + ["旧"] * 4, None),
        ("一条", LABELS, None),
        (TEXTS, LABELS, (TEXTS, ["新"] * 8)),
    ):
        with pytest.raises((InvalidValue, InvalidType)):
            learn(classifier, texts, labels, dev=dev)
    with pytest.raises(InvalidType):
        classifier.predict("一条")
    np.testing.assert_array_equal(classifier.predict_proba(TEXTS), before)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in classifier._model.model.state_dict().items())


def test_pet_may_have_soft_tokens():
    classifier = learn(made("pet", template="{soft:2}{mask}{text}", least_steps=5))
    assert classifier.report.num_trained > 8000 * 256


def test_other_words_are_asked_of_the_same_model(learned):
    classifier = learned["p_tuning"]
    before = classifier.predict_proba(TEXTS)
    turned = {label: words for label, words in zip(reversed(classifier.labels), classifier.words.values(), strict=True)}
    other = classifier.with_words(turned)
    assert other.labels == list(reversed(classifier.labels))
    np.testing.assert_array_equal(other.predict_proba(TEXTS), before)  # the same words in the same columns
    np.testing.assert_array_equal(classifier.predict_proba(TEXTS), before)
    assert classifier.with_words({"人": "人", "国": "国"}).predict_proba(TEXTS).shape == (len(TEXTS), 2)
    with pytest.raises(InvalidValue, match="has not been trained"):
        made().with_words(turned)
