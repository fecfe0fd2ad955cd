"""The nearest vectors by cosine, exactly: matrix products block by block, and a partial order instead of a sort.

Products are computed in float32, which is fast, and only to rule out: whatever could still belong to the answer is
kept, and its cosine is computed again in float64, one vector at a time. So the answer is that of a full sort, and
depends neither on how many queries are asked at once nor on the number of threads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

QUERIES_AT_ONCE = 64
PAIRS_AT_ONCE = 65_536  # rescored at a time: 65 536 × 256 in float64 is 128 MB
CODES_AT_ONCE = 512  # rows of whole numbers made float32 at a time: 512 × 768 in float32 stay in the cache


class Rows(Protocol):
    """A block of unit vectors that can be multiplied."""

    def __len__(self) -> int:
        """The number of rows."""
        ...

    @property
    def error(self) -> float:
        """How far a product may be from the exact cosine."""
        ...

    def products(self, queries: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the products with all rows, shape ``(num_queries, num_rows)``."""
        ...


@dataclass(frozen=True)
class FloatRows:
    """Vectors as they are.

    Args:
        vectors: float32, shape ``(num_rows, width)``, each of length 1 or 0.
    """

    vectors: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def error(self) -> float:
        """The bound n·u on the rounding of a float32 product of n terms whose absolute sum is at most 1."""
        return self.vectors.shape[1] * 2.0**-23

    def products(self, queries: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the products with all rows, shape ``(num_queries, num_rows)``.

        One query is multiplied row by row, which reads the rows as fast as memory gives them; a library's product of a
        matrix and a vector takes up to twice as long.
        """
        if len(queries) == 1:
            return np.vecdot(self.vectors, queries[0])[None]
        return queries @ self.vectors.T


@dataclass(frozen=True)
class CodedRows:
    """Vectors rounded to whole numbers from -127 to 127 with one scale per row: a quarter of the memory.

    Args:
        codes: int8, shape ``(num_rows, width)``.
        scales: float32, shape ``(num_rows,)``; a row is its codes times its scale.
    """

    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]

    @classmethod
    def of(cls, vectors: npt.NDArray[np.float32]) -> "CodedRows":
        """Round vectors ``(num_rows, width)``.

        Example:
            >>> rows = CodedRows.of(np.eye(2, dtype=np.float32))
            >>> rows.products(np.eye(2, dtype=np.float32)).tolist()
            [[1.0, 0.0], [0.0, 1.0]]
        """
        largest = np.abs(vectors).max(axis=1, initial=0)  # (num_rows,)
        scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def error(self) -> float:
        """Three steps of the coarsest row.

        The roundings add up to a sum of independent terms within ± step/2 · |q_i|; by Hoeffding's inequality it
        passes t with probability below 2·exp(-2 t² / step²) for a query of length 1: 3e-8 at three steps.
        """
        return 3 * float(self.scales.max(initial=0))

    def products(self, queries: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the products with all rows, shape ``(num_queries, num_rows)``."""
        products = np.empty((len(queries), len(self)), dtype=np.float32)
        for start in range(0, len(self), CODES_AT_ONCE):
            part = slice(start, start + CODES_AT_ONCE)
            products[:, part] = queries @ self.codes[part].astype(np.float32).T
        products *= self.scales
        return products


@dataclass(frozen=True)
class Found:
    """Rows found for one query, the nearest first, equal ones in the order of their rows.

    Args:
        rows: positions counted through all blocks, shape ``(num_found,)``.
        scores: their cosines, shape ``(num_found,)``.
    """

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]


Fetch = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]


def nearest(
    queries: npt.NDArray[np.float32],
    blocks: Sequence[Rows],
    fetch: Fetch,
    *,
    top_k: int | None = None,
    threshold: float | None = None,
    allowed: npt.NDArray[np.bool_] | None = None,
) -> list[Found]:
    """Find the rows nearest to each query.

    Args:
        queries: unit vectors, shape ``(num_queries, width)``.
        blocks: the rows, in blocks of any size.
        fetch: gives the vectors of some rows, rising, for the final score: shape ``(num, width)``.
        top_k: at most so many for each query; None for all.
        threshold: only cosines at or above it; None for any.
        allowed: which rows may be found, shape ``(num_rows,)``; None for all.

    Returns:
        What was found for each query.

    Example:
        >>> rows = np.eye(3, dtype=np.float32)
        >>> query = np.array([[0.6, 0.8, 0]], dtype=np.float32)
        >>> found, = nearest(query, [FloatRows(rows)], rows.__getitem__, top_k=2)
        >>> found.rows.tolist(), found.scores.round(3).tolist()
        ([1, 0], [0.8, 0.6])
    """
    found = []
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        some = np.ascontiguousarray(queries[start : start + QUERIES_AT_ONCE], dtype=np.float32)
        pairs = _candidates(some, blocks, top_k, -np.inf if threshold is None else threshold, allowed)
        exact = _exact_scores(some, pairs, fetch)
        found += _in_order(pairs, exact, len(some), top_k, threshold)
    return found


@dataclass
class _Pairs:
    """Pairs of a query and a row that may belong to the answer; three arrays of one length."""

    queries: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]

    @classmethod
    def joined(cls, parts: Sequence["_Pairs"]) -> "_Pairs":
        empty = np.empty(0, dtype=np.int64)
        return cls(
            np.concatenate([empty, *(part.queries for part in parts)]),
            np.concatenate([empty, *(part.rows for part in parts)]),
            np.concatenate([empty.astype(np.float32), *(part.scores for part in parts)]),
        )

    def kept(self, which: npt.NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(self.queries[which], self.rows[which], self.scores[which])


def _candidates(
    queries: npt.NDArray[np.float32],
    blocks: Sequence[Rows],
    top_k: int | None,
    threshold: float,
    allowed: npt.NDArray[np.bool_] | None,
) -> _Pairs:
    """Go through the blocks once, and raise each query's bar to its k-th best after 1, 2, 4, 8, … of them."""
    error = max((block.error for block in blocks), default=0.0)
    lowest = np.full(len(queries), threshold - error)  # (num_queries,)
    bar = lowest.copy()
    parts: list[_Pairs] = []
    start = 0
    for number, block in enumerate(blocks, start=1):
        products = block.products(queries)  # (num_queries, num_rows)
        if allowed is not None:
            products[:, ~allowed[start : start + len(block)]] = np.nan  # NaN passes no bar
        elif top_k is not None and number == 1 and len(block) > top_k:
            best = np.partition(products, len(block) - top_k, axis=1)[:, len(block) - top_k]
            bar = np.maximum(lowest, best - 2 * error)
        parts.append(_reaching(products, bar, start))
        start += len(block)
        if top_k is not None and number & (number - 1) == 0:
            pairs = _Pairs.joined(parts)
            bar = np.maximum(lowest, _kth_best(pairs, len(queries), top_k) - 2 * error)
            parts = [pairs.kept(pairs.scores >= bar[pairs.queries])]
    pairs = _Pairs.joined(parts)
    if top_k is not None:
        bar = np.maximum(lowest, _kth_best(pairs, len(queries), top_k) - 2 * error)
        pairs = pairs.kept(pairs.scores >= bar[pairs.queries])
    return pairs


def _reaching(products: npt.NDArray[np.float32], bar: npt.NDArray[np.float64], start: int) -> _Pairs:
    """Return the pairs of a block that reach their query's bar; its first row is row ``start``.

    The bar is rounded down to float32: to compare in float64 would first copy all products.
    """
    lowered = np.nextafter(bar.astype(np.float32), np.float32(-np.inf))  # (num_queries,)
    places = np.flatnonzero(products >= lowered[:, None])  # several times as fast as nonzero with two axes
    query, row = np.divmod(places, products.shape[1])
    return _Pairs(query, row + start, products.ravel()[places])


def _kth_best(pairs: _Pairs, num_queries: int, top_k: int) -> npt.NDArray[np.float64]:
    """Return the k-th best product of each query, shape ``(num_queries,)``; minus infinity where there are fewer."""
    order = np.lexsort((-pairs.scores, pairs.queries))
    ends = np.searchsorted(pairs.queries[order], np.arange(num_queries), side="right")
    place = np.searchsorted(pairs.queries[order], np.arange(num_queries)) + top_k - 1
    enough = place < ends
    best = np.full(num_queries, -np.inf)
    best[enough] = pairs.scores[order[place[enough]]]
    return best


def _exact_scores(queries: npt.NDArray[np.float32], pairs: _Pairs, fetch: Fetch) -> npt.NDArray[np.float64]:
    """Return the cosine of each pair in float64, shape ``(num_pairs,)``."""
    scores = np.empty(len(pairs.rows))
    wide = queries.astype(np.float64)
    order = np.argsort(pairs.rows, kind="stable")
    for start in range(0, len(order), PAIRS_AT_ONCE):
        part = order[start : start + PAIRS_AT_ONCE]
        rows, where = np.unique(pairs.rows[part], return_inverse=True)
        vectors = fetch(rows).astype(np.float64)[where]  # (pairs, width)
        scores[part] = np.einsum("ij,ij->i", wide[pairs.queries[part]], vectors)
    return np.clip(scores, -1, 1)  # a vector with itself may give 1 + 1e-7, since unit length is rounded to float32


def _in_order(
    pairs: _Pairs, scores: npt.NDArray[np.float64], num_queries: int, top_k: int | None, threshold: float | None
) -> list[Found]:
    order = np.lexsort((pairs.rows, -scores, pairs.queries))
    if threshold is not None:
        order = order[scores[order] >= threshold]
    ends = np.searchsorted(pairs.queries[order], np.arange(num_queries + 1))
    found = []
    for start, stop in pairwise(ends):
        best = order[start:stop][:top_k]
        found.append(Found(pairs.rows[best], scores[best]))
    return found
