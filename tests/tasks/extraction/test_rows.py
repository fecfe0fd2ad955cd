"""Rows to learn from: entities become tokens and come back, and every window is in one batch of an epoch."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.load import BUNDLED
from baihua.tasks.extraction.rows import check_something_marked, make_rows, num_batches, row_batches, window_overlap
from baihua.tasks.extraction.windows import make_windows
from baihua.text.entities import Entity

BACKEND = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
SPECIAL = 2
TYPES = ["人", "地"]
PIECES = [
    "小",
    "王在",
    "北京",
    "，",
    "Hello",
    "7",
    "2024",
    "🙂",
    "👨‍🚒",
    "ＡＢ",
    "㈱",
    "\u200b",
    "\r\n",
    " ",
    "e\u0301",
    "𠮷",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def rows_of(texts, entities, *, max_length=100, overlap=10, max_width=None):
    return make_rows(make_windows(BACKEND, texts, max_length, overlap), entities, TYPES, max_width)


def spans_marked(rows, place):
    """The entities of a window, as places in the text."""
    offsets = rows.windows[place].offsets
    return [
        Entity(int(offsets[first, 0]), int(offsets[last, 1]), TYPES[kind]) for kind, first, last in rows.marked[place]
    ]


@st.composite
def marked_texts(draw):
    """A text and entities anywhere in it."""
    text = draw(texts)
    pairs = st.lists(st.integers(0, len(text)), min_size=2, max_size=2, unique=True).map(sorted)
    spans = draw(st.lists(pairs, max_size=8)) if text else []
    return text, [Entity(*span, draw(st.sampled_from(TYPES))) for span in spans]


@settings(database=None, deadline=None, max_examples=200)
@given(st.lists(marked_texts(), max_size=3), st.integers(1, 6))
def test_an_entity_comes_back_or_is_lost(given_texts, max_width):
    entities = [mine for _, mine in given_texts]
    rows = rows_of([text for text, _ in given_texts], entities, max_width=max_width)
    offsets = {window.text: window.offsets.tolist() for window in rows.windows}
    back = {number: [] for number in range(len(entities))}
    for place, window in enumerate(rows.windows):
        back[window.text] += spans_marked(rows, place)
    for number, mine in enumerate(entities):
        edges = offsets.get(number, [])
        starts, ends = [start for start, _ in edges], [end for _, end in edges]

        def held(entity, starts=starts, ends=ends):
            if entity.start not in starts or entity.end not in ends:
                return False
            last = len(ends) - 1 - ends[::-1].index(entity.end)
            return last - starts.index(entity.start) < max_width

        assert back[number] == [entity for entity in mine if held(entity)]
        assert rows.lost[number] == [entity for entity in mine if not held(entity)]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("北京大学", [(0, 4), (0, 2), (2, 4)]),  # nested and side by side
        ("北京大学", [(0, 1), (1, 2), (2, 3), (3, 4)]),  # single characters
        ("京", [(0, 1)]),  # a whole text of one character
        ("北京大学在北京", [(0, 4), (2, 7), (0, 7)]),  # crossing, and the whole text
        ("我Hello㈱", [(1, 6), (6, 7), (1, 7)]),
        ("\r\n 小王 ", [(3, 5), (3, 4)]),
    ],
)
def test_entities_of_all_shapes_come_back(text, spans):
    entities = [Entity(*span, "人") for span in spans]
    rows = rows_of([text], [entities])
    assert spans_marked(rows, 0) == entities
    assert rows.lost == [[]]


def test_what_no_window_can_hold_is_lost():
    text = "Hello北京大学，👨‍🚒"
    inside_a_token = [Entity(1, 5, "人"), Entity(0, 4, "人"), Entity(10, 11, "地")]
    too_wide, wide_enough = Entity(5, 9, "地"), Entity(5, 8, "地")
    nothing_there = Entity(0, 1, "地")
    rows = rows_of([text, " "], [[*inside_a_token, too_wide, wide_enough], [nothing_there]], max_width=3)
    assert rows.lost == [[*inside_a_token, too_wide], [nothing_there]]
    assert spans_marked(rows, 0) == [wide_enough]


def test_unknown_types_are_neither_marked_nor_lost():
    rows = rows_of(["北京大学"], [[Entity(0, 2, "山"), Entity(0, 4, "地"), Entity(1, 9, "山")]])
    assert spans_marked(rows, 0) == [Entity(0, 4, "地")]
    assert rows.lost == [[Entity(1, 9, "山")]]


def test_an_entity_is_marked_in_every_window_that_holds_it_whole():
    """Else one and the same place would be taught as an entity in one window and as none in the next."""
    text = "北京，" * 8
    entities = [Entity(start, start + 2, "地") for start in range(0, len(text), 3)]
    rows = rows_of([text], [entities], max_length=9 + SPECIAL, overlap=4)
    assert len(rows.windows) == 4
    assert rows.lost == [[]]
    for place, window in enumerate(rows.windows):
        begin, stop = window.offsets[0, 0], window.offsets[-1, 1]
        assert spans_marked(rows, place) == [one for one in entities if begin <= one.start and one.end <= stop]
    assert sum(map(len, rows.marked)) > len(entities)


@settings(database=None, deadline=None, max_examples=60)
@given(texts=st.lists(texts, max_size=4), room=st.integers(2, 9), data=st.data())
def test_cut_or_not_an_entity_narrow_enough_is_learned(texts, room, data):
    overlap = data.draw(st.integers(1, room - 1))
    BACKEND.no_truncation()
    offsets = [BACKEND.encode(text, add_special_tokens=False).offsets for text in texts]
    entities = [[Entity(*place, "人") for place in sorted(set(places))] for places in offsets]
    whole = rows_of(texts, entities, max_width=overlap)
    cut = rows_of(texts, entities, max_length=room + SPECIAL, overlap=overlap, max_width=overlap)
    learned = {
        (window.text, entity)
        for place, window in enumerate(cut.windows)
        for entity in spans_marked(cut, place)
        if window.owns(entity.start, entity.end)
    }
    for number, mine in enumerate(entities):
        for entity in mine:
            assert ((number, entity) in learned) == (entity not in cut.lost[number])
            # a character of several tokens may be cut apart, and then is narrower than when it is whole
            assert entity in whole.lost[number] or (number, entity) in learned


@pytest.mark.parametrize(
    ("max_length", "max_width", "shared"),
    [(512, 64, 64), (512, None, 255), (32, 64, 15), (8, 1, 1), (3, 64, 0), (2, None, 0)],
)
def test_neighbours_share_the_widest_entity_or_half_a_window(max_length, max_width, shared):
    assert window_overlap(BACKEND, max_length, max_width) == shared


def many_rows(num):
    """Rows of texts that are all different, each marked where its number stands."""
    texts = [f"{'小王在' * (number % 7)}{number}" for number in range(num)]
    entities = [[Entity(3 * (number % 7), len(text), "人")] for number, text in enumerate(texts)]
    return rows_of(texts, entities)


def windows_in(batch):
    """The rows of a batch as ids and marks."""
    return [
        (
            tuple(ids[mask.bool()].tolist()),
            int(length),
            [tuple(span[1:]) for span in batch["spans"].tolist() if span[0] == row],
        )
        for row, (ids, mask, length) in enumerate(zip(batch["ids"], batch["mask"], batch["lengths"], strict=True))
    ]


@settings(database=None, deadline=None, max_examples=30)
@given(num=st.integers(1, 300), size=st.integers(1, 40), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_an_epoch_has_each_window_once_with_its_marks(num, size, seed, epoch):
    rows = many_rows(num)
    batches = list(row_batches(rows, size, seed, epoch))
    assert len(batches) == num_batches(rows, size) == math.ceil(num / size)
    assert max(len(batch["ids"]) for batch in batches) <= size
    expected = [
        (tuple(window.ids), len(window.offsets), marks) for window, marks in zip(rows.windows, rows.marked, strict=True)
    ]
    assert sorted(one for batch in batches for one in windows_in(batch)) == sorted(expected)
    assert all(int(batch["special"]) == 1 for batch in batches)


def test_an_epoch_is_decided_by_seed_and_number():
    rows = many_rows(50)

    def order(seed, epoch):
        return [windows_in(batch) for batch in row_batches(rows, 4, seed, epoch)]

    assert order(3, 1) == order(3, 1)
    assert order(3, 1) != order(3, 2)
    assert order(3, 1) != order(4, 1)


def test_batches_hold_little_padding():
    rows = many_rows(320)
    masks = [batch["mask"] for batch in row_batches(rows, 16, 0, 0)]
    assert sum(mask.sum() for mask in masks) > 0.9 * sum(mask.numel() for mask in masks)


def test_nothing_left_to_learn():
    check_something_marked(rows_of(["北京"], [[Entity(0, 2, "地")]]))
    for entities in ([[Entity(1, 3, "地")]], [[]]):
        with pytest.raises(InvalidValue, match="begins and ends at edges of tokens"):
            check_something_marked(rows_of(["Hello"], entities))
