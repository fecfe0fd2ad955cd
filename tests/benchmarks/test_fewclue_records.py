"""One record of each kind as text, and what is said of records that are broken."""

import json
from pathlib import Path

import pytest
from tiny_fewclue import IDIOMS, tiny_record

from baihua.benchmarks.fewclue_records import Line, read_record
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, find_task
from baihua.checks import InvalidValue
from baihua.language import set_language

LINE = Line(Path("dev_0.json"), 7)


def read(name, record, *, labelled=True):
    return read_record(find_task(name), json.dumps(record, ensure_ascii=False), LINE, labelled=labelled)


@pytest.mark.parametrize("name", FEWCLUE_TASKS)
def test_labels_are_strings_of_the_task_whatever_they_are_in_the_file(name):
    for label in FEWCLUE_TASKS[name].labels:
        assert read(name, tiny_record(name, 3, label)).label == label


@pytest.mark.parametrize("name", FEWCLUE_TASKS)
def test_a_text_without_label_is_read_where_none_is_expected(name):
    example = read(name, tiny_record(name, 3), labelled=False)
    assert example.label is None
    assert example.id == 3
    with pytest.raises(InvalidValue, match=r"Line 7 of dev_0\.json has the (label|answer) None, which is no label"):
        read(name, tiny_record(name, 3))


def test_single_texts_and_pairs_are_taken_as_they_are():
    assert read("EPRSTMT", tiny_record("EPRSTMT", 1, "Positive")).fields == {"text": "第1件商品"}
    assert read("CSLDCP", {"content": "  一篇\n", "label": "数学", "id": 5}).fields == {"text": "一篇"}
    assert read("OCNLI", tiny_record("OCNLI", 1, "neutral")).fields == {"text_a": "这是第1句", "text_b": "这是一句话"}


def test_keywords_come_first_and_the_abstract_second():
    example = read("CSL", tiny_record("CSL", 2, "1"))
    assert example.fields == {"text_a": "水稻；试验2", "text_b": "第2篇研究水稻。"}


def test_the_blank_of_an_idiom_stands_between_the_two_texts():
    example = read("CHID", tiny_record("CHID", 2, "4"))
    assert (example.text_a, example.text_b) == ("第2次，", "，果然。")
    assert example.candidates == tuple(IDIOMS)
    assert example.candidates[int(example.label)] == "亡羊补牢"
    at_the_start = read("CHID", {"id": 1, "content": "#idiom#，果然", "candidates": IDIOMS, "answer": 0})
    assert at_the_start.text_a == ""


def test_noun_and_pronoun_are_marked_and_found_again():
    example = read("CLUEWSC", tiny_record("CLUEWSC", 2, "true"))
    assert example.text_a == "第2天，_小明_见到老王，[他]很高兴。"
    assert example.text_b == "他指的是小明"
    assert [example.text_a[start:end] for start, end in example.spans] == ["小明", "他"]


def test_the_pronoun_may_come_first_or_touch_the_noun():
    target = {"span1_text": "小明", "span1_index": 1, "span2_text": "他", "span2_index": 0}
    example = read("CLUEWSC", {"idx": 0, "text": "他小明来了", "target": target, "label": "true"})
    assert example.text_a == "[他]_小明_来了"
    assert [example.text_a[start:end] for start, end in example.spans] == ["小明", "他"]


def test_the_same_passage_with_another_noun_is_another_question():
    one = tiny_record("CLUEWSC", 2, "true")
    other = {**one, "target": one["target"] | {"span1_text": "老王", "span1_index": one["text"].index("老王")}}
    assert read("CLUEWSC", one).key != read("CLUEWSC", other).key


def test_truth_values_are_understood_as_words():
    assert read("CLUEWSC", tiny_record("CLUEWSC", 2, "true") | {"label": False}).label == "false"


def test_undecided_annotators_leave_no_label():
    assert read("OCNLI", tiny_record("OCNLI", 1, "-")) is None
    with pytest.raises(InvalidValue, match="has the label '-', which is no label of BUSTM"):
        read("BUSTM", tiny_record("BUSTM", 1, "-"))


def test_the_name_of_a_label_is_not_the_label():
    with pytest.raises(InvalidValue, match=r"'news_car', which is no label of TNEWS \(100, 101, 102, …\)"):
        read("TNEWS", tiny_record("TNEWS", 1, "107") | {"label": "news_car"})
    with pytest.raises(InvalidValue, match="has the label 105"):
        read("TNEWS", tiny_record("TNEWS", 1, "105"))
    with pytest.raises(InvalidValue, match="has the answer 7"):
        read("CHID", tiny_record("CHID", 1, "7"))


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("EPRSTMT", {"sentence": " "}, "has no text in sentence"),
        ("EPRSTMT", {"sentence": 3}, "has no text in sentence"),
        ("BUSTM", {"sentence2": None}, "has no text in sentence2"),
        ("BUSTM", {"id": None}, "has no id"),
        ("CSL", {"keyword": "水稻"}, "has no list of words in keyword"),
        ("CSL", {"keyword": ["水稻", 1]}, "has no list of words in keyword"),
        ("CHID", {"content": "没有空"}, "has #idiom# 0 times"),
        ("CHID", {"content": "#idiom#与#idiom#"}, "has #idiom# 2 times"),
        ("CHID", {"candidates": IDIOMS[:6]}, "must have 7 different idioms"),
        ("CHID", {"candidates": [*IDIOMS[:6], IDIOMS[0]]}, "must have 7 different idioms"),
        ("CLUEWSC", {"target": None}, "lacks text and target"),
        ("CLUEWSC", {"target": {"span1_text": "小明", "span1_index": 5}}, "has no '小明' at character 5"),
        ("CLUEWSC", {"target": {"span1_text": "小明", "span1_index": "4"}}, "has no '小明' at character 4"),
        ("CLUEWSC", {"target": {"span1_text": "小明", "span1_index": -9}}, "has no '小明' at character -9"),
    ],
)
def test_a_broken_record_is_named_with_its_line(name, wrong, said):
    record = tiny_record(name, 1, FEWCLUE_TASKS[name].labels[0]) | wrong
    with pytest.raises(InvalidValue, match=rf"Line 7 of dev_0\.json .*{said}.*Mend the line or fetch the raw file\."):
        read(name, record)


def test_a_noun_that_holds_the_pronoun_is_refused():
    target = {"span1_text": "他爹", "span1_index": 0, "span2_text": "他", "span2_index": 0}
    with pytest.raises(InvalidValue, match="overlap"):
        read("CLUEWSC", {"idx": 0, "text": "他爹来了", "target": target, "label": "true"})


@pytest.mark.parametrize(("written", "said"), [("不是", "is no JSON"), ("[1]", "is no JSON object")])
def test_what_is_no_record_is_said(written, said):
    with pytest.raises(InvalidValue, match=f"Line 7 of .*{said}"):
        read_record(find_task("csl"), written, LINE, labelled=True)


def test_it_is_said_in_chinese_too():
    set_language("zh")
    with pytest.raises(
        InvalidValue, match=r"dev_0\.json 第 7 行的 label 是 'x'，不是 CSL 的标签（0, 1）；请改正这一行或取原始文件"
    ):
        read("CSL", tiny_record("CSL", 1, "x"))
