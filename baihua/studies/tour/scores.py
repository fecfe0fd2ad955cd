"""How well sentence vectors do on the tour: finding the right answer, and telling the same meaning from another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from baihua.maths.isotropy import average_cosine
from baihua.studies.tour.examples import Query, Sentence, load_queries, load_sentences
from baihua.studies.tour.vectors import Vectors
from baihua.tasks.other_half import OtherHalf, score_halves

CUTOFF = 10  # a right answer further down than this counts as not found
NUM_RESAMPLES = 2000


@dataclass(frozen=True)
class PairCosines:
    """The cosines of all pairs of sentences, by what the pair is.

    Args:
        same: pairs that mean the same thing.
        contrast: pairs that look much alike and mean different things.
        other: all remaining pairs.
    """

    same: np.ndarray
    contrast: np.ndarray
    other: np.ndarray


@dataclass(frozen=True)
class Scores:
    """How one encoder does with one setting."""

    reciprocal_ranks: np.ndarray
    same_above_other: float
    same_above_contrast: float
    average_cosine: float
    other_half: OtherHalf

    @property
    def numbers(self) -> dict[str, float]:
        """The figures by name."""
        return {
            "mrr_at_10": float(self.reciprocal_ranks.mean()),
            "top_1": float((self.reciprocal_ranks == 1).mean()),
            "auc_same_above_other": self.same_above_other,
            "auc_same_above_contrast": self.same_above_contrast,
            "average_cosine": self.average_cosine,
            "other_half_mrr": self.other_half.mrr,
            "other_half_low": self.other_half.low,
            "other_half_high": self.other_half.high,
        }


def score(vectors: Vectors) -> Scores:
    """Measure one setting of one encoder."""
    sentences = load_sentences()
    pairs = pair_cosines(vectors.sentences, sentences)
    return Scores(
        reciprocal_ranks=reciprocal_ranks(rank_answers(vectors.queries, vectors.sentences), load_queries(), sentences),
        same_above_other=separation(pairs.same, pairs.other),
        same_above_contrast=separation(pairs.same, pairs.contrast),
        average_cosine=average_cosine(vectors.sentences),
        other_half=score_halves(vectors.first_halves, vectors.second_halves),
    )


def rank_answers(query_vectors: np.ndarray, sentence_vectors: np.ndarray) -> np.ndarray:
    """Return, for each query, the positions of the sentences from nearest to furthest.

    Args:
        query_vectors: unit vectors of the queries, (num_queries, width).
        sentence_vectors: unit vectors of the sentences, (num_sentences, width).

    Returns:
        Positions, (num_queries, num_sentences); of equal cosines the earlier sentence comes first.
    """
    return np.argsort(-(query_vectors @ sentence_vectors.T), axis=1, kind="stable")


def reciprocal_ranks(order: np.ndarray, queries: Sequence[Query], sentences: Sequence[Sentence]) -> np.ndarray:
    """Return 1 / (rank of the first right answer) per query, 0 when it is not among the first ten.

    Args:
        order: what `rank_answers` returned, (num_queries, num_sentences).
        queries: the queries.
        sentences: the sentences.

    Returns:
        One value in [0, 1] per query; their mean is MRR@10, the share of ones the top-1 accuracy.

    Example:
        >>> sentences = [Sentence("a", "家", "灯坏了"), Sentence("b", "家", "灯不亮")]
        >>> reciprocal_ranks(np.array([[1, 0]]), [Query("q", "家", "灯怎么不亮", ("a",))], sentences)
        array([0.5])
    """
    values = np.zeros(len(queries))
    for number, query in enumerate(queries):
        nearest = [sentences[position].id for position in order[number, :CUTOFF]]
        ranks = [rank for rank, name in enumerate(nearest, start=1) if name in query.answers]
        values[number] = 1 / ranks[0] if ranks else 0.0
    return values


def pair_cosines(vectors: np.ndarray, sentences: Sequence[Sentence]) -> PairCosines:
    """Return the cosines of all pairs of different sentences, by what the pair is.

    Args:
        vectors: unit vectors of the sentences, (num_sentences, width).
        sentences: the sentences.
    """
    first, second = np.triu_indices(len(sentences), k=1)
    # In float64, so that rounding does not order pairs that are nearly equal.
    cosines = (vectors.astype(np.float64) @ vectors.astype(np.float64).T)[first, second]
    same = _share([sentence.group for sentence in sentences])[first, second]
    contrast = _share([sentence.contrast for sentence in sentences])[first, second] & ~same
    return PairCosines(cosines[same], cosines[contrast], cosines[~same & ~contrast])


def separation(higher: np.ndarray, lower: np.ndarray) -> float:
    """Return the chance that a pair of the first kind has a higher cosine than one of the second (the AUC).

    Example:
        >>> separation(np.array([0.9, 0.4]), np.array([0.3, 0.5]))
        0.75
    """
    truth = np.concatenate([np.ones(len(higher)), np.zeros(len(lower))])
    return float(roc_auc_score(truth, np.concatenate([higher, lower])))


def difference_interval(before: np.ndarray, after: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of ``after - before`` over the same queries, and its 95 % interval.

    The interval is the percentile bootstrap over queries (Efron, "Bootstrap methods: another look at the
    jackknife", 1979), paired, since both settings answer the same queries.

    Args:
        before: one value per query.
        after: one value per query.
        seed: of the resampling.

    Returns:
        The mean, the interval's lower end and its upper end.

    Example:
        >>> difference_interval(np.zeros(4), np.ones(4))
        (1.0, 1.0, 1.0)
    """
    differences = after - before
    chosen = np.random.default_rng(seed).integers(len(differences), size=(NUM_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[chosen].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


def _share(labels: Sequence[str | None]) -> np.ndarray:
    """Whether each two sentences carry the same label, (num, num); None is shared with nobody."""
    names = np.array([label or "" for label in labels])
    return (names[:, None] == names[None, :]) & (names != "")
