"""The classifier as a user has it: it learns by heart, takes what people have, and is the same each time."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from hash_encoder import HashEncoder
from tasks.labelled_texts import BY_LABEL, LABELS, PAIR_LABELS, PAIRS, TEXTS, small

from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.language import set_language
from baihua.maths.proportion import wilson_interval
from baihua.tasks.classification.settings import METHODS, ClassificationSettings
from baihua.tasks.classify import TextClassifier
from baihua.training.classification_scores import score_labels

each_method = pytest.mark.parametrize("method", METHODS)

REVIEWS = {
    "好评": [
        "味道很好，下次还来",
        "非常好吃，送餐也快",
        "很满意，量足味美",
        "好吃不贵，推荐",
        "送得快，还是热的，赞",
        "老板人好，菜新鲜",
    ],
    "差评": [
        "太难吃了，再也不点",
        "等了两个小时，饭都凉了",
        "很失望，又咸又油",
        "送错了，态度还差",
        "肉是坏的，差评",
        "量少还贵，难吃",
    ],
}
SENTENCES, KINDS = zip(*((text, label) for label, texts in REVIEWS.items() for text in texts), strict=True)
OTHERS = ["非常满意，好吃", "难吃，太失望了", "送餐快，味道好", "又贵又难吃"]


# What it learns.


@each_method
def test_by_heart(small_folder, method):
    classifier = small(small_folder, method, least_steps=100, num_pairs=400).fit(TEXTS, LABELS, show_progress=False)
    if method != "linear":  # of random vectors, which is all the tiny encoder has
        assert classifier.predict(TEXTS) == LABELS
    assert classifier.labels == sorted(BY_LABEL)
    report = classifier.report
    assert (report.num_texts, report.num_blank) == (11, 0)
    assert (report.inverse_penalty is None) == (method == "fine_tune")
    assert report.num_pairs == (400 if method == "contrastive" else 0)
    assert bool(report.log) == (method != "linear")


@each_method
def test_real_sentences_and_others_like_them(method):
    settings = ClassificationSettings(least_steps=30, num_pairs=160, learning_rate=2e-4)
    classifier = TextClassifier("bundled", method, settings=settings, device="cpu").fit(SENTENCES, KINDS)
    assert classifier.predict(SENTENCES) == list(KINDS)
    assert classifier.predict(OTHERS) == ["好评", "差评", "好评", "差评"]


def test_the_static_encoder_will_do():
    classifier = TextClassifier("static").fit(SENTENCES, KINDS)
    assert classifier.predict(SENTENCES) == list(KINDS)
    assert classifier.predict(OTHERS) == ["好评", "差评", "好评", "差评"]


@each_method
def test_one_text_of_each_label(small_folder, method):
    texts, labels = ["手机很好", "我在中国", "天气坏了"], ["好", "国", "坏"]
    classifier = small(small_folder, method, num_pairs=480).fit(texts, labels)
    assert classifier.predict(texts) == labels
    assert (classifier.temperature, classifier.report.calibrated) == (1.0, False)


@each_method
def test_ten_labels(small_folder, method):
    texts = [f"{first}{second}" for first in "手机充不进电怎么办如" for second in ("好了", "我们", "大国")]
    labels = [number for number in range(10) for _ in range(3)]
    classifier = small(small_folder, method, num_pairs=900, least_steps=200).fit(texts, labels)
    assert classifier.labels == [str(number) for number in range(10)]
    right = np.mean([int(label) for label in classifier.predict(texts)] == np.array(labels))
    assert right > (0.5 if method == "linear" else 0.9)


@each_method
def test_pairs(small_folder, method):
    classifier = small(small_folder, method, least_steps=100, num_pairs=480).fit(PAIRS, PAIR_LABELS)
    assert classifier.predict(PAIRS) == PAIR_LABELS
    assert classifier.predict([list(pair) for pair in PAIRS]) == classifier.predict(np.array(PAIRS)) == PAIR_LABELS
    assert classifier.evaluate(PAIRS, PAIR_LABELS).accuracy == 1


def test_pairs_with_the_bundled_encoder():
    """Whether two texts are of one kind: seen in how the halves go together, and in no half alone."""
    kinds = [[0, 1, 2], [3, 4, 5]]
    good, bad = REVIEWS.values()
    pairs = [
        (one[first], one[second])
        for one in (good, bad)
        for part in kinds
        for first, second in itertools.permutations(part, 2)
    ]
    mixed = [(good[first], bad[second]) for first, second in itertools.product(range(5), repeat=2)][:12]
    mixed += [(second, first) for first, second in mixed]
    classifier = TextClassifier("bundled").fit([*pairs, *mixed], ["同"] * 24 + ["异"] * 24)
    assert classifier.report.cross_validated.accuracy > 0.8


# Probabilities.


@each_method
def test_probabilities(small_folder, method):
    classifier = small(small_folder, method, least_steps=10, num_pairs=24).fit(TEXTS, LABELS)
    texts = [*TEXTS, "手机", "", "我"]
    chances = classifier.predict_proba(texts)
    assert chances.dtype == np.float64
    assert chances.shape == (14, 3)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
    assert [classifier.labels[place] for place in chances.argmax(axis=1)] == classifier.predict(texts)
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(chances, alone, atol=1e-4)
    assert classifier.predict_proba([]).shape == (0, 3)
    assert classifier.predict([]) == []


@each_method
def test_blank_texts_get_the_shares_of_the_labels(small_folder, method):
    texts, labels = [*TEXTS, "", " \n\u3000"], [*LABELS, "坏", "坏"]
    classifier = small(small_folder, method, least_steps=10, num_pairs=24).fit(texts, labels, dev=(texts, labels))
    assert (classifier.report.num_texts, classifier.report.num_blank) == (11, 2)
    shares = [labels.count(label) / 13 for label in classifier.labels]
    for blank in ("", "\t", "\u3000 "):
        np.testing.assert_allclose(classifier.predict_proba([blank])[0], shares)
        assert classifier.predict([blank]) == ["坏"]
    assert classifier.predict_proba(["", ""]).shape == (2, 3)


def test_linear_is_calibrated_on_texts_held_out(small_folder):
    classifier = small(small_folder, "linear").fit(TEXTS, LABELS)
    assert classifier.report.calibrated
    assert classifier.temperature != 1
    assert classifier.report.cross_validated.num_texts == 11


@each_method
def test_dev_calibrates(small_folder, method):
    """Labels of dev that say the opposite make every answer as unsure as can be; those that agree make it surer."""
    unsure, sure = ([*LABELS[4:], *LABELS[:4]], LABELS)
    found = []
    for labels in (unsure, sure):
        classifier = small(small_folder, method, patience=100).fit(TEXTS, LABELS, dev=(TEXTS, labels))
        assert classifier.report.calibrated
        found.append(classifier.predict_proba(TEXTS).max(axis=1).mean())
    assert found[0] < found[1]


@each_method
def test_a_dev_that_cannot_calibrate(small_folder, method):
    """The only text of dev whose label is known is blank, and has no logits."""
    classifier = small(small_folder, method, least_steps=10, num_pairs=24).fit(
        TEXTS, LABELS, dev=(["", "好"], ["好", "新"])
    )
    assert classifier.report.calibrated == (method == "linear")


# Scores.


@each_method
def test_evaluate_scores_what_predict_says(small_folder, method):
    classifier = small(small_folder, method, least_steps=10, num_pairs=24).fit(TEXTS, LABELS)
    gold = ["好"] * 6 + ["新"] * 2 + ["坏"] * 3
    scores = classifier.evaluate(TEXTS, gold)
    assert scores == score_labels(classifier.predict_proba(TEXTS), classifier.labels, gold)
    found = classifier.predict(TEXTS)
    assert scores.accuracy == np.mean([one == other for one, other in zip(found, gold, strict=True)])
    assert scores.interval == wilson_interval(scores.num_right, 11)
    assert scores.num_unknown == 2
    assert scores.per_label["新"].recall == 0


def test_labels_are_compared_as_strings(small_folder):
    numbers = [BY_LABEL_NUMBERS[label] for label in LABELS]
    classifier = small(small_folder, least_steps=120).fit(TEXTS, numbers)
    assert classifier.predict(TEXTS) == [str(number) for number in numbers]
    for gold in (numbers, [str(number) for number in numbers], np.array(numbers), pd.Series(numbers, dtype=float)):
        assert classifier.evaluate(TEXTS, gold).accuracy == 1


BY_LABEL_NUMBERS = {label: number for number, label in enumerate(BY_LABEL)}


# The same again.


@each_method
def test_the_order_of_the_texts_plays_no_part(small_folder, method):
    expected = small(small_folder, method).fit(TEXTS, LABELS, dev=(TEXTS, LABELS)).predict_proba(TEXTS)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(TEXTS))
        texts, labels = [TEXTS[place] for place in order], [LABELS[place] for place in order]
        found = small(small_folder, method).fit(texts, labels, dev=(TEXTS, LABELS)).predict_proba(TEXTS)
        assert np.array_equal(found, expected)


def test_the_order_plays_no_part_with_the_bundled_encoder():
    expected = TextClassifier("bundled").fit(SENTENCES, KINDS).predict_proba(OTHERS)
    backwards = TextClassifier("bundled").fit(SENTENCES[::-1], KINDS[::-1]).predict_proba(OTHERS)
    assert np.array_equal(expected, backwards)


@pytest.mark.parametrize("method", ["fine_tune", "contrastive"])
def test_the_same_seed_gives_the_same_to_the_last_digit(small_folder, method):
    found = [
        small(small_folder, method, seed=seed, dropout=0.1, least_steps=20, num_pairs=60)
        .fit(TEXTS, LABELS)
        .predict_proba(TEXTS)
        for seed in (3, 3, 4)
    ]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@each_method
def test_training_disturbs_no_random_numbers_of_others(small_folder, method):
    classifier = small(small_folder, method, least_steps=5, num_pairs=24)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    classifier.fit(TEXTS, LABELS)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002


def test_linear_leaves_the_encoder_as_it_is(small_folder):
    classifier = small(small_folder, "linear")
    before = classifier.encoder.fingerprint()
    classifier.fit(TEXTS, LABELS)
    assert classifier.encoder.fingerprint() == before


# With texts held aside, and cut off.


def test_the_best_weights_on_dev_are_kept(small_folder):
    dev = (TEXTS[::2], LABELS[::2])
    classifier = small(small_folder, patience=60, dropout=0.3, least_steps=120, learning_rate=3e-2).fit(
        TEXTS, LABELS, dev=dev
    )
    report = classifier.report
    assert [look.epoch for look in report.looks] == list(range(3, 61, 3))
    best = max(report.looks, key=lambda look: (look.accuracy, -look.loss))
    assert report.kept == best
    assert classifier.evaluate(*dev).accuracy == best.accuracy
    assert not report.stopped_early


def test_patience_stops_it(small_folder):
    classifier = small(small_folder, patience=2, epochs=300).fit(TEXTS, LABELS, dev=(TEXTS[:3], LABELS[:3]))
    assert classifier.report.stopped_early
    assert classifier.report.looks[-1].epoch < 300


def test_a_label_of_dev_that_is_unknown_counts_as_wrong(small_folder):
    dev = (["手机很好", "我们"], ["好", "新"])
    classifier = small(small_folder, patience=60).fit(TEXTS, LABELS, dev=dev)
    assert classifier.report.kept.accuracy == classifier.evaluate(*dev).accuracy == 0.5


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


@pytest.mark.parametrize("method", ["fine_tune", "contrastive"])
@pytest.mark.parametrize("with_dev", [False, True])
def test_gone_on_with_it_is_as_if_never_cut_off(small_folder, tmp_path, method, with_dev):
    dev = (TEXTS, LABELS) if with_dev else None
    changes = {"least_steps": 20, "num_pairs": 120, "dropout": 0.1, "patience": 100, "save_every": 0}
    whole = small(small_folder, method, **changes).fit(TEXTS, LABELS, dev=dev)
    cut = small(small_folder, method, **changes)
    steps = itertools.count()

    def kill(module, *_):
        if module.training and next(steps) == 13:
            raise Killed

    cut.encoder.model.register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        cut.fit(TEXTS, LABELS, dev=dev, folder=tmp_path)
    again = small(small_folder, method, **changes).fit(TEXTS, LABELS, dev=dev, folder=tmp_path)
    assert [look.epoch for look in again.report.looks] == [look.epoch for look in whole.report.looks]
    assert bool(whole.report.looks) == (with_dev and method == "fine_tune")
    np.testing.assert_allclose(again.predict_proba(TEXTS), whole.predict_proba(TEXTS), atol=1e-4)


@pytest.mark.parametrize("method", ["fine_tune", "contrastive"])
def test_a_training_cut_off_leaves_what_there_was(small_folder, method):
    classifier = small(small_folder, method).fit(TEXTS, LABELS)
    expected, report = classifier.predict_proba(TEXTS), classifier.report

    def kill(module, *_):
        if module.training:
            raise Killed

    classifier.encoder.model.register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        classifier.fit(TEXTS[:6], LABELS[:6])
    assert np.array_equal(classifier.predict_proba(TEXTS), expected)
    assert classifier.report is report


def test_the_checkpoint_of_another_model(small_folder, tmp_path):
    small(small_folder).fit(TEXTS, LABELS, folder=tmp_path)
    with pytest.raises(FileProblem, match="belongs to another model"):
        small(small_folder).fit([*TEXTS, "新的"], [*LABELS, "新"], folder=tmp_path)


def test_a_second_fit_goes_on_from_the_first(small_folder):
    classifier = small(small_folder).fit(TEXTS, LABELS)
    changed = classifier.encoder.fingerprint()
    assert changed != load_encoder(str(small_folder), device="cpu").fingerprint()
    classifier.fit(PAIRS, PAIR_LABELS)
    assert classifier.labels == ["不同", "同"]
    assert classifier.predict(PAIRS) == PAIR_LABELS


# Long texts.


@each_method
def test_long_texts_are_cut_and_it_is_said(small_folder, method):
    classifier = small(small_folder, method, least_steps=5, num_pairs=24).fit(TEXTS, LABELS)
    long = "手机很好" * 30
    with pytest.warns(UserWarning, match="only (their|its) beginning was used"):
        (chances,) = classifier.predict_proba([long])
    np.testing.assert_allclose(chances, classifier.predict_proba([long[:30]])[0], atol=1e-5)


def test_max_length_holds_in_training_and_after(small_folder):
    classifier = small(small_folder, max_length=8)
    with pytest.warns(UserWarning, match="longer than 8 tokens"):
        classifier.fit(["手机很好" * 5, "我们在中国"], ["好", "国"])
    with pytest.warns(UserWarning, match="longer than 8 tokens"):
        found = classifier.predict_proba(["手机很好" * 5])
    np.testing.assert_allclose(found, classifier.predict_proba([("手机很好" * 5)[:6]]), atol=1e-6)


# What it is given.


@each_method
def test_texts_and_labels_in_any_sequence(small_folder, method):
    table = pd.DataFrame({"text": TEXTS, "label": LABELS}, index=range(50, 61))
    ways = [
        (TEXTS, LABELS),
        (tuple(TEXTS), tuple(LABELS)),
        (np.array(TEXTS), np.array(LABELS)),
        (table["text"], table["label"]),
        (table["text"], table["label"].astype("category")),
    ]
    found = []
    for texts, labels in ways:
        classifier = small(small_folder, method, least_steps=10, num_pairs=24).fit(texts, labels, dev=(texts, labels))
        found.append(classifier.predict_proba(texts).tolist())
        assert classifier.evaluate(texts, labels).num_texts == 11
    assert all(one == found[0] for one in found)


@each_method
def test_half_a_character_is_no_mistake(small_folder, method):
    classifier = small(small_folder, method, least_steps=5, num_pairs=24).fit(["好\ud83d", "坏"], [1, 2])
    assert np.array_equal(classifier.predict_proba(["好\ud83d"]), classifier.predict_proba(["好\ufffd"]))


def test_an_encoder_of_ones_own(small_folder):
    classifier = TextClassifier(HashEncoder()).fit(SENTENCES, KINDS)
    assert classifier.predict(SENTENCES) == list(KINDS)
    pairs = TextClassifier(HashEncoder()).fit(PAIRS, PAIR_LABELS)
    assert pairs.predict_proba(PAIRS).shape == (6, 2)


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_mistakes_name_what_is_wrong(small_folder, method):
    classifier = small(small_folder, "linear")
    if method == "evaluate":
        classifier.fit(TEXTS, LABELS)
    do = getattr(classifier, method)
    for texts, labels, message in [
        ("好", ["好"], "received a single string"),
        (["好", None], [1, 2], "Item 1 of texts is not a string but NoneType"),
        (5, [1], "received int"),
        (["好", ("好", "坏")], [1, 2], "item 1 is several"),
        (["好", "坏"], "好坏", "labels must be a sequence with a label for each text"),
        (["好", "坏"], [1, [2]], "Item 1 of labels cannot be a label"),
    ]:
        with pytest.raises(InvalidType, match=message):
            do(texts, labels)
    for texts, labels, message in [
        (["好", "坏"], [1], "same length, but received 2 and 1"),
        (["好", "坏"], [1, float("nan")], "Item 1 of labels is no label but nan"),
    ]:
        with pytest.raises(InvalidValue, match=message):
            do(texts, labels)


def test_mistakes_of_predict(small_folder):
    classifier = small(small_folder, "linear").fit(TEXTS, LABELS)
    for do in (classifier.predict, classifier.predict_proba):
        with pytest.raises(InvalidType, match="received a single string"):
            do("好")
        with pytest.raises(InvalidType, match=r"Item 2 of texts is not a string but float: nan"):
            do(pd.Series(["我", "在", np.nan]))
        with pytest.raises(InvalidType, match="learned from single texts, but texts holds pairs"):
            do(PAIRS)
    with pytest.raises(InvalidValue, match="There is no text to score"):
        classifier.evaluate([], [])


@each_method
def test_a_refused_training_leaves_the_classifier_as_it_was(small_folder, method):
    classifier = small(small_folder, method, least_steps=10, num_pairs=24).fit(TEXTS, LABELS)
    expected, labels, report = classifier.predict_proba(TEXTS), classifier.labels, classifier.report
    for texts, answers, dev in [
        ([], [], None),
        (["好", "坏"], [1, 1], None),
        (["好", " "], [1, 2], None),
        (["好", "坏"], [1, None], None),
        (["好", "坏"], [1, 2], (["好"], [3])),
        (["好", "坏"], [1, 2], (["好"], [1, 2])),
    ]:
        with pytest.raises(InvalidValue):
            classifier.fit(texts, answers, dev=dev)
        assert (classifier.labels, classifier.report) == (labels, report)
        assert np.array_equal(classifier.predict_proba(TEXTS), expected)


def test_before_it_is_trained(small_folder):
    classifier = small(small_folder)
    for do in (
        lambda: classifier.predict(["我"]),
        lambda: classifier.predict([]),
        lambda: classifier.predict_proba(["我"]),
        lambda: classifier.evaluate(["我"], [1]),
    ):
        with pytest.raises(InvalidValue, match="Call fit first"):
            do()
    set_language("zh")
    with pytest.raises(InvalidValue, match="还没有训练"):
        classifier.predict(["我"])


def test_what_cannot_be_a_classifier(small_folder):
    for method in ("fine_tune", "contrastive"):
        with pytest.raises(InvalidValue, match="static is no transformer"):
            TextClassifier("static", method)
    with pytest.raises(InvalidValue, match="Unknown method 'svm'"):
        TextClassifier("static", "svm")
    assert TextClassifier(small_folder, "setfit", device="cpu").method == "contrastive"
    assert TextClassifier(str(small_folder), "finetune", device="cpu").method == "fine_tune"


def test_a_training_that_diverges_is_refused_and_nothing_is_lost(small_folder):
    classifier = small(small_folder).fit(TEXTS, LABELS)
    expected = classifier.predict_proba(TEXTS)

    def spoil(module, *_):
        if module.training:
            with torch.no_grad():
                next(module.parameters()).fill_(torch.nan)

    handle = classifier.encoder.model.register_forward_pre_hook(spoil)
    with pytest.raises(InvalidValue, match="diverged|loss became"):
        classifier.fit(TEXTS, LABELS)
    handle.remove()
    assert np.array_equal(classifier.predict_proba(TEXTS), expected)
