"""Average cosine, alignment and uniformity against brute force and at their known extremes."""

import itertools
import math

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.isotropy import PAIRS_AT_ONCE, alignment, average_cosine, uniformity


def some_vectors(num: int, width: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, width)) + 0.5


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("num", [2, 3, 50])
def test_measures_equal_brute_force_over_pairs(num):
    x = some_vectors(num)
    pairs = list(itertools.combinations(unit(x), 2))
    assert average_cosine(x) == pytest.approx(np.mean([u @ v for u, v in pairs]), abs=1e-12)
    energy = np.mean([math.exp(-2 * np.sum((u - v) ** 2)) for u, v in pairs])
    assert uniformity(x) == pytest.approx(math.log(energy), abs=1e-12)


@pytest.mark.parametrize("num", [PAIRS_AT_ONCE - 1, PAIRS_AT_ONCE, PAIRS_AT_ONCE + 1, 2 * PAIRS_AT_ONCE + 5])
def test_tiles_cover_every_pair_once(num):
    x = some_vectors(num)
    cosines = unit(x) @ unit(x).T
    above = np.triu_indices(num, 1)
    assert average_cosine(x) == pytest.approx(cosines[above].mean(), abs=1e-12)
    assert uniformity(x, t=3) == pytest.approx(np.log(np.exp(-6 * (1 - cosines[above])).mean()), abs=1e-10)


def test_torch_s_pairwise_distances_give_the_paper_s_formula():
    """The two lines of code printed in Wang and Isola's figure 5."""
    x, y = torch.tensor(unit(some_vectors(40))), torch.tensor(unit(some_vectors(40, seed=1)))
    assert alignment(x, y) == pytest.approx((x - y).norm(p=2, dim=1).pow(2).mean().item())
    assert uniformity(x) == pytest.approx(torch.pdist(x, p=2).pow(2).mul(-2).exp().mean().log().item())


def test_known_extremes():
    same = np.ones((5, 3))
    assert average_cosine(same) == pytest.approx(1)
    assert uniformity(same) == pytest.approx(0, abs=1e-12)
    assert alignment(same, same * 7) == pytest.approx(0, abs=1e-12)
    assert alignment(same, -same) == pytest.approx(4)
    assert alignment(same, -same, alpha=1) == pytest.approx(2)
    assert average_cosine(np.eye(4)) == 0
    assert average_cosine([[1.0, 0.0], [-1.0, 0.0]]) == -1


def test_far_pairs_with_a_steep_kernel_do_not_underflow():
    assert uniformity([[1.0, 0.0], [-1.0, 0.0]], t=1e4) == pytest.approx(-4e4)


def test_length_of_the_rows_does_not_matter():
    x = some_vectors(30)
    lengths = np.logspace(-200, 200, 30)[:, None]
    assert average_cosine(x * lengths) == pytest.approx(average_cosine(x), abs=1e-12)
    assert uniformity(x * lengths) == pytest.approx(uniformity(x), abs=1e-12)


def test_narrow_cone_is_less_isotropic_than_a_sphere():
    sphere = np.random.default_rng(0).normal(size=(500, 32))
    cone = sphere + 5
    assert abs(average_cosine(sphere)) < 0.01 < 0.9 < average_cosine(cone)
    assert uniformity(sphere) < uniformity(cone)


@pytest.mark.parametrize("measure", [average_cosine, uniformity])
def test_one_row_has_no_pairs(measure):
    with pytest.raises(InvalidValue, match="2"):
        measure([[1.0, 2.0]])


@pytest.mark.parametrize("measure", [average_cosine, uniformity, lambda x: alignment(x, x)])
def test_a_row_of_zeros_has_no_direction_and_nan_is_refused(measure):
    with pytest.raises(InvalidValue, match="2"):
        measure([[1.0, 2.0], [2.0, 1.0], [0.0, 0.0]])
    with pytest.raises(InvalidValue, match="NaN"):
        measure([[1.0, 2.0], [np.nan, 1.0]])


def test_alignment_needs_pairs():
    with pytest.raises(InvalidValue, match=r"\(3, 2\).*\(2, 2\)"):
        alignment(np.ones((3, 2)), np.ones((2, 2)))
