"""Questions that mean the same are found: for each question, its nearest others among all questions of a set.

The collection is every distinct question of the set. Asked are those that people labelled as meaning the same as at
least one other; the question itself is left out of its own answers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from sklearn.preprocessing import normalize

from baihua.benchmarks.pairs import Pairs
from baihua.checks import InvalidValue
from baihua.tasks.other_half import TOP, unit_rows

BLOCK = 512  # questions compared with the whole collection at once; bounds the memory
MILLION = 1_000_000


@dataclass(frozen=True)
class RetrievalScores:
    """How well partners were found.

    Args:
        accuracy: share of the questions whose nearest other is a partner.
        mrr: mean reciprocal rank of the first partner among the ten nearest; 0 where none is there.
        num_questions: how many were asked.
    """

    accuracy: float
    mrr: float
    num_questions: int


def distinct_questions(pairs: Pairs) -> list[str]:
    """Return every question of a set once: first those of the left side, in order, then the rest of the right."""
    return list(dict.fromkeys([*pairs.first, *pairs.second]))


def partners_of(pairs: Pairs) -> dict[int, set[int]]:
    """Return, for each question that has any, the others labelled as meaning the same.

    Args:
        pairs: with labels 0 and 1.

    Returns:
        By place in `distinct_questions`. Pairs of a question with itself do not count.

    Raises:
        InvalidValue: when no pair means the same, or a label is neither 0 nor 1.
    """
    if not np.isin(pairs.labels, (0, 1)).all():
        raise InvalidValue(
            zh=f"{pairs.name} 的标签不全是 0 或 1，说不出哪些问句同义；请用 LCQMC、BQ、ATEC 或 PAWSX。",
            en=f"Not all labels of {pairs.name} are 0 or 1, so they do not say which questions mean the same. "
            "Use LCQMC, BQ, ATEC or PAWSX.",
        )
    place = {text: number for number, text in enumerate(distinct_questions(pairs))}
    partners: dict[int, set[int]] = {}
    for first, second, label in zip(pairs.first, pairs.second, pairs.labels, strict=True):
        if label == 1 and first != second:
            partners.setdefault(place[first], set()).add(place[second])
            partners.setdefault(place[second], set()).add(place[first])
    if not partners:
        raise InvalidValue(
            zh=f"{pairs.name} 里没有一对不同的同义问句，没有可问的；请用含标签 1 的数据。",
            en=f"{pairs.name} has no pair of different questions that mean the same, so there is nothing to ask. "
            "Use data with label 1.",
        )
    return partners


def nearest_others(vectors: Any, rows: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the nearest others of some rows by cosine, nearest first.

    Cosines that agree to six decimals count as equal: questions with the same words in another order would else be
    ranked by the last bits of float32 sums, which differ from one machine to the next. Equals stand in an order drawn
    once for the whole collection (seed 0), since in the order of a file partners are neighbours.

    Args:
        vectors: one row per question, shape ``(num_questions, width)``: a dense array or a scipy sparse matrix.
        rows: which questions to ask.

    Returns:
        Shape ``(len(rows), 10)``, or fewer columns when there are not so many others.

    Example:
        >>> nearest_others(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]]), [0]).tolist()
        [[2, 1]]
    """
    unit = _unit(vectors)
    asked = np.asarray(rows, dtype=np.intp)
    num_questions = unit.shape[0]
    top = min(TOP, num_questions - 1)
    drawn = np.random.default_rng(0).permutation(num_questions)
    found = [np.empty((0, top), dtype=np.intp)]
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        cosines = unit[block] @ unit.T  # (block, num_questions)
        scores = cosines if isinstance(cosines, np.ndarray) else cosines.toarray()
        scores[np.arange(len(block)), block] = -2  # below every cosine
        # Whole numbers that are all different in a row: nearer is smaller, and of equals the one drawn first.
        distances = np.rint(scores * -MILLION).astype(np.int64) * num_questions + drawn
        nearest = np.argpartition(distances, top - 1, axis=1)[:, :top]
        order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1)
        found.append(np.take_along_axis(nearest, order, axis=1))
    return np.concatenate(found)


def partner_hits(nearest: npt.NDArray[np.intp], partners: dict[int, set[int]]) -> npt.NDArray[np.bool_]:
    """Say which of the nearest others are partners.

    Args:
        nearest: of each question of ``partners`` in rising order, shape ``(num_asked, top)``.
        partners: see `partners_of`.

    Returns:
        Same shape as ``nearest``.
    """
    return np.array(
        [[other in partners[row] for other in others] for row, others in zip(sorted(partners), nearest, strict=True)],
        dtype=np.bool_,
    )


def scores_of_hits(hits: npt.NDArray[np.bool_]) -> RetrievalScores:
    """Return accuracy at 1 and MRR at 10.

    Args:
        hits: see `partner_hits`, shape ``(num_asked, top)``.

    Example:
        >>> scores_of_hits(np.array([[True, False], [False, True], [False, False]])).mrr
        0.5
    """
    reciprocal = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0)
    return RetrievalScores(float(hits[:, 0].mean()), float(reciprocal.mean()), len(hits))


def retrieval_scores(vectors: Any, pairs: Pairs) -> RetrievalScores:
    """Measure how well vectors find the questions that mean the same.

    Args:
        vectors: one row per question of ``distinct_questions(pairs)``, dense or scipy sparse.
        pairs: labelled 0 and 1.

    Returns:
        Accuracy at 1 and MRR at 10.

    Raises:
        InvalidValue: when the vectors are not as many as the questions, or `partners_of` finds nothing to ask.
    """
    partners = partners_of(pairs)
    num_questions = len(distinct_questions(pairs))
    if vectors.shape[0] != num_questions:
        raise InvalidValue(
            zh=f"{pairs.name} 有 {num_questions} 个不同的问句，收到 {vectors.shape[0]} 个向量；"
            "请按 distinct_questions 的次序各给一个。",
            en=f"{pairs.name} has {num_questions} distinct questions, but {vectors.shape[0]} vectors were received. "
            "Give one for each, in the order of distinct_questions.",
        )
    return scores_of_hits(partner_hits(nearest_others(vectors, sorted(partners)), partners))


def _unit(vectors: Any) -> Any:
    """Scale each row to length 1; a zero row stays zero."""
    return normalize(vectors) if scipy.sparse.issparse(vectors) else unit_rows(np.asarray(vectors))
