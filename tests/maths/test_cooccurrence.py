import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from baihua.checks import InvalidValue
from baihua.maths.cooccurrence import DENSE_SIZE, count_cooccurrences, positive_pmi, truncated_svd

LARGE = DENSE_SIZE + 60  # found by iteration; for two components of a flat spectrum the iteration gives up
LINES = [[0, 1, 2, 1], [], [3], [2, 2, 0, 4, 1, 0, 3], [1, 0]]


def flat(lines):
    ids = np.array([token for line in lines for token in line], dtype=np.int32)
    return ids, np.array([len(line) for line in lines], dtype=np.int64)


def counted_by_hand(lines, num_tokens, weights):
    """Every pair of positions of every line, in a plain double loop."""
    counts = np.zeros((num_tokens, num_tokens))
    for line in lines:
        for here in range(len(line)):
            for there in range(len(line)):
                distance = abs(here - there)
                if 1 <= distance <= len(weights):
                    counts[line[here], line[there]] += weights[distance - 1]
    return counts


def pmi_by_hand(counts, exponent, shift):
    total = counts.sum()
    smoothed = counts.sum(axis=0) ** exponent
    result = np.zeros_like(counts)
    for word in range(counts.shape[0]):
        for context in range(counts.shape[1]):
            if counts[word, context] > 0:
                together = counts[word, context] / total
                apart = counts[word].sum() / total * smoothed[context] / smoothed.sum()
                result[word, context] = max(0.0, math.log(together / apart) - shift)
    return result


@pytest.mark.parametrize("weights", [[1.0], [1.0, 1.0, 1.0], [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]])
def test_counts_equal_a_double_loop(weights):
    counts = count_cooccurrences(*flat(LINES), 6, weights)
    np.testing.assert_allclose(counts.toarray(), counted_by_hand(LINES, 6, weights), rtol=1e-14)


@settings(max_examples=50, deadline=None)
@given(
    lines=st.lists(st.lists(st.integers(0, 4), max_size=8), max_size=6),
    window=st.integers(1, 10),
    cut=st.integers(0, 6),
)
def test_counts_of_parts_add_up_for_any_lines(lines, window, cut):
    weights = [1 / distance for distance in range(1, window + 1)]
    whole = count_cooccurrences(*flat(lines), 5, weights)
    parts = count_cooccurrences(*flat(lines[:cut]), 5, weights) + count_cooccurrences(*flat(lines[cut:]), 5, weights)
    np.testing.assert_allclose(whole.toarray(), counted_by_hand(lines, 5, weights), atol=1e-12)
    np.testing.assert_allclose(parts.toarray(), whole.toarray(), atol=1e-12)


def test_no_pair_crosses_the_end_of_a_line():
    together = count_cooccurrences(*flat([[0, 1]]), 2, [1.0, 1.0])
    apart = count_cooccurrences(*flat([[0], [1]]), 2, [1.0, 1.0])
    assert together.toarray()[0, 1] == 1
    assert apart.nnz == 0


def test_lengths_that_do_not_add_up_are_refused():
    with pytest.raises(InvalidValue, match="must agree"):
        count_cooccurrences(np.array([0, 1, 2]), np.array([1, 1]), 3, [1.0])


@pytest.mark.parametrize("exponent", [0.75, 1.0])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_pmi_equals_the_formula(exponent, shift):
    counts = count_cooccurrences(*flat(LINES), 6, [1.0, 0.5])
    before = counts.toarray()
    values = positive_pmi(counts, exponent, shift)
    np.testing.assert_allclose(values.toarray(), pmi_by_hand(before, exponent, shift), atol=1e-14)
    np.testing.assert_array_equal(counts.toarray(), before)


def test_pmi_of_independent_tokens_is_zero():
    counts = sparse.csr_array(np.outer([1.0, 2.0, 5.0], [3.0, 1.0, 4.0]))
    np.testing.assert_allclose(positive_pmi(counts, context_exponent=1).toarray(), 0, atol=1e-12)


def test_pmi_takes_stored_zeros_and_empty_rows_as_pairs_that_never_met():
    counts = sparse.csr_array(np.array([[0.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 0.0]]))
    with_zeros = sparse.csr_array(([0.0, 2.0, 2.0, 4.0, 0.0], ([0, 0, 1, 1, 2], [0, 1, 0, 1, 2])), shape=(3, 3))
    np.testing.assert_array_equal(positive_pmi(with_zeros).toarray(), positive_pmi(counts).toarray())


def random_sparse(size, seed=0):
    generator = np.random.default_rng(seed)
    return sparse.csr_array(sparse.random_array((size, size), density=0.02, rng=generator))


@pytest.mark.parametrize(("size", "width"), [(60, 10), (LARGE, 60), (LARGE, 2)])
def test_svd_gives_the_largest_values_in_order_and_the_best_approximation(size, width):
    matrix = random_sparse(size)
    vectors, values = truncated_svd(matrix, width)
    dense = matrix.toarray()
    all_values = np.linalg.svd(dense, compute_uv=False)
    np.testing.assert_allclose(values, all_values[:width], rtol=1e-9)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(width), atol=1e-9)
    left_over = dense - vectors @ (vectors.T @ dense)
    assert np.sum(left_over**2) == pytest.approx(np.sum(all_values[width:] ** 2), rel=1e-9)  # Eckart and Young


def test_svd_of_full_width_rebuilds_the_matrix():
    matrix = random_sparse(40)
    vectors, values = truncated_svd(matrix, 40)
    gram = (matrix @ matrix.T).toarray()
    np.testing.assert_allclose((vectors * values**2) @ vectors.T, gram, atol=1e-12)


@pytest.mark.parametrize(("size", "width"), [(60, 5), (LARGE, 60)])
def test_svd_is_the_same_under_the_same_seed_and_nearly_so_under_another(size, width):
    matrix = random_sparse(size)
    vectors, values = truncated_svd(matrix, width, seed=3)
    again, _ = truncated_svd(matrix, width, seed=3)
    other, other_values = truncated_svd(matrix, width, seed=4)
    np.testing.assert_array_equal(vectors, again)
    np.testing.assert_allclose(values, other_values, rtol=1e-9)
    np.testing.assert_allclose(np.abs(vectors.T @ other), np.eye(width), atol=1e-6)
    np.testing.assert_allclose(vectors, other, atol=1e-6)  # the sign is settled


def test_svd_stops_at_the_rank_and_passes_over_empty_rows():
    matrix = np.zeros((6, 6))
    matrix[1, 2], matrix[4, 2], matrix[4, 5] = 1.0, 1.0, 2.0
    vectors, values = truncated_svd(sparse.csr_array(matrix), 6)
    assert vectors.shape == (6, 2)
    assert len(values) == 2
    assert not vectors[[0, 2, 3, 5]].any()


def test_svd_of_nothing_has_no_component():
    vectors, values = truncated_svd(sparse.csr_array((4, 4)), 2)
    assert vectors.shape == (4, 0)
    assert len(values) == 0


def test_svd_of_no_component_is_refused():
    with pytest.raises(InvalidValue, match="at least 1"):
        truncated_svd(random_sparse(5), 0)
