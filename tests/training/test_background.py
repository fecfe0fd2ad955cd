"""Random pairs of texts, and how much pairs that share a text tell."""

import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.training.background import background_pairs, design_effect


def test_all_pairs_when_there_are_no_more():
    pairs = background_pairs(6, 15)
    assert {tuple(pair) for pair in pairs.tolist()} == {(i, j) for i in range(6) for j in range(i)}


@pytest.mark.parametrize("num_texts", [50, 100_000, 3_000_000])
def test_pairs_are_of_different_texts_and_come_once(num_texts):
    pairs = background_pairs(num_texts, 1000, seed=3)
    assert pairs.shape == (1000, 2)
    assert (pairs[:, 0] > pairs[:, 1]).all()
    assert pairs.min() >= 0
    assert pairs.max() < num_texts
    assert len(np.unique(pairs, axis=0)) == 1000


def test_every_pair_is_as_likely():
    counts = np.zeros((5, 5))
    for seed in range(2000):
        counts[tuple(background_pairs(5, 3, seed).T)] += 1
    drawn = counts[np.tril_indices(5, -1)]
    assert drawn.sum() == 6000
    assert np.abs(drawn - 600).max() < 5 * np.sqrt(600 * 0.7)


def test_one_seed_one_draw():
    np.testing.assert_array_equal(background_pairs(100, 50, 1), background_pairs(100, 50, 1))
    assert not np.array_equal(background_pairs(100, 50, 1), background_pairs(100, 50, 2))


@pytest.mark.parametrize(("num_texts", "num_pairs"), [(1, 10), (0, 10), (5, 0)])
def test_too_few(num_texts, num_pairs):
    with pytest.raises(InvalidValue, match="at least 2 texts and 1 pair"):
        background_pairs(num_texts, num_pairs)


def test_design_effect_by_hand():
    """Three texts, three pairs, one hit: residuals 2/3, -1/3, -1/3; sums of the texts 1/3, 1/3, -2/3."""
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    expected = (1 / 9 + 1 / 9 + 4 / 9) / (6 / 9) - 1
    assert design_effect(np.array([True, False, False]), pairs) == max(1.0, expected)


def test_design_effect_is_the_ratio_of_variances():
    """Hits decided by the texts alone: the spread over samples against that of independent pairs."""
    shares, effects = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        often = rng.random(60) < 0.3
        pairs = background_pairs(60, 600, seed)
        hits = (often[pairs[:, 0]] | often[pairs[:, 1]]) & (rng.random(600) < 0.8)
        shares.append(hits.mean())
        effects.append(design_effect(hits, pairs))
    mean = np.mean(shares)
    assert np.mean(effects) == pytest.approx(np.var(shares) / (mean * (1 - mean) / 600), rel=0.25)


def test_no_hits_and_wrong_shape():
    assert design_effect(np.zeros(3, dtype=bool), np.array([[0, 1], [0, 2], [1, 2]])) == 1.0
    with pytest.raises(InvalidValue, match=r"shape \(3, 2\), but received shape \(2, 2\)"):
        design_effect(np.zeros(3, dtype=bool), np.zeros((2, 2), dtype=int))
