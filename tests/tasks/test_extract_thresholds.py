"""The probability above which a span is an entity: tuned on marked texts, or set by the user."""

import itertools
import random

import pytest
from tasks.marked_sentences import ENTITIES, KINDS, SMALL_ENTITIES, SMALL_TEXTS, TEXTS, exactly, gold_of, small

from baihua.checks import InvalidValue
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import HEADS
from baihua.text.entities import OVERLAPS

POINTERS = [name for name in HEADS if name != "crf"]


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
