"""Logistic regression on features: what a linear classifier learns of vectors that are left as they are.

Features are standardised and divided by the square root of how many there are, so that rows have length 1 or so whatever the
encoder's width, and the penalty C = 1 holds weights back as it would on unit vectors. Of standardised features themselves
C = 1 is far too little of a penalty where there are few texts: 16 reviews of each kind lose 3 points by it.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.tasks.classification.checked import Text
from baihua.training.temperature import fit_temperature, probabilities

PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # scikit-learn's C: smaller holds the weights back more
USUAL = 1.0
NUM_FOLDS = 5
MAX_ITERATIONS = 1000

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear map of standardised features to logits.

    Args:
        mean: of the features in training, shape ``(width,)``.
        scale: what they are divided by, same shape.
        weight: shape ``(num_labels, width)``.
        bias: shape ``(num_labels,)``.
    """

    mean: Floats
    scale: Floats
    weight: Floats
    bias: Floats

    def logits(self, features: Floats) -> Floats:
        """Return logits, shape ``(num_texts, num_labels)``."""
        return (features - self.mean) / self.scale @ self.weight.T + self.bias

    def tensors(self) -> dict[str, Floats]:
        """Return everything by name, to be saved."""
        return {"mean": self.mean, "scale": self.scale, "weight": self.weight, "bias": self.bias}

    @classmethod
    def of(cls, tensors: Mapping[str, Floats], width: int, num_labels: int) -> "LinearHead":
        """Build it again from `tensors`.

        Raises:
            InvalidValue: when something is missing, has another shape, or is not finite.
        """
        shapes = {"mean": (width,), "scale": (width,), "weight": (num_labels, width), "bias": (num_labels,)}
        for name, shape in shapes.items():
            if name not in tensors or tensors[name].shape != shape or not np.isfinite(tensors[name]).all():
                raise InvalidValue(
                    zh=f"分类层缺少形状为 {shape} 的 {name}（或含 NaN、无穷）。",
                    en=f"The last layer lacks {name} of shape {shape}, or has NaN or infinity in it.",
                )
        return cls(**{name: np.asarray(tensors[name], dtype=np.float64) for name in shapes})


@dataclass(frozen=True, eq=False)
class LinearFit:
    """What `fit_linear` found.

    Args:
        head: fitted on all texts.
        inverse_penalty: scikit-learn's C.
        held_out: logits of each text by a head that did not learn from it, or None where there were too few texts.
    """

    head: LinearHead
    inverse_penalty: float
    held_out: Floats | None


def fit_linear(
    features: Floats, answers: Integers, folds: Integers | None, blocks: Sequence[int], *, choose: bool = True
) -> LinearFit:
    """Fit a linear classifier.

    Args:
        features: shape ``(num_texts, width)``.
        answers: number of each text's label, from 0; every label comes.
        folds: of each text, as `make_folds` makes them; None for no cross-validation.
        blocks: widths of the blocks of features, which weigh the same however wide they are.
        choose: choose C by cross-validation where there are `NUM_FOLDS` folds: by the log loss of texts held out, calibrated
            by one temperature, since a strong penalty makes unsure without being wrong. Otherwise it is 1.
    """
    if folds is None:
        return LinearFit(_fit(features, answers, blocks, USUAL), USUAL, None)
    chosen = PENALTIES if choose and folds.max() + 1 == NUM_FOLDS else (USUAL,)
    found = {penalty: _cross_fit(features, answers, folds, blocks, penalty) for penalty in chosen}
    best = min(chosen, key=lambda penalty: _calibrated_loss(found[penalty], answers))
    return LinearFit(_fit(features, answers, blocks, best), best, found[best])


def make_folds(texts: Sequence[Text], answers: Integers, seed: int) -> Integers | None:
    """Deal texts out to five folds, or to as many as the rarest label has different texts.

    Equal texts are in one fold, so that none is held out and learned at once.

    Args:
        texts: the texts.
        answers: number of each text's label.
        seed: of the dealing.

    Returns:
        The fold of each text, or None where a label has too few texts to be both learned and held out.

    Example:
        >>> make_folds([("好",), ("坏",), ("很好",), ("很坏",)], np.array([0, 1, 0, 1]), seed=0).tolist()
        [0, 0, 1, 1]
    """
    rng = np.random.default_rng(seed)
    labels = np.unique(answers)
    different = [sorted({texts[place] for place in np.flatnonzero(answers == label).tolist()}) for label in labels]
    num_folds = min(NUM_FOLDS, *map(len, different))
    fold_of: dict[Text, int] = {}
    for mine in different:
        for number, place in enumerate(rng.permutation(len(mine)).tolist()):
            fold_of.setdefault(mine[place], number % num_folds)
    folds = np.array([fold_of[text] for text in texts], dtype=np.int64)
    both = all(len(np.unique(folds[answers == label])) > 1 for label in labels)
    return folds if both else None


def _cross_fit(features: Floats, answers: Integers, folds: Integers, blocks: Sequence[int], penalty: float) -> Floats:
    logits = np.empty((len(answers), int(answers.max()) + 1))
    for fold in np.unique(folds):
        held = folds == fold
        logits[held] = _fit(features[~held], answers[~held], blocks, penalty).logits(features[held])
    return logits


def _calibrated_loss(logits: Floats, answers: Integers) -> float:
    chances = probabilities(logits, fit_temperature(logits, answers))
    return float(-np.log(np.maximum(chances[np.arange(len(answers)), answers], np.finfo(np.float64).tiny)).mean())


def _fit(features: Floats, answers: Integers, blocks: Sequence[int], penalty: float) -> LinearHead:
    scaler = StandardScaler().fit(features)
    spread = np.repeat(np.sqrt(np.array(blocks, dtype=np.float64) * len(blocks)), blocks)  # (width,)
    scale = scaler.scale_ * spread
    classifier: Any = LogisticRegression(C=penalty, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier.fit((features - scaler.mean_) / scale, answers)
    _pass_on(caught)
    weight, bias = classifier.coef_, classifier.intercept_
    if len(weight) == 1:  # of two labels scikit-learn has one row, how much the second is to be preferred
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return LinearHead(scaler.mean_, scale, weight, bias)


def _pass_on(caught: Sequence[warnings.WarningMessage]) -> None:
    """Say in our own words if the fit was cut off, and pass other warnings on."""
    for warning in caught:
        if not issubclass(warning.category, ConvergenceWarning):
            warnings.warn(warning.message, stacklevel=4)
            continue
        warnings.warn(
            say(
                zh=f"逻辑回归 {MAX_ITERATIONS} 步内没有收敛，概率略有出入。",
                en=f"Logistic regression did not converge within {MAX_ITERATIONS} iterations; its probabilities are approximate.",
            ),
            stacklevel=4,
        )
