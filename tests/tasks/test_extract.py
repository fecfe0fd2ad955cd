"""The extractor as a user has it: it learns by heart, reads texts of any length and kind, and says what is wrong."""

import itertools
import json
import math
import random
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from tiny_models import make_bert
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings
from baihua.text.entities import OVERLAPS, Entity, choose_overlaps, outermost
from baihua.training.span_metrics import score_entities

POINTERS = [name for name in HEADS if name != "crf"]


def mark(text, **words):
    """The entities that some words are, each wherever it stands."""
    return sorted(
        Entity(found.start(), found.end(), kind)
        for kind, listed in words.items()
        for word in listed.split()
        for found in re.finditer(word, text)
    )


TEXTS = ["小王在北京大学读书。", "上周他从上海飞到广州。", "李明是南京大学的老师，住在南京。", "今天的天气很好。"]
ENTITIES = [
    mark(TEXTS[0], 人="小王", 地="北京", 组织="北京大学"),
    mark(TEXTS[1], 地="上海 广州"),
    mark(TEXTS[2], 人="李明 南京大学的老师", 地="南京", 组织="南京大学"),
    [],
]
KINDS = {"人", "地", "组织"}
FLAT = [outermost(mine) for mine in ENTITIES]


def joined(order, filler=0):
    """Sentences one after another, as many as there are numbers, and the entities in them."""
    text, entities = "。" * filler, []
    for number in order:
        entities += [Entity(one.start + len(text), one.end + len(text), one.type) for one in ENTITIES[number]]
        text += TEXTS[number]
    return text, sorted(entities)


DRAWN = random.Random(0)
LEARNED = [joined(DRAWN.choices(range(4), k=14), 3) for _ in range(8)]
LONG = [joined(DRAWN.choices(range(4), k=10), filler) for filler in range(60)]


def gold_of(head, entities):
    return [outermost(mine) for mine in entities] if head == "crf" else entities


@pytest.fixture(scope="module")
def extractors():
    """One of each head, of the bundled encoder and windows of 64 tokens, that knows the sentences by heart."""
    trained = {}
    for head in HEADS:
        settings = ExtractionSettings(epochs=8, batch_size=4, max_width=12)
        made = EntityExtractor(load_encoder("bundled", max_length=64, device="cpu"), head, settings=settings)
        texts, entities = zip(*LEARNED, *zip(TEXTS, ENTITIES, strict=True), strict=True)
        trained[head] = made.fit(texts, entities, show_progress=False)
    return trained


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory):
    """A tiny random BERT that reads 32 tokens."""
    folder = tmp_path_factory.mktemp("small") / "model"
    make_bert(folder, num_hidden_layers=1)
    return folder


SMALL_TEXTS = ["我在中国上学", "他们来大国", "今天的天气很好", "好的中年人", "你们在中国", "我"]
SMALL_ENTITIES = [
    [(0, 1, "人"), (2, 4, "地"), (2, 6, "事")],
    [(0, 2, "人"), (3, 5, "地")],
    [],
    [(0, 5, "人"), (2, 5, "人"), (0, 3, "事")],
    [(0, 2, "人"), (3, 5, "地")],
    [(0, 1, "人")],
]
QUICK = ExtractionSettings(epochs=150, batch_size=6, learning_rate=1e-2, dropout=0.0)


def small(folder, head="global_pointer", overlap="nested", **changes):
    return EntityExtractor(str(folder), head, overlap=overlap, settings=replace(QUICK, **changes), device="cpu")


@pytest.fixture(scope="module")
def beginner(small_folder):
    """A tiny one that has not learned much and is unsure of everything."""
    return small(small_folder, epochs=12, batch_size=2).fit(SMALL_TEXTS, SMALL_ENTITIES, show_progress=False)


def as_entities(lists):
    return [sorted(Entity(*one) for one in mine) for mine in lists]


def exactly(found):
    """Entities with their scores, which take no part in their equality."""
    return [[(one.start, one.end, one.type, one.score) for one in mine] for mine in found]


# What it learns.


@pytest.mark.parametrize("head", HEADS)
def test_by_heart(extractors, head):
    found = extractors[head].predict(TEXTS)
    assert found == (FLAT if head == "crf" else ENTITIES)
    assert all(0.5 < one.score <= 1 for mine in found for one in mine)
    report = extractors[head].report
    num_given = sum(len(mine) for _, mine in LEARNED) + sum(map(len, ENTITIES))
    num_flat = sum(len(outermost(mine)) for _, mine in LEARNED) + sum(map(len, FLAT))
    assert (report.num_texts, report.num_lost) == (len(LEARNED) + 4, 0)
    assert report.num_entities == (num_flat if head == "crf" else num_given)
    assert report.num_covered == (num_given - num_flat if head == "crf" else 0)


@pytest.mark.parametrize(("head", "overlap"), [*itertools.product(HEADS, OVERLAPS)])
def test_every_head_with_every_overlap(extractors, monkeypatch, head, overlap):
    monkeypatch.setattr(extractors[head], "overlap", overlap)
    found = extractors[head].predict(TEXTS)
    if head == "crf":
        assert found == FLAT
    elif overlap != "flat":
        assert found == ENTITIES
    else:
        for mine, true in zip(found, ENTITIES, strict=True):
            assert set(mine) <= set(true)
            assert all(before.end <= after.start for before, after in itertools.pairwise(mine))
            covered = {place for one in mine for place in range(one.start, one.end)}
            assert all(covered & set(range(one.start, one.end)) for one in true)


@pytest.mark.parametrize("head", HEADS)
def test_a_tiny_random_encoder_learns_too(small_folder, head):
    """Crossing entities, a whole text, a text of one character, one without any entity."""
    extractor = small(small_folder, head).fit(SMALL_TEXTS, SMALL_ENTITIES, show_progress=False)
    gold = as_entities(SMALL_ENTITIES)
    assert extractor.predict(SMALL_TEXTS) == gold_of(head, gold)
    assert extractor.report.num_covered == (3 if head == "crf" else 0)
    for overlap in OVERLAPS:
        extractor.overlap = overlap
        found = extractor.predict(SMALL_TEXTS)
        assert found == [choose_overlaps(mine, overlap) for mine in found]
        assert all(set(mine) <= set(true) for mine, true in zip(found, gold, strict=True))


@pytest.mark.parametrize("text", ["我在中国上学", "国"])
def test_a_single_text_is_enough(small_folder, text):
    entities = [[(0, len(text), "全"), (0, 1, "首")]]
    extractor = small(small_folder, epochs=100).fit([text], entities, show_progress=False)
    assert extractor.predict([text]) == as_entities(entities)


@pytest.mark.parametrize("settings", [{"rotary": False}, {"max_width": None}, {"max_length": None}, {"head_size": 2}])
def test_other_settings_work(small_folder, settings):
    extractor = small(small_folder, **settings).fit(SMALL_TEXTS, SMALL_ENTITIES, show_progress=False)
    assert extractor.evaluate(SMALL_TEXTS, SMALL_ENTITIES).f1 > 0.8


def make_bytes_model(folder):
    """A decoder over bytes: no special tokens, no dropout, several tokens to a character."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        ["Hello"], trainers.BpeTrainer(vocab_size=260, initial_alphabet=alphabet, show_progress=False)
    )
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.LlamaConfig(vocab_size=300, max_position_embeddings=64, **sizes)
    torch.manual_seed(1)
    transformers.LlamaModel(config).save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(names), encoding="utf-8")


BYTES_TEXTS = ["饕餮🙂Hello", "我👨‍🚒吃", "𠮷野家 在  北京"]
BYTES_ENTITIES = [[(0, 2, "兽"), (2, 3, "脸"), (3, 8, "词")], [(1, 4, "脸")], [(0, 3, "词"), (7, 9, "词")]]


@pytest.mark.parametrize("head", HEADS)
def test_an_encoder_that_reads_bytes(tmp_path, head):
    make_bytes_model(tmp_path)
    extractor = small(tmp_path, head, max_width=20).fit(BYTES_TEXTS, BYTES_ENTITIES, show_progress=False)
    assert extractor.predict(BYTES_TEXTS) == as_entities(BYTES_ENTITIES)
    again = EntityExtractor.load(extractor.save(tmp_path / "saved"), device="cpu")
    assert exactly(again.predict(BYTES_TEXTS)) == exactly(extractor.predict(BYTES_TEXTS))
    long = "Hello，" * 40
    assert all(long[one.start : one.end] for one in extractor.predict([long])[0])


def test_an_entity_too_wide_that_is_found_all_the_same(tmp_path):
    """饕餮 is six tokens, of which the inner four stand for the same two characters."""
    make_bytes_model(tmp_path)
    extractor = small(tmp_path, max_width=4, epochs=2).fit(BYTES_TEXTS, BYTES_ENTITIES, show_progress=False)
    assert extractor.report.num_lost > 0
    extractor.thresholds = dict.fromkeys(extractor.thresholds, 0.0)
    scores = extractor.evaluate(BYTES_TEXTS, BYTES_ENTITIES)
    assert Entity(0, 2, "兽") in extractor.predict(BYTES_TEXTS)[0]
    assert scores.per_type["兽"].recall == 1
    assert scores.num_lost == scores.num_gold - scores.num_right == 2


# Long texts.


@pytest.mark.parametrize("head", HEADS)
def test_long_texts_give_the_same_entities_further_on(extractors, head):
    """Sixty texts, each a character further on, so that windows meet in every place of a sentence."""
    extractor = extractors[head]
    texts, entities = zip(*LONG, strict=True)
    assert min(map(len, texts)) > 64
    found = extractor.predict(texts)
    assert found == gold_of(head, list(entities))
    scores = extractor.evaluate(texts, gold_of(head, entities))
    assert (scores.f1, scores.num_lost) == (1, 0)


@pytest.mark.parametrize("head", HEADS)
def test_much_longer_than_the_encoder_reads(extractors, head):
    text, entities = joined(list(range(4)) * 60, 7)
    assert len(text) > 40 * 64
    (found,) = extractors[head].predict([text])
    assert found == gold_of(head, [entities])[0]


def test_a_training_text_in_windows_teaches_one_thing(small_folder):
    """What lies in two windows is an entity in both, and every one of them is found again."""
    text = "我在中国。" * 20
    entities = [mark(text, 人="我", 地="中国")]
    extractor = small(small_folder, max_length=16, max_width=6, epochs=60).fit([text], entities, show_progress=False)
    assert (extractor.report.num_entities, extractor.report.num_lost) == (40, 0)
    assert extractor.predict([text]) == entities


def test_evaluate_scores_what_predict_says(extractors):
    texts, entities = zip(*LONG[:5], strict=True)
    wider = [[*mine, Entity(0, len(text), "地")] for text, mine in LONG[:5]]
    for head in HEADS:
        found = extractors[head].predict(texts)
        scores = extractors[head].evaluate(texts, wider)
        assert scores.strict == score_entities(found, wider).strict
        assert scores.num_lost == 5
        assert extractors[head].evaluate(texts, entities).num_lost == 0


# The same again.


def test_the_same_seed_gives_the_same_to_the_last_digit(small_folder):
    found = [
        exactly(
            small(small_folder, seed=seed, epochs=100, dropout=0.1).fit(SMALL_TEXTS, SMALL_ENTITIES).predict(SMALL_TEXTS)
        )
        for seed in (3, 3, 4)
    ]
    assert any(found[0])
    assert found[0] == found[1] != found[2]


def test_training_disturbs_no_random_numbers_of_others(small_folder):
    made = small(small_folder, epochs=1)
    before = torch.get_rng_state()
    made.fit(SMALL_TEXTS, SMALL_ENTITIES)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("head", HEADS)
def test_together_or_one_by_one(extractors, head):
    texts = [*TEXTS, "北京", "", LONG[33][0], "上周小王飞到南京。" * 3, "😀", "Hello 北京大学"]
    together = extractors[head].predict(texts)
    backwards = extractors[head].predict(texts[::-1])[::-1]
    alone = [extractors[head].predict([text])[0] for text in texts]
    assert together == backwards == alone
    for other in (backwards, alone):
        for one, same in zip(itertools.chain(*together), itertools.chain(*other), strict=True):
            assert one.score == pytest.approx(same.score, abs=1e-5)


def test_the_same_text_twice_has_the_same_entities(extractors):
    for extractor in extractors.values():
        first, second, third = extractor.predict([TEXTS[0], TEXTS[0], TEXTS[0]])
        assert first == second == third


def test_a_saved_one_says_the_same(extractors, tmp_path):
    texts = [*TEXTS, *(text for text, _ in LONG[:3]), "", "别的话，在上海和北京。"]
    for head, extractor in extractors.items():
        folder = extractor.save(tmp_path / head)
        assert exactly(EntityExtractor.load(folder, device="cpu").predict(texts)) == exactly(extractor.predict(texts))
        assert load_encoder(str(folder), device="cpu").encode(TEXTS).shape == (4, 256)


# With texts held aside.


def test_the_best_weights_on_dev_are_kept(small_folder):
    settings = {"epochs": 60, "patience": 60, "learning_rate": 3e-2, "dropout": 0.2, "batch_size": 2}
    dev = (SMALL_TEXTS[:4], SMALL_ENTITIES[:4])
    extractor = small(small_folder, **settings).fit(SMALL_TEXTS, SMALL_ENTITIES, dev=dev)
    report = extractor.report
    assert [look.epoch for look in report.looks] == list(range(1, 61))
    assert report.kept.f1 == max(look.f1 for look in report.looks) > report.looks[0].f1
    assert extractor.evaluate(*dev).f1 == report.kept.f1
    assert not report.stopped_early


def test_patience_stops_it(small_folder):
    extractor = small(small_folder, epochs=500, patience=4, batch_size=3)
    report = extractor.fit(SMALL_TEXTS, SMALL_ENTITIES, dev=(SMALL_TEXTS, SMALL_ENTITIES)).report
    assert report.stopped_early
    assert report.kept.f1 > 0
    assert report.looks[-1].epoch == report.kept.epoch + 4 < 500
    assert extractor.evaluate(SMALL_TEXTS, SMALL_ENTITIES).f1 == report.kept.f1


def test_dev_does_not_change_what_is_learned(small_folder):
    """As long as the last epoch is the best, that is, which four texts of one epoch each make sure of."""
    plain = small(small_folder, epochs=1).fit(SMALL_TEXTS, SMALL_ENTITIES)
    watched = small(small_folder, epochs=1).fit(SMALL_TEXTS, SMALL_ENTITIES, dev=(SMALL_TEXTS, SMALL_ENTITIES))
    assert (plain.report.looks, plain.report.kept) == ([], None)
    assert len(watched.report.looks) == 1
    one, other = (extractor.encoder.model.state_dict() for extractor in (plain, watched))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_types_of_dev_that_are_unknown_count_as_missed(small_folder):
    dev = (SMALL_TEXTS, [[*mine, (0, 1, "新")] for mine in SMALL_ENTITIES])
    extractor = small(small_folder, patience=150).fit(SMALL_TEXTS, SMALL_ENTITIES, dev=dev)
    assert 0 < extractor.report.kept.f1 < 1
    assert extractor.evaluate(*dev).f1 == extractor.report.kept.f1
    assert extractor.evaluate(*dev).per_type["新"].gold == 6


# Cut off and gone on with.


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


@pytest.mark.parametrize("head", ["efficient_global_pointer", "crf"])
@pytest.mark.parametrize("with_dev", [False, True])
def test_gone_on_with_it_is_as_if_never_cut_off(small_folder, tmp_path, head, with_dev):
    dev = (SMALL_TEXTS, SMALL_ENTITIES) if with_dev else None
    settings = {"epochs": 6, "batch_size": 2, "dropout": 0.1, "patience": 6, "save_every": 0}
    whole = small(small_folder, head, **settings).fit(SMALL_TEXTS, SMALL_ENTITIES, dev=dev)
    cut = small(small_folder, head, **settings)
    steps = itertools.count()

    def kill(module, *_):
        if module.training and next(steps) == 10:
            raise Killed

    cut.encoder.model.register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        cut.fit(SMALL_TEXTS, SMALL_ENTITIES, dev=dev, folder=tmp_path)
    again = small(small_folder, head, **settings).fit(SMALL_TEXTS, SMALL_ENTITIES, dev=dev, folder=tmp_path)
    assert again.report.looks == whole.report.looks
    assert again.report.kept == whole.report.kept
    assert len(whole.report.looks) == (6 if with_dev else 0)
    expected = whole.encoder.model.state_dict()
    for name, tensor in again.encoder.model.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], atol=1e-6, rtol=0)
    one, other = (extractor.predict(SMALL_TEXTS) for extractor in (whole, again))
    assert one == other


def test_the_checkpoint_of_another_model(small_folder, tmp_path):
    small(small_folder, epochs=1).fit(SMALL_TEXTS, SMALL_ENTITIES, folder=tmp_path)
    with pytest.raises(FileProblem, match="belongs to another model"):
        small(small_folder, "crf", epochs=1).fit(SMALL_TEXTS, SMALL_ENTITIES, folder=tmp_path)


# What it is given.


def test_texts_and_entities_in_any_sequence(small_folder):
    column = pd.DataFrame({"text": SMALL_TEXTS, "entities": SMALL_ENTITIES}, index=list("abcdef"))
    numbers = [[(np.int64(start), np.int64(end), kind) for start, end, kind in mine] for mine in SMALL_ENTITIES]
    ways = [
        (SMALL_TEXTS, as_entities(SMALL_ENTITIES)),
        (column["text"], column["entities"]),
        (np.array(SMALL_TEXTS), tuple(numbers)),
        (tuple(SMALL_TEXTS), [mine * 2 for mine in SMALL_ENTITIES]),  # each twice
    ]
    found = []
    for texts, entities in ways:
        extractor = small(small_folder, epochs=80, patience=80).fit(texts, entities, dev=(texts, entities))
        assert extractor.report.num_entities == 11
        found.append((exactly(extractor.predict(texts)), extractor.evaluate(texts, entities)))
    assert any(found[0][0])
    assert all(one == found[0] for one in found)
    json.dumps([[one.start, one.end] for mine in found[0][0] for one in extractor.predict(SMALL_TEXTS)[0]])


def test_nothing_to_read(extractors):
    for extractor in extractors.values():
        assert extractor.predict([]) == []
        assert extractor.predict(["", " ", "\r\n", "\u200b\ufeff"]) == [[], [], [], []]
        assert extractor.evaluate([], []).f1 == 0
        scores = extractor.evaluate(["", " \n"], [[], [(0, 1, "人")]])
        assert (scores.num_gold, scores.num_found, scores.num_lost) == (1, 0, 1)


def test_types_never_seen_count_as_missed(extractors):
    for head in HEADS:
        scores = extractors[head].evaluate(TEXTS, [[*FLAT[0], (0, 1, "新")], *FLAT[1:]])
        assert scores.per_type["新"].recall == 0
        assert scores.num_lost == 0
        if head == "crf":
            assert scores.precision == 1


@pytest.mark.parametrize("method", ["fit", "evaluate", "tune_thresholds"])
def test_mistakes_name_what_is_wrong(beginner, small_folder, method):
    do = getattr(small(small_folder) if method == "fit" else beginner, method)
    with pytest.raises(InvalidType, match="received a single string"):
        do("我在中国", [[]])
    with pytest.raises(InvalidType, match="Item 1 of texts is not a string but NoneType"):
        do(["我", None], [[], []])
    with pytest.raises(InvalidType, match="received int"):
        do(5, [[]])
    with pytest.raises(InvalidValue, match="item 1 of entities the entity 0–3 reaches beyond its text of 2"):
        do(["我在", "中国"], [[(0, 1, "人")], [(0, 3, "地")]])
    with pytest.raises(InvalidValue, match="same length, but received 2 and 1"):
        do(["我在", "中国"], [[(0, 1, "人")]])
    with pytest.raises(InvalidType, match="item 0 of entities is no entity"):
        do(["我在"], [[("我", "人")]])
    with pytest.raises(InvalidType, match="entities must hold a list of entities for each text, but item 1 is none"):
        do(["我在", "中国"], [[], None])


def test_mistakes_of_predict(beginner):
    with pytest.raises(InvalidType, match="received a single string"):
        beginner.predict("我在中国")
    with pytest.raises(InvalidType, match=r"Item 2 of texts is not a string but float: nan"):
        beginner.predict(pd.Series(["我", "在", np.nan]))
    with pytest.raises(InvalidType, match="received NoneType"):
        beginner.predict(None)


@pytest.mark.parametrize(
    ("texts", "entities", "message"),
    [
        ([], [], "None of the 0 training texts has an entity"),
        (SMALL_TEXTS, [[]] * 6, "None of the 6 training texts has an entity"),
        (["", " ", "\n"], [[], [], []], "None of the 3 training texts has an entity"),
        ([" ", "\n"], [[(0, 1, "人")], []], "No entity begins and ends at edges of tokens"),
        (["hello"], [[(1, 3, "人")]], "No entity begins and ends at edges of tokens"),
    ],
)
def test_nothing_to_learn(small_folder, texts, entities, message):
    with pytest.raises(InvalidValue, match=message):
        small(small_folder).fit(texts, entities)


def test_a_refused_training_leaves_the_extractor_as_it_was(beginner):
    expected, types = exactly(beginner.predict(SMALL_TEXTS)), beginner.entity_types
    for texts, entities, dev in [
        (SMALL_TEXTS, [[]] * 6, None),
        ([" "], [[(0, 1, "新")]], None),
        (["我"], [[(0, 9, "新")]], None),
        (["我"], [[(0, 1, "新")]], (["我"], [[]])),
        (["我"], [[(0, 1, "新")]], (["我"], [[(0, 2, "新")]])),
    ]:
        with pytest.raises(InvalidValue):
            beginner.fit(texts, entities, dev=dev)
        assert beginner.entity_types == types
        assert exactly(beginner.predict(SMALL_TEXTS)) == expected


def test_before_it_is_trained(small_folder):
    extractor = small(small_folder)
    for do in (
        lambda: extractor.predict(["我"]),
        lambda: extractor.predict([]),
        lambda: extractor.evaluate(["我"], [[]]),
        lambda: extractor.tune_thresholds(["我"], [[]]),
    ):
        with pytest.raises(InvalidValue, match="Call fit first"):
            do()


def test_what_cannot_be_an_extractor(small_folder):
    with pytest.raises(InvalidValue, match="static is no transformer"):
        EntityExtractor("static")
    with pytest.raises(InvalidValue, match="Unknown head 'pointer'"):
        EntityExtractor(str(small_folder), "pointer")
    with pytest.raises(InvalidValue, match="Unknown overlap 'crossing'"):
        EntityExtractor(str(small_folder), overlap="crossing")
    assert EntityExtractor(str(small_folder), "egp", device="cpu").head == "efficient_global_pointer"
    assert EntityExtractor(small_folder, "gp", device="cpu").head == "global_pointer"
    for wrong in (
        {"epochs": 0},
        {"batch_size": 0},
        {"max_length": 7},
        {"head_size": 1},
        {"max_width": 0},
        {"patience": 0},
        {"save_every": -1},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"learning_rate": 0.0},
        {"precision": "float16"},
    ):
        with pytest.raises(InvalidValue, match=next(iter(wrong))):
            ExtractionSettings(**wrong)
    with pytest.raises(InvalidValue, match="even head_size"):
        ExtractionSettings(head_size=3)


@pytest.mark.parametrize("head", HEADS)
def test_bfloat16_trains_and_predicts(small_folder, head):
    extractor = small(small_folder, head, precision="bfloat16").fit(SMALL_TEXTS, SMALL_ENTITIES, show_progress=False)
    assert all(math.isfinite(line["loss"]) for line in extractor.report.log)
    assert extractor.report.log[-1]["loss"] < extractor.report.log[0]["loss"]
    found = extractor.predict([*SMALL_TEXTS, "我在中国上学，" * 20])
    assert any(found)
    assert all(0 <= one.score <= 1 for mine in found for one in mine)


# Thresholds.


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_tuning_never_lowers_f1(small_folder, tmp_path, head, overlap):
    extractor = small(small_folder, head, overlap, epochs=15, batch_size=2).fit(SMALL_TEXTS, SMALL_ENTITIES)
    rng = random.Random(1)
    for _ in range(6):
        texts = ["".join(rng.choices("我你他们在中国大学上来好的天气很", k=12)) for _ in range(6)]
        found = extractor.predict(texts)
        gold = [[*rng.sample(mine, len(mine) // 2), (0, 2, "人"), (3, 5, "地")] for mine in found]
        before = extractor.evaluate(texts, gold).f1
        assert extractor.tune_thresholds(texts, gold).evaluate(texts, gold).f1 >= before
    again = EntityExtractor.load(extractor.save(tmp_path / "saved"), device="cpu")
    assert again.thresholds == extractor.thresholds
    assert exactly(again.predict(texts)) == exactly(extractor.predict(texts))


@pytest.mark.parametrize("head", POINTERS)
def test_tuning_finds_what_is_less_probable_than_half(small_folder, head):
    """An extractor in its first epochs is sure of nothing, but knows better what is an entity than what is none."""
    extractor = small(small_folder, head, epochs=40, learning_rate=5e-3).fit(SMALL_TEXTS, SMALL_ENTITIES)
    before = extractor.evaluate(SMALL_TEXTS, SMALL_ENTITIES)
    assert before.recall < 0.5
    after = extractor.tune_thresholds(SMALL_TEXTS, SMALL_ENTITIES).evaluate(SMALL_TEXTS, SMALL_ENTITIES)
    assert after.recall > before.recall
    assert after.f1 > before.f1
    assert min(extractor.thresholds.values()) < 0.5


def test_tuning_what_is_right_already_changes_nothing(extractors):
    for head in HEADS:
        before = dict(extractors[head].thresholds)
        extractors[head].tune_thresholds(TEXTS, gold_of(head, ENTITIES))
        assert extractors[head].thresholds == before == dict.fromkeys(sorted(KINDS), 0.0 if head == "crf" else 0.5)


@pytest.mark.parametrize("head", HEADS)
def test_thresholds_of_a_user(extractors, monkeypatch, head):
    extractor = extractors[head]
    found = []
    for chance in (0, 0.2, 0.5, 0.9, 1):
        monkeypatch.setattr(extractor, "thresholds", dict.fromkeys(KINDS, chance))
        found.append(extractor.predict(TEXTS[:2]))
        assert all(chance - 1e-5 <= one.score <= 1 for mine in found[-1] for one in mine)
    for more, fewer in itertools.pairwise(found):
        assert all(set(few) <= set(many) for few, many in zip(fewer, more, strict=True))
    assert found[-1] == [[], []]
    monkeypatch.setattr(extractor, "thresholds", dict.fromkeys(KINDS, 1.5))
    with pytest.raises(InvalidValue, match="probabilities from 0 to 1, but received 1.5"):
        extractor.predict(TEXTS)


# Any text at all.

RANGES = [
    (0x4E00, 0x9FFF),
    (0x20, 0x7E),
    (0x1F300, 0x1FAFF),
    (0xFF01, 0xFF5E),
    (0x200B, 0x200F),
    (0x0, 0x1F),
    (0x80, 0x9F),
]
RANGES += [(0x590, 0x6FF), (0x300, 0x36F), (0xD800, 0xDFFF), (0x20000, 0x2A6DF), (0x3000, 0x33FF), (0xAC00, 0xD7A3)]
RANGES += [(0xE000, 0xF8FF), (0xFE00, 0xFE0F), (0x202A, 0x202E), (0xF900, 0xFAFF), (0x1F1E6, 0x1F1FF), (0x0, 0x10FFFF)]
CHUNKS = [
    "小王",
    "北京大学",
    "南京",
    "，",
    "。",
    " ",
    "\r\n",
    "👨‍🚒",
    "🙂",
    "\ufeff",
    "\u200b",
    "[SEP]",
    "[MASK]",
    "ＡＢ",
    "12.5",
]


def any_text(rng, length):
    """Random characters of some ranges, with known words between."""
    ranges = rng.sample(RANGES, k=3)
    parts = [rng.choice(CHUNKS) if rng.random() < 0.4 else chr(rng.randint(*rng.choice(ranges))) for _ in range(length)]
    return "".join(parts)[:length]


def check_any(extractor, texts):
    """Predict, check everything that can be checked without knowing the answer, and return how many were found."""
    found = extractor.predict(texts, show_progress=False)
    assert len(found) == len(texts)
    for text, mine in zip(texts, found, strict=True):
        assert mine == sorted(set(mine))
        for one in mine:
            assert 0 <= one.start < one.end <= len(text)
            assert one.type in extractor.entity_types
            assert 0 <= one.score <= 1
    readable = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in texts]
    assert readable != texts
    assert exactly(extractor.predict(readable, show_progress=False)) == exactly(found)
    return sum(map(len, found))


@pytest.fixture(scope="module")
def talkative():
    """One that answers a lot."""
    settings = ExtractionSettings(epochs=1, batch_size=2, max_width=12)
    made = EntityExtractor("bundled", settings=settings, device="cpu").fit(TEXTS, ENTITIES, show_progress=False)
    made.thresholds = dict.fromkeys(made.thresholds, 0.3)
    return made


def test_any_text(talkative, extractors):
    rng = random.Random(0)
    texts = [any_text(rng, rng.randint(0, 60)) for _ in range(300)] + [any_text(rng, 1500)]
    assert check_any(talkative, texts) > 3000
    for head in HEADS:
        assert check_any(extractors[head], texts[:100]) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_any_text_by_the_thousand(talkative, seed):
    rng = random.Random(seed)
    texts = [any_text(rng, rng.randint(0, 200)) for _ in range(1000)] + [any_text(rng, 5000) for _ in range(8)]
    assert check_any(talkative, texts) > 10_000
