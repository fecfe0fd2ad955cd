"""Sentences with their entities, and extractors to learn them."""

import random
import re
from dataclasses import replace

from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.text.entities import Entity, outermost


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


def as_entities(lists):
    return [sorted(Entity(*one) for one in mine) for mine in lists]


def exactly(found):
    """Entities with their scores, which take no part in their equality."""
    return [[(one.start, one.end, one.type, one.score) for one in mine] for mine in found]
