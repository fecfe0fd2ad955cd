"""Passages cover a text, are short enough, overlap, and end where sentences do."""

from itertools import pairwise

import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.text.passages import split_into_passages

WORDS = [
    "先充电",
    "再开机",
    "还是不行",
    "iPhone15 Pro Max",
    "请联系客服",
    "https://example.com/a-very-long-address",
    "😀",
    "3.14",
]
MARKS = ["。", "！", "，", "\n", "……", " ", "。”", ""]


def random_text(rng, num_words):
    return "".join(WORDS[rng.integers(len(WORDS))] + MARKS[rng.integers(len(MARKS))] for _ in range(num_words))


@pytest.mark.parametrize("size", [2, 3, 8, 20, 64])
@pytest.mark.parametrize("tokens", ["characters", "pairs", "several in one character"])
def test_passages_cover_the_text_and_none_is_too_long(size, tokens):
    rng = np.random.default_rng(size)
    for _ in range(50):
        text = random_text(rng, rng.integers(1, 40))
        places = {
            "characters": None,
            "pairs": list(range(0, len(text), 2)),
            "several in one character": sorted([*range(len(text)), *range(0, len(text), 5), *range(0, len(text), 5)]),
        }[tokens]
        starts = list(range(len(text))) if places is None else places
        passages = split_into_passages(text, size, places=places)
        assert (passages[0][0], passages[-1][1]) == (0, len(text))
        for start, stop in passages:
            assert start < stop
            num_tokens = sum(start <= place < stop for place in starts)
            assert num_tokens <= max(size, 3)  # one character of three tokens cannot be cut
        for (start, stop), (next_start, next_stop) in pairwise(passages):
            assert start < next_start <= stop < next_stop


def test_a_short_text_is_one_passage():
    assert split_into_passages("先充电。", 4) == [(0, 4)]
    assert split_into_passages("", 4) == [(0, 0)]


def test_passages_end_and_begin_with_sentences():
    sentences = [f"这是第{letter}句话，说了一件小事。" for letter in "甲乙丙丁戊己庚辛壬癸"]
    text = "".join(sentences)
    ends = {0, *np.cumsum([len(sentence) for sentence in sentences]).tolist()}
    passages = split_into_passages(text, 40, overlap=20)
    assert len(passages) > 3
    assert {edge for passage in passages for edge in passage} <= ends
    for (_, stop), (start, _) in pairwise(passages):
        assert start < stop  # they overlap by at least one sentence


def test_words_and_numbers_stay_whole_where_there_is_room():
    text = "iPhone15 Pro Max 3.14 " * 20
    for start, stop in split_into_passages(text, 40):
        assert start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
        assert stop == len(text) or not (text[stop - 1].isalnum() and text[stop].isalnum())


@pytest.mark.parametrize(("size", "overlap"), [(1, 0), (0, None), (4, 4), (4, -1)])
def test_sizes_that_cannot_be(size, overlap):
    with pytest.raises(InvalidValue, match=f"size={size}"):
        split_into_passages("一二三四五六", size, overlap=overlap)
