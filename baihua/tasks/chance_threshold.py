"""The cosine from which on a pair is near by more than chance, from the user's own texts and without labels."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baihua.training.calibration import FalseMatchRate, background_pairs

WRONG_PAIRS = 0.5  # expected in the whole file: less than one, with a margin of two for the fit of the tail
FEWEST_TEXTS = 100  # from the tail of fewer than their 4 950 pairs so rare a thing is a guess
FEWEST_PAIRS = 4950  # of equal marks; where a sample has fewer, all its pairs are taken for alike
MOST_PAIRS = 500_000  # of the sample; more only cost time: the tail is fitted on a thousand from 250 000 on
PAIRS_AT_ONCE = 65_536  # two float32 matrices of 64 MB each at width 256
WINDOWS = (2, 3, 4)  # widths of what may be a gap, in units of the scale in which the tail falls by a factor of e
FEWEST_APART = 5  # pairs above a gap; where 0.5 are expected, five come by chance once in 6 000 times

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chance:
    """How often two texts of a file that do not repeat each other are as alike as a cosine says.

    Args:
        rate: the false-match rate, fitted on background pairs.
        num_pairs: how many pairs the file has that could be removed for being near.
    """

    rate: FalseMatchRate
    num_pairs: int

    @property
    def threshold(self) -> float | None:
        """The cosine that half a background pair is expected to reach in the whole file; None where even 1 is not rare."""
        if self.num_pairs == 0:
            return 1.0
        found = float(self.rate.threshold(min(WRONG_PAIRS / self.num_pairs, 0.5)))
        return found if self.expected_wrong(found) < 1 else None

    def expected_wrong(self, threshold: float) -> float:
        """Return how many background pairs of the whole file are expected to reach a cosine."""
        return float(self.rate.rate(threshold)) * self.num_pairs


def fit_chance(vectors: Floats, forms: Numbers, marks: Numbers, *, seed: int = 0) -> Chance | None:
    """Fit the false-match rate of a file on pairs of its own texts.

    Background are random pairs that may be removed wrongly: of different forms, and of equal marks, since others are
    never removed for being near. Nearly all of them are no repetitions. They are related more or less, as texts of one
    file are, and that is right: a pair that is merely related should not be removed either. Those above a gap in the
    cosines (see `lowest_gap`) are left out, since a file with near duplicates holds some. Without a gap all count as
    background, for only a person could then tell repeated from related.

    Args:
        vectors: unit vectors, shape ``(num, width)``.
        forms: a number per text; texts of the same form say the same. Shape ``(num,)``.
        marks: a number per text; near texts of different marks are not removed. Shape ``(num,)``.
        seed: of the sample, where there are more than 500 000 pairs.

    Returns:
        The fit, or None where no tail can be told: fewer than 100 different forms, or vectors all alike.
    """
    _, firsts = np.unique(forms, return_index=True)
    if len(firsts) < FEWEST_TEXTS:
        return None
    firsts.sort()
    pairs = background_pairs(len(firsts), MOST_PAIRS, seed)
    harmless = marks[firsts[pairs[:, 0]]] == marks[firsts[pairs[:, 1]]]
    if harmless.sum() >= FEWEST_PAIRS:
        pairs = pairs[harmless]
    scores = _cosines(vectors[firsts], pairs)
    below = scores < lowest_gap(scores)
    scores, pairs = scores[below], pairs[below]
    if len(scores) < FEWEST_TEXTS or scores.min() == scores.max():
        return None
    sizes = np.unique(marks[firsts], return_counts=True)[1]
    return Chance(FalseMatchRate.fit(scores, pairs), int((sizes * (sizes - 1) // 2).sum()))


def lowest_gap(scores: Floats) -> float:
    """Return the upper end of the lowest gap in the tail of some cosines; above 1 when there is none.

    The tail of a background falls by a factor of e every σ at least, with σ = (x₉₉ - x₉₅) / log 5 from two quantiles.
    If n pairs lie in the w σ below a cosine, then at most about (n + 1) / (e^w - 1) of the background lie above it.
    Where this is below one half and yet five pairs or more lie above, these are something else: the near duplicates.
    When they are more than half a per cent of all pairs they widen σ, and no gap is seen.

    Args:
        scores: cosines of random pairs, shape ``(num,)``.

    Returns:
        The cosine of the lowest pair above the gap.

    Example:
        >>> background = np.random.default_rng(0).normal(0, 0.1, size=10_000)
        >>> lowest_gap(background) > 1, lowest_gap(np.append(background, [0.9] * 20))
        (True, 0.9)
    """
    start, high = (float(value) for value in np.quantile(scores, [0.95, 0.99]))
    scale = (high - start) / math.log(5)
    tail = np.sort(scores[scores > start])
    places = np.arange(len(tail))
    expected = np.full(len(tail), np.inf)
    for width in WINDOWS:
        inside = places - np.searchsorted(tail, tail - width * scale)
        whole = tail - width * scale > start  # a window that begins before the tail has not been counted whole
        bound = np.where(whole, (inside + 1) / math.expm1(width), np.inf)
        expected = np.minimum(expected, bound)
    apart = np.flatnonzero((expected < 0.5) & (len(tail) - places >= FEWEST_APART))
    return float(tail[apart[0]]) if len(apart) else math.inf


def _cosines(vectors: Floats, pairs: npt.NDArray[np.intp]) -> Floats:
    parts = (pairs[start : start + PAIRS_AT_ONCE] for start in range(0, len(pairs), PAIRS_AT_ONCE))
    return np.concatenate([np.einsum("ij,ij->i", vectors[part[:, 0]], vectors[part[:, 1]]) for part in parts])
