"""Find the other half: a retrieval test made from a user's own documents, without any label.

Each document is cut in two. The first half is the query, and its own second half has to be found among everybody's.
Two halves of one document speak of the same thing in other words, so an encoder, a pooling or a whitening that
finds them better is likely to search better on this text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from baihua.checks import InvalidValue, check_texts
from baihua.text.halves import split_in_halves

TOP = 10  # ranks below the tenth count as not found
BLOCK = 512  # queries compared with all candidates at once
MIN_DOCUMENTS = 10


@dataclass(frozen=True)
class OtherHalf:
    """How well the other halves were found.

    Args:
        mrr: mean reciprocal rank, counting the first ten ranks: 1 when every partner comes first.
        low: lower end of the 95 % interval of ``mrr``.
        high: its upper end.
        num_documents: how many documents were cut in two.
        reciprocal_ranks: one value per document, shape ``(num_documents,)``.
    """

    mrr: float
    low: float
    high: float
    num_documents: int
    reciprocal_ranks: np.ndarray


def find_other_half(
    encode: Callable[[list[str]], np.ndarray],
    documents: Sequence[str],
    *,
    max_documents: int = 2000,
    seed: int = 0,
) -> OtherHalf:
    """Measure how well an encoder finds the second half of each document from its first.

    Args:
        encode: texts to vectors ``(num_texts, width)``; they are compared by cosine.
        documents: any sequence of strings; those with fewer than 8 characters and repeats are left out.
        max_documents: a random sample of so many is used, since the test grows with the square of their number.
        seed: of that sample and of the interval.

    Returns:
        The mean reciprocal rank at 10 with a 95 % bootstrap interval over documents.

    Raises:
        InvalidValue: when fewer than 10 documents can be cut in two.

    Example:
        >>> texts = [f"{a}字开头的句子，{a}字结尾的句子" for a in "春夏秋冬东南西北风雨"]
        >>> letters = "春夏秋冬东南西北风雨"
        >>> by_letter = lambda texts: np.array([[text.count(a) for a in letters] for text in texts], dtype=float)
        >>> find_other_half(by_letter, texts).mrr
        1.0
    """
    cut = cut_documents(documents, max_documents=max_documents, seed=seed)
    vectors = unit_rows(np.asarray(encode(cut.firsts + cut.seconds)))
    num = len(cut.firsts)
    return score_halves(vectors[:num], vectors[num:], seed=seed)


@dataclass(frozen=True)
class CutDocuments:
    """Documents and their two halves, three lists of one length."""

    documents: list[str]
    firsts: list[str]
    seconds: list[str]


def cut_documents(documents: Sequence[str], *, max_documents: int = 2000, seed: int = 0) -> CutDocuments:
    """Cut a random sample of the documents in two; arguments and exceptions as in `find_other_half`."""
    distinct = list(dict.fromkeys(check_texts(documents, "documents")))
    cut = CutDocuments([], [], [])
    for position in np.random.default_rng(seed).permutation(len(distinct)):
        halves = split_in_halves(distinct[position])
        if halves is not None:
            cut.documents.append(distinct[position])
            cut.firsts.append(halves[0])
            cut.seconds.append(halves[1])
        if len(cut.documents) == max_documents:
            break
    if len(cut.documents) < MIN_DOCUMENTS:
        raise InvalidValue(
            zh=f"“找另一半”至少要 {MIN_DOCUMENTS} 篇不少于 8 个字的不同文本，收到的只有 {len(cut.documents)} 篇可用。",
            en=f"Find-the-other-half needs at least {MIN_DOCUMENTS} different texts of 8 characters or more, "
            f"but only {len(cut.documents)} of those received can be used.",
        )
    return cut


def score_halves(queries: np.ndarray, candidates: np.ndarray, *, seed: int = 0) -> OtherHalf:
    """Rank each query's partner among all candidates.

    Args:
        queries: unit vectors of first halves, shape ``(num, width)``.
        candidates: unit vectors of second halves, same shape; row i is the partner of query i.
        seed: of the bootstrap.
    """
    ranks = partner_ranks(queries, candidates)
    reciprocal = np.where(ranks <= TOP, 1 / ranks, 0.0)
    low, high = bootstrap_interval(reciprocal, seed=seed)
    return OtherHalf(float(reciprocal.mean()), low, high, len(reciprocal), reciprocal)


def partner_ranks(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return the rank of candidate i for query i, from 1; ties count in the middle, so constant vectors gain nothing."""
    ranks = np.empty(len(queries))
    for start in range(0, len(queries), BLOCK):
        scores = queries[start : start + BLOCK] @ candidates.T  # (block, num)
        rows = np.arange(len(scores))
        own = scores[rows, start + rows][:, None]  # (block, 1)
        ties = (scores == own).sum(axis=1) - 1
        ranks[start : start + BLOCK] = 1 + (scores > own).sum(axis=1) + ties / 2
    return ranks


def bootstrap_interval(values: np.ndarray, *, seed: int = 0, num_samples: int = 1000) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of the mean over resamples with replacement."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=num_samples)
    low, high = np.percentile(counts @ values / len(values), [2.5, 97.5])
    return float(low), float(high)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale each row to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
