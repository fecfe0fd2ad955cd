"""Batch distances are mostly the size of the batch."""

import math

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.batch_transport import BatchTransport, batch_wasserstein, falling_power


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_two_samples_of_one_law_are_corrected_to_nothing():
    found = batch_wasserstein(points(600, 8), points(600, 8, seed=1), 50)
    assert found.value > 1
    assert abs(found.corrected) < 4 * found.standard_error + 0.02


def test_a_shift_is_underestimated_less_where_batches_are_larger():
    x, y = points(1200, 8), points(1200, 8, seed=1) + 1
    corrected = [batch_wasserstein(x, y, size, num_batches=10).corrected for size in (8, 64, 256)]
    assert corrected[0] < corrected[1] < corrected[2] < math.sqrt(8)


def test_distance_falls_as_the_dimension_says():
    sizes = [16, 64, 256]
    for width in (4, 8):
        x = points(1200, width)
        found = [batch_wasserstein(x, x, size, num_batches=10).floor for size in sizes]
        assert falling_power(sizes, found) == pytest.approx(1 / width, abs=0.05)


def test_numbers_of_the_result():
    found = BatchTransport(4, (3.0, 5.0), (1.0, 2.0))
    assert (found.value, found.floor, found.corrected) == (4.0, 1.5, 2.5)
    assert found.standard_error == pytest.approx(np.std([2.0, 3.0], ddof=1) / math.sqrt(2))
    assert math.isnan(BatchTransport(4, (3.0,), (1.0,)).standard_error)


def test_seed_decides():
    x, y = points(100, 2), points(100, 2, seed=1)
    assert batch_wasserstein(x, y, 10, seed=3) == batch_wasserstein(x, y, 10, seed=3)
    assert batch_wasserstein(x, y, 10, seed=3) != batch_wasserstein(x, y, 10, seed=4)


def test_bad_input():
    x = np.ones((10, 2))
    with pytest.raises(InvalidValue, match="batch_size can be at most 5"):
        batch_wasserstein(x, x, 6)
    with pytest.raises(InvalidValue, match="batch_size can be at most 5"):
        batch_wasserstein(x, x, 0)
    with pytest.raises(InvalidValue, match="num_batches"):
        batch_wasserstein(x, x, 2, num_batches=0)
    with pytest.raises(InvalidValue, match="two batch sizes"):
        falling_power([4, 4], [1.0, 2.0])
