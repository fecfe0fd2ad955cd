from itertools import islice

import numpy as np
import pytest

from baihua.training.shuffled import shuffled_places


def test_every_round_has_every_row_once_in_another_order():
    batches = shuffled_places(100, 10, seed=0)
    rounds = [np.concatenate(list(islice(batches, 10))).ravel().tolist() for _ in range(2)]
    for one in rounds:
        assert sorted(one) == list(range(100))
    assert rounds[0] != rounds[1]


@pytest.mark.parametrize("batch_size", [3, 7, 25])
def test_the_same_batches_wherever_one_starts(batch_size):
    whole = list(islice(shuffled_places(10, batch_size, seed=3), 20))
    assert all(batch.shape == (batch_size,) for batch in whole)
    counts = np.bincount(np.concatenate(whole).ravel())
    assert counts.max() - counts.min() <= 1
    for start in range(20):
        later = list(islice(shuffled_places(10, batch_size, seed=3, start=start), 20 - start))
        np.testing.assert_array_equal(np.stack(later), np.stack(whole[start:]))


def test_a_batch_reaches_over_into_the_next_round():
    drawn = list(islice(shuffled_places(10, 4, seed=3), 5))
    first, second = np.split(np.concatenate(drawn), 2)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first.tolist() != second.tolist()
    np.testing.assert_array_equal(next(shuffled_places(10, 4, seed=3, start=3)), drawn[3])
