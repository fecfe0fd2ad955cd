"""Sets of vectors are brought onto one another."""

import numpy as np
import pytest
import scipy.linalg
import torch

from baihua.checks import InvalidValue
from baihua.maths.procrustes import orthogonal_procrustes


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_it_is_scipys_answer_over_many_blocks():
    old, new = random(5000, 6), random(5000, 6, seed=1)
    expected, _ = scipy.linalg.orthogonal_procrustes(old, new)
    np.testing.assert_allclose(orthogonal_procrustes(old, new), expected, atol=1e-12)
    np.testing.assert_allclose(orthogonal_procrustes(torch.as_tensor(old), new), expected, atol=1e-12)


def test_no_other_orthogonal_matrix_is_nearer():
    old, new = random(40, 4), random(40, 4, seed=1)
    least = np.linalg.norm(old @ orthogonal_procrustes(old, new) - new)
    for seed in range(50):
        other = np.linalg.qr(random(4, 4, seed=seed))[0]
        assert np.linalg.norm(old @ other - new) >= least - 1e-12


def test_a_mirror_is_found_unless_only_rotations_are_allowed():
    old = random(30, 3)
    mirrored = old * [1, 1, -1]
    assert np.linalg.det(orthogonal_procrustes(old, mirrored)) == pytest.approx(-1)
    turned = orthogonal_procrustes(old, mirrored, rotation=True)
    assert np.linalg.det(turned) == pytest.approx(1)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-14)


def test_another_width_keeps_all_it_can():
    old = random(60, 3)
    lift = np.linalg.qr(random(5, 3))[0].T  # (3, 5), orthonormal rows
    np.testing.assert_allclose(orthogonal_procrustes(old, old @ lift), lift, atol=1e-12)


def test_bad_input():
    with pytest.raises(InvalidValue, match=r"received shapes \(3, 2\) and \(4, 2\)"):
        orthogonal_procrustes(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(InvalidValue, match="one width with rotation=True"):
        orthogonal_procrustes(np.ones((3, 2)), np.ones((3, 4)), rotation=True)
    with pytest.raises(InvalidValue, match="NaN"):
        orthogonal_procrustes(np.full((3, 2), np.nan), np.ones((3, 2)))
