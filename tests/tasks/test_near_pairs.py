import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.tasks import near_pairs as module
from baihua.tasks.near_pairs import NearPairs, near_pairs


def unit_vectors(num, width=8, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(num, width))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("num", [1, 2, 16, 17, 200])
def test_all_pairs_above_the_threshold_and_no_others(num, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)
    vectors = unit_vectors(num)
    found = NearPairs.joined(list(near_pairs(vectors, 0.5)))
    scores = vectors @ vectors.T
    expected = {(row, other) for row in range(num) for other in range(row) if scores[row, other] >= 0.5}
    assert set(zip(found.rows.tolist(), found.others.tolist(), strict=True)) == expected
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.scores, scores[found.rows, found.others], atol=1e-6)


def test_the_best_of_each_row():
    rng = np.random.default_rng(0)
    pairs = NearPairs(rng.integers(9, size=80), rng.integers(9, size=80), rng.random(80).astype(np.float32))
    best = pairs.best(3)
    for row in range(9):
        own = np.sort(pairs.scores[pairs.rows == row])[::-1][:3]
        np.testing.assert_array_equal(best.scores[best.rows == row], own)
    assert (np.diff(best.rows) >= 0).all()
    assert len(NearPairs.joined([]).best(3)) == 0


def test_no_vectors_no_pairs():
    assert list(near_pairs(np.empty((0, 4)), 0.5)) == []


def test_vectors_that_are_no_unit_vectors_are_refused():
    with pytest.raises(InvalidValue, match=r"row 1 .* has length 2\.0"):
        next(near_pairs(np.array([[1.0, 0], [2, 0]]), 0.5))
    with pytest.raises(InvalidValue, match="row 0"):
        next(near_pairs(np.array([[np.nan, 0]]), 0.5))
    with pytest.raises(InvalidValue, match="two axes"):
        next(near_pairs(np.ones(3), 0.5))
