"""What is measured on a trained generator of digits, seed by seed."""

from functools import lru_cache
from statistics import fmean

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from baihua.maths.ground_cost import Cost, euclidean_distances
from baihua.maths.sample_quality import sample_quality
from baihua.maths.sliced_wasserstein import sliced_wasserstein
from baihua.maths.transport import wasserstein
from baihua.nn.lipschitz import gradient_lengths
from baihua.studies.wgan.data import digits
from baihua.training.adversarial import AdversarialRun

BATCH, NUM_BATCHES = 64, 20
NUM_MADE = 597  # as many as are held out
NUM_CENTROIDS = 64
NUM_SHOWN = 48
PATCH, SIDE = 3, 8

Figures = dict[str, tuple[float, ...]]


def measure(run: AdversarialRun, cost: Cost) -> tuple[Figures, tuple[tuple[int, ...], ...]]:
    """Measure a trained pair.

    Returns:
        Figures, one number per seed, and images of the first seed. ``"batch_w1"``: exact W1 between batches of 64 real and
        made ones; ``"real_w1"``: between real ones, drawn alike; ``"data_w2"``: W2 between 64 made ones and all of the
        training set; ``"variance_ratio"``: total variance over that of held-out digits; ``"centroid_distance"``: to the
        nearest of 64 k-means centroids, over that of held-out digits; ``"nearest_distance"``: to the nearest training digit,
        likewise; ``"precision"``, ``"recall"``, ``"density"``, ``"coverage"`` against held-out digits; ``"patch_distance"``:
        sliced W1 between patches of 3 × 3 pixels; ``"steepness"``: the critic's largest |∇f| between real and made ones.
    """
    made = run.make(NUM_MADE)
    rows = [figures_of(points, cost) for points in made]
    steep = _steepness(run, made)
    rows = [{**row, "steepness": steepness} for row, steepness in zip(rows, steep, strict=True)]
    figures = {name: tuple(row[name] for row in rows) for name in rows[0]}
    shown = (made[0, :NUM_SHOWN] * 255).round().int().tolist()
    return figures, tuple(tuple(image) for image in shown)


def figures_of(made: Tensor, cost: Cost = euclidean_distances) -> dict[str, float]:
    """Return what is measured on points of one seed, shape ``(num, 64)``."""
    train, held_out = digits().train, digits().held_out
    quality = sample_quality(held_out, made)
    nearest_train, nearest_centre = (_nearest(made, to) / _nearest(held_out, to) for to in (train, centroids()))
    return {
        "batch_w1": _between_batches(train, made, cost),
        "real_w1": _between_batches(train, held_out, cost),
        "data_w2": float(wasserstein(made[:BATCH], train, 2).value),
        "variance_ratio": float(made.var(dim=0).sum() / held_out.var(dim=0).sum()),
        "centroid_distance": nearest_centre,
        "nearest_distance": nearest_train,
        "precision": quality.precision,
        "recall": quality.recall,
        "density": quality.density,
        "coverage": quality.coverage,
        "patch_distance": float(sliced_wasserstein(patches(held_out), patches(made), num_directions=64)),
    }


@lru_cache(maxsize=1)
def centroids() -> Tensor:
    """Return the k-means centroids of the training digits, shape ``(64, 64)``."""
    found = KMeans(NUM_CENTROIDS, n_init=3, random_state=0).fit(digits().train.numpy())
    return torch.tensor(found.cluster_centers_, dtype=torch.float32)


def patches(images: Tensor) -> Tensor:
    """Return all patches of images, shape ``(num, 64)`` to ``(num · 36, 9)``."""
    squares = images.reshape(-1, SIDE, SIDE)  # (num, 8, 8)
    return squares.unfold(1, PATCH, 1).unfold(2, PATCH, 1).reshape(-1, PATCH * PATCH)  # (num, 6, 6, 3, 3) before


def _between_batches(real: Tensor, other: Tensor, cost: Cost) -> float:
    rng = torch.Generator().manual_seed(0)

    def batch(points: Tensor) -> Tensor:
        return points[torch.randperm(len(points), generator=rng)[:BATCH]]

    return fmean(float(wasserstein(batch(real), batch(other), cost=cost).value) for _ in range(NUM_BATCHES))


def _nearest(points: Tensor, to: Tensor) -> float:
    return float(euclidean_distances(points, to).min(dim=1).values.mean())


def _steepness(run: AdversarialRun, made: Tensor) -> list[float]:
    rng = torch.Generator().manual_seed(0)
    shares = torch.rand(made.shape[1], 1, generator=rng)
    real = digits().held_out[: made.shape[1]]
    largest: list[float] = gradient_lengths(run.critic, shares * real + (1 - shares) * made).amax(dim=1).tolist()
    return largest
