"""Several texts in a row of tokens: what is between them, what is cut, and nothing of what they spell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.choosing.joined import cut_longest, joined_rows

CLS, SEP = 2, 3


@pytest.fixture(scope="module")
def encoder(small_folder):
    return load_encoder(str(small_folder))


def one_by_one(lengths, room):
    kept = list(lengths)
    while sum(kept) > room:
        kept[max(range(len(kept)), key=lambda place: kept[place])] -= 1
    return kept


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(0, 40))
def test_the_longest_loses_first_as_token_by_token(lengths, room):
    assert cut_longest(lengths, room) == one_by_one(lengths, room)


def test_separators_stand_between_and_types_are_0(encoder):
    rows = joined_rows(encoder, [("手机", "电", "好")])
    backend = encoder.backend()
    ids = [backend.token_to_id(character) for character in "手机电好"]
    assert rows.ids == [[CLS, ids[0], ids[1], SEP, ids[2], SEP, ids[3], SEP]]
    assert rows.types == [[0] * 8]
    assert rows.num_cut == 0


def test_token_ids_stand_as_they_are_and_spelt_ones_do_not(encoder):
    rows = joined_rows(encoder, [((4, 5), "[MASK]手")])
    assert rows.ids[0][1:3] == [4, 5]
    assert 4 not in rows.ids[0][3:]


def test_empty_texts_leave_no_separator(encoder):
    assert joined_rows(encoder, [("手", "", "机")]).ids == joined_rows(encoder, [("手", "机")]).ids


def test_long_rows_keep_some_of_each_text(encoder):
    rows = joined_rows(encoder, [("手" * 50, "机" * 9, "电")], max_length=16)
    assert len(rows.ids[0]) == 16
    assert rows.num_cut == 1
    assert rows.ids[0][-2] == encoder.backend().token_to_id("电")


def test_no_room(encoder):
    with pytest.raises(InvalidValue, match="8 tokens have no room for 5 texts"):
        joined_rows(encoder, [("手", "机", "电", "好", "天")], max_length=8)
