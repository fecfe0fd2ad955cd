"""What a score means on one's own text: an embedder and texts in, false-match rates or probabilities out."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
import scipy.sparse.csgraph

from baihua.checks import check_same_length, check_texts
from baihua.maths.cosines import cosines_of_pairs
from baihua.tasks.embed import SentenceEmbedder
from baihua.training.background import background_pairs
from baihua.training.calibration import MatchCalibration
from baihua.training.false_matches import FalseMatchRate

NUM_PAIRS = 200_000  # makes a rate of 0.1 % right to 7 %, and rates down to 0.05 % counted
MOST_TEXTS = 20_000  # in 200 000 pairs each then stands 20 times, and more texts would tell little more


def calibrate_on_texts(
    embedder: SentenceEmbedder, texts: Sequence[str], num_pairs: int = NUM_PAIRS, seed: int = 0
) -> FalseMatchRate:
    """Learn how often unrelated texts score how high, from random pairs of one's own texts.

    Args:
        embedder: the embedder that will search, with its whitening.
        texts: texts like those to be searched, 15 different ones or more. Blank ones and repeats are left out; of more
            than 20 000, so many are taken at random.
        num_pairs: random pairs scored; all there are, when they are fewer.
        seed: of the pairs.

    Raises:
        InvalidType: when ``texts`` is one string or holds something else than strings.
        InvalidValue: for too few texts, or texts that all get the same score.

    Example:
        >>> texts = [f"{a}天的{b}" for a in "春夏秋冬" for b in ("花开了", "雨很大", "夜很长", "人不多")]
        >>> background = calibrate_on_texts(SentenceEmbedder("static"), texts)
        >>> background.num_scores, background.rate(0.1) > background.rate(0.9)
        (120, True)
    """
    different = list(dict.fromkeys(text for text in check_texts(texts) if text.strip()))
    if len(different) > MOST_TEXTS:
        different = random.Random(seed).sample(different, MOST_TEXTS)
    return calibrate_on_vectors(embedder.encode(different), num_pairs, seed)


def calibrate_on_vectors(vectors: Any, num_pairs: int = NUM_PAIRS, seed: int = 0) -> FalseMatchRate:
    """Learn the same from vectors that are there already, such as those of an index.

    Args:
        vectors: one row per text, of any length but zero, shape ``(num_texts, width)``; texts that repeat left out.
        num_pairs: random pairs scored; all there are, when they are fewer.
        seed: of the pairs.

    Raises:
        InvalidValue: for too few vectors, or pairs that all have the same cosine.
    """
    pairs = background_pairs(len(vectors), num_pairs, seed)
    return FalseMatchRate.fit(cosines_of_pairs(vectors, pairs), pairs, seed=seed)


def calibrate_on_pairs(
    embedder: SentenceEmbedder,
    first: Sequence[str],
    second: Sequence[str],
    labels: npt.ArrayLike,
    prior: float | None = None,
) -> MatchCalibration:
    """Learn the probability that two texts mean the same, from 50 or more labelled pairs.

    Args:
        embedder: the embedder that will search, with its whitening.
        first: the first text of each pair.
        second: the second text of each pair.
        labels: 1 where a pair means the same, else 0.
        prior: the share of matches among the pairs that will be asked about; None for that of the labelled pairs.

    Raises:
        InvalidType: for something else than texts and numbers.
        InvalidValue: for columns of different lengths, fewer than 50 pairs, one class only or other labels.
    """
    return MatchCalibration.fit(embedder.similarity_pairwise(first, second), labels, prior)


def leave_one_per_match(first: Sequence[str], second: Sequence[str], labels: Sequence[int]) -> list[str]:
    """Return the different texts of labelled pairs, one of each group that the labels join as meaning the same.

    In a table of labelled pairs far more of all possible pairs match than in a library, so its texts should pass
    through here before they serve as unrelated ones.

    Args:
        first: the first text of each pair.
        second: the second text of each pair.
        labels: 1 where a pair means the same, else 0.

    Raises:
        InvalidValue: when the three differ in length.

    Example:
        >>> leave_one_per_match(["怎么退款", "如何退钱", "天气好"], ["如何退钱", "退款怎么弄", "怎么退款"], [1, 1, 0])
        ['怎么退款', '天气好']
    """
    check_same_length(first, second, ("first", "second"))
    check_same_length(first, labels, ("first", "labels"))
    texts = list(dict.fromkeys(text for pair in zip(first, second, strict=True) for text in pair))
    place = {text: number for number, text in enumerate(texts)}
    joined = [(place[a], place[b]) for a, b, label in zip(first, second, labels, strict=True) if label == 1]
    rows, columns = np.array(joined, dtype=np.intp).reshape(-1, 2).T
    links = scipy.sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(texts)))
    groups = scipy.sparse.csgraph.connected_components(links, directed=False)[1]
    return [texts[number] for number in sorted(np.unique(groups, return_index=True)[1])]
