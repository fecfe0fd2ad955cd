"""Files of questions as people have them."""

import json

import pytest

from baihua.checks import FileProblem, InvalidValue
from baihua.text.question_files import read_choice_file, read_reading_file
from baihua.text.reading import Answer

CONTEXT = "小王去了北京，小李去了上海。"


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def test_a_table_of_reading(tmp_path):
    found = read_reading_file(
        write(tmp_path / "a.csv", f"上下文,问题,答案\n{CONTEXT},小王去了哪里？,北京\n{CONTEXT},小张呢？,\n")
    )
    assert found.questions == ["小王去了哪里？", "小张呢？"]
    assert found.answers == [(Answer(4, 6),), ()]
    assert found.ids == ["1", "2"]
    assert found.marked


def test_without_answers_it_is_to_be_asked(tmp_path):
    found = read_reading_file(write(tmp_path / "a.tsv", f"passage\tquestion\n{CONTEXT}\t谁？\n"))
    assert not found.marked
    assert found.contexts == [CONTEXT]


def test_nested_json_of_squad_and_cmrc(tmp_path):
    answers = [{"text": "上海", "answer_start": 11}, {"text": "去了上海", "answer_start": 9}]
    squad = {
        "data": [
            {"paragraphs": [{"context": CONTEXT, "qas": [{"id": "7", "question": "小李呢？", "answers": answers}]}]}
        ]
    }
    own = [
        {
            "context_id": "T",
            "context_text": CONTEXT,
            "qas": [{"query_id": "7", "query_text": "小李呢？", "answers": ["上海"]}],
        }
    ]
    for number, (content, num) in enumerate([(squad, 2), (own, 1)]):
        found = read_reading_file(write(tmp_path / f"{number}.json", content))
        assert (found.ids, found.questions, found.contexts) == (["7"], ["小李呢？"], [CONTEXT])
        assert found.answers[0][0] == Answer(11, 13)
        assert len(found.answers[0]) == num


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ([{"context": CONTEXT, "question": "谁？", "answer": "广州"}], "a.json:1: The answer '广州' does not stand"),
        ([{"context": CONTEXT, "answer": "北京"}], "a.json:1 has no question"),
        ([{"question": "谁？"}], "a.json:1 has no context"),
        (
            [{"context": CONTEXT, "question": "谁？", "answers": [{"text": "北京", "answer_start": 5}]}],
            "stand in its context at 5",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, content, word):
    with pytest.raises(InvalidValue, match=word):
        read_reading_file(write(tmp_path / "a.json", content))


def test_missing_files(tmp_path):
    for read in (read_reading_file, read_choice_file):
        with pytest.raises(FileProblem):
            read(tmp_path / "no.csv")


def test_choices_in_columns_in_one_column_and_in_json(tmp_path):
    columns = write(tmp_path / "a.csv", "问题,A,B,C,答案\n首都是？,上海,北京,广州,B\n几个？,一,二,,1\n")
    found = read_choice_file(columns)
    assert [question.choices for question in found.questions] == [("上海", "北京", "广州"), ("一", "二")]
    assert found.answers == [1, 0]
    one = write(tmp_path / "b.csv", "文章,题目,选项,答案\n小王走了。,谁走了？,小王|小李,小王\n")
    assert read_choice_file(one).questions[0].parts == ("小王走了。", "谁走了？")
    lines = write(tmp_path / "c.jsonl", '{"question":"谁？","choices":["甲","乙"],"answer":1,"id":"x"}\n')
    assert (read_choice_file(lines).answers, read_choice_file(lines).ids) == ([1], ["x"])


def test_choices_without_answers(tmp_path):
    assert read_choice_file(write(tmp_path / "a.jsonl", '{"question":"谁？","choices":["甲","乙"]}')).answers == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (
            '{"question":"谁？","choices":["甲","乙"],"answer":"丙"}',
            "a.jsonl:1: the answer '丙' is none of the choices",
        ),
        ('{"question":"谁？","choices":["甲"],"answer":"甲"}', "a.jsonl:1 has no choices"),
        ('{"choices":["甲","乙"],"answer":"甲"}', "a.jsonl:1 has no question"),
        (
            '{"question":"谁？","choices":["甲","乙"],"answer":0}\n{"question":"谁？","choices":["甲","乙"]}',
            "only some of them",
        ),
    ],
)
def test_wrong_choices(tmp_path, content, word):
    with pytest.raises(InvalidValue, match=word):
        read_choice_file(write(tmp_path / "a.jsonl", content))
