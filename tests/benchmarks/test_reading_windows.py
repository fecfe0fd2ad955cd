"""Windows over a passage: they cover it, each answer is borne by one and read back from it word for word."""

import numpy as np
import pytest

from baihua.benchmarks.reading_windows import NO_ANSWER, ReadingWindow, reading_windows
from baihua.checks import InvalidValue


def windows_of_the_article(length, width, stride):
    """Return starts and ends as the article's code makes them."""
    found, number = [], 0
    while True:
        left, right = number * stride, number * stride + width
        found.append((left, min(right, length)))
        if right >= length:
            return found
        number += 1


@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 227, 228, 229, 1000])
def test_windows_are_those_of_the_article_and_cover_all(length):
    windows = reading_windows(length, 100, stride=32)
    assert [(window.start, window.end) for window in windows] == windows_of_the_article(length, 100, 32)
    assert set().union(*(range(window.start, window.end) for window in windows)) == set(range(length))
    assert all(window.answer is None for window in windows)


@pytest.mark.parametrize("seed", range(5))
def test_every_answer_that_fits_is_borne_and_read_back(seed):
    rng = np.random.default_rng(seed)
    for _ in range(200):
        length = int(rng.integers(1, 900))
        passage = "".join(chr(0x4E00 + place) for place in range(length))
        start = int(rng.integers(0, length))
        end = int(rng.integers(start + 1, length + 1))
        width = int(rng.integers(128, 300))
        windows = reading_windows(length, width, answer=(start, end))
        bearing = [window for window in windows if window.answer is not None]
        assert bool(bearing) == (end - start <= width)
        for window in bearing:
            before, answer, after = window.pieces(passage)
            assert answer == passage[start:end]
            assert before + answer + after == passage[window.start : window.end]
        for window in windows:
            assert window.end - window.start <= width
            holds = window.start <= start and end <= window.end
            assert (window.answer is not None) == holds
            if not holds:
                assert window.target(20) == NO_ANSWER
                assert window.pieces(passage) == (passage[window.start : window.end], "", "")


def test_a_long_answer_between_two_windows_gets_one_of_its_own():
    windows = reading_windows(1000, 400, answer=(100, 490))
    assert [window.start for window in windows if window.answer] == [95]
    assert len(windows) == len(reading_windows(1000, 400)) + 1
    assert len(reading_windows(1000, 400, answer=(100, 150))) == len(reading_windows(1000, 400))


def test_targets_are_inclusive_and_count_what_stands_before():
    assert ReadingWindow(10, 20, (0, 1)).target(5) == (5, 5)
    assert ReadingWindow(10, 20, (2, 6)).target(5) == (7, 10)


def test_what_leaves_gaps_is_refused():
    with pytest.raises(InvalidValue, match="width 100 and stride 128. Shorten the question"):
        reading_windows(1000, 100)
    with pytest.raises(InvalidValue, match=r"\(5, 12\) is not within the passage of length 10"):
        reading_windows(10, 200, answer=(5, 12))
