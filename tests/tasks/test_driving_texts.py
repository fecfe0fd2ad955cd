"""Texts that set a corpus apart: the ones that lean most, spread out, and how often a side can be told."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from baihua.tasks.driving_texts import driving_places, share_told_apart


def test_near_duplicates_do_not_fill_the_list():
    rng = np.random.default_rng(0)
    centres = np.eye(4) * 3
    vectors = np.repeat(centres, [30, 10, 10, 50], axis=0) + rng.normal(size=(100, 4)) * 0.01
    leaning = np.concatenate([np.full(30, 0.9), np.full(10, 0.8), np.full(10, 0.7), np.full(50, -0.5)])
    keys = list(range(100))
    assert [place // 10 for place in driving_places(keys, leaning, vectors, 3, median=3.0)] == [0, 3, 4]


def test_where_all_are_alike_the_list_is_filled_all_the_same_but_not_by_one_text():
    vectors = np.ones((20, 3)) + np.arange(20)[:, None] * 1e-6
    leaning = np.linspace(0.9, 0.5, 20)
    keys = ["a", "a", "b", *(f"c{number}" for number in range(17))]
    assert driving_places(keys, leaning, vectors, 4, median=1.0) == [0, 2, 3, 4]


def test_only_texts_that_lean_to_their_own_side_are_taken():
    vectors = np.eye(4)
    assert driving_places("abcd", np.array([-0.1, 0.2, 0.0, 0.1]), vectors, 3, median=1.0) == [1, 3]
    assert driving_places("abcd", np.full(4, -1.0), vectors, 3, median=1.0) == []
    assert driving_places("abcd", np.full(4, 1.0), vectors, 0, median=1.0) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_share_is_that_of_mann_and_whitney(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 6, 30).astype(float), rng.integers(0, 5, 20).astype(float)
    assert share_told_apart(first, second) == pytest.approx(mannwhitneyu(first, second).statistic / 600)
    assert share_told_apart(first, first) == 0.5
    assert share_told_apart(second + 100, first) == 1
