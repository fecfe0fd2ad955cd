"""From which tokens stand near each other to vectors: counts, positive pointwise mutual information, SVD.

Tokens used in the same surroundings get similar vectors. The three steps are those of Levy, Goldberg & Dagan,
"Improving Distributional Similarity with Lessons Learned from Word Embeddings" (TACL 3, 2015), section 2:
count with weights that fall with the distance, smooth the distribution of contexts, factorise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import svds

from baihua.checks import InvalidValue

Vectors = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]  # singular vectors as columns, and their values
DENSE_SIZE = 1024  # up to this many rows or columns a full SVD takes under a second and needs no iteration


def count_cooccurrences(
    ids: npt.NDArray[np.integer], lengths: npt.NDArray[np.integer], num_tokens: int, distance_weights: Sequence[float]
) -> sparse.csr_array:
    """Count how often two tokens stand within a window of each other, in either order.

    Counts of parts of a corpus add up to the counts of the whole, so a corpus of any size can be counted in
    pieces; memory grows with the number of different pairs.

    Args:
        ids: the tokens of all lines end to end, shape ``(sum(lengths),)``.
        lengths: the number of tokens of each line. No pair crosses the end of a line.
        num_tokens: the size of the vocabulary.
        distance_weights: what a pair counts at distance 1, 2, …; as many as the window is wide.

    Returns:
        Symmetric float64 counts, shape ``(num_tokens, num_tokens)``.

    Raises:
        InvalidValue: when the lengths do not add up to the number of ids.

    Example:
        >>> counts = count_cooccurrences(np.array([0, 1, 2, 0]), np.array([3, 1]), 3, [1.0, 0.5])
        >>> counts.toarray().tolist()
        [[0.0, 1.0, 0.5], [1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]
    """
    if int(lengths.sum()) != len(ids):
        raise InvalidValue(
            zh=f"各行长度之和是 {int(lengths.sum())}，而 ids 有 {len(ids)} 个；两者应相等。",
            en=f"The lengths add up to {int(lengths.sum())}, but there are {len(ids)} ids. They must agree.",
        )
    line_of = np.repeat(np.arange(len(lengths)), lengths)  # (len(ids),)
    rows, columns, weights = [], [], []
    for distance, weight in enumerate(distance_weights, start=1):
        same_line = line_of[:-distance] == line_of[distance:]
        rows.append(ids[:-distance][same_line])
        columns.append(ids[distance:][same_line])
        weights.append(np.full(int(same_line.sum()), weight, dtype=np.float64))
    if not rows:
        return sparse.csr_array((num_tokens, num_tokens), dtype=np.float64)
    pairs = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    forward = sparse.coo_array(pairs, shape=(num_tokens, num_tokens)).tocsr()  # adds up equal pairs
    return sparse.csr_array(forward + forward.T)


def positive_pmi(counts: sparse.csr_array, context_exponent: float = 0.75, shift: float = 0.0) -> sparse.csr_array:
    """Return how much more often two tokens meet than chance would have it, as a logarithm, never below 0.

    The entry is max(0, log(p(w, c) / (p(w) q(c))) - shift) with q(c) proportional to count(c) to the power of
    ``context_exponent``: below 1 it lowers the values of rare contexts, which pointwise mutual information
    overrates (Levy, Goldberg & Dagan 2015, equations 3 and 6; "context distribution smoothing").

    Args:
        counts: non-negative counts, shape ``(num_words, num_contexts)``. They are not changed.
        context_exponent: 1 for no smoothing.
        shift: taken from every value before cutting at 0; log k plays the part of k negative samples.

    Returns:
        The positive values, float64, same shape.

    Example:
        >>> counts = sparse.csr_array(np.array([[0.0, 2.0], [2.0, 4.0]]))
        >>> positive_pmi(counts, context_exponent=1).toarray().round(3).tolist()
        [[0.0, 0.288], [0.288, 0.0]]
    """
    word_counts = np.asarray(counts.sum(axis=1)).ravel()  # (num_words,)
    context_weights = np.asarray(counts.sum(axis=0)).ravel() ** context_exponent  # (num_contexts,)
    pairs = counts.tocoo()
    met = pairs.data > 0  # a stored zero is a pair that never met: its logarithm would be minus infinity
    rows, columns, observed = pairs.row[met], pairs.col[met], pairs.data[met]
    expected = word_counts[rows] * context_weights[columns] / context_weights.sum()
    values = np.log(observed / expected) - shift
    above = values > 0
    return sparse.coo_array((values[above], (rows[above], columns[above])), shape=counts.shape).tocsr()


def truncated_svd(matrix: sparse.csr_array, num_components: int, seed: int = 0) -> Vectors:
    """Return the largest singular values of a sparse matrix and their left singular vectors.

    Empty rows and columns are set aside first. What is left is decomposed whole when it is small, else by
    Lanczos bidiagonalisation (PROPACK), which is as exact and needs only products with the sparse matrix.

    Args:
        matrix: shape ``(num_rows, num_columns)``.
        num_components: how many to find.
        seed: of the vector the iteration starts from.

    Returns:
        Vectors of shape ``(num_rows, k)`` and values of shape ``(k,)``, largest first, where k is
        ``num_components`` or the rank of the matrix if that is smaller. The sign of each vector is such that its
        largest component is positive.

    Raises:
        InvalidValue: when ``num_components`` is not positive.

    Example:
        >>> vectors, values = truncated_svd(sparse.csr_array(np.diag([1.0, 0.0, 3.0])), 2)
        >>> values.tolist(), vectors.tolist()
        ([3.0, 1.0], [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    """
    if num_components < 1:
        raise InvalidValue(
            zh=f"num_components 至少是 1，收到 {num_components}。",
            en=f"num_components must be at least 1, but received {num_components}.",
        )
    filled_rows = np.flatnonzero(abs(matrix).sum(axis=1))
    filled_columns = np.flatnonzero(abs(matrix).sum(axis=0))
    core = matrix[filled_rows][:, filled_columns]
    left, values = _largest_singular(core, num_components, seed)
    highest = np.abs(left).argmax(axis=0) if left.size else np.empty(0, dtype=np.int64)
    left = left * np.sign(left[highest, np.arange(len(values))])
    vectors = np.zeros((matrix.shape[0], len(values)))
    vectors[filled_rows] = left
    return vectors, values


def _largest_singular(core: sparse.csr_array, num_components: int, seed: int) -> Vectors:
    """Return left vectors and values, largest first, without those that are zero but for rounding."""
    size = min(core.shape)
    if size == 0:
        return np.empty((core.shape[0], 0)), np.empty(0)
    if size <= DENSE_SIZE or num_components >= size:
        left, values = _all_singular(core)
    else:
        left, values = _iterate(core, num_components, seed)
    rounding = values[0] * max(core.shape) * np.finfo(np.float64).eps  # the rank as numpy.linalg.matrix_rank counts it
    num_kept = min(num_components, int((values > rounding).sum()))
    return left[:, :num_kept], values[:num_kept]


def _iterate(core: sparse.csr_array, num_components: int, seed: int) -> Vectors:
    try:
        left, values, _ = svds(core, num_components, solver="propack", rng=np.random.default_rng(seed))
    except np.linalg.LinAlgError:  # no convergence where the values hardly fall
        return _all_singular(core)
    order = np.argsort(-values)
    return left[:, order].astype(np.float64), values[order].astype(np.float64)


def _all_singular(core: sparse.csr_array) -> Vectors:
    left, values, _ = np.linalg.svd(core.toarray(), full_matrices=False)
    return left, values
