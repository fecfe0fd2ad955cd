import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.tasks.other_half import bootstrap_interval, find_other_half, partner_ranks, score_halves

LETTERS = "春夏秋冬东南西北风雨雷电"
DOCUMENTS = [f"{letter}天的花开得很好，{letter}天的人也很好" for letter in LETTERS]


def count_letters(texts):
    return np.array([[text.count(letter) for letter in LETTERS] for text in texts], dtype=float)


def count_length(texts):
    return np.ones((len(texts), 3))


def test_ranks_equal_a_sort():
    rng = np.random.default_rng(0)
    queries, candidates = rng.normal(size=(700, 4)), rng.normal(size=(700, 4))
    ranks = partner_ranks(queries, candidates)
    for i in (0, 511, 512, 699):
        order = np.argsort(-(candidates @ queries[i]))
        assert ranks[i] == 1 + order.tolist().index(i)


def test_an_encoder_that_knows_the_documents_finds_every_half():
    found = find_other_half(count_letters, DOCUMENTS)
    assert found.mrr == found.low == found.high == 1
    assert found.num_documents == len(LETTERS)


def test_an_encoder_that_sees_nothing_gains_nothing_by_ties():
    found = find_other_half(count_length, DOCUMENTS)
    assert found.mrr == pytest.approx(1 / ((len(LETTERS) + 1) / 2))


def test_ranks_below_ten_count_as_not_found():
    queries = np.eye(12)
    candidates = np.eye(12) * -1
    assert score_halves(queries, candidates).mrr == 0


def test_repeats_and_short_texts_are_left_out():
    found = find_other_half(count_letters, [*DOCUMENTS, *DOCUMENTS, "好", ""])
    assert found.num_documents == len(LETTERS)


def test_a_sample_is_of_the_size_asked_and_the_same_under_one_seed():
    first = find_other_half(count_letters, DOCUMENTS, max_documents=10, seed=1)
    assert first.num_documents == 10
    again = find_other_half(count_letters, DOCUMENTS, max_documents=10, seed=1)
    np.testing.assert_array_equal(first.reciprocal_ranks, again.reciprocal_ranks)


def test_too_few_documents():
    with pytest.raises(InvalidValue, match="at least 10 different texts .* only 3"):
        find_other_half(count_letters, DOCUMENTS[:3])


def test_the_interval_holds_the_mean_of_a_fair_coin():
    """Of 200 intervals for a mean of one half, about 95 % hold it."""
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        low, high = bootstrap_interval(rng.integers(0, 2, 200).astype(float), seed=seed)
        held += low <= 0.5 <= high
    assert 180 <= held <= 199
