"""Block-wise nearest neighbours are those of a full sort, whatever the blocks and the number of queries."""

import numpy as np
import pytest

from baihua.maths.nearest import CodedRows, FloatRows, nearest


def unit(rng, num, width):
    vectors = rng.standard_normal((num, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def full_sort(queries, vectors, allowed=None):
    """Every row for every query by its float64 cosine, equal ones by lowest row."""
    answers = []
    for query in queries.astype(np.float64):
        scores = np.einsum("ij,ij->i", np.tile(query, (len(vectors), 1)), vectors.astype(np.float64))
        order = np.argsort(-scores, kind="stable")
        answers.append([(row, scores[row]) for row in order if allowed is None or allowed[row]])
    return answers


def cut(vectors, sizes, kind=FloatRows):
    ends = np.cumsum(sizes)
    assert ends[-1] == len(vectors)
    return [kind(vectors[end - size : end]) for end, size in zip(ends, sizes, strict=True)]


@pytest.mark.parametrize("sizes", [[500], [1, 2, 497], [100] * 5, [1] * 500, [300, 7, 193]])
@pytest.mark.parametrize("top_k", [1, 7, 100, 499, 500, 1000])
def test_top_k_is_that_of_a_full_sort_with_ties_by_lowest_row(sizes, top_k):
    rng = np.random.default_rng(0)
    vectors = unit(rng, 500, 8)
    vectors[100:400] = vectors[rng.integers(0, 20, 300)]  # many ties
    queries = np.concatenate([vectors[5:8], unit(rng, 70, 8)])
    found = nearest(queries, cut(vectors, sizes), vectors.__getitem__, top_k=top_k)
    for one, expected in zip(found, full_sort(queries, vectors), strict=True):
        assert one.rows.tolist() == [row for row, _ in expected[:top_k]]
        np.testing.assert_allclose(one.scores, [score for _, score in expected[:top_k]], atol=1e-12)


@pytest.mark.parametrize("top_k", [None, 3])
def test_a_threshold_keeps_all_at_or_above_it(top_k):
    rng = np.random.default_rng(1)
    vectors, queries = unit(rng, 300, 6), unit(rng, 5, 6)
    expected = full_sort(queries, vectors)
    threshold = float(np.clip(expected[0][9][1], -1, 1))  # exactly the tenth score of the first query
    found = nearest(queries, cut(vectors, [128, 172]), vectors.__getitem__, top_k=top_k, threshold=threshold)
    for one, all_rows in zip(found, expected, strict=True):
        assert one.rows.tolist() == [row for row, score in all_rows if score >= threshold][:top_k]


def test_rows_that_are_not_allowed_are_never_found():
    rng = np.random.default_rng(2)
    vectors, queries = unit(rng, 200, 6), unit(rng, 4, 6)
    for allowed in (rng.random(200) < 0.1, np.zeros(200, dtype=bool), np.ones(200, dtype=bool)):
        found = nearest(queries, cut(vectors, [150, 50]), vectors.__getitem__, top_k=9, allowed=allowed)
        for one, expected in zip(found, full_sort(queries, vectors, allowed), strict=True):
            assert one.rows.tolist() == [row for row, _ in expected[:9]]


def test_whole_numbers_rescored_give_the_same_answer():
    rng = np.random.default_rng(3)
    vectors, queries = unit(rng, 3000, 64), unit(rng, 70, 64)
    found = nearest(queries, cut(vectors, [2048, 952], CodedRows.of), vectors.__getitem__, top_k=10)
    exact = nearest(queries, cut(vectors, [2048, 952]), vectors.__getitem__, top_k=10)
    for one, other in zip(found, exact, strict=True):
        assert one.rows.tolist() == other.rows.tolist()
        assert one.scores.tolist() == other.scores.tolist()


def test_the_error_of_whole_numbers_is_within_its_bound():
    rng = np.random.default_rng(4)
    vectors, queries = unit(rng, 2000, 128), unit(rng, 50, 128)
    coded = CodedRows.of(vectors)
    assert np.abs(coded.products(queries) - queries @ vectors.T).max() < coded.error
    assert coded.error < 0.02


def test_one_query_and_many_give_the_same_numbers():
    rng = np.random.default_rng(5)
    vectors, queries = unit(rng, 1000, 48), unit(rng, 130, 48)
    blocks = cut(vectors, [600, 400])
    together = nearest(queries, blocks, vectors.__getitem__, top_k=5)
    for row in (0, 63, 64, 129):
        (alone,) = nearest(queries[row : row + 1], blocks, vectors.__getitem__, top_k=5)
        assert alone.rows.tolist() == together[row].rows.tolist()
        assert alone.scores.tolist() == together[row].scores.tolist()


def test_nothing_to_search_finds_nothing():
    empty = np.empty((0, 4), dtype=np.float32)
    query = np.eye(4, dtype=np.float32)[:2]
    assert [len(found.rows) for found in nearest(query, [], empty.__getitem__, top_k=3)] == [0, 0]
    assert [len(found.rows) for found in nearest(query, [FloatRows(empty)], empty.__getitem__, top_k=3)] == [0, 0]
    assert nearest(query[:0], [FloatRows(query)], query.__getitem__, top_k=3) == []


def test_zero_rows_have_cosine_zero():
    vectors = np.zeros((3, 4), dtype=np.float32)
    vectors[1, 0] = 1
    for kind in (FloatRows, CodedRows.of):
        (found,) = nearest(np.eye(4, dtype=np.float32)[:1], [kind(vectors)], vectors.__getitem__, top_k=3)
        assert (found.rows.tolist(), found.scores.tolist()) == ([1, 0, 2], [1, 0, 0])
