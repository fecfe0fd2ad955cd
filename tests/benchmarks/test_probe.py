import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from baihua.benchmarks.probe import probe_accuracy
from baihua.checks import InvalidValue


def clouds(seed, num=300, width=6, spread=1.5):
    """Three Gaussian clouds, far enough apart to be told and near enough to be mistaken."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(3, width))
    labels = rng.integers(0, 3, size=num)
    return centres[labels] + spread * rng.normal(size=(num, width)), [f"类{label}" for label in labels]


def test_the_score_is_that_of_a_scikit_learn_pipeline():
    (train, train_labels), (dev, labels) = clouds(0), clouds(1)
    expected = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, train_labels)
    found = probe_accuracy(train, train_labels, dev, labels)
    assert found.accuracy == expected.score(dev, labels)
    assert 0.4 < found.accuracy < 0.95
    assert (found.num_examples, found.num_train, found.converged) == (300, 300, True)


def test_shift_and_scale_of_dense_components_change_nothing():
    (train, train_labels), (dev, labels) = clouds(0), clouds(1)
    scale, shift = np.geomspace(1e-3, 1e3, 6), np.arange(6) * 10.0
    moved = probe_accuracy(train * scale + shift, train_labels, dev * scale + shift, labels)
    assert moved == probe_accuracy(train, train_labels, dev, labels)


def test_a_component_without_variance_does_no_harm():
    (train, train_labels), (dev, labels) = clouds(0), clouds(1)
    still = np.full((300, 1), 7.0)
    assert probe_accuracy(np.hstack([train, still]), train_labels, np.hstack([dev, still]), labels) == probe_accuracy(
        train, train_labels, dev, labels
    )


def test_sparse_vectors_are_taken_as_they_are():
    (train, train_labels), (dev, labels) = clouds(0), clouds(1)
    expected = LogisticRegression(max_iter=1000).fit(train, train_labels).score(dev, labels)
    sparse = [scipy.sparse.csr_matrix(x) for x in (train, dev)]
    assert probe_accuracy(sparse[0], train_labels, sparse[1], labels).accuracy == pytest.approx(expected, abs=0.01)


def test_a_label_training_never_saw_is_wrong():
    train, labels = np.array([[0.0], [0.1], [0.9], [1.0]]), ["坏", "坏", "好", "好"]
    assert probe_accuracy(train, labels, np.array([[0.0], [1.0]]), ["坏", "中"]).accuracy == 0.5


def test_a_fit_that_is_cut_off_is_said(monkeypatch):
    monkeypatch.setattr("baihua.benchmarks.probe.MAX_ITERATIONS", 1)
    with pytest.warns(UserWarning, match="did not converge within 1 iterations"):
        score = probe_accuracy(*clouds(0), *clouds(1))
    assert not score.converged
    assert 0 < score.accuracy < 1


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InvalidValue, match="train_vectors and train_labels must have the same length"):
        probe_accuracy(np.ones((3, 2)), ["a", "b"], np.ones((1, 2)), ["a"])
    with pytest.raises(InvalidValue, match="1 different labels"):
        probe_accuracy(np.ones((2, 2)), ["a", "a"], np.ones((1, 2)), ["a"])
