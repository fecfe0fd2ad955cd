"""The extractor as a user has it: it learns by heart, reads texts of any length, and is the same each time."""

import itertools
import json

import pytest
import torch
import transformers
from tasks.marked_sentences import (
    ENTITIES,
    FLAT,
    LEARNED,
    LONG,
    SMALL_ENTITIES,
    SMALL_TEXTS,
    TEXTS,
    as_entities,
    exactly,
    gold_of,
    joined,
    mark,
    small,
)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from baihua.checks import FileProblem
from baihua.encoders.load import load_encoder
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import HEADS
from baihua.text.entities import OVERLAPS, Entity, choose_overlaps, outermost
from baihua.training.span_metrics import score_entities

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
            small(small_folder, seed=seed, epochs=100, dropout=0.1)
            .fit(SMALL_TEXTS, SMALL_ENTITIES)
            .predict(SMALL_TEXTS)
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
