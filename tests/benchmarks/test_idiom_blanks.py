"""Texts with several blanks: a question for each, the marker once and in the middle, the others masked, never too long."""

import numpy as np
import pytest

from baihua.benchmarks.idiom_blanks import IDIOM_LENGTH, mark_blank, split_blanks, text_budget
from baihua.checks import InvalidValue

MARKER, MASK = "？", "＿"


def random_pieces(rng, num_blanks, longest):
    """Return the texts between blanks, some of them empty; each character tells its place."""
    characters = iter(chr(0x4E00 + place) for place in range(10_000))
    return ["".join(next(characters) for _ in range(rng.integers(0, longest))) for _ in range(num_blanks + 1)]


def written_out(pieces, place):
    """Return the whole text, uncut."""
    filled = [MARKER if number == place else MASK * IDIOM_LENGTH for number in range(len(pieces) - 1)]
    return "".join(text for pair in zip(pieces, [*filled, ""], strict=True) for text in pair)


def test_as_many_questions_as_blanks_each_about_its_own():
    sentences = ["他#idiom000001#，又#idiom000002#。", "没有空。", "#idiom000003#"]
    questions = split_blanks(sentences)
    assert [question.blank for question in questions] == ["#idiom000001#", "#idiom000002#", "#idiom000003#"]
    assert [question.place for question in questions] == [0, 1, 0]
    assert questions[0].pieces == questions[1].pieces == ("他", "，又", "。")
    assert questions[2].pieces == ("", "")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("longest", [3, 30, 200])
def test_what_a_model_sees(seed, longest):
    rng = np.random.default_rng(seed)
    budget = text_budget()
    for num_blanks in (1, 2, 5, 10):
        pieces = random_pieces(rng, num_blanks, longest)
        for place in range(num_blanks):
            seen = "".join(mark_blank(pieces, place, marker=MARKER, mask=MASK, budget=budget))
            whole = written_out(pieces, place)
            assert len(seen) <= budget
            assert seen.count(MARKER) == 1
            assert seen in whole  # nothing is lost within
            left, right = seen.split(MARKER)
            whole_left, whole_right = whole.split(MARKER)
            assert whole_left.endswith(left)
            assert whole_right.startswith(right)
            for side, whole_side in ((left, whole_left), (right, whole_right)):
                assert side.count(MASK) % IDIOM_LENGTH == 0  # a blank is there whole, or not at all
                if len(side) < len(whole_side):  # cut on one side only where the other is no longer than it
                    other = right if side is left else left
                    assert len(other) <= len(side) + IDIOM_LENGTH
            if len(whole) > budget:
                assert len(seen) > budget - IDIOM_LENGTH


def test_a_short_text_is_not_cut():
    assert "".join(mark_blank(["他", "，又", "。"], 0, marker=MARKER, mask=MASK, budget=57)) == "他？，又＿＿＿＿。"


def test_tokens_of_any_kind_and_the_budget_of_the_article():
    ids = mark_blank([[5, 6], [], list(range(100, 200))], 1, marker=1, mask=103, budget=text_budget(64))
    assert len(ids) == 57 == 64 - 3 - 4
    assert ids[:7] == [5, 6, 103, 103, 103, 103, 1]


def test_one_token_is_enough_and_none_is_refused():
    assert mark_blank(["他", "。"], 0, marker=MARKER, mask=MASK, budget=1) == [MARKER]
    with pytest.raises(InvalidValue, match="a budget of 0 tokens has no room"):
        mark_blank(["他", "。"], 0, marker=MARKER, mask=MASK, budget=0)
    with pytest.raises(InvalidValue, match=r"no blank 1 \(from 0\) among 1"):
        mark_blank(["他", "。"], 1, marker=MARKER, mask=MASK, budget=9)
