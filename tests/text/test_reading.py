"""Answers stand in their contexts, and what is none is refused."""

import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.text.reading import Answer, check_contexts, check_found_answers

CONTEXT = "小王去了北京，又去了北京西站。"


def test_where_an_answer_stands():
    assert Answer.of(CONTEXT, "北京") == Answer(4, 6)
    assert Answer.of(CONTEXT, "北京", 10) == Answer(10, 12)
    for text, start in [("上海", None), ("北京", 5), ("", None), ("北京", -3)]:
        with pytest.raises(InvalidValue, match="does not stand in its context"):
            Answer.of(CONTEXT, text, start)


def test_every_way_to_write_one():
    pairs = [(CONTEXT, "问")] * 4
    assert check_found_answers(["北京", (10, "北京"), Answer(0, 2), None], pairs) == [
        Answer(4, 6),
        Answer(10, 12),
        Answer(0, 2),
        None,
    ]


@pytest.mark.parametrize(
    ("wrong", "error", "word"),
    [
        ("北京", InvalidValue, "as many"),
        ([], InvalidValue, "as many"),
        ([Answer(3, 99)], InvalidValue, "beyond its context"),
        ([5], InvalidType, "must be a text"),
        ([("a", "b")], InvalidType, "must be a text"),
        ([(3, "北京")], InvalidValue, "does not stand"),
    ],
)
def test_what_is_none(wrong, error, word):
    with pytest.raises(error, match=word):
        check_found_answers(wrong, [(CONTEXT, "问")])


def test_contexts():
    assert check_contexts(CONTEXT, ["一", "二"]) == [(CONTEXT, "一"), (CONTEXT, "二")]
    with pytest.raises(InvalidValue, match="1 contexts and 2 questions"):
        check_contexts([CONTEXT], ["一", "二"])
    with pytest.raises(InvalidValue, match="item 1"):
        check_contexts([CONTEXT, " "], ["一", "二"])
    with pytest.raises(InvalidType):
        check_contexts(CONTEXT, "一")
