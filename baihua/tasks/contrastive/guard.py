"""Watching a contrastive training for collapse: it stops one that makes the vectors worse and keeps the best weights.

SimCSE improves for a hundred steps or so and may then fall apart, sooner with strong dropout or a high rate, while its
loss goes on falling. So the vectors are looked at every few steps: on halves of one's own texts without labels, or on
pairs held aside from the training.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.encoders.transformer import TransformerEncoder
from baihua.maths.isotropy import alignment, average_cosine, uniformity
from baihua.maths.rank_correlation import spearman
from baihua.tasks.other_half import cut_documents, score_halves, unit_rows

WATCHED_TEXTS = 500
LEFT_OF_SPREAD = 0.1  # of 1 − average cosine as it was at first; below, the vectors point one way
NUM_RESAMPLES = 200


@dataclass(frozen=True)
class Watched:
    """What is looked at: texts and their partners.

    Args:
        first: texts.
        second: the partner of each: its other half, or what belongs to it.
        labels: how alike each pair is, where that is known; None where every pair belongs together.
        tells: whether the pairs say anything; False where each text is its own partner.
    """

    first: list[str]
    second: list[str]
    labels: np.ndarray | None = None
    tells: bool = True


def halves_of(texts: list[str], seed: int = 0) -> Watched:
    """Return halves of a sample of texts; the texts themselves where too few can be cut in two."""
    try:
        cut = cut_documents(texts, max_documents=WATCHED_TEXTS, seed=seed)
    except InvalidValue:
        some = texts[:WATCHED_TEXTS]
        return Watched(some, some, tells=False)
    return Watched(cut.firsts, cut.seconds)


@dataclass(frozen=True)
class Quality:
    """Mean reciprocal rank of the partners, or Spearman's correlation with the labels, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Look:
    """The vectors at one moment of a training.

    Args:
        step: of the training.
        quality: of what is watched; None where it does not tell.
        average_cosine: of any two texts.
        alignment: mean squared distance of a text and its partner; lower is better.
        uniformity: log of the mean of exp(−2 · squared distance) of any two texts; lower is more even.
    """

    step: int
    quality: Quality | None
    average_cosine: float
    alignment: float
    uniformity: float

    @property
    def score(self) -> float:
        """What the best weights are chosen by: the quality, else how little the texts point one way."""
        return self.quality.value if self.quality is not None else -self.average_cosine


class CollapseGuard:
    """Look at an encoder while it is trained.

    Args:
        encoder: the encoder.
        watched: what is looked at.
        weights: the module whose weights are kept and put back.
    """

    def __init__(self, encoder: TransformerEncoder, watched: Watched, weights: nn.Module) -> None:
        self.encoder = encoder
        self.watched = watched
        self.weights = weights
        self.looks: list[Look] = []
        self.stopped_at: int | None = None
        self._kept: dict[str, Tensor] = {}

    @property
    def best(self) -> Look:
        """The look with the highest score."""
        return max(self.looks, key=lambda look: look.score)

    def look(self, step: int) -> bool:
        """Measure, keep the weights if they are the best so far, and say whether the training may go on."""
        training = self.weights.training
        self.weights.eval()
        sides = (self.watched.first, self.watched.second)
        first, second = (unit_rows(self.encoder.encode(side, show_progress=False)) for side in sides)
        self.weights.train(training)
        quality = self._quality(first, second)
        self.looks.append(Look(step, quality, average_cosine(first), alignment(first, second), uniformity(first)))
        if self.best is self.looks[-1]:
            self._kept = {name: tensor.detach().clone() for name, tensor in self.weights.state_dict().items()}
        if self._has_collapsed():
            self.stopped_at = step
        return self.stopped_at is None

    def restore(self) -> None:
        """Put the best weights back."""
        if self._kept:
            with torch.no_grad():
                self.weights.load_state_dict(self._kept)

    def _quality(self, first: np.ndarray, second: np.ndarray) -> Quality | None:
        if not self.watched.tells:
            return None
        if self.watched.labels is None:
            found = score_halves(first, second)
            return Quality(found.mrr, found.low, found.high)
        return correlation((first * second).sum(axis=1), self.watched.labels)

    def _has_collapsed(self) -> bool:
        """Whether the vectors point one way, or the interval of their quality lies below that of the best ones."""
        last, best = self.looks[-1], self.best
        if 1 - last.average_cosine < LEFT_OF_SPREAD * (1 - self.looks[0].average_cosine):
            return True
        if last.quality is None or best.quality is None:
            return False
        return last.quality.high < best.quality.low


def correlation(cosines: np.ndarray, labels: np.ndarray) -> Quality | None:
    """Return Spearman's correlation with its bootstrap interval over pairs; None where either side is constant."""
    value = spearman(cosines, labels)
    if np.isnan(value):
        return None
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(labels), (NUM_RESAMPLES, len(labels)))
    low, high = np.nanpercentile([spearman(cosines[rows], labels[rows]) for rows in drawn], [2.5, 97.5])
    return Quality(value, float(low), float(high))
