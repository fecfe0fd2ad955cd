"""Scores of entities against seqeval where entities are flat, and against trying everything out where they are not."""

import json
import warnings
from collections import Counter

import numpy as np
import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.text.entities import Entity
from baihua.training.span_metrics import BUCKETS, PrecisionRecall, score_entities

TYPES = ("地点", "姓名", "组织")


def flat_texts(rng, num, types=TYPES, length=30):
    """Entities that share no character, of 1 to 5 characters, often side by side."""
    texts = []
    for _ in range(num):
        place, entities = int(rng.integers(0, 4)), []
        while place < length - 5:
            end = place + int(rng.integers(1, 6))
            entities.append(Entity(place, end, str(rng.choice(types)), float(rng.random())))
            place = end + int(rng.choice([0, 0, 1, 5]))
        texts.append(entities)
    return texts


def with_mistakes(rng, texts, types=TYPES):
    """The same entities, some gone, some of another type, some one character shorter."""
    found = []
    for entities in texts:
        kept = []
        for entity in entities:
            luck = rng.random()
            if luck < 0.6:
                kept.append(entity)
            elif luck < 0.75:
                kept.append(Entity(entity.start, entity.end, str(rng.choice(types))))
            elif luck < 0.9 and entity.end - entity.start > 1:
                kept.append(Entity(entity.start + 1, entity.end, entity.type))
        found.append(kept)
    return found


def nested_text(rng, most=5, length=6, types=TYPES[:2]):
    """A few entities that nest, cross, repeat and share their span with another type."""
    starts = rng.integers(0, length, size=rng.integers(0, most + 1))
    return [Entity(int(start), int(rng.integers(start + 1, length + 1)), str(rng.choice(types))) for start in starts]


def tags(entities, length=30):
    row = ["O"] * length
    for entity in entities:
        row[entity.start : entity.end] = [f"B-{entity.type}"] + [f"I-{entity.type}"] * (entity.end - entity.start - 1)
    return row


def most_credit(found, gold, credit):
    """The largest sum of credit over all ways to pair them one to one."""
    if not found:
        return 0
    first, rest = found[0], found[1:]
    paired = [
        credit(first, other) + most_credit(rest, gold[:place] + gold[place + 1 :], credit)
        for place, other in enumerate(gold)
        if credit(first, other)
    ]
    return max([most_credit(rest, gold, credit), *paired])


def shares(one, other):
    return one.start < other.end and other.start < one.end


def same_edges(one, other):
    return (one.start, one.end) == (other.start, other.end)


CREDITS = {
    "strict": lambda one, other: int(one == other),
    "boundary": lambda one, other: int(same_edges(one, other)),
    "type_only": lambda one, other: int(one.type == other.type and shares(one, other)),
    "partial": lambda one, other: 1 if same_edges(one, other) else 0.5 * shares(one, other),
}


@pytest.mark.parametrize("seed", range(5))
def test_flat_entities_score_as_in_seqeval(seed):
    pytest.importorskip("seqeval")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from seqeval.metrics import classification_report

        rng = np.random.default_rng(seed)
        gold = flat_texts(rng, 60)
        found = with_mistakes(rng, gold)
        report = classification_report(
            [tags(mine) for mine in gold], [tags(mine) for mine in found], output_dict=True, zero_division=0
        )
    scores = score_entities(found, gold)
    for name, counts in {**scores.per_type, "micro avg": scores.strict}.items():
        ours = [counts.precision, counts.recall, counts.f1, counts.gold]
        assert ours == pytest.approx([report[name][key] for key in ("precision", "recall", "f1-score", "support")])
    assert scores.macro_f1 == pytest.approx(report["macro avg"]["f1-score"])
    assert set(scores.per_type) == set(TYPES)


@pytest.mark.parametrize("types", ["a", "ab", "abcdef"])
@pytest.mark.parametrize("length", [2, 3, 4, 6, 9])
def test_every_count_is_the_largest_one_to_one_pairing(length, types):
    rng = np.random.default_rng(length)
    for _ in range(60):
        found, gold = (nested_text(rng, length=length, types=list(types)) for _ in range(2))
        scores = score_entities([found], [gold])
        for name, credit in CREDITS.items():
            counts = getattr(scores, name)
            assert counts.right == most_credit(sorted(set(found)), sorted(set(gold)), credit), name
            assert (counts.found, counts.gold) == (len(set(found)), len(set(gold)))


@pytest.mark.parametrize("seed", range(30))
def test_invariants(seed):
    rng = np.random.default_rng(seed)
    found, gold = ([nested_text(rng, most=12, length=16) for _ in range(20)] for _ in range(2))
    scores = score_entities(found, gold)
    assert scores.strict.right <= scores.boundary.right <= scores.partial.right
    assert scores.strict.right <= scores.type_only.right
    for split in (scores.per_type, scores.by_depth, scores.by_length):
        for count in ("right", "found", "gold"):
            assert sum(getattr(part, count) for part in split.values()) == getattr(scores.strict, count)
    swapped = score_entities(gold, found)
    for name in CREDITS:
        one, other = getattr(scores, name), getattr(swapped, name)
        assert (one.right, one.precision, one.recall, one.f1) == (other.right, other.recall, other.precision, other.f1)
        assert 0 <= one.right <= min(one.found, one.gold)
    alone = [score_entities([mine], [true]) for mine, true in zip(found, gold, strict=True)]
    for name in CREDITS:
        assert getattr(scores, name).right == sum(getattr(one, name).right for one in alone)
    order = rng.permutation(20)
    assert score_entities([found[i] for i in order], [gold[i][::-1] for i in order]) == scores


@pytest.mark.parametrize("seed", range(20))
def test_what_was_found_rightly_is_split_by_its_own_type_length_and_depth(seed):
    rng = np.random.default_rng(seed)
    found, gold = nested_text(rng, 20, 16), nested_text(rng, 20, 16)
    scores = score_entities([found], [gold])
    spans = {(entity.start, entity.end) for entity in gold}

    def depth(entity):
        own = (entity.start, entity.end)
        return sum(span[0] <= own[0] and own[1] <= span[1] for span in spans - {own})

    def bucket(entity):
        length = entity.end - entity.start
        return BUCKETS[0 if length == 1 else 1 if length <= 3 else 2 if length <= 5 else 3 if length <= 10 else 4]

    kinds = {"per_type": lambda entity: entity.type, "by_depth": depth, "by_length": bucket}
    for name, kind in kinds.items():
        right, mine, true = (Counter(map(kind, those)) for those in (set(found) & set(gold), set(found), set(gold)))
        expected = {one: PrecisionRecall(right[one], mine[one], true[one]) for one in mine | true}
        assert getattr(scores, name) == expected
    assert list(scores.by_depth) == sorted(scores.by_depth)
    assert list(scores.by_length) == [one for one in BUCKETS if one in scores.by_length]


def test_a_worked_example():
    """ "北京大学附属医院": a nested organisation found, the place missed, the whole one character short, one made up."""
    gold = [[Entity(0, 2, "地点"), Entity(0, 4, "组织"), Entity(0, 8, "组织")], []]
    found = [[Entity(0, 4, "组织"), Entity(0, 7, "组织"), Entity(0, 2, "姓名")], [Entity(0, 2, "姓名")]]
    scores = score_entities(found, gold)
    assert scores.strict == PrecisionRecall(1, 4, 3)
    assert scores.boundary == PrecisionRecall(2, 4, 3)
    assert scores.type_only == PrecisionRecall(2, 4, 3)
    assert scores.partial == PrecisionRecall(2.5, 4, 3)
    assert (scores.precision, scores.recall, scores.f1) == (1 / 4, 1 / 3, 2 / 7)
    assert scores.per_type == {
        "地点": PrecisionRecall(0, 0, 1),
        "姓名": PrecisionRecall(0, 2, 0),
        "组织": PrecisionRecall(1, 2, 2),
    }
    assert scores.macro_f1 == (0 + 0.5) / 2
    assert scores.by_depth == {
        0: PrecisionRecall(0, 1, 1),
        1: PrecisionRecall(1, 2, 1),
        2: PrecisionRecall(0, 1, 1),
    }
    assert scores.by_length == {
        "2-3": PrecisionRecall(0, 2, 1),
        "4-5": PrecisionRecall(1, 1, 1),
        "6-10": PrecisionRecall(0, 1, 1),
    }


def test_what_is_listed_twice_counts_once_whatever_its_score():
    twice = [[Entity(0, 2, "地点", 0.9), Entity(0, 2, "地点", 0.3)]]
    once = [[Entity(0, 2, "地点")]]
    assert score_entities(twice, once) == score_entities(once, twice) == score_entities(once, once)
    assert score_entities(twice, once).f1 == 1


def test_the_same_entity_of_another_text_is_another_entity():
    here, there = [[Entity(0, 2, "地点")], []], [[], [Entity(0, 2, "地点")]]
    scores = score_entities(here, there)
    assert [getattr(scores, name).right for name in CREDITS] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("found", "gold"), [([], []), ([[]], [[]]), ([[Entity(0, 1, "a")]], [[]]), ([[]], [[Entity(0, 1, "a")]])]
)
def test_nothing_found_or_nothing_there_is_0(found, gold):
    scores = score_entities(found, gold, lost=[[] for _ in gold])
    for name in CREDITS:
        counts = getattr(scores, name)
        assert (counts.precision, counts.recall, counts.f1) == (0, 0, 0)
    assert scores.macro_f1 == 0
    assert scores.best_recall == (1 if any(gold) else 0)


def test_lost_entities_bound_the_recall():
    gold = [[Entity(0, 2, "地点"), Entity(3, 5, "姓名")], [Entity(0, 9, "组织"), Entity(1, 2, "地点")]]
    found = [[Entity(0, 2, "地点")], [Entity(1, 2, "地点")]]
    scores = score_entities(found, gold, lost=[[], [Entity(0, 9, "组织"), Entity(0, 9, "组织")]])
    assert (scores.num_lost, scores.recall, scores.best_recall) == (1, 0.5, 0.75)
    assert scores.strict == score_entities(found, gold).strict
    assert score_entities(found, gold).best_recall == 1


def test_everything_can_be_written_as_json():
    gold = [[Entity(0, 2, "地点"), Entity(0, 4, "组织")]]
    plain = score_entities(gold, gold, lost=[[]]).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    perfect = {"precision": 1, "recall": 1, "f1": 1, "right": 2, "found": 2, "gold": 2}
    assert plain.items() >= {**perfect, "macro_f1": 1, "lost": 0, "best_recall": 1}.items()
    assert plain["boundary"] == plain["type_only"] == plain["partial"] == perfect
    assert [list(plain[name]) for name in ("per_type", "by_depth", "by_length")] == [
        ["地点", "组织"],
        ["0", "1"],
        ["2-3", "4-5"],
    ]


def test_mistakes():
    place = Entity(0, 2, "地点")
    with pytest.raises(InvalidValue, match="found and gold must have the same length, but received 1 and 2"):
        score_entities([[]], [[], []])
    with pytest.raises(InvalidValue, match="lost and gold must have the same length"):
        score_entities([[]], [[]], lost=[])
    with pytest.raises(InvalidValue, match=r"\(0, 2, '地点'\) of text 1 is no gold entity"):
        score_entities([[], []], [[], []], lost=[[], [place]])
    with pytest.raises(InvalidValue, match=r"\(0, 2, '地点'\) of text 0 was found"):
        score_entities([[place]], [[place]], lost=[[place]])
    for wrong in ([[place], [(0, 2, "地点")]], [[place], None], [[], "地点"], [[], place]):
        with pytest.raises(InvalidType, match="gold must hold a list of Entity for each text, but item 1"):
            score_entities([[], []], wrong)
    with pytest.raises(InvalidType, match="found must hold"):
        score_entities(None, [[]])
    set_language("zh")
    with pytest.raises(InvalidValue, match="第 0 条文本（从 0 数）的 .* 却没有标注"):
        score_entities([[]], [[]], lost=[[place]])
