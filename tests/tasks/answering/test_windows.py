"""Windows cover their context, and an answer whole in one is where it stands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baihua.encoders.load import load_encoder
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import NOTHING, make_windows, window_starts
from baihua.text.reading import Answer

SETTINGS = AnswerSettings(max_length=16, stride=4, max_question=4)
CONTEXT = "手机充不进电怎么办如何退款钱今天气很好"


@pytest.fixture(scope="module")
def encoder(small_folder):
    return load_encoder(str(small_folder))


@given(st.integers(0, 200), st.integers(1, 60), st.integers(1, 80))
def test_windows_cover_everything_and_none_is_needless(num, room, stride):
    starts = list(window_starts(num, room, stride))
    covered = {place for start in starts for place in range(start, min(start + room, num))}
    assert covered == set(range(num))
    assert all(start + room < num for start in starts[:-1])


def test_a_row_is_question_and_window(encoder):
    window = make_windows(encoder, [(CONTEXT, "好的手机电")], SETTINGS)[1]
    backend = encoder.backend()
    spelt = [backend.token_to_id(character) for character in "好的手机" + CONTEXT[4:13]]
    assert window.ids == [2, *spelt[:4], 3, *spelt[4:], 3]
    assert window.first == 6
    assert window.offsets.tolist() == [[place, place + 1] for place in range(4, 13)]


@pytest.mark.parametrize("start", range(len(CONTEXT)))
@pytest.mark.parametrize("width", [1, 3, 5])
def test_an_answer_is_found_where_it_stands(encoder, start, width):
    answer = Answer(start, min(start + width, len(CONTEXT)))
    windows = make_windows(encoder, [(CONTEXT, "好")], SETTINGS, [answer])
    assert any(window.span != NOTHING for window in windows)
    for window in windows:
        if window.span != NOTHING:
            first, last = window.span
            assert (window.offsets[first - 1, 0], window.offsets[last - 1, 1]) == (answer.start, answer.end)


def test_a_long_answer_between_the_usual_windows_gets_one_of_its_own(encoder):
    # Room for 12: windows begin at 0 and 8, and an answer from 3 to 14 is whole in neither.
    settings = AnswerSettings(max_length=16, stride=8, max_question=1)
    windows = make_windows(encoder, [(CONTEXT, "好")], settings, [Answer(3, 14)])
    assert [window.span != NOTHING for window in windows] == [False, False, True]
    first, last = windows[-1].span
    assert (windows[-1].offsets[first - 1, 0], windows[-1].offsets[last - 1, 1]) == (3, 14)


def test_blanks_at_the_ends_of_an_answer_are_no_part_of_it(encoder):
    context = "手机 充不进 电"
    window = make_windows(encoder, [(context, "好")], AnswerSettings(), [Answer(2, 7)])[0]
    first, last = window.span
    assert context[window.offsets[first - 1, 0] : window.offsets[last - 1, 1]] == "充不进"


def test_an_answer_within_a_word_is_an_answer_all_the_same():
    encoder = load_encoder("bundled")
    context = "会议在2021年举行，用iPhone12拍照"
    for text in ("21", "Phone1", "2021年举"):
        answer = Answer.of(context, text)
        window = make_windows(encoder, [(context, "问")], AnswerSettings(), [answer])[0]
        first, last = window.span
        assert context[window.offsets[first - 1, 0] : window.offsets[last - 1, 1]] == text


def test_none_and_too_long_are_nothing(encoder):
    assert {one.span for one in make_windows(encoder, [(CONTEXT, "好")], SETTINGS, [None])} == {NOTHING}
    assert {one.span for one in make_windows(encoder, [(CONTEXT, "好")], SETTINGS, [Answer(0, 19)])} == {NOTHING}


def test_what_a_text_spells_is_characters(encoder):
    window = make_windows(encoder, [("[SEP]手", "[MASK]")], AnswerSettings())[0]
    assert 4 not in window.ids
    assert window.ids.count(3) == 2
    assert len(window.offsets) == np.sum([1, 1, 1, 1])
