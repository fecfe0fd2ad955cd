"""Mixtures of von Mises–Fisher laws, fitted by expectation and maximisation: soft groups of directions.

Banerjee, Dhillon, Ghosh and Sra, "Clustering on the Unit Hypersphere using von Mises-Fisher Distributions" (2005). Their
concentration is an approximation; here it is the maximum of the likelihood, which can therefore never fall from one round
to the next.
"""

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from baihua.checks import InvalidValue
from baihua.maths.bessel import log_peak_density
from baihua.maths.concentration import concentration_for_mean_cosine
from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher

Floats = NDArray[np.float64]


class VonMisesFisherMixture(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture of von Mises–Fisher laws in scikit-learn's grammar.

    Args:
        n_components: how many laws.
        shared_concentration: give all the same κ; fewer parameters, for small groups in many dimensions, where the κ of
            each alone comes out too high.
        max_iter: most rounds of each start.
        tol: stop when the mean log density of a vector gains less, in nats.
        n_init: starts, of which the best is kept.
        floor: the least 1 − A of a law, so that one which closes in on copies of one vector stays finite.
        random_state: of the starts, which are k-means' (k-means++).

    Attributes:
        weights_: share of each law, shape ``(n_components,)``.
        means_: their directions, unit vectors, shape ``(n_components, width)``.
        concentrations_: their κ, shape ``(n_components,)``.
        labels_: the most probable law of each vector fitted on, shape ``(num,)``.
        lower_bound_: mean log density of the vectors fitted on.
        n_iter_: rounds of the best start.
        converged_: whether its last round gained less than ``tol``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = np.concatenate([rng.normal([9, 0, 0], 1, (40, 3)), rng.normal([0, 9, 0], 1, (60, 3))])
        >>> mixture = VonMisesFisherMixture(2, random_state=0).fit(x)
        >>> sorted(mixture.weights_.round(2).tolist())
        [0.4, 0.6]
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        shared_concentration: bool = False,
        max_iter: int = 100,
        tol: float = 1e-6,
        n_init: int = 1,
        floor: float = 1e-6,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.shared_concentration = shared_concentration
        self.max_iter = max_iter
        self.tol = tol
        self.n_init = n_init
        self.floor = floor
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the laws to vectors, of which only the directions count.

        Args:
            X: shape ``(num, width)``, width at least 2.
            y: ignored.

        Raises:
            InvalidValue: for zero vectors, or more laws than vectors.
        """
        x = self._directions(X, reset=True)
        if not 1 <= self.n_components <= len(x):
            raise InvalidValue(
                zh=f"n_components 应在 1 与向量数 {len(x)} 之间，收到 {self.n_components}。",
                en=f"n_components must lie between 1 and {len(x)}, the number of vectors, but received {self.n_components}.",
            )
        rng = check_random_state(self.random_state)
        best = -np.inf
        for _ in range(self.n_init):
            labels = KMeans(self.n_components, n_init=1, random_state=rng.randint(2**31)).fit(x).labels_
            found = self._climb(x, np.eye(self.n_components)[labels])
            if found["lower_bound_"] > best:
                best = found["lower_bound_"]
                self.__dict__.update(found)
        self.labels_ = _weighted_logs(x, self.weights_, self.means_, self.concentrations_).argmax(axis=1)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the most probable law of each vector, shape ``(num,)``."""
        return self._weighted_logs(X).argmax(axis=1)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each law for each vector, shape ``(num, n_components)``."""
        logs = self._weighted_logs(X)
        return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))

    def score_samples(self, X: Any) -> Floats:
        """Return the log density of each vector's direction on the sphere, shape ``(num,)``."""
        return logsumexp(self._weighted_logs(X), axis=1)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log density."""
        return float(self.score_samples(X).mean())

    def bic(self, X: Any) -> float:
        """Return Schwarz's criterion, smaller is better: −2 log likelihood + parameters · log num."""
        logs = self.score_samples(X)
        num_laws, width = self.means_.shape
        num_concentrations = 1 if self.shared_concentration else num_laws
        num_parameters = num_laws * (width - 1) + num_concentrations + num_laws - 1
        return float(-2 * logs.sum() + num_parameters * np.log(len(logs)))

    def sample(self, n_samples: int = 1, seed: int | None = None) -> tuple[Floats, NDArray[np.int64]]:
        """Draw unit vectors, shape ``(n_samples, width)``, and the law each came from."""
        check_is_fitted(self)
        labels = np.random.default_rng(seed).choice(len(self.weights_), n_samples, p=self.weights_)
        with torch.random.fork_rng(devices=[], enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
            laws = VonMisesFisher(torch.as_tensor(self.means_)[labels], torch.as_tensor(self.concentrations_)[labels])
            return laws.sample().numpy(), labels

    def _directions(self, X: Any, *, reset: bool = False) -> Floats:
        numbers = validate_data(self, X, reset=reset, dtype=np.float64, ensure_min_features=2)
        return unit(torch.as_tensor(numbers), "X").numpy()

    def _weighted_logs(self, X: Any) -> Floats:
        check_is_fitted(self)
        return _weighted_logs(self._directions(X), self.weights_, self.means_, self.concentrations_)

    def _climb(self, x: Floats, shares: Floats) -> dict[str, Any]:
        """Maximise and expect in turn, from the share of each law in each vector, shape ``(num, n_components)``."""
        before, rounds, converged = -np.inf, 0, False
        while rounds < self.max_iter and not converged:
            rounds += 1
            weights, means, concentrations = self._maximise(x, shares)
            logs = _weighted_logs(x, weights, means, concentrations)
            totals = logsumexp(logs, axis=1, keepdims=True)
            shares, bound = np.exp(logs - totals), float(totals.mean())
            converged, before = bound - before < self.tol, bound
        return {
            "weights_": weights,
            "means_": means,
            "concentrations_": concentrations,
            "lower_bound_": bound,
            "n_iter_": rounds,
            "converged_": converged,
        }

    def _maximise(self, x: Floats, shares: Floats) -> tuple[Floats, Floats, Floats]:
        sizes = shares.sum(axis=0)  # (n_components,)
        sums = shares.T @ x  # (n_components, width)
        lengths = np.linalg.norm(sums, axis=1)
        means = np.where(lengths[:, None] > 0, sums, np.eye(len(sums), x.shape[1]))
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        tiny = np.finfo(np.float64).tiny
        cosines = lengths.sum() / sizes.sum() if self.shared_concentration else lengths / np.maximum(sizes, tiny)
        bounded = torch.as_tensor(np.minimum(np.broadcast_to(cosines, sizes.shape), 1 - self.floor))
        return sizes / sizes.sum(), means, concentration_for_mean_cosine(x.shape[1], bounded).numpy()


def _weighted_logs(x: Floats, weights: Floats, means: Floats, concentrations: Floats) -> Floats:
    """Return log(weight · density) of each law, shape ``(num, n_components)``."""
    peaks = log_peak_density(x.shape[1], torch.as_tensor(concentrations)).numpy()
    with np.errstate(divide="ignore"):  # a law that no vector belongs to has weight 0
        return np.log(weights) + peaks + concentrations * (x @ means.T - 1)
