"""Scores by surface strings against the definition over CLUENER's own records, and beside those by place."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.text.entities import Entity
from baihua.text.entity_files import parse_entities
from baihua.training.span_metrics import PrecisionRecall, score_entities
from baihua.training.surface_metrics import score_surfaces

TYPES = ("地点", "姓名", "组织", "书名")


def record_of(text, entities):
    """A label as CLUENER's files have it: {type: {string: [[first, last], …]}}."""
    label = {}
    for entity in entities:
        label.setdefault(entity.type, {}).setdefault(text[entity.start : entity.end], []).append(
            [entity.start, entity.end - 1]
        )
    return label


def f1_of_type(kind, found, gold):
    """Count by count, over records."""
    both = only_found = only_gold = 0
    for mine, true in zip(found, gold, strict=True):
        for surface in mine.get(kind, {}):
            if surface in true.get(kind, {}):
                both += 1
            else:
                only_found += 1
        for surface in true.get(kind, {}):
            only_gold += surface not in mine.get(kind, {})
    if both == 0:
        return 0.0
    precision, recall = both / (both + only_found), both / (both + only_gold)
    return 2 * precision * recall / (precision + recall)


def random_texts(rng, num=40):
    """Texts of three different characters, so that strings repeat, and entities found and gold of three types of the four."""
    texts = ["".join(rng.choice(list("北京大"), size=12)) for _ in range(num)]
    sides = []
    for _ in range(2):
        starts = rng.integers(0, 10, size=(num, 5))
        sides.append(
            [
                [
                    Entity(int(s), int(s + rng.integers(1, 3)), str(rng.choice(TYPES[:3])))
                    for s in row[: rng.integers(6)]
                ]
                for row in starts
            ]
        )
    return texts, *sides


@pytest.mark.parametrize("seed", range(20))
def test_every_score_is_the_definition_over_records(seed):
    rng = np.random.default_rng(seed)
    texts, found, gold = random_texts(rng)
    records = [[record_of(text, mine) for text, mine in zip(texts, side, strict=True)] for side in (found, gold)]
    scores = score_surfaces(texts, found, gold, types=TYPES)
    expected = {kind: f1_of_type(kind, *records) for kind in TYPES}
    assert {kind: counts.f1 for kind, counts in scores.per_type.items()} == pytest.approx(expected)
    assert scores.macro_f1 == pytest.approx(sum(expected.values()) / 4)
    assert scores.per_type["书名"] == PrecisionRecall(0, 0, 0)
    three = score_surfaces(texts, found, gold)
    assert list(three.per_type) == sorted(TYPES[:3])
    assert three.macro_f1 == pytest.approx(scores.macro_f1 * 4 / 3)
    swapped = score_surfaces(texts, gold, found)
    assert swapped.macro_f1 == pytest.approx(three.macro_f1)
    assert swapped.micro == PrecisionRecall(three.micro.right, three.micro.gold, three.micro.found)


def test_a_worked_example():
    """Places 1 of 2 strings with one made up, a name of none: F1 1/2, 0, 1, and their mean 1/2."""
    texts = ["张三从北京到上海", "《红楼梦》在北京"]
    gold = [
        [Entity(0, 2, "姓名"), Entity(3, 5, "地点"), Entity(6, 8, "地点")],
        [Entity(0, 5, "书名"), Entity(6, 8, "地点")],
    ]
    found = [[Entity(3, 5, "地点")], [Entity(0, 5, "书名"), Entity(1, 4, "地点")]]
    scores = score_surfaces(texts, found, gold)
    assert scores.per_type == {
        "书名": PrecisionRecall(1, 1, 1),
        "地点": PrecisionRecall(1, 2, 3),
        "姓名": PrecisionRecall(0, 0, 1),
    }
    assert scores.macro_f1 == pytest.approx((1 + 2 / 5 + 0) / 3)
    assert scores.micro == PrecisionRecall(2, 3, 5)


def test_where_it_differs_from_micro_f1_by_place():
    """A repeated string found once, or elsewhere, is all right here; there each place counts, and each entity weighs the same."""
    texts = ["北京，北京，还是北京", "张三"]
    gold = [[Entity(0, 2, "地点"), Entity(3, 5, "地点"), Entity(8, 10, "地点")], [Entity(0, 2, "姓名")]]
    once = [[Entity(0, 2, "地点")], []]
    scores, by_place = score_surfaces(texts, once, gold), score_entities(once, gold)
    assert scores.per_type["地点"] == PrecisionRecall(1, 1, 1)
    assert scores.macro_f1 == (1 + 0) / 2
    assert scores.micro.f1 == pytest.approx(2 / 3)
    assert by_place.f1 == pytest.approx(2 / 5)
    assert by_place.macro_f1 == pytest.approx((1 / 2 + 0) / 2)
    elsewhere = [[Entity(8, 10, "地点")], [Entity(0, 2, "姓名")]]
    single = [[Entity(0, 2, "地点")], [Entity(0, 2, "姓名")]]
    assert score_surfaces(texts, elsewhere, single).macro_f1 == 1
    assert score_entities(elsewhere, single).f1 == 0.5


def test_the_same_string_of_another_text_or_type_is_another():
    texts = ["北京", "北京"]
    here, there = [[Entity(0, 2, "地点")], []], [[], [Entity(0, 2, "地点")]]
    assert score_surfaces(texts, here, there).per_type == {"地点": PrecisionRecall(0, 1, 1)}
    other = [[Entity(0, 2, "组织")], []]
    assert score_surfaces(texts, here, other).macro_f1 == 0
    assert list(score_surfaces(texts, here, other).per_type) == ["地点", "组织"]


def test_nothing_found_and_nothing_there_is_0():
    for found, gold in (([], []), ([[]], [[]])):
        scores = score_surfaces(["北京"] * len(found), found, gold)
        assert (scores.macro_f1, scores.micro.f1, scores.per_type) == (0, 0, {})
    assert score_surfaces(["北京"], [[]], [[]], types=["地点"]).macro_f1 == 0


def test_everything_can_be_written_as_json():
    plain = score_surfaces(["北京"], [[Entity(0, 2, "地点")]], [[Entity(0, 2, "地点")]]).to_dict()
    perfect = {"precision": 1, "recall": 1, "f1": 1, "right": 1, "found": 1, "gold": 1}
    assert json.loads(json.dumps(plain)) == plain == {"macro_f1": 1, "micro": perfect, "per_type": {"地点": perfect}}


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
def test_real_records_score_as_the_definition():
    with zipfile.ZipFile(Path(os.environ["BAIHUA_DATA"]) / "cluener.zip") as archive:
        lines = archive.read("cluener/dev.json")
    records = [json.loads(line)["label"] for line in lines.splitlines()]
    gold = parse_entities(lines, "dev.json").texts
    assert score_surfaces(gold.texts, gold.entities, gold.entities).macro_f1 == 1
    rng = np.random.default_rng(0)
    found = [[entity for entity in mine if rng.random() < 0.8] for mine in gold.entities]
    found = [mine + [Entity(0, 2, str(rng.choice(gold.types)))] * (rng.random() < 0.2) for mine in found]
    scores = score_surfaces(gold.texts, found, gold.entities)
    own = [record_of(text, mine) for text, mine in zip(gold.texts, found, strict=True)]
    assert len(scores.per_type) == 10
    for kind, counts in scores.per_type.items():
        assert counts.f1 == pytest.approx(f1_of_type(kind, own, records))


def test_mistakes_are_said():
    place = Entity(0, 2, "地点")
    with pytest.raises(InvalidValue, match="texts and found must have the same length, but received 2 and 1"):
        score_surfaces(["北京", "上海"], [[]], [[], []])
    with pytest.raises(InvalidValue, match="texts and gold must have the same length"):
        score_surfaces(["北京"], [[]], [])
    with pytest.raises(InvalidValue, match="Text 1 of gold has 1 characters, but one of its entities ends at 2"):
        score_surfaces(["北京", "京"], [[], []], [[place], [place]])
    with pytest.raises(InvalidValue, match=r"entities of types \['地点'\] that are not in types"):
        score_surfaces(["北京"], [[place]], [[]], types=["地址"])
    for wrong in ([[place], [(0, 2, "地点")]], [[place], None], [[place], place]):
        with pytest.raises(InvalidType, match="found must hold a list of Entity for each text, but item 1"):
            score_surfaces(["北京", "北京"], wrong, [[], []])
    with pytest.raises(InvalidType, match="texts must be a sequence of strings"):
        score_surfaces("北京", [[]], [[]])
    set_language("zh")
    with pytest.raises(InvalidValue, match="第 0 条文本（从 0 数）只有 1 个字"):
        score_surfaces(["京"], [[place]], [[]])
