"""Precision, recall, density and coverage against loops, and what they are for."""

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.sample_quality import sample_quality


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_loops(real, made, k):
    def reach(all_points, i):
        return sorted(float((all_points[i] - other).norm()) for j, other in enumerate(all_points) if j != i)[k - 1]

    real_reach, made_reach = ([reach(side, i) for i in range(len(side))] for side in (real, made))
    inside = [[float((x - y).norm()) <= real_reach[i] for y in made] for i, x in enumerate(real)]
    of_made = [[float((x - y).norm()) <= made_reach[j] for j, y in enumerate(made)] for x in real]
    columns = list(zip(*inside, strict=True))
    return (
        sum(any(column) for column in columns) / len(made),
        sum(any(row) for row in of_made) / len(real),
        sum(sum(column) for column in columns) / len(made) / k,
        sum(any(row) for row in inside) / len(real),
    )


@pytest.mark.parametrize("k", [1, 3])
def test_it_is_what_the_loops_say(k):
    real, made = points(15, 2), points(12, 2, seed=1) + 0.5
    found = sample_quality(real, made, neighbours=k)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(by_loops(real, made, k))


def test_the_same_law_scores_high_and_a_far_one_nothing():
    same = sample_quality(points(500, 3), points(500, 3, seed=1))
    assert min(same.precision, same.recall, same.coverage) > 0.85
    assert same.density == pytest.approx(1, abs=0.15)
    far = sample_quality(points(100, 3), points(100, 3, seed=1) + 100)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)


def test_points_that_keep_to_the_middle_are_precise_and_cover_little():
    found = sample_quality(points(500, 3), points(500, 3, seed=1) / 4)
    assert found.precision > 0.95
    assert found.recall < 0.3
    assert found.coverage < 0.4


@pytest.mark.parametrize("k", [0, 10])
def test_too_many_neighbours(k):
    with pytest.raises(InvalidValue, match="from 1 to 9"):
        sample_quality(points(10, 2), points(20, 2), neighbours=k)
