"""Directions and angles to the last digit."""

import math

import mpmath
import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.sphere import angle_between, perpendicular, unit


@pytest.mark.parametrize("angle", [0.0, 1e-300, 1e-12, 1e-8, 1e-3, 1.0, 3.0, np.pi - 1e-8])
def test_angles_are_accurate_where_the_arc_cosine_is_not(angle):
    a = torch.tensor([1.0, 0, 0], dtype=torch.float64)
    b = torch.tensor([np.cos(angle), np.sin(angle), 0], dtype=torch.float64)
    truth = float(mpmath.atan2(mpmath.mpf(float(b[1])), mpmath.mpf(float(b[0]))))
    assert float(angle_between(a, b)) == pytest.approx(truth, rel=4e-16)


def test_lengths_are_one_for_the_largest_and_the_smallest():
    x = torch.tensor([[1e300, 1e300], [5e-320, 0], [3, 4]], dtype=torch.float64)
    torch.testing.assert_close(torch.linalg.vector_norm(unit(x), dim=-1), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_lengths_are_one_to_two_roundings_however_wide(dtype):
    x = torch.randn(4, 65_536, dtype=dtype, generator=torch.Generator().manual_seed(0))
    for row in unit(x).tolist():
        length = math.sqrt(math.fsum(value * value for value in row))
        assert abs(length - 1) <= 2 * torch.finfo(dtype).eps


def test_the_perpendicular_is_one():
    for width in (2, 3, 100):
        x = unit(torch.randn(50, width, dtype=torch.float64))
        found = perpendicular(x)
        assert (found * x).sum(dim=-1).abs().max() < 1e-15
        torch.testing.assert_close(torch.linalg.vector_norm(found, dim=-1), torch.ones(50, dtype=torch.float64))


def test_what_has_no_direction_is_said():
    with pytest.raises(InvalidValue, match="zero vector, NaN or infinity"):
        unit(torch.zeros(2, 3))
    with pytest.raises(InvalidValue, match="at least one coordinate"):
        unit(torch.tensor(1.0))
