"""What an extractor is given: texts and entities in any sequence, nothing at all, and mistakes, which are named."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from tasks.marked_sentences import FLAT, SMALL_ENTITIES, SMALL_TEXTS, TEXTS, as_entities, exactly, small

from baihua.checks import InvalidType, InvalidValue
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings


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
