"""The features of texts are their vectors; those of pairs say what the halves are and how they go together."""

import numpy as np
import pytest
from hash_encoder import HashEncoder

from baihua.tasks.classification.features import feature_blocks, features_of

ENCODER = HashEncoder(width=8)
PAIRS = [("天气好", "天气很好"), ("我", "你"), ("", "好"), ("好", "好")]


def blocks_of(features, width=8):
    return np.split(features, np.cumsum(feature_blocks(width, pairs=True))[:-1], axis=1)


def test_of_single_texts_they_are_the_vectors():
    texts = [("天气",), ("",), ("好",)]
    features = features_of(ENCODER, texts)
    assert features.dtype == np.float64
    assert np.array_equal(features, ENCODER.encode(["天气", "", "好"]))
    assert features_of(ENCODER, []).shape == (0, 8)


def test_of_pairs():
    first, second, differences, products, cosines = blocks_of(features_of(ENCODER, PAIRS))
    for side, units in ((0, first), (1, second)):
        vectors = ENCODER.encode([pair[side] for pair in PAIRS]).astype(np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.testing.assert_allclose(units * lengths, vectors, atol=1e-12)
    np.testing.assert_array_equal(differences, np.abs(first - second))
    np.testing.assert_array_equal(products, first * second)
    np.testing.assert_allclose(cosines[:, 0], (first * second).sum(axis=1))
    assert cosines[-1, 0] == pytest.approx(1)
    assert not differences[-1].any()


def test_halves_that_change_places_differ_in_what_they_are_alone():
    """How they go together stays, so that which of them comes first is told by the rest."""
    one = blocks_of(features_of(ENCODER, PAIRS))
    other = blocks_of(features_of(ENCODER, [pair[::-1] for pair in PAIRS]))
    assert all(np.array_equal(one[place], other[place]) for place in (2, 3, 4))
    assert np.array_equal(one[0], other[1])
    assert np.array_equal(one[1], other[0])


def test_a_blank_half_is_no_mistake():
    first, *_, cosines = blocks_of(features_of(ENCODER, PAIRS))
    assert not first[2].any()
    assert cosines[2, 0] == 0
