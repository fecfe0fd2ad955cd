"""The temperature against a grid, Platt's formula, and what it must do whatever the logits are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax

from baihua.checks import InvalidValue
from baihua.training.temperature import FARTHEST, fit_temperature, probabilities


def drawn(num, num_labels, temperature, seed=0):
    """Logits, and answers that have just the probabilities these give at a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (num, num_labels))
    chances = probabilities(logits, temperature)
    answers = np.array([rng.choice(num_labels, p=row) for row in chances])
    return logits, answers


def smoothed_loss(logits, answers, temperature):
    """The loss written out: the right label counts (n + 1) / (n + 2), the others share the rest."""
    num, num_labels = logits.shape
    chances = log_softmax(logits / temperature, axis=1)
    right = chances[np.arange(num), answers]
    others = (chances.sum(axis=1) - right) / (num_labels - 1)
    return float(-((num + 1) * right + others).sum() / (num + 2))


@pytest.mark.parametrize("num_labels", [2, 3, 15])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_it_finds_the_temperature_that_the_answers_were_drawn_with(num_labels, temperature):
    logits, answers = drawn(20_000, num_labels, temperature)
    assert fit_temperature(logits, answers) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("num", [1, 2, 7, 50])
@pytest.mark.parametrize("num_labels", [2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_on_a_grid_is_better(num, num_labels, seed):
    logits, answers = drawn(num, num_labels, 1.5, seed)
    found = smoothed_loss(logits, answers, fit_temperature(logits, answers))
    spread = np.ptp(logits, axis=1).max()
    grid = [smoothed_loss(logits, answers, spread * 10**power) for power in np.linspace(-3, 3, 601)]
    assert found <= min(grid) + 1e-9 * abs(found)


def test_with_many_texts_it_is_plain_least_log_loss():
    logits, answers = drawn(50_000, 4, 2.0)

    def plain(log_temperature):
        chances = probabilities(logits, np.exp(log_temperature))
        return -np.log(chances[np.arange(len(answers)), answers]).mean()

    best = np.exp(minimize_scalar(plain, bounds=(-3, 3), method="bounded").x)
    assert fit_temperature(logits, answers) == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("num", [1, 5, 100])
def test_all_right_is_as_sure_as_platt_has_it(num):
    """Of equal gaps g, the probability of the right label is (n + 1) / (n + 2): not infinitely sure of anything."""
    logits = np.tile([0.0, 2.0], (num, 1))
    temperature = fit_temperature(logits, np.ones(num, dtype=int))
    assert probabilities(logits, temperature)[0, 1] == pytest.approx((num + 1) / (num + 2), abs=1e-6)
    assert expit(2.0 / temperature) == pytest.approx((num + 1) / (num + 2), abs=1e-6)


def test_all_wrong_is_as_unsure_as_can_be():
    temperature = fit_temperature([[0.0, 2.0]] * 20, [0] * 20)
    assert temperature == pytest.approx(2.0 * FARTHEST, rel=1e-3)
    assert probabilities([[0.0, 2.0]], temperature)[0] == pytest.approx([0.5, 0.5], abs=1e-3)


@settings(deadline=None, database=None, max_examples=50)
@given(factor=st.floats(1e-6, 1e6), shift=st.floats(-1e3, 1e3), seed=st.integers(0, 1000))
def test_it_goes_with_the_size_of_the_logits_and_not_with_their_place(factor, shift, seed):
    logits, answers = drawn(30, 3, 1.0, seed)
    expected = fit_temperature(logits, answers)
    assert fit_temperature(factor * logits, answers) == pytest.approx(factor * expected, rel=1e-4)
    assert fit_temperature(logits + shift, answers) == pytest.approx(expected, rel=1e-4)


@settings(deadline=None, database=None, max_examples=50)
@given(temperature=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_answers_stay_and_rows_add_up_to_one(temperature, seed):
    logits = np.random.default_rng(seed).normal(0, 5, (20, 4))
    chances = probabilities(logits, temperature)
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
    sure = chances.max(axis=1) > 0.2501  # far above that, two may be equal to the last digit
    assert (chances.argmax(axis=1) == logits.argmax(axis=1))[sure].all()


@pytest.mark.parametrize(
    ("logits", "answers"),
    [([[3.0], [1.0]], [0, 0]), ([[2.0, 2.0, 2.0]], [1]), ([[0.0, 0.0], [5.0, 5.0]], [0, 1])],
    ids=["one label", "one text, all equal", "all equal"],
)
def test_where_nothing_depends_on_it_it_is_one(logits, answers):
    assert fit_temperature(logits, answers) == 1.0


def test_one_class_alone_will_do():
    temperature = fit_temperature(np.random.default_rng(0).normal(0, 1, (40, 3)), [2] * 40)
    assert 0 < temperature < np.inf


def test_large_logits_do_no_harm():
    logits = np.array([[0.0, 1e150], [1e150, 0.0], [0.0, 1e150]])
    temperature = fit_temperature(logits, [1, 0, 0])
    assert np.isfinite(probabilities(logits, temperature)).all()
    assert probabilities(logits, temperature)[0, 1] == pytest.approx(3 / 5, abs=0.01)  # (2 · 4/5 + 1/5) / 3


@pytest.mark.parametrize(
    ("logits", "answers", "message"),
    [
        ([], [], "must have shape"),
        (np.empty((0, 3)), [], "must have shape"),
        ([1.0, 2.0], [0, 1], "must have shape"),
        ([[1.0, 2.0]], [0, 1], "same length, but received 1 and 2"),
        ([[1.0, np.inf]], [1], "infinite or NaN"),
        ([[1.0, -np.inf]], [0], "infinite or NaN"),
        ([[1.0, np.nan]], [0], "infinite or NaN"),
        ([[1.0, 2.0]], [2], "from 0 to 1"),
        ([[1.0, 2.0]], [-1], "from 0 to 1"),
        ([[1.0, 2.0]], [0.5], "from 0 to 1"),
    ],
)
def test_mistakes(logits, answers, message):
    with pytest.raises(InvalidValue, match=message):
        fit_temperature(logits, answers)


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.inf, np.nan])
def test_what_is_no_temperature(temperature):
    with pytest.raises(InvalidValue, match="must be above 0 and finite"):
        probabilities([[0.0, 1.0]], temperature)
