import codecs
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baihua.checks import FileProblem, InvalidValue
from baihua.language import set_language
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_files import FORMATS, parse_entities, read_entity_file, write_entity_file

JSON_FORMATS = ["jsonl", "cluener", "cmeee", "doccano", "label_studio"]
CONLL_FORMATS = ["bio", "bioes", "bmes"]
# An emoji of one code point, one of three with two joiners, and a line end of two characters before an entity.
BEFORE = {"plain": "在", "emoji": "🙂", "family": "👨‍🚒", "line end": "好\r\n", "all": "🙂\r\n👨‍🚒 "}


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def capital_after(before):
    return EntityTexts([before + "北京市在下雨", "没有"], [[Entity(len(before), len(before) + 3, "地点")], []])


def as_read(tmp_path, texts, format_):
    path = tmp_path / "file.dat"
    write_entity_file(path, texts, format_)
    found = read_entity_file(path)
    assert found.format == format_
    assert found.left_out == []
    return found.texts


# Writing and reading again


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("format_", JSON_FORMATS)
def test_what_is_written_is_read_again(tmp_path, format_, before):
    texts = capital_after(before)
    found = as_read(tmp_path, texts, format_)
    assert (found.texts, found.entities) == (texts.texts, texts.entities)
    assert found.texts[0][found.entities[0][0].start : found.entities[0][0].end] == "北京市"


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("format_", CONLL_FORMATS)
def test_conll_keeps_every_place_and_loses_only_line_ends(tmp_path, format_, before):
    texts = capital_after(before)
    found = as_read(tmp_path, texts, format_)
    assert found.texts == [text.replace("\r", " ").replace("\n", " ") for text in texts.texts]
    assert found.entities == texts.entities


def test_a_file_of_one_line_per_text_knows_its_lines(tmp_path):
    assert as_read(tmp_path, capital_after("在"), "jsonl").lines == [1, 2]
    assert as_read(tmp_path, capital_after("在"), "bio").lines == [1, 9]


@pytest.mark.parametrize("format_", JSON_FORMATS)
def test_nested_crossing_and_repeated_entities_survive(tmp_path, format_):
    mine = [Entity(0, 2, "地点"), Entity(0, 4, "组织"), Entity(0, 4, "组织"), Entity(3, 6, "人")]
    assert as_read(tmp_path, EntityTexts(["北京大学生会"], [mine]), format_).entities == [mine]


def test_scores_survive_in_json_lines(tmp_path):
    texts = EntityTexts(["北京", "上海"], [[Entity(0, 2, "地点", 0.25)], [Entity(0, 2, "地点")]])
    assert [mine[0].score for mine in as_read(tmp_path, texts, "jsonl").entities] == [0.25, 1.0]


def test_texts_without_entities_are_texts(tmp_path):
    texts = EntityTexts(["北京", "上海"], [[], []])
    for format_ in ("jsonl", "cluener", "doccano", "label_studio", "bio"):
        assert as_read(tmp_path, texts, format_).texts == texts.texts


@st.composite
def marked_texts(draw, characters=None):
    letters = st.one_of(
        st.sampled_from('北京a1 🙂👨\u200d🚒\r\n\t\\"|\u2028'), characters or st.characters(codec="utf-8")
    )
    texts, entities = [], []
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.text(letters, min_size=1, max_size=12))
        mine = []
        for _ in range(draw(st.integers(0, 3))):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            mine.append(Entity(start, end, draw(st.sampled_from(["地点", "人.NAM", "a b", "🙂"]))))
        texts.append(text)
        entities.append(sorted(mine))
    return EntityTexts(texts, entities)


@pytest.mark.parametrize("format_", JSON_FORMATS)
@settings(max_examples=40, deadline=None)
@given(texts=marked_texts())
@example(texts=EntityTexts(["哈🙂哈🙂哈哈"], [[Entity(2, 3, "人"), Entity(4, 5, "人")]]))
def test_any_texts_come_back(tmp_path_factory, format_, texts):
    path = tmp_path_factory.getbasetemp() / f"any-{format_}"
    assert write_entity_file(path, texts, format_) == []
    found = read_entity_file(path)
    assert (found.texts.texts, found.texts.entities, found.left_out) == (texts.texts, texts.entities, [])


# What readers find


CLUENER = {"text": "北京的北京队", "label": {"地点": {"北京": [[0, 1], [3, 4]]}, "组织": {"北京队": [[3, 5]]}}}


def test_the_ends_of_cluener_are_inclusive():
    found = parse_entities(json.dumps(CLUENER), "dev.json")
    assert found.texts.entities == [[Entity(0, 2, "地点"), Entity(3, 5, "地点"), Entity(3, 6, "组织")]]


def test_the_ends_of_cmeee_are_inclusive_in_both_releases():
    items = [
        {"start_idx": 0, "end_idx": 0, "type": "bod", "entity": "肺"},
        {"start_idx": 0, "end_idx": 1, "type": "dis", "entity": "肺炎"},
    ]
    found = parse_entities(json.dumps([{"text": "肺炎患者", "entities": items}]), "new.json")
    old = parse_entities("肺炎患者|||0    0    bod|||0    1    dis|||\r\n没有|||\r\n", "old.txt")
    assert (found.format, old.format) == ("cmeee", "cmeee_lines")
    assert found.texts.entities[0] == old.texts.entities[0] == [Entity(0, 1, "bod"), Entity(0, 2, "dis")]
    assert old.texts.texts == ["肺炎患者", "没有"]
    for item in items:
        del item["entity"]
    without = parse_entities(json.dumps([{"text": "肺炎患者", "entities": items}]), "new.json")
    assert without.texts.entities == found.texts.entities


def test_a_cmeee_whose_entities_say_that_ends_are_exclusive_is_read_so():
    item = {"start_idx": 0, "end_idx": 2, "type": "dis", "entity": "肺炎"}
    found = parse_entities(json.dumps([{"text": "肺炎患者", "entities": [item]}]), "new.json")
    assert found.texts.entities == [[Entity(0, 2, "dis")]]
    assert "exclusive" in found.notes[1]


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("shape", ["label", "labels", "data", "entities"])
def test_the_three_shapes_of_doccano(shape, before):
    start, end = len(before), len(before) + 2
    fields = {
        "label": {"text": before + "北京", "label": [[start, end, "地点"]]},
        "labels": {"text": before + "北京", "labels": [[start, end, "地点"]]},
        "data": {"id": 3, "data": before + "北京", "label": [[start, end, "地点"]]},
        "entities": {
            "text": before + "北京",
            "entities": [{"id": 9, "label": "地点", "start_offset": start, "end_offset": end}],
            "relations": [],
        },
    }
    found = parse_entities(json.dumps(fields[shape], ensure_ascii=False), "all.jsonl")
    assert (found.format, found.texts.texts) == ("doccano", [before + "北京"])
    assert found.texts.entities == [[Entity(start, end, "地点")]]


def test_half_a_character_moves_no_offset():
    record = '{"text": "\\ud83d北京", "entities": [{"start": 1, "end": 3, "type": "地点"}]}'
    found = parse_entities(record, "half.jsonl")
    assert (found.texts.texts, found.texts.entities) == (["\ufffd北京"], [[Entity(1, 3, "地点")]])
    assert any("lone surrogates" in note for note in found.notes)


def test_what_an_entity_says_must_stand_there():
    wrong = {"text": "在北京", "label": {"地点": {"北京": [[0, 1]]}}}
    lines = [json.dumps(CLUENER), "", json.dumps(wrong)]
    found = parse_entities("\n".join(lines), "dev.json")
    assert (found.texts.lines, [problem.line for problem in found.left_out]) == ([1], [3])
    assert found.left_out[0].kind == "wrong_text"
    assert "should be '北京', but the text has '在北'" in found.left_out[0].detail


@pytest.mark.parametrize(
    ("entity", "kind", "said"),
    [
        ({"start": 1, "end": 4, "type": "地点"}, "out_of_range", "not within the 3 characters"),
        ({"start": 2, "end": 2, "type": "地点"}, "out_of_range", "is empty"),
        ({"start": -1, "end": 2, "type": "地点"}, "out_of_range", "from -1"),
        ({"start": "1", "end": 2, "type": "地点"}, "malformed", "'start' of an entity must be a whole number, not '1'"),
        ({"start": True, "end": 2, "type": "地点"}, "malformed", "whole number, not True"),
        ({"start": 1, "end": 2, "type": ""}, "malformed", "'type' of an entity must be a string"),
        ({"start": 1, "end": 2, "type": "地点", "score": 7}, "malformed", "number from 0 to 1, not 7"),
        ([1, 2, "地点"], "malformed", "must be an object with start, end and type"),
    ],
)
def test_one_bad_entity_leaves_its_text_out_and_no_other(entity, kind, said):
    good = {"text": "在北京", "entities": [{"start": 1, "end": 3, "type": "地点"}]}
    bad = {"text": "去北京", "entities": [*good["entities"], entity]}
    found = parse_entities("\n".join(map(json.dumps, [good, bad, good])), "a.jsonl")
    assert (found.texts.texts, found.texts.lines) == (["在北京", "在北京"], [1, 3])
    [problem] = found.left_out
    assert (problem.kind, problem.line, problem.text) == (kind, 2, "去北京")
    assert said in problem.detail


def test_a_file_of_which_nothing_fits_is_refused():
    with pytest.raises(InvalidValue, match=r"None of the 1 records of a\.jsonl \(jsonl\) can be used\. Line 1: "):
        parse_entities('{"text": "在", "entities": [{"start": 1, "end": 3, "type": "地点"}]}', "a.jsonl")


# Encodings, and files that are none


CONLL = "在 O\n北 B-LOC\n京 E-LOC\n\n"


@pytest.mark.parametrize("text", [json.dumps(CLUENER, ensure_ascii=False), CONLL], ids=["json", "conll"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "gb18030"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_every_encoding_is_found(tmp_path, text, mark, encoding):
    path = tmp_path / "file.json"
    path.write_bytes(mark + text.encode(encoding))
    assert read_entity_file(path).texts == parse_entities(text, "file.json").texts


def test_the_name_does_not_matter(tmp_path):
    path = tmp_path / "really-conll.json"
    path.write_text(CONLL, encoding="utf-8")
    assert read_entity_file(path).format == "bioes"
    assert parse_entities("[ O\n北 B-LOC\n] O\n", "brackets.json").texts.texts == ["[北]"]


def test_an_object_over_several_lines_and_a_single_array():
    for text in (json.dumps(CLUENER, indent=2), json.dumps([CLUENER]), json.dumps([CLUENER], indent=1)):
        assert parse_entities(text, "a.json").texts == parse_entities(json.dumps(CLUENER), "a.json").texts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  \n", "has nothing in it"),
        ('{"id": 0, "text": "北京"}', "No entities are marked in a.txt: its records have the keys id, text"),
        ('{"text": "北京", "label": ["新闻"]}', "No entities are marked"),
        ('{"text": "北京", "label": []}\n{"text": "北', "Line 2 of a.txt is not valid JSON .*, line 2, column 10"),
        ('[{"text": "北京", "label": []}', "a.txt is not valid JSON"),
        ('["北京"]', "Record 1 of a.txt is no object: '北京'"),
        ("北京在下雨。\n维生素 O\n", "it begins with '北京在下雨。'. Tried: JSON Lines .* Label Studio"),
        ("text,label\n北京,1\n", "is no entity file that baihua knows"),
    ],
)
def test_what_is_no_entity_file_is_refused(text, said):
    with pytest.raises(InvalidValue, match=said):
        parse_entities(text, "a.txt")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileProblem, match="There is no file"):
        read_entity_file(tmp_path / "missing.jsonl")
    with pytest.raises(FileProblem, match="is a folder"):
        read_entity_file(tmp_path)
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InvalidValue, match="is empty"):
        read_entity_file(tmp_path / "empty.jsonl")
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04" + bytes(20))
    with pytest.raises(FileProblem, match="zip archive"):
        read_entity_file(tmp_path / "table.xlsx")


def test_annotators_are_label_studios_alone():
    for text in (json.dumps(CLUENER), CONLL):
        with pytest.raises(InvalidValue, match="annotator is for exports of Label Studio"):
            parse_entities(text, "a.json", annotator="1")


# What cannot be written


@pytest.mark.parametrize(
    ("texts", "format_", "said"),
    [
        (EntityTexts(["北京"], [[Entity(0, 3, "地点")]]), "jsonl", "Text 1 has 2 characters"),
        (EntityTexts(["北京"], [[Entity(0, 2, "")]]), "jsonl", "has a type"),
        (EntityTexts(["北京"], []), "jsonl", "same length"),
        (EntityTexts(["\ud83d北京"], [[]]), "jsonl", "half a character"),
        (EntityTexts(["北京"], [[]]), "conl", "Did you mean 'bio'"),
        (
            EntityTexts(["好", "北京队"], [[], [Entity(0, 2, "地"), Entity(0, 3, "队")]]),
            "bio",
            "text 2 '北京' and '北京队'",
        ),
        (EntityTexts(["北京"], [[Entity(0, 2, "a b")]]), "bmes", "'a b' in text 1 has white space"),
    ],
)
def test_what_cannot_be_written_is_refused_and_the_old_file_stays(tmp_path, texts, format_, said):
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(InvalidValue, match=said):
        write_entity_file(path, texts, format_)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_conll_is_another_word_for_bio(tmp_path):
    texts = capital_after("在")
    assert write_entity_file(tmp_path / "one", texts, "conll") == []
    write_entity_file(tmp_path / "other", texts, "bio")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert set(FORMATS) == {*JSON_FORMATS, *CONLL_FORMATS}
