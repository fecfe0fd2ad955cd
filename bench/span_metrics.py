"""Scoring the entities found in 1 343 texts, as many as CLUENER's development set has, beside seqeval.

Command: python bench/span_metrics.py [--rounds 15] [--save]
Score: medians in results/bench/span_metrics.json with --save, the table alone without.

The texts are made up: 37 characters, flat entities of 10 types, a quarter of them found wrongly. seqeval takes tags (BIO)
and ours takes entities, so ours is timed from entities and from tags too. seqeval's report is what ours is to be compared
with (all types, micro and macro); ours also counts by edges, overlap, depth and length. Both must agree before it begins.
"""

import argparse
import random
import statistics
import time
import warnings
from collections.abc import Callable

from seqeval.metrics import classification_report, f1_score
from seqeval.scheme import IOB2

from baihua.results import RECORDED_PACKAGES, Result, package_versions
from baihua.text.entities import Entity
from baihua.text.entity_tags import read_tags, spell_tags
from baihua.training.span_metrics import score_entities

NUM, LENGTH, PER_TEXT = 1343, 37, 3.6
TYPES = [f"type{number}" for number in range(10)]

Texts = list[list[Entity]]


def made_up_entities(luck: random.Random) -> tuple[Texts, Texts]:
    """Flat entities of 2 to 6 characters, and what a model might find of them."""
    gold, found = [], []
    for _ in range(NUM):
        mine, theirs, place = [], [], luck.randrange(6)
        while place < LENGTH - 6 and luck.random() > 1 / (PER_TEXT + 1):
            entity = Entity(place, place + luck.randint(2, 6), luck.choice(TYPES))
            mistake = luck.random()
            theirs.append(entity)
            if mistake < 0.75:
                mine.append(entity)
            elif mistake < 0.85:
                mine.append(Entity(entity.start, entity.end, luck.choice(TYPES)))
            elif mistake < 0.95:
                mine.append(Entity(entity.start, entity.end - 1, entity.type))
            place = entity.end + luck.randrange(8)
        gold.append(theirs)
        found.append(mine)
    return found, gold


def tags_of(texts: Texts) -> list[list[str]]:
    """The entities as BIO tags, one per character."""
    return [spell_tags(LENGTH, [(one.start, one.end, one.type) for one in entities]) for entities in texts]


def entities_of(rows: list[list[str]]) -> Texts:
    """The tags as entities again."""
    return [[Entity(*span) for span in read_tags(row)[0]] for row in rows]


def median_seconds(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Time all in turn, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def main() -> None:
    """Check that both agree, then time all in turn."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument(
        "--save", action="store_true", help="record the medians; only on a machine that does nothing else"
    )
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    found, gold = made_up_entities(random.Random(0))
    found_tags, gold_tags = tags_of(found), tags_of(gold)
    scores = score_entities(found, gold)
    assert abs(scores.f1 - f1_score(gold_tags, found_tags)) < 1e-12
    assert score_entities(entities_of(found_tags), entities_of(gold_tags)) == scores
    ways: dict[str, Callable[[], object]] = {
        "baihua, from entities": lambda: score_entities(found, gold),
        "baihua, from tags": lambda: score_entities(entities_of(found_tags), entities_of(gold_tags)),
        "seqeval, report": lambda: classification_report(gold_tags, found_tags, output_dict=True),
        "seqeval, strict report": lambda: classification_report(
            gold_tags, found_tags, output_dict=True, mode="strict", scheme=IOB2
        ),
        "seqeval, micro F1 alone": lambda: f1_score(gold_tags, found_tags),
    }
    medians = median_seconds(ways, chosen.rounds)
    print(f"{NUM} texts, {scores.num_gold} entities, F1 {scores.f1:.3f}")
    for name, median in medians.items():
        print(f"{name:24} {1000 * median:8.1f} ms   {median / medians['seqeval, report']:6.2f} x seqeval's report")
    if chosen.save:
        Result(
            name="bench/span_metrics",
            metric="seconds",
            values=tuple(medians.values()),
            settings={"ways": list(ways), "entities": scores.num_gold, "characters": LENGTH, "types": len(TYPES)},
            num_examples=NUM,
            command=f"python bench/span_metrics.py --rounds {chosen.rounds} --save",
            versions=package_versions([*RECORDED_PACKAGES, "seqeval"]),
        ).save("results")


if __name__ == "__main__":
    main()
