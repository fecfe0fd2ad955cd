"""Watching a contrastive training for collapse: it stops one that makes the vectors worse and keeps the best weights.

SimCSE improves for a hundred steps or so and may then fall apart, sooner with strong dropout or a high rate, while its
loss goes on falling. So the vectors are looked at every few steps, on texts of one's own and without labels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.encoders.transformer import TransformerEncoder
from baihua.maths.isotropy import alignment, average_cosine, uniformity
from baihua.tasks.other_half import OtherHalf, cut_documents, score_halves, unit_rows

WATCHED_TEXTS = 500
LEFT_OF_SPREAD = 0.1  # of 1 − average cosine as it was at first; below, the vectors point one way


@dataclass(frozen=True)
class Look:
    """The vectors at one moment of a training.

    Args:
        step: of the training.
        other_half: how well the second half of a text is found from its first; None with too few texts to tell.
        average_cosine: of any two texts.
        alignment: mean squared distance of the two halves of a text; lower is better.
        uniformity: log of the mean of exp(−2 · squared distance) of any two texts; lower is more even.
    """

    step: int
    other_half: OtherHalf | None
    average_cosine: float
    alignment: float
    uniformity: float

    @property
    def score(self) -> float:
        """What the best weights are chosen by: finding the other half, else how little the texts point one way."""
        return self.other_half.mrr if self.other_half is not None else -self.average_cosine


class CollapseGuard:
    """Look at an encoder while it is trained.

    Args:
        encoder: the encoder.
        texts: what it is trained on; a sample of it is watched.
        weights: the module whose weights are kept and put back.
        seed: of the sample.
    """

    def __init__(self, encoder: TransformerEncoder, texts: list[str], weights: nn.Module, seed: int = 0) -> None:
        self.encoder = encoder
        self.weights = weights
        self.looks: list[Look] = []
        self.stopped_at: int | None = None
        self._kept: dict[str, Tensor] = {}
        try:
            cut = cut_documents(texts, max_documents=WATCHED_TEXTS, seed=seed)
            self._sides = (cut.firsts, cut.seconds)
        except InvalidValue:  # too few texts to cut in two
            some = texts[:WATCHED_TEXTS]
            self._sides = (some, some)

    @property
    def best(self) -> Look:
        """The look with the highest score."""
        return max(self.looks, key=lambda look: look.score)

    def look(self, step: int) -> bool:
        """Measure, keep the weights if they are the best so far, and say whether the training may go on."""
        training = self.weights.training
        self.weights.eval()
        first, second = (unit_rows(self.encoder.encode(side, show_progress=False)) for side in self._sides)
        self.weights.train(training)
        halves = None if self._sides[0] is self._sides[1] else score_halves(first, second)
        self.looks.append(Look(step, halves, average_cosine(first), alignment(first, second), uniformity(first)))
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

    def _has_collapsed(self) -> bool:
        """Whether the vectors point one way, or the interval of their score lies below that of the best ones."""
        last, best = self.looks[-1], self.best
        if 1 - last.average_cosine < LEFT_OF_SPREAD * (1 - self.looks[0].average_cosine):
            return True
        if last.other_half is None or best.other_half is None:
            return False
        return last.other_half.high < best.other_half.low
