"""Mixtures find the laws that made their vectors, and their likelihood never falls."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from baihua.checks import InvalidValue
from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher
from baihua.maths.von_mises_fisher_mixture import VonMisesFisherMixture

WIDTH, KAPPAS, SIZES = 8, (30.0, 80.0, 10.0), (300, 500, 700)


@pytest.fixture(scope="module")
def made():
    torch.manual_seed(0)
    means = unit(torch.randn(3, WIDTH, dtype=torch.float64))
    parts = [VonMisesFisher(m, k).sample((n,)) for m, k, n in zip(means, KAPPAS, SIZES, strict=True)]
    return torch.cat(parts).numpy(), np.repeat([0, 1, 2], SIZES), means.numpy()


def test_the_laws_are_found_again(made):
    x, labels, means = made
    mixture = VonMisesFisherMixture(3, n_init=3, random_state=0).fit(x)
    assert mixture.converged_
    order = (mixture.means_ @ means.T).argmax(axis=0)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(mixture.weights_[order], np.array(SIZES) / 1500, atol=0.02)
    np.testing.assert_allclose(mixture.concentrations_[order], KAPPAS, rtol=0.12)
    assert (np.einsum("ij,ij->i", mixture.means_[order], means) > 0.99).all()
    assert adjusted_rand_score(labels, mixture.predict(x)) > 0.9


def test_the_likelihood_never_falls(made):
    x, _, _ = made
    for shared in (False, True):
        bounds = [
            VonMisesFisherMixture(4, shared_concentration=shared, max_iter=rounds, tol=0, random_state=1)
            .fit(x)
            .lower_bound_
            for rounds in range(1, 12)
        ]
        assert (np.diff(bounds) >= -1e-12).all()


def test_one_law_is_the_maximum_likelihood_fit(made):
    x, _, _ = made
    mixture, law = VonMisesFisherMixture(1).fit(x), VonMisesFisher.fit(torch.as_tensor(x))
    np.testing.assert_allclose(mixture.means_[0], law.loc, atol=1e-12)
    assert float(mixture.concentrations_[0]) == pytest.approx(float(law.concentration))
    np.testing.assert_allclose(mixture.score_samples(x), law.log_prob(torch.as_tensor(x)), atol=1e-9)


def test_probabilities_add_up_and_agree_with_the_labels(made):
    x, _, _ = made
    mixture = VonMisesFisherMixture(3, random_state=0).fit(x)
    probabilities = mixture.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == mixture.predict(x)).all()
    np.testing.assert_allclose(mixture.predict_proba(5 * x), probabilities)  # lengths do not count
    assert mixture.score(x) == pytest.approx(mixture.lower_bound_, abs=1e-5)


def test_the_right_number_of_laws_has_the_least_bic(made):
    x, _, _ = made
    scores = [VonMisesFisherMixture(number, n_init=3, random_state=0).fit(x).bic(x) for number in (1, 2, 3, 4)]
    assert int(np.argmin(scores)) == 2


def test_samples_come_from_the_laws(made):
    x, _, _ = made
    mixture = VonMisesFisherMixture(3, random_state=0).fit(x)
    drawn, labels = mixture.sample(4000, seed=0)
    again, _ = mixture.sample(4000, seed=0)
    np.testing.assert_array_equal(drawn, again)
    np.testing.assert_allclose(np.bincount(labels) / 4000, mixture.weights_, atol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=0), x.mean(axis=0), atol=0.03)


def test_copies_of_one_vector_stay_finite():
    x = np.repeat(np.eye(3), 5, axis=0)
    mixture = VonMisesFisherMixture(3, random_state=0).fit(x)
    assert np.isfinite(mixture.concentrations_).all()
    assert len(set(mixture.predict(np.eye(3)))) == 3


def test_it_is_an_estimator_and_refuses_what_it_cannot_fit():
    mixture = clone(VonMisesFisherMixture(5, shared_concentration=True))
    assert mixture.get_params()["n_components"] == 5
    with pytest.raises(InvalidValue, match="between 1 and 3, the number of vectors, but received 5"):
        mixture.fit(np.eye(3))
    with pytest.raises(InvalidValue, match="zero vector"):
        VonMisesFisherMixture(1).fit(np.zeros((3, 2)))


def test_fitting_leaves_the_labels_that_predicting_gives():
    x = np.random.default_rng(2).normal(size=(60, 4))
    mixture = VonMisesFisherMixture(3, random_state=0)
    labels = mixture.fit_predict(x)
    np.testing.assert_array_equal(labels, mixture.labels_)
    np.testing.assert_array_equal(labels, mixture.predict(x))
