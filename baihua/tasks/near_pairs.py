"""All pairs of vectors above a cosine: exact, in blocks, so that memory stays small however many vectors there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.progress import progress

BLOCK = 2048  # 2048 × 2048 float32 scores are 16 MB: long enough for a fast product, small enough for any laptop


@dataclass(frozen=True)
class NearPairs:
    """Pairs of rows with their cosines; three arrays of one length.

    Args:
        rows: the later row of each pair, int64.
        others: the earlier one, int64.
        scores: their cosine, float32.
    """

    rows: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, mask: npt.NDArray[np.bool_]) -> Self:
        """Return the pairs for which a mask is true."""
        return type(self)(self.rows[mask], self.others[mask], self.scores[mask])

    def best(self, limit: int) -> Self:
        """Return at most so many pairs of each row, those of the highest cosines; of equal ones, the earliest others.

        The rows come in ascending order, the pairs of each from the highest cosine down.
        """
        order = np.lexsort((self.others, -self.scores, self.rows))
        rows = self.rows[order]
        begins = np.flatnonzero(np.diff(rows, prepend=-1))  # where each row's pairs begin
        place = np.arange(len(rows)) - np.repeat(begins, np.diff(begins, append=len(rows)))
        kept = order[place < limit]
        return type(self)(self.rows[kept], self.others[kept], self.scores[kept])

    @classmethod
    def joined(cls, parts: "list[NearPairs]") -> Self:
        """Return several lists of pairs as one."""
        return cls(
            np.concatenate([np.empty(0, np.int64), *(part.rows for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.others for part in parts)]),
            np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)]),
        )


def near_pairs(
    vectors: npt.NDArray[np.floating], threshold: float, *, show_progress: bool | None = None
) -> Iterator[NearPairs]:
    """Go through all pairs of vectors and give those whose cosine reaches a threshold.

    Every pair is looked at: one product of matrices per pair of blocks, of which only what reaches the threshold is
    kept. 100 000 vectors are 5 · 10⁹ pairs.

    Args:
        vectors: unit vectors (a zero vector has the cosine 0 with all), shape ``(num, width)``.
        threshold: the smallest cosine to give.
        show_progress: show a bar on standard error; None to show it on a terminal.

    Yields:
        The pairs of 2048 rows with 2048 rows at a time, possibly none. Each pair comes once, the later row first;
        the blocks come in the order of ``rows``, and for each all blocks before it first and itself last.

    Raises:
        InvalidValue: when the vectors are not a matrix of finite numbers.

    Example:
        >>> vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]])
        >>> [(part.rows.tolist(), part.others.tolist()) for part in near_pairs(vectors, 0.7)]
        [([2], [1])]
    """
    matrix = check_unit_rows(vectors)
    num_blocks = -(-len(matrix) // BLOCK)
    with progress(say(zh="比较", en="Comparing"), num_blocks * (num_blocks + 1) // 2, show_progress) as advance:
        for block in range(num_blocks):
            rows = matrix[block * BLOCK : (block + 1) * BLOCK]
            for earlier in range(block + 1):
                scores = rows @ matrix[earlier * BLOCK : (earlier + 1) * BLOCK].T  # (block, block)
                yield _above(scores, threshold, block * BLOCK, earlier * BLOCK)
                advance()


def check_unit_rows(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return vectors as a float32 matrix, or say what is wrong with them.

    Raises:
        InvalidValue: when they are no matrix, not finite, or not of length 1 (or 0).
    """
    matrix = np.ascontiguousarray(vectors, dtype=np.float32)
    if matrix.ndim != 2:
        raise InvalidValue(
            zh=f"向量应是二维数组（每行一个），收到形状 {matrix.shape}。",
            en=f"The vectors must be an array of two axes, one vector per row, but have the shape {matrix.shape}.",
        )
    lengths = np.linalg.norm(matrix, axis=1)
    wrong = ~((np.abs(lengths - 1) < 1e-3) | (lengths == 0))  # float16 vectors come within a thousandth
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidValue(
            zh=f"向量长度应为 1，第 {row} 行（从 0 数）的长度是 {lengths[row]}；请先归一化，并去掉 NaN。",
            en=f"The vectors must have length 1, but row {row} (counted from 0) has length {lengths[row]}. "
            "Scale them first, and remove NaN.",
        )
    return matrix


def _above(scores: npt.NDArray[np.float32], threshold: float, start: int, other_start: int) -> NearPairs:
    reached = np.flatnonzero(scores >= threshold)
    rows, others = np.divmod(reached, scores.shape[1])
    # Six decimals: equals would else be told apart by the last bits of sums, which differ with the threads.
    pairs = NearPairs(rows + start, others + other_start, scores.ravel()[reached].round(6))
    return pairs.where(pairs.others < pairs.rows) if start == other_start else pairs
