"""What is a question with choices, and what is none."""

import numpy as np
import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.text.choices import ChoiceQuestion, check_answers, check_questions

QUESTION = ChoiceQuestion(("他去了哪里？",), ("北京", "上海"))


def test_every_way_to_write_one():
    for given in [("他去了哪里？", ["北京", "上海"]), (["他去了哪里？"], ("北京", "上海")), QUESTION]:
        assert check_questions([given]) == [QUESTION]
    assert check_questions([(("小王走了。", "他去了哪里？"), ["北京", (5, 6)])])[0].choices == ("北京", (5, 6))


@pytest.mark.parametrize(
    ("wrong", "error", "word"),
    [
        ("题", InvalidType, "sequence of questions"),
        ([5], InvalidType, "Question 0"),
        ([("题", ["甲"])], InvalidValue, "two choices"),
        ([("题", ["甲", 5])], InvalidType, "no text"),
        ([(" ", ["", " "])], InvalidValue, "some text"),
        ([QUESTION, "题"], InvalidType, "Question 1"),
    ],
)
def test_what_is_none(wrong, error, word):
    with pytest.raises(error, match=word):
        check_questions(wrong)


def test_answers():
    assert check_answers(np.array([1]), [QUESTION]) == [1]
    with pytest.raises(InvalidValue, match="1 questions but 2 answers"):
        check_answers([0, 1], [QUESTION])
    with pytest.raises(InvalidValue, match="2 choices, but its answer is 2"):
        check_answers([2], [QUESTION])
    for wrong in ("1", 0.5, True, None):
        with pytest.raises(InvalidType, match="whole number"):
            check_answers([wrong], [QUESTION])
