"""Pairing and nesting of spans against trying everything out."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from baihua.training.span_overlaps import most_overlapping_pairs, nesting_depths


def random_spans(rng, num, width):
    starts = rng.integers(0, width, size=num)
    return [(int(start), int(start + rng.integers(1, width))) for start in starts]


def overlap(one, other):
    return bool(set(range(*one)) & set(range(*other)))


def try_all_pairings(some, others):
    if not some:
        return 0
    rest = some[1:]
    taken = [
        1 + try_all_pairings(rest, others[:place] + others[place + 1 :])
        for place, other in enumerate(others)
        if overlap(some[0], other)
    ]
    return max([try_all_pairings(rest, others), *taken])


@pytest.mark.parametrize("width", range(2, 12))
def test_pairs_are_the_most_there_can_be(width):
    rng = np.random.default_rng(width)
    for _ in range(60):
        some, others = (random_spans(rng, int(rng.integers(0, 6)), width) for _ in range(2))
        best = try_all_pairings(some, others)
        assert most_overlapping_pairs(some, others) == best
        assert most_overlapping_pairs(others, some) == best


@pytest.mark.parametrize("width", [40, 400, 4000])
def test_many_pairs_are_as_many_as_scipy_finds(width):
    rng = np.random.default_rng(width)
    some, others = random_spans(rng, 300, width), random_spans(rng, 200, width // 4)
    edges = [[one[0] < other[1] and other[0] < one[1] for other in others] for one in some]
    matched = maximum_bipartite_matching(csr_array(np.array(edges, dtype=np.int8)), perm_type="column")
    assert most_overlapping_pairs(some, others) == (matched >= 0).sum()


def test_touching_spans_share_nothing():
    assert most_overlapping_pairs([(0, 2)], [(2, 4)]) == 0
    assert most_overlapping_pairs([(0, 3)], [(2, 4)]) == 1
    assert most_overlapping_pairs([], [(2, 4)]) == 0


def test_a_span_given_twice_can_be_paired_twice():
    assert most_overlapping_pairs([(0, 9)], [(1, 2), (3, 4)]) == 1
    assert most_overlapping_pairs([(0, 9), (0, 9)], [(1, 2), (3, 4)]) == 2


@pytest.mark.parametrize("seed", range(20))
def test_depth_counts_the_wider_spans_around(seed):
    rng = np.random.default_rng(seed)
    spans, around = random_spans(rng, 12, 8), random_spans(rng, 12, 8)
    for those in (around, spans):
        expected = {
            span: sum(other != span and other[0] <= span[0] and span[1] <= other[1] for other in set(those))
            for span in spans
        }
        assert nesting_depths(spans, those) == expected


def test_depths_of_a_nest():
    nest = [(0, 10), (0, 6), (2, 6), (3, 4), (8, 10), (12, 13)]
    assert list(nesting_depths(nest, nest).values()) == [0, 1, 2, 3, 1, 0]
