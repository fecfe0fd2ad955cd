"""Questions that share no answer choose together."""

import itertools

import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.tasks.choosing.exclusive import choose_exclusively

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("num", [1, 2, 3, 4])
def test_the_total_is_the_highest_of_all_ways(num):
    for _ in range(20):
        scores = RNG.normal(size=(num, 5))
        chosen = choose_exclusively(list(scores), ["a"] * num)
        assert len(set(chosen)) == num
        best = max(sum(scores[i, j] for i, j in enumerate(way)) for way in itertools.permutations(range(5), num))
        assert sum(scores[i, j] for i, j in enumerate(chosen)) == pytest.approx(best)


def test_groups_are_apart_wherever_they_stand():
    scores = [np.array([1.0, 0.0])] * 4
    chosen = choose_exclusively(scores, ["a", "b", "a", "b"])
    assert sorted(chosen[::2]) == sorted(chosen[1::2]) == [0, 1]


def test_more_questions_than_choices_choose_for_themselves():
    assert choose_exclusively([np.array([1.0, 0.0])] * 3, "aaa") == [0, 0, 0]


def test_what_cannot_be():
    with pytest.raises(InvalidValue, match="different numbers of choices"):
        choose_exclusively([np.zeros(2), np.zeros(3)], "aa")
    with pytest.raises(InvalidValue, match="2 questions but 1 names"):
        choose_exclusively([np.zeros(2), np.zeros(2)], "a")
