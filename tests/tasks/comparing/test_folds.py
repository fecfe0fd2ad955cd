"""Dealing texts out: every label in every part, no text on both sides, and what cannot be dealt is refused."""

import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.tasks.comparing.folds import deal_folds, num_folds_for


def made(counts):
    answers = [label for label, count in counts.items() for _ in range(count)]
    return [(f"{label}{number}",) for number, label in enumerate(answers)], answers


@pytest.mark.parametrize("counts", [{"a": 5, "b": 5}, {"a": 7, "b": 23, "c": 11}, {"a": 5, "b": 200}])
def test_each_label_is_spread_evenly(counts):
    texts, answers = made(counts)
    folds = deal_folds(texts, answers, 5, [0])
    for label, count in counts.items():
        sizes = np.bincount(folds[np.array(answers) == label], minlength=5)
        assert sizes.sum() == count
        assert sizes.max() - sizes.min() <= 1
    sizes = np.bincount(folds, minlength=5)
    assert sizes.max() - sizes.min() <= 1


def test_equal_texts_lie_in_one_fold():
    texts = [("同",), ("同",), ("同",), ("甲",), ("乙",), ("丙",)]
    folds = deal_folds(texts, ["a", "a", "b", "b", "b", "a"], 2, [0])
    assert len(set(folds[:3])) == 1


def test_the_seed_deals_and_the_order_does_not():
    texts, answers = made({"a": 9, "b": 9})
    folds = deal_folds(texts, answers, 3, [4])
    order = np.random.default_rng(0).permutation(len(texts))
    again = deal_folds([texts[place] for place in order], [answers[place] for place in order], 3, [4])
    assert (again == folds[order]).all()
    assert (deal_folds(texts, answers, 3, [5]) != folds).any()


def test_folds_are_fewer_where_a_label_is_rare():
    texts, answers = made({"a": 9, "b": 3})
    assert num_folds_for(texts, answers, 3) == 3
    with pytest.warns(UserWarning, match="'b' has 3 different texts, so there are 3 folds instead of 5"):
        assert num_folds_for(texts, answers, 5) == 3


def test_what_cannot_be_both_learned_and_held_out_is_refused():
    texts, answers = made({"a": 9, "b": 1})
    with pytest.raises(InvalidValue, match="'b' has 1 different text"):
        num_folds_for(texts, answers, 5)
    with pytest.raises(InvalidValue, match="'b' has 1 different text"):
        num_folds_for([*texts, texts[-1]], [*answers, "b"], 5)  # the same twice
    with pytest.raises(InvalidValue, match="At least 2 folds"):
        num_folds_for(*made({"a": 9, "b": 9}), 1)
