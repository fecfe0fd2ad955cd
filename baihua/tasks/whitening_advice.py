"""Will whitening help on this text? Measured on the user's own data, with labels if there are any.

Without labels the measure is finding the other half, and it is cross-fitted: the documents are dealt into folds, and
the halves of each fold are whitened by a fit on the documents of the other folds. A whitening fitted on a document
blows up exactly the directions in which its two halves differ and the whole did not vary, so that a score on the
documents of the fit would speak against whitening wherever there are few.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from baihua.checks import InvalidValue, check_same_length, check_texts
from baihua.language import say
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.rank_correlation import spearman
from baihua.maths.whitening import Whitening
from baihua.tasks.other_half import MIN_DOCUMENTS, bootstrap_interval, cut_documents, score_halves, unit_rows

Encode = Callable[[list[str]], np.ndarray]
Pairs = tuple[Sequence[str], Sequence[str], Sequence[float]]
NUM_FOLDS = 5
NUM_RESAMPLES = 200


@dataclass(frozen=True)
class Advice:
    """What whitening does on a text.

    Args:
        measure: ``"other half"`` (mean reciprocal rank at 10) or ``"spearman"`` (with the labels of pairs).
        raw: the score without whitening, a fraction.
        whitened: the score with it.
        low: lower end of the 95 % interval of the difference ``whitened - raw``.
        high: its upper end.
        num_examples: documents or pairs it was measured on.
    """

    measure: str
    raw: float
    whitened: float
    low: float
    high: float
    num_examples: int

    @property
    def verdict(self) -> str:
        """``"helps"``, ``"hurts"`` or ``"no clear difference"``, by whether the interval leaves out 0."""
        if self.low > 0:
            return "helps"
        return "hurts" if self.high < 0 else "no clear difference"

    @property
    def sentence(self) -> str:
        """The advice in a sentence, in the current language."""
        numbers = f"{self.raw * 100:.1f} → {self.whitened * 100:.1f}"
        spread = f"[{self.low * 100:+.1f}, {self.high * 100:+.1f}]"
        if self.measure == "spearman":
            test = say(zh="标注句对的 Spearman", en="Spearman on the labelled pairs")
        else:
            test = say(zh="找另一半的 MRR@10", en="MRR@10 of finding the other half")
        endings = {
            "helps": say(zh="白化有用。", en="whitening helps."),
            "hurts": say(zh="白化使结果变差，建议不用。", en="whitening makes it worse; better leave it off."),
            "no clear difference": say(zh="看不出明显差别。", en="no clear difference."),
        }
        return say(
            zh=f"{test}（{self.num_examples} 例）：{numbers}，差的 95% 区间 {spread}；{endings[self.verdict]}",
            en=f"{test} ({self.num_examples} examples): {numbers}, 95 % interval of the difference {spread}; "
            f"{endings[self.verdict]}",
        )


@dataclass(frozen=True)
class SizeScore:
    """One row of a sweep: how good vectors of one size are.

    Args:
        n_components: directions kept; None for the vectors as they come, without whitening.
        score: mean reciprocal rank at 10 of finding the other half, or Spearman with labels; a fraction.
        bytes_per_vector: size of one vector in float32.
    """

    n_components: int | None
    score: float
    bytes_per_vector: int


def advise(encode: Encode, whitening: Whitening, texts: Sequence[str], pairs: Pairs | None = None) -> Advice | None:
    """Measure what a fitted whitening does.

    Args:
        encode: the encoder's own ``encode``: texts to vectors ``(num, width)``.
        whitening: fitted on the vectors of the texts. With pairs it is measured as it is; without, its settings are
            measured, fitted fold by fold.
        texts: the user's documents, cut in two when there are no pairs.
        pairs: labelled pairs ``(first, second, labels)``, which decide instead when given.

    Returns:
        The advice, or None when there are too few documents to measure anything.
    """
    if pairs is not None:
        first, second, labels = _pair_vectors(encode, pairs)
        before = pair_cosines(first, second)
        after = pair_cosines(whitening.transform(first), whitening.transform(second))
        low, high = _spearman_interval(before, after, labels)
        return Advice("spearman", spearman(before, labels), spearman(after, labels), low, high, len(labels))
    halves = _Halves.of(encode, texts)
    if halves is None:
        return None
    raw, whitened = halves.reciprocal_ranks(None), halves.reciprocal_ranks(whitening)
    low, high = bootstrap_interval(whitened - raw)
    return Advice("other half", float(raw.mean()), float(whitened.mean()), low, high, len(raw))


def sweep(
    encode: Encode, texts: Sequence[str], sizes: Sequence[int] | None = None, pairs: Pairs | None = None
) -> list[SizeScore]:
    """Score whitening with several numbers of components, see `SentenceEmbedder.sweep_whitening`.

    Raises:
        InvalidValue: when there are too few documents to measure anything.
    """
    score = _pair_scorer(encode, texts, pairs) if pairs is not None else _half_scorer(encode, texts)
    width = encode(list(texts[:1])).shape[1]
    rows = [SizeScore(None, score(None), 4 * width)]
    return rows + [SizeScore(size, score(size), 4 * size) for size in sizes or _halvings(width)]


def pair_cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the cosine of each row of ``first`` with the same row of ``second``."""
    return np.einsum("ij,ij->i", unit_rows(first), unit_rows(second))


@dataclass(frozen=True)
class _Halves:
    """Vectors of documents and of their halves, each of shape ``(num, width)``, dealt into folds at random."""

    documents: np.ndarray
    firsts: np.ndarray
    seconds: np.ndarray

    @classmethod
    def of(cls, encode: Encode, texts: Sequence[str]) -> "_Halves | None":
        try:
            cut = cut_documents(texts)
        except InvalidValue:
            return None
        num = len(cut.documents)
        if num < 2 * MIN_DOCUMENTS:
            return None
        vectors = encode(cut.documents + cut.firsts + cut.seconds)
        return cls(vectors[:num], vectors[num : 2 * num], vectors[2 * num :])

    def folds(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows to fit on and the rows to score, for each fold; `cut_documents` has shuffled them."""
        num = len(self.documents)
        fold_of = np.arange(num) % max(2, min(NUM_FOLDS, num // MIN_DOCUMENTS))
        for fold in range(int(fold_of.max()) + 1):
            yield np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)

    def reciprocal_ranks(self, whitening: Whitening | None) -> np.ndarray:
        """Find each second half among those of its fold; None for no whitening."""
        ranks = np.empty(len(self.documents))
        for inside, outside in self.folds():
            first, second = self.firsts[outside], self.seconds[outside]
            if whitening is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", EmptyDirections)  # said once, of the fit on all documents
                    fitted = clone(whitening).fit(self.documents[inside])
                first, second = fitted.transform(first), fitted.transform(second)
            ranks[outside] = score_halves(unit_rows(first), unit_rows(second)).reciprocal_ranks
        return ranks


def _half_scorer(encode: Encode, texts: Sequence[str]) -> Callable[[int | None], float]:
    halves = _Halves.of(encode, texts)
    if halves is None:
        raise InvalidValue(
            zh=f"至少要 {2 * MIN_DOCUMENTS} 篇不少于 8 个字的不同文本才能比较，收到 {len(texts)} 篇。",
            en=f"At least {2 * MIN_DOCUMENTS} different texts of 8 characters or more are needed to compare, "
            f"but {len(texts)} came.",
        )
    known = halves
    return lambda size: float(known.reciprocal_ranks(None if size is None else Whitening(size)).mean())


def _pair_scorer(encode: Encode, texts: Sequence[str], pairs: Pairs) -> Callable[[int | None], float]:
    first, second, labels = _pair_vectors(encode, pairs)
    vectors = encode(list(texts))

    def score(size: int | None) -> float:
        if size is None:
            return spearman(pair_cosines(first, second), labels)
        whitening = Whitening(size).fit(vectors)
        return spearman(pair_cosines(whitening.transform(first), whitening.transform(second)), labels)

    return score


def _pair_vectors(encode: Encode, pairs: Pairs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right = check_texts(pairs[0], "pairs[0]"), check_texts(pairs[1], "pairs[1]")
    labels = np.asarray(pairs[2], dtype=np.float64)
    check_same_length(left, right, ("pairs[0]", "pairs[1]"))
    check_same_length(left, labels.tolist(), ("pairs[0]", "pairs[2]"))
    vectors = encode(left + right)
    return vectors[: len(left)], vectors[len(left) :], labels


def _spearman_interval(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of the difference, over the same pairs on both sides."""
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, len(labels), len(labels)) for _ in range(NUM_RESAMPLES))
    differences = [spearman(after[rows], labels[rows]) - spearman(before[rows], labels[rows]) for rows in draws]
    low, high = np.nanpercentile(differences, [2.5, 97.5])
    return float(low), float(high)


def _halvings(width: int) -> list[int]:
    sizes = [width]
    while sizes[-1] >= 16:
        sizes.append(sizes[-1] // 2)
    return sizes
