"""OT-means fall in W_2 with every round, and give every centre its share."""

import itertools

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.transport import wasserstein
from baihua.maths.transport_means import transport_means

pytest.importorskip("ot")


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_distance_falls_and_is_what_it_says():
    x = points(200, 3)
    found = transport_means(x, 16)
    falls = list(found.distances)
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(falls))
    assert float(wasserstein(found.points, x, 2).value) == pytest.approx(falls[-1], abs=1e-6)
    assert falls[-1] < falls[0]


def test_a_few_of_the_points_themselves_are_farther():
    x = points(300, 2)
    centres = transport_means(x, 20)
    for seed in range(5):
        subset = x[torch.randperm(300, generator=torch.Generator().manual_seed(seed))[:20]]
        assert float(wasserstein(subset, x, 2).value) > centres.distances[-1]


def test_one_centre_is_the_mean_and_all_are_the_points():
    x = points(40, 2)
    assert torch.allclose(transport_means(x, 1).points[0], x.mean(dim=0))
    assert transport_means(x, 40).distances[-1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("num", [0, 11])
def test_centres_that_cannot_be(num):
    with pytest.raises(InvalidValue, match="from 1 to 10"):
        transport_means(points(10, 2), num)
