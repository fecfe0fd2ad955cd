"""Assignments against trying all, accuracies against an integral and against figures measured elsewhere."""

from itertools import permutations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.maths.assignment import accuracy_of_assignment, assign, independent


def total(scores, taken):
    return scores[np.arange(len(taken)), taken].sum()


def greedy(scores, order):
    """Each blank in turn takes the best candidate that is left."""
    free, taken = set(range(scores.shape[1])), np.zeros(len(scores), dtype=int)
    for blank in order:
        taken[blank] = max(free, key=lambda candidate: scores[blank, candidate])
        free.remove(taken[blank])
    return taken


@pytest.mark.parametrize("num_blanks", range(1, 6))
@pytest.mark.parametrize("num_candidates", [5, 6, 7])
def test_no_other_assignment_has_a_higher_total(num_blanks, num_candidates):
    rng = np.random.default_rng(10 * num_blanks + num_candidates)
    ways = np.array(list(permutations(range(num_candidates), num_blanks)), dtype=int).reshape(-1, num_blanks)
    for _ in range(20):
        scores = rng.normal(size=(num_blanks, num_candidates)) * rng.choice([1, 1e-6, 1e6])
        taken = assign(scores)
        assert len(set(taken)) == num_blanks == len(taken)
        totals = scores[np.arange(num_blanks), ways].sum(axis=1)
        assert total(scores, taken) == pytest.approx(totals.max(), rel=1e-12)
        assert (taken == ways[totals.argmax()]).all()


@pytest.mark.parametrize("num_blanks", [1, 4, 10])
def test_it_is_one_to_one_and_no_greedy_one_beats_it(num_blanks):
    rng = np.random.default_rng(num_blanks)
    for _ in range(100):
        scores = rng.normal(size=(num_blanks, 10))
        taken = assign(scores)
        assert len(set(taken)) == num_blanks
        assert set(taken) <= set(range(10))
        for _ in range(5):
            assert total(scores, taken) >= total(scores, greedy(scores, rng.permutation(num_blanks))) - 1e-12
        assert total(scores, taken) <= total(scores, independent(scores)) + 1e-12


def test_where_all_want_something_else_both_agree():
    scores = np.random.default_rng(0).normal(size=(4, 9))
    scores[range(4), [7, 2, 5, 0]] += 100
    assert assign(scores).tolist() == independent(scores).tolist() == [7, 2, 5, 0]


def test_what_is_added_to_a_row_changes_nothing():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(6, 10))
    for shift in (1, 1e3, -50):
        assert (assign(scores + shift * rng.normal(size=(6, 1))) == assign(scores)).all()


def test_candidates_out_of_the_question_are_not_taken():
    never = -np.inf
    assert assign([[never, 1.0, 0.0], [0.0, 5.0, never]]).tolist() == [2, 1]
    assert independent([[never, 1.0, 0.0], [0.0, never, never]]).tolist() == [1, 0]


def test_no_blanks_and_whole_numbers():
    assert assign(np.zeros((0, 4))).shape == independent(np.zeros((0, 4))).shape == (0,)
    assert assign([[1, 2], [1, 9]]).tolist() == [0, 1]
    assert assign(np.float32([[1, 2], [1, 9]])).dtype == independent([[1, 2]]).dtype == np.intp


@pytest.mark.parametrize("margin", [0.0, 2.5, 3.0])
def test_alone_the_accuracy_is_an_integral(margin):
    """The right score is above nine others: ∫ φ(z − margin) Φ(z)⁹ dz, whatever the number of blanks."""
    expected = quad(lambda z: norm.pdf(z - margin) * norm.cdf(z) ** 9, -10, 15)[0]
    for num_blanks in (1, 4):
        found = accuracy_of_assignment(num_blanks, margin=margin, num_trials=10_000 // num_blanks)
        assert abs(found.independent - expected) < 4 * np.sqrt(expected * (1 - expected) / 10_000)


@pytest.mark.parametrize(
    ("margin", "num_blanks", "alone", "together"),
    [
        *[
            (2.5, 2, 79.9, 80.6),
            (2.5, 3, 81.0, 82.2),
            (2.5, 5, 80.8, 84.1),
            (2.5, 7, 81.1, 86.1),
            (2.5, 10, 80.9, 93.1),
        ],
        *[(3.0, 5, 90.1, 92.3), (3.0, 7, 90.1, 94.2), (3.0, 10, 90.0, 98.6)],
    ],
)
def test_accuracies_measured_before_come_again(margin, num_blanks, alone, together):
    """Those were of fewer trials: the integral above is 80.9 at margin 2.5."""
    found = accuracy_of_assignment(num_blanks, margin=margin, num_trials=3000)
    assert 100 * found.independent == pytest.approx(alone, abs=1.5)
    assert 100 * found.assigned == pytest.approx(together, abs=1.5)
    assert found.gain > 3 * found.standard_error


def test_one_blank_gains_nothing_and_more_gain_more():
    one = accuracy_of_assignment(1, num_trials=500)
    assert (one.gain, one.standard_error) == (0, 0)
    gains = [accuracy_of_assignment(num, num_trials=1500).gain for num in (2, 5, 7, 10)]
    assert gains == sorted(gains)


def test_two_blanks_with_two_candidates_in_closed_form():
    """Answered together, either both are right or none."""
    found = accuracy_of_assignment(2, num_candidates=2, margin=0.7, num_trials=20_000)
    # Alone: the difference of two scores, N(0.7, √2), is above 0; together: that of two such differences is.
    assert found.independent == pytest.approx(norm.cdf(0.7 / np.sqrt(2)), abs=0.01)
    assert found.assigned == pytest.approx(norm.cdf(1.4 / 2), abs=0.01)


def test_a_simulation_can_be_repeated_and_knows_its_error():
    assert accuracy_of_assignment(5, num_trials=200, seed=3) == accuracy_of_assignment(5, num_trials=200, seed=3)
    gains = [accuracy_of_assignment(5, num_trials=200, seed=seed) for seed in range(40)]
    spread = np.std([found.gain for found in gains], ddof=1)
    assert spread == pytest.approx(np.mean([found.standard_error for found in gains]), rel=0.4)


@pytest.mark.parametrize("choose", [assign, independent])
def test_scores_that_cannot_be_compared_are_refused(choose):
    for wrong in ([1.0, 2.0], 3.0, [[[1.0]]]):
        with pytest.raises(InvalidValue, match=r"scores must have shape \(num_blanks, num_candidates\), but received"):
            choose(wrong)
    for wrong in (np.nan, np.inf):
        with pytest.raises(InvalidValue, match=r"a NaN or \+inf"):
            choose([[1.0, wrong], [0.0, 0.0]])


def test_mistakes_are_said():
    with pytest.raises(InvalidValue, match="3 blanks cannot all take different ones of 2 candidates"):
        assign(np.zeros((3, 2)))
    with pytest.raises(InvalidValue, match="no assignment to different candidates is left"):
        assign([[-np.inf, 1.0], [-np.inf, 2.0]])
    for hopeless in ([[-np.inf, -np.inf], [1.0, 2.0]], np.zeros((2, 0))):
        with pytest.raises(InvalidValue, match="A blank has no candidate to take"):
            independent(hopeless)
    for wrong in ((0, 10, 100), (11, 10, 100), (2, 10, 1)):
        with pytest.raises(
            InvalidValue, match=f"received {wrong[0]} blanks, {wrong[1]} candidates and {wrong[2]} trials"
        ):
            accuracy_of_assignment(wrong[0], wrong[1], num_trials=wrong[2])
    set_language("zh")
    with pytest.raises(InvalidValue, match="3 个空只有 2 个候选"):
        assign(np.zeros((3, 2)))
