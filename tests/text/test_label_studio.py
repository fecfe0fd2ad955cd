import json

import pytest

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_files import parse_entities
from baihua.text.label_studio import label_studio_tasks


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def region(start, end, text, *labels):
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return {"id": "r", "from_name": "l", "to_name": "t", "type": "labels", "value": value}


def task(text, *annotations):
    return {"id": 1, "data": {"text": text}, "annotations": list(annotations), "predictions": []}


def by(who, *regions, cancelled=False):
    return {"completed_by": who, "was_cancelled": cancelled, "result": list(regions)}


def parse(records, **settings):
    return parse_entities(json.dumps(records), "export.json", **settings)


@pytest.mark.parametrize("before", ["", "🙂", "👨‍🚒", "好\r\n", "🙂\r\n👨‍🚒𠮷"])
def test_places_are_counted_in_utf16(before):
    units = len(before.encode("utf-16-le")) // 2
    found = parse([task(before + "北京", by(1, region(units, units + 2, "北京", "地点")))])
    assert found.texts.texts == [before + "北京"]
    assert found.texts.entities == [[Entity(len(before), len(before) + 2, "地点")]]
    assert found.left_out == []


def test_the_writer_counts_in_utf16_too():
    written = json.loads(label_studio_tasks(EntityTexts(["🙂\r\n北京🙂"], [[Entity(3, 6, "地点")]])))
    value = written[0]["annotations"][0]["result"][0]["value"]
    assert value == {"start": 4, "end": 8, "text": "北京🙂", "labels": ["地点"]}


def test_an_export_that_counts_code_points_is_known_by_what_its_spans_say():
    found = parse(
        [task("🙂🙂北京", by(1, region(2, 4, "北京", "地点"))), task("北京", by(1, region(0, 2, "北京", "地点")))]
    )
    assert found.texts.entities == [[Entity(2, 4, "地点")], [Entity(0, 2, "地点")]]
    assert any("code points" in note for note in found.notes)


def test_a_span_within_a_character_is_listed():
    spans = [region(1, 4, None, "地点")]
    found = parse([task("🙂北京", by(1, *spans)), task("北京", by(1))])
    assert found.texts.texts == ["北京"]
    assert [(problem.kind, problem.line) for problem in found.left_out] == [("split_character", 1)]


@pytest.mark.parametrize("place", [(4, 9), (-1, 3), (3, 3)])
def test_places_outside_are_listed(place):
    found = parse([task("🙂北京", by(1, region(*place, None, "地点"))), task("北京", by(1))])
    assert [problem.kind for problem in found.left_out] == ["out_of_range"]


def test_what_a_span_says_must_stand_there():
    found = parse([task("在北京", by(1, region(0, 2, "北京", "地点"))), task("北京", by(1))])
    assert [problem.kind for problem in found.left_out] == ["wrong_text"]


def test_the_first_annotation_not_cancelled_counts_or_that_of_one_annotator():
    north, whole = region(0, 1, "北", "字"), region(0, 2, "北京", "地点")
    records = [
        task("北京", by(1, cancelled=True), by(2, north), by({"id": 3, "email": "li@example.com"}, whole)),
        task("上海", by(2)),
    ]
    found = parse(records)
    assert found.texts.entities == [[Entity(0, 1, "字")], []]
    assert any("more than one annotation" in note and note.endswith("1.") for note in found.notes)
    for name in (3, "3", "li@example.com"):
        found = parse(records, annotator=name)
        assert found.texts.entities == [[Entity(0, 2, "地点")]]
        assert [(problem.kind, problem.line) for problem in found.left_out] == [("unmarked", 2)]
        assert len(found.notes) == 1
    with pytest.raises(InvalidValue, match="no annotations by 'wang'; those who have annotated: 2, 3, li@example.com"):
        parse(records, annotator="wang")


def test_tasks_nobody_has_annotated_are_not_taken_for_empty():
    found = parse([task("北京"), task("上海", by(1))])
    assert (found.texts.texts, found.texts.lines) == (["上海"], [2])
    assert [problem.kind for problem in found.left_out] == ["unmarked"]
    with pytest.raises(InvalidValue, match="None of the 1 records .* no annotation"):
        parse([task("北京")])


def test_relations_and_choices_are_passed_over_and_two_labels_are_two_entities():
    others = [
        {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"},
        {"type": "choices", "value": {"start": 0, "end": 2, "text": "北京", "choices": ["好"]}},
        {"type": "labels", "value": {"start": 0, "end": 1, "text": "北"}},
    ]
    found = parse([task("北京", by(1, *others, region(0, 2, "北京", "地点", "城市")))])
    assert found.texts.entities == [[Entity(0, 2, "地点"), Entity(0, 2, "城市")]]
    assert any("without a label" in note for note in found.notes)


def test_the_text_may_have_another_name_if_it_is_alone():
    record = task("", by(1, region(0, 2, "北京", "地点")))
    assert parse([{**record, "data": {"review": "北京", "stars": 5}}]).texts.texts == ["北京"]
    found = parse([{**record, "data": {"review": "北京", "title": "好"}}, task("好", by(1))])
    assert "review, title" in found.left_out[0].detail


# JSON-MIN


@pytest.mark.parametrize("key", ["label", "ner", "实体"])
def test_json_min_under_any_key(key):
    value = {"start": 2, "end": 4, "text": "北京", "labels": ["地点"]}
    records = [
        {"id": 1, "text": "🙂北京", key: [value], "annotator": 1, "created_at": "2024-01-01"},
        {"id": 2, "text": "没有", "annotator": 1},
    ]
    found = parse(records)
    assert found.format == "label_studio_min"
    assert (found.texts.texts, found.texts.entities) == (["🙂北京", "没有"], [[Entity(1, 3, "地点")], []])


def test_json_min_of_several_annotators():
    value = {"start": 0, "end": 2, "text": "北京", "labels": ["地点"]}
    records = [
        {"id": 1, "text": "北京", "label": [value], "annotator": 1},
        {"id": 1, "text": "北京", "annotator": 2},
        {"id": 2, "text": "上海", "annotator": 2},
    ]
    found = parse(records)
    assert (found.texts.texts, found.texts.entities) == (["北京", "上海"], [[Entity(0, 2, "地点")], []])
    assert any("more than one annotation" in note for note in found.notes)
    assert parse(records, annotator=2).texts.entities == [[], []]
