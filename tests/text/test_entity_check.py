import dataclasses
import json

import pytest

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_check import KINDS, check_entities, count_problems


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def kinds(*entities, text="北京大学在北京", **settings):
    return [problem.kind for problem in check_entities(EntityTexts([text], [list(entities)]), **settings)]


def by_character(texts):
    return [[(place, place + 1) for place in range(len(text))] for text in texts]


def test_clean_texts_have_no_problem():
    texts = EntityTexts(["北京大学", "在上海", "在上海"], [[Entity(0, 2, "地"), Entity(2, 4, "校")], [], []])
    assert check_entities(texts, by_character, 2) == []


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        ([Entity(0, 4, "校"), Entity(0, 2, "地")], ["nested"]),
        ([Entity(0, 4, "校"), Entity(1, 3, "地")], ["nested"]),
        ([Entity(0, 4, "校"), Entity(0, 4, "地")], ["nested"]),
        ([Entity(0, 3, "校"), Entity(2, 4, "地")], ["crossing"]),
        ([Entity(0, 2, "校"), Entity(2, 4, "地")], []),
        ([Entity(0, 2, "地")] * 3, ["duplicate"]),
        ([Entity(0, 2, "地", 0.5), Entity(0, 2, "地")], ["duplicate"]),
        ([Entity(0, 6, "甲"), Entity(0, 4, "乙"), Entity(0, 2, "丙")], ["nested"] * 3),
        ([Entity(5, 8, "地")], ["out_of_range"]),
    ],
)
def test_what_stands_beside_what(entities, expected):
    assert kinds(*entities) == expected
    assert kinds(*reversed(entities)) == expected


@pytest.mark.parametrize(("text", "wrong"), [("北京 ", True), ("北 京", False), ("\u3000北京", True), ("\n北京", True)])
def test_white_space_at_an_edge(text, wrong):
    assert kinds(Entity(0, len(text), "地"), text=text) == ["whitespace_edge"] * wrong


def test_edges_that_are_no_edges_of_tokens():
    tokens = [[(0, 0), (0, 2), (2, 4), (4, 5), (5, 7), (0, 0)]]
    assert kinds(Entity(0, 4, "校"), Entity(5, 7, "地"), offsets=tokens) == []
    assert kinds(Entity(0, 3, "校"), Entity(6, 7, "地"), offsets=tokens) == ["unalignable"] * 2
    assert kinds(Entity(0, 3, "校"), offsets=by_character) == []


def test_width_is_counted_in_tokens_or_characters():
    tokens = [[(0, 2), (2, 4), (4, 5), (5, 7)]]
    assert kinds(Entity(0, 4, "校"), offsets=tokens, most_tokens=2) == []
    assert kinds(Entity(0, 5, "校"), offsets=tokens, most_tokens=2) == ["too_wide"]
    assert kinds(Entity(0, 4, "校"), most_tokens=3) == ["too_wide"]


def test_the_same_text_with_other_entities_names_both_lines():
    texts = EntityTexts(
        ["北京", "上海", "北京", "北京"], [[Entity(0, 2, "地")], [], [], [Entity(0, 2, "地")]], [3, 5, 8, 9]
    )
    [problem] = check_entities(texts)
    assert (problem.kind, problem.line, problem.text) == ("conflict", 8, "北京")
    assert "line 3" in problem.detail


def test_lines_are_those_of_the_file_or_count_from_one():
    mine = [[], [Entity(0, 2, "地")] * 2]
    assert [problem.line for problem in check_entities(EntityTexts(["好", "北京"], mine))] == [2]
    assert [problem.line for problem in check_entities(EntityTexts(["好", "北京"], mine, [4, 7]))] == [7]


def test_problems_are_counted_and_become_json():
    mine = [Entity(0, 3, "校"), Entity(0, 2, "地"), Entity(0, 2, "地"), Entity(5, 9, "地"), Entity(0, 1, "字")]
    problems = check_entities(EntityTexts(["北京大学在北京"], [mine]), by_character, 2)
    counts = count_problems(problems)
    assert counts == {"nested": 3, "too_wide": 1, "out_of_range": 1, "duplicate": 1, "unalignable": 1}
    assert set(counts) <= set(KINDS)
    assert sum(counts.values()) == len(problems)
    assert json.loads(json.dumps([dataclasses.asdict(problem) for problem in problems]))[0]["kind"] == "out_of_range"


def test_lists_must_be_as_long_as_the_texts():
    with pytest.raises(InvalidValue, match="texts and offsets must have the same length"):
        check_entities(EntityTexts(["北京"], [[]]), offsets=[])
    with pytest.raises(InvalidValue, match="texts and entities must have the same length"):
        check_entities(EntityTexts(["北京"], []))
