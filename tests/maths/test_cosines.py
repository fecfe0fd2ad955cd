"""Cosines of chosen pairs, and numbers that cannot be cosines."""

import numpy as np
import pytest
import torch

from baihua.checks import InvalidType, InvalidValue
from baihua.maths import cosines
from baihua.maths.cosines import check_cosines, cosines_of_pairs


def test_pairs_equal_the_full_matrix(monkeypatch):
    monkeypatch.setattr(cosines, "PAIRS_AT_ONCE", 7)
    vectors = np.random.default_rng(0).normal(size=(10, 5))
    pairs = np.array([(i, j) for i in range(10) for j in range(10)])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(cosines_of_pairs(vectors, pairs), (unit @ unit.T).ravel(), atol=1e-12)


def test_a_zero_vector_is_like_nothing_and_tensors_are_taken():
    vectors = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.bfloat16)
    assert cosines_of_pairs(vectors, np.array([[0, 1], [1, 1]])).tolist() == pytest.approx([0, 1])


def test_rounding_past_one_is_put_back():
    assert check_cosines(np.array([1.0000004, -1.0000004], dtype=np.float32)).tolist() == [1, -1]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.01, -2])
def test_what_is_no_cosine_is_named_with_its_place(value):
    with pytest.raises(InvalidValue, match="Item 1 of scores is"):
        check_cosines([0.5, value])


def test_the_wrong_shape_or_kind():
    with pytest.raises(InvalidValue, match=r"shape \(2, 1\)"):
        check_cosines([[0.1], [0.2]])
    with pytest.raises(InvalidType, match="received list"):
        check_cosines(["很像"])
