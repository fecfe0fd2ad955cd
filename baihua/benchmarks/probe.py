"""What a linear classifier can read off vectors that are left as they are: the linear probe."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from baihua.checks import InvalidValue, check_same_length
from baihua.language import say

MAX_ITERATIONS = 1000


@dataclass(frozen=True)
class ProbeScore:
    """How well the labels were read off.

    Args:
        accuracy: share of the scored examples with the right label.
        num_examples: how many were scored.
        num_train: how many the classifier was fitted on.
        converged: whether the fit came to its end within `MAX_ITERATIONS`.
    """

    accuracy: float
    num_examples: int
    num_train: int
    converged: bool


def probe_accuracy(
    train_vectors: Any,
    train_labels: Sequence[str],
    vectors: Any,
    labels: Sequence[str],
    *,
    inverse_penalty: float = 1.0,
) -> ProbeScore:
    """Fit logistic regression on vectors and score it on others.

    Dense vectors are standardised first, with mean and scale of the training ones, so that the penalty treats every
    component alike. Sparse ones (TF-IDF) are taken as they are, since centring would fill them.

    Args:
        train_vectors: shape ``(num_train, width)``, a dense array or a scipy sparse matrix.
        train_labels: a label of each.
        vectors: those to score, shape ``(num, width)``, of the same kind.
        labels: the label of each. One that training never saw can only be wrong.
        inverse_penalty: scikit-learn's ``C``; smaller holds the weights back more.

    Returns:
        The accuracy. A fit cut off by the number of iterations is warned of and recorded.

    Raises:
        InvalidValue: when vectors and labels differ in number, or training has fewer than two labels.

    Example:
        >>> train = np.array([[0.0], [0.1], [0.9], [1.0]])
        >>> probe_accuracy(train, list("坏坏好好"), np.array([[0.2], [0.8]]), list("坏好")).accuracy
        1.0
    """
    # A sparse matrix has no len(), so the rows are counted by numbers.
    check_same_length(range(train_vectors.shape[0]), train_labels, ("train_vectors", "train_labels"))
    check_same_length(range(vectors.shape[0]), labels, ("vectors", "labels"))
    if len(set(train_labels)) < 2:
        raise InvalidValue(
            zh=f"训练部分只有 {len(set(train_labels))} 种标签，没有什么可分；至少要两种。",
            en=f"Training has {len(set(train_labels))} different labels, so there is nothing to tell apart; "
            "give at least two.",
        )
    if not scipy.sparse.issparse(train_vectors):
        scaler = StandardScaler().fit(np.asarray(train_vectors, dtype=np.float64))
        train_vectors, vectors = (scaler.transform(np.asarray(x, dtype=np.float64)) for x in (train_vectors, vectors))
    classifier = LogisticRegression(C=inverse_penalty, max_iter=MAX_ITERATIONS)
    converged = _fit(classifier, train_vectors, list(train_labels))
    right = classifier.predict(vectors) == np.asarray(labels)
    return ProbeScore(float(right.mean()), len(labels), len(train_labels), converged)


def _fit(classifier: Any, vectors: Any, labels: list[str]) -> bool:
    """Fit, and say in our own words if the fit was cut off; other warnings pass through."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        classifier.fit(vectors, labels)
    others = [warning for warning in caught if not issubclass(warning.category, ConvergenceWarning)]
    for warning in others:
        warnings.warn(warning.message, stacklevel=3)
    if len(others) == len(caught):
        return True
    warnings.warn(
        say(
            zh=f"线性探针 {MAX_ITERATIONS} 步内没有收敛，分数略有出入。",
            en=f"The linear probe did not converge within {MAX_ITERATIONS} iterations; its score is approximate.",
        ),
        stacklevel=3,
    )
    return False
