import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from baihua.encoders.batching import distinct, length_batches, shuffled_batches


@given(st.lists(st.sampled_from(["好", "坏", "", "不好"])))
def test_distinct_gives_every_text_back(texts):
    unique, positions = distinct(texts)
    assert [unique[position] for position in positions] == texts
    assert len(set(unique)) == len(unique)


@given(st.lists(st.integers(1, 100)), st.integers(1, 300), st.floats(0, 0.5))
def test_batches_hold_every_text_once_within_the_budget(lengths, budget, padding):
    batches = list(length_batches(lengths, budget, padding))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        inside = np.array([lengths[position] for position in batch])
        assert len(batch) == 1 or len(batch) * inside.max() <= budget
        assert inside.min() >= (1 - padding) * inside.max()


def test_the_longest_come_first():
    assert list(length_batches([1, 5, 3], max_tokens=5)) == [[1], [2], [0]]


@given(st.lists(st.integers(1, 100)), st.integers(1, 8), st.integers(1, 9))
def test_shuffled_batches_hold_every_text_once(lengths, batch_size, least_pools):
    batches = list(shuffled_batches(lengths, batch_size, 0, 0, least_pools=least_pools))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch_size)
    assert sum(len(batch) < batch_size for batch in batches) <= 1
    assert batches == list(shuffled_batches(lengths, batch_size, 0, 0, least_pools=least_pools))


def test_one_pool_sorts_all_and_several_each_their_own():
    lengths = list(range(64))
    whole = sorted(sorted(batch) for batch in shuffled_batches(lengths, 8, 0, 0))
    assert whole == [list(range(start, start + 8)) for start in range(0, 64, 8)]
    assert sorted(sorted(batch) for batch in shuffled_batches(lengths, 8, 0, 0, least_pools=4)) != whole
