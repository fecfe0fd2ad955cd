"""What a user gives to an extractor: any sequence will do, and a mistake is named with its place, in both languages."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baihua.checks import InvalidType, InvalidValue, Mistake
from baihua.tasks.extraction.checked import check_dev, check_entities_of, readable_texts
from baihua.text.entities import Entity, EntityTexts

TEXTS = ["小王在北京", "我去上海", ""]
MARKED = [[Entity(0, 2, "人"), Entity(3, 5, "地")], [Entity(2, 4, "地")], []]


@settings(database=None, deadline=None)
@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C", "Cs"])))
def test_halves_of_characters_become_one_sign_each(text):
    (found,) = readable_texts([text])
    assert len(found) == len(text)
    assert all(
        there == ("\ufffd" if "\ud800" <= mine <= "\udfff" else mine) for mine, there in zip(text, found, strict=True)
    )


@pytest.mark.parametrize(
    "texts", [TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS, index=[7, 7, 0])]
)
def test_texts_in_any_sequence(texts):
    found = readable_texts(texts)
    assert found == TEXTS
    assert {type(text) for text in found} == {str}
    assert check_dev((texts, MARKED)) == (TEXTS, MARKED)


def test_entities_in_any_shape():
    tuples = [[(0, 2, "人"), [3, 5, "地"]], ((2, 4, "地"),), ()]
    column = pd.Series(MARKED, index=["a", "b", "c"])
    numbers = [[(np.int64(0), np.int32(2), np.str_("人")), (3, np.uint8(5), "地")], [(2, 4, "地")], []]
    unordered = [list(reversed(MARKED[0])) * 2, {(2, 4, "地")}, []]
    unsure = [[Entity(one.start, one.end, one.type, 0.1) for one in mine] for mine in MARKED]
    for given_entities in (MARKED, tuples, column, numbers, unordered, unsure, iter(MARKED)):
        found = check_entities_of(TEXTS, given_entities)
        assert found == MARKED
        assert all(type(place) is int for mine in found for one in mine for place in (one.start, one.end))
        assert all(one.score == 1 for mine in found for one in mine)


def said(mistake):
    """Both sentences of a mistake."""
    return f"{mistake.value.en} {mistake.value.zh}"


@pytest.mark.parametrize(
    ("texts", "place"),
    [("小王", "'小王'"), (b"ab", "b'ab'"), (None, "NoneType"), (5, "int"), (["a", None], "1"), (["a", "b", 2.5], "2")],
)
def test_what_is_no_sequence_of_strings(texts, place):
    for argument in ("texts", "dev[0]"):
        with pytest.raises(InvalidType) as mistake:
            readable_texts(texts, argument)
        assert said(mistake).count(argument) >= 2
        assert said(mistake).count(place) >= 2


@pytest.mark.parametrize(
    ("entities", "place"),
    [
        (None, "0"),
        (5, "0"),
        ([[], None, []], "1"),
        ([[], [], 3], "2"),
        ([[], "地", []], "1"),
        ([[], ["地"], []], "1"),
        ([(0, 2, "人"), [], []], "0"),
        ([[], [(0, 2)], []], "1"),
        ([[], [(0, 2, None)], []], "1"),
        ([[], [(0.0, 2.0, "地")], []], "1"),
        ([[], [(False, True, "地")], []], "1"),
        ([[], [("0", "2", "地")], []], "1"),
        ([[], [Entity(0, 2, 7)], []], "1"),
        ([[], [Entity(0.0, 2, "地")], []], "1"),
        ([[], [None], []], "1"),
    ],
)
def test_what_is_no_entity(entities, place):
    with pytest.raises(InvalidType) as mistake:
        check_entities_of(TEXTS, entities, ("dev[0]", "dev[1]"))
    assert said(mistake).count("dev[1]") == 2
    assert f"item {place} " in mistake.value.en
    assert f"第 {place} 项" in mistake.value.zh


def test_entities_that_do_not_fit_their_texts():
    with pytest.raises(InvalidValue, match="texts and entities must have the same length, but received 3 and 2"):
        check_entities_of(TEXTS, MARKED[:2])
    with pytest.raises(InvalidValue, match="item 1 of entities the entity 2–5 reaches beyond its text of 4 characters"):
        check_entities_of(TEXTS, [[], [(2, 5, "地")], []])
    with pytest.raises(InvalidValue, match="item 2 of entities the entity 0–1 reaches beyond its text of 0"):
        check_entities_of(TEXTS, [[], [], [(0, 1, "地")]])
    for wrong in ((2, 2, "地"), (3, 2, "地"), (-1, 2, "地")):
        with pytest.raises(InvalidValue, match="begins at 0 or later and ends after its start"):
            check_entities_of(TEXTS, [[wrong], [], []])


def test_places_are_code_points():
    """An emoji of three code points counts three, and a character beyond the first plane counts one."""
    assert check_entities_of(["𠮷👨‍🚒"], [[(0, 4, "x")]]) == [[Entity(0, 4, "x")]]
    with pytest.raises(InvalidValue, match="of 4 characters"):
        check_entities_of(["𠮷👨‍🚒"], [[(0, 5, "x")]])


def test_texts_held_aside():
    assert check_dev(None) is None
    assert check_dev([TEXTS, MARKED]) == (TEXTS, MARKED)
    assert check_dev((["\ud83d小王"], [[(1, 3, "人")]])) == (["\ufffd小王"], [[Entity(1, 3, "人")]])
    for wrong in (TEXTS, EntityTexts(TEXTS, MARKED), "小王", 5, (TEXTS,)):
        with pytest.raises(InvalidType, match=r"dev must be a pair \(texts, entities\)"):
            check_dev(wrong)
    for wrong, message in [
        ((TEXTS, MARKED[:1]), r"dev\[0\] and dev\[1\] must have the same length"),
        ((TEXTS, [[], [], []]), "None of the 3 texts of dev has an entity"),
        (([], []), "None of the 0 texts of dev has an entity"),
        ((TEXTS, [[(0, 9, "人")], [], []]), r"item 0 of dev\[1\]"),
    ]:
        with pytest.raises(Mistake, match=message):
            check_dev(wrong)
