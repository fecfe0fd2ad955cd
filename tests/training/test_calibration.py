"""Match probabilities: known curves come back, priors follow Bayes, and reliability is told truthfully."""

import json

import numpy as np
import pytest
import sklearn.linear_model
from scipy.special import expit, logit

from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.training.calibration import MatchCalibration, expected_calibration_error, reliability_table


def draw(num, intercept=-4.0, slope=8.0, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 1, size=num)
    return scores, (rng.random(num) < expit(intercept + slope * scores)).astype(int)


@pytest.fixture(scope="module")
def fitted():
    return MatchCalibration.fit(*draw(1000))


def test_known_coefficients_come_back():
    found = MatchCalibration.fit(*draw(50_000))
    assert found.intercept == pytest.approx(-4, abs=0.15)
    assert found.slope == pytest.approx(8, abs=0.25)


def test_it_agrees_with_scikit_learn_and_its_covariance_with_the_fisher_information():
    scores, labels = draw(20_000, seed=1)
    other = sklearn.linear_model.LogisticRegression(C=1e9, tol=1e-10).fit(scores[:, None], labels)
    found = MatchCalibration.fit(scores, labels)
    assert (found.intercept, found.slope) == pytest.approx((other.intercept_[0], other.coef_[0, 0]), rel=3e-3)
    design = np.stack([np.ones_like(scores), scores], axis=1)
    chances = expit(found.intercept + found.slope * scores)
    information = design.T @ (design * (chances * (1 - chances))[:, None])
    np.testing.assert_allclose(found.covariance, np.linalg.inv(information), rtol=1e-6)


def test_intervals_cover_the_truth():
    covered = 0
    for seed in range(60):
        low, high = MatchCalibration.fit(*draw(300, seed=seed)).interval(0.7)
        covered += low <= expit(-4 + 8 * 0.7) <= high
    assert covered >= 51


def test_a_prior_follows_bayes_rule():
    """By hand: 0.8 at a share of 0.5 is odds of 4; a prior of 0.1 has odds of 1/9, so 4/9 and a probability of 4/13."""
    scores = np.repeat([0.2, 0.8], 5000)
    labels = np.concatenate([np.arange(5000) < 1000, np.arange(5000) < 4000]).astype(int)
    assert MatchCalibration.fit(scores, labels).probability(0.8) == pytest.approx(0.8, abs=1e-3)
    assert MatchCalibration.fit(scores, labels, prior=0.1).probability(0.8) == pytest.approx(4 / 13, abs=1e-3)


def test_a_prior_mends_pairs_that_were_picked():
    """Labelled pairs with as many matches as not, from a world where one in twenty matches."""
    rng = np.random.default_rng(0)
    world_labels = (rng.random(200_000) < 0.05).astype(int)
    world_scores = np.clip(rng.normal(0.3 + 0.3 * world_labels, 0.1), -1, 1)
    same, other = np.flatnonzero(world_labels == 1)[:2000], np.flatnonzero(world_labels == 0)[:2000]
    picked = np.concatenate([same, other])
    found = MatchCalibration.fit(world_scores[picked], world_labels[picked], prior=0.05)
    assert found.share == 0.5
    near = np.abs(world_scores - 0.55) < 0.01
    assert found.probability(0.55) == pytest.approx(world_labels[near].mean(), abs=0.05)


def test_held_out_reliability_of_a_true_curve():
    found = MatchCalibration.fit(*draw(5000))
    assert len(found.reliability) == 10
    assert sum(item.count for item in found.reliability) == 5000
    predicted = [item.predicted for item in found.reliability]
    assert predicted == sorted(predicted)
    assert found.calibration_error < 0.03
    assert found.brier < found.share * (1 - found.share) - 0.05


def test_labels_by_lot_are_seen_through():
    """A score that says nothing: the Brier score is no better than that of the share alone, and the slope may be 0."""
    rng = np.random.default_rng(0)
    found = MatchCalibration.fit(rng.uniform(0, 1, 400), rng.integers(0, 2, 400))
    assert found.brier > found.share * (1 - found.share) - 0.005
    assert abs(found.slope) < 3 * np.sqrt(found.covariance[1][1])


def test_scores_that_separate_the_labels_keep_a_finite_slope():
    found = MatchCalibration.fit(np.linspace(0, 1, 60), (np.arange(60) >= 30).astype(int))
    assert np.isfinite(found.slope)
    assert found.probability(0.0) < 0.1 < 0.9 < found.probability(1.0)
    assert found.probability(1.0) < 1


def test_one_match_among_fifty():
    found = MatchCalibration.fit(np.linspace(0, 1, 50), (np.arange(50) == 49).astype(int))
    low, high = found.interval(0.5)
    assert 0 < low < high < 1


def test_tables_by_hand():
    predictions = np.repeat([0.1, 0.9], 20)
    labels = np.concatenate([np.arange(20) < 4, np.arange(20) < 18]).astype(float)
    table = reliability_table(predictions, labels)
    assert [item.count for item in table] == [10] * 4
    assert sum(item.observed * item.count for item in table) == pytest.approx(22)
    halves = reliability_table(predictions[10:30], np.repeat([0.0, 1.0], 10))
    assert expected_calibration_error(halves) == pytest.approx(0.1)


def test_json_brings_back_the_same(fitted):
    assert MatchCalibration.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted


def test_log_odds_are_a_straight_line(fitted):
    odds = [logit(fitted.probability(score)) for score in (0.2, 0.4, 0.6)]
    assert odds[2] - odds[1] == pytest.approx(odds[1] - odds[0])


def test_sentences():
    scores, labels = draw(1000)
    found = MatchCalibration.fit(scores, labels, prior=0.02)
    assert found.sentence(0.9).startswith("probability of the same meaning ")
    assert found.sentence(0.9).endswith(" if 2 % of the pairs asked about mean the same")
    set_language("zh")
    assert "前提是所问的对里有 2 % 同义" in found.sentence(0.9)


@pytest.mark.parametrize(
    ("scores", "labels", "sentence"),
    [
        (np.linspace(0, 1, 49), np.arange(49) % 2, "at least 50 labelled pairs of both kinds, but received 49 with 24"),
        (np.linspace(0, 1, 60), np.ones(60), "received 60 with 60 of the same meaning"),
        (np.linspace(0, 1, 60), np.zeros(60), "received 60 with 0 of the same meaning"),
        ([], [], "received 0"),
        (np.full(60, 0.5), np.arange(60) % 2, "All 60 scores are 0.5"),
        (np.linspace(0, 1, 60), np.arange(60) % 3, "item 2 is 2"),
        (np.linspace(0, 1, 60), np.arange(59) % 2, "60 and 59"),
        (np.append(np.linspace(0, 1, 60), np.nan), np.arange(61) % 2, "Item 60 of scores is nan"),
    ],
)
def test_pairs_nothing_can_be_learned_from(scores, labels, sentence):
    with pytest.raises(InvalidValue, match=sentence):
        MatchCalibration.fit(scores, labels)


def test_other_mistakes(fitted):
    scores, labels = draw(60)
    for prior in (0, 1, -1, float("nan")):
        with pytest.raises(InvalidValue, match="prior is the share"):
            MatchCalibration.fit(scores, labels, prior=prior)
    with pytest.raises(InvalidType, match="labels must be 0 and 1"):
        MatchCalibration.fit(scores, ["是"] * 60)
    with pytest.raises(InvalidValue, match="score is NaN"):
        fitted.probability(float("nan"))
    with pytest.raises(InvalidValue, match="slope is missing"):
        MatchCalibration.from_dict({k: v for k, v in fitted.to_dict().items() if k != "slope"})
