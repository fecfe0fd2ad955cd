"""What the claims are measured on: scikit-learn's digits, and laws whose distance is known in closed form."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from torch import Tensor

from baihua.checks import check_choice
from baihua.maths.ground_cost import Cost, euclidean_distances, in_features, whitened
from baihua.maths.whitening import Whitening

NUM_TRAINING = 1200
NOISE = 0.3
CLOUD = 0.05  # deviation of the clouds on a circle of radius 1
COSTS = ("euclidean", "whitened", "features")
FEATURES = 64  # of the classifier whose hidden layer sees the digits
KEPT = 20  # directions of the whitening; the rest are the pixels of the margin
REVISION = {"scikit-learn digits": "bundled with scikit-learn"}


@dataclass(frozen=True)
class Digits:
    """The 8 × 8 digits from 0 to 1, cut once and for all; shapes ``(num, 64)`` and ``(num,)``."""

    train: Tensor
    held_out: Tensor
    train_labels: Tensor


@dataclass(frozen=True)
class Pair:
    """Two sets to tell apart."""

    name: str
    x: Tensor
    y: Tensor


@lru_cache(maxsize=1)
def digits() -> Digits:
    """Return the digits, in an order of their own."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.data))
    images = torch.tensor(found.data[order] / 16, dtype=torch.float32)
    labels = torch.tensor(found.target[order])
    return Digits(images[:NUM_TRAINING], images[NUM_TRAINING:], labels[:NUM_TRAINING])


def digit_pairs() -> tuple[Pair, ...]:
    """Return three pairs: other digits, halves of one set, a set and itself with noise."""
    all_digits = digits()
    images, low = all_digits.train, all_digits.train_labels < 5
    half = len(images) // 2
    rng = torch.Generator().manual_seed(0)
    noisy = images + NOISE * torch.randn(images.shape, generator=rng)
    return (
        Pair("0-4 / 5-9", images[low], images[~low]),
        Pair("halves", images[:half], images[half:]),
        Pair("noise", images, noisy),
    )


def shifted_gaussians(width: int, shift: float, num: int = 2000) -> Pair:
    """Return samples of N(0, I) and of the same law shifted along the diagonal, at Wasserstein distance ``shift`` of any power."""
    x, y = torch.randn(2, num, width, generator=torch.Generator().manual_seed(0))
    return _shifted(f"Gaussian, width {width}", x, y, shift)


def shifted_rings(shift: float, num: int = 2000) -> Pair:
    """Return samples of eight clouds on a circle, the usual mixture in the plane, and of the same shifted: at distance ``shift``.

    Moving all mass by one vector is best for any law: no plan moves the mean by less.
    """
    rng = torch.Generator().manual_seed(0)
    angles = torch.randint(8, (2, num), generator=rng) * (2 * math.pi / 8)
    centres = torch.stack([angles.cos(), angles.sin()], dim=-1)  # (2, num, 2)
    x, y = centres + CLOUD * torch.randn(2, num, 2, generator=rng)
    return _shifted("ring of eight", x, y, shift)


def _shifted(name: str, x: Tensor, y: Tensor, shift: float) -> Pair:
    return Pair(name, x, y + shift / math.sqrt(x.shape[1]))


def gaussian(width: int, num: int = 4000) -> Tensor:
    """Return points of N(0, I), shape ``(num, width)``."""
    return torch.randn(num, width, generator=torch.Generator().manual_seed(1))


@lru_cache(maxsize=3)
def cost_between_digits(name: str) -> Cost:
    """Return a distance between digits.

    Args:
        name: ``"euclidean"`` between pixels; ``"whitened"``, between the first 20 principal components made even;
            ``"features"``, between what the hidden layer of a classifier sees, trained on the same digits.
    """
    check_choice("cost", name, COSTS)
    if name == "euclidean":
        return euclidean_distances
    if name == "whitened":
        return whitened(Whitening(n_components=KEPT).fit(digits().train))
    classifier = MLPClassifier((FEATURES,), random_state=0, max_iter=400)
    classifier.fit(digits().train.numpy(), digits().train_labels.numpy())
    weight, bias = torch.tensor(classifier.coefs_[0]), torch.tensor(classifier.intercepts_[0])
    return in_features(lambda x: torch.relu(x @ weight.to(x) + bias.to(x)))
