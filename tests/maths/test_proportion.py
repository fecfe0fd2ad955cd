import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest, multinomial

from baihua.checks import InvalidValue
from baihua.maths.proportion import paired_difference, wilson_interval

Z = 1.959963984540054


def answers(both, first_only, second_only, neither):
    first = [1] * both + [1] * first_only + [0] * second_only + [0] * neither
    second = [1] * both + [0] * first_only + [1] * second_only + [0] * neither
    return first, second


@pytest.mark.parametrize("total", [1, 2, 10, 89, 858])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_wilson_is_that_of_scipy(total, confidence):
    for right in sorted({0, 1, total // 3, total - 1, total}):
        expected = binomtest(right, total).proportion_ci(confidence, method="wilson")
        assert wilson_interval(right, total, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_has_the_ends_of_its_range_exactly_and_mirrors():
    assert wilson_interval(0, 7)[0] == 0.0
    assert wilson_interval(7, 7)[1] == 1.0
    for right in range(8):
        low, high = wilson_interval(right, 7)
        assert low <= right / 7 <= high
        assert wilson_interval(7 - right, 7) == pytest.approx((1 - high, 1 - low), abs=1e-15)


def test_both_ends_of_wilson_are_just_not_rejected():
    """What the interval is: at its ends the estimate lies z standard errors away, as they are at that end."""
    for end in wilson_interval(37, 120):
        assert abs(37 / 120 - end) / np.sqrt(end * (1 - end) / 120) == pytest.approx(Z, abs=1e-9)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_wilson_covers_what_it_says(share):
    """Exactly, over all counts of 100: near 95 % for every share."""
    counts = np.arange(101)
    inside = [low <= share <= high for low, high in (wilson_interval(int(count), 100) for count in counts)]
    assert 0.93 < binom.pmf(counts, 100, share)[inside].sum() < 0.98


def score(delta, first_only, second_only, total):
    """Tango's statistic with the likelihood of the three cells maximised numerically at a given difference."""
    rest = total - first_only - second_only

    def minus_log_likelihood(second):
        cells = np.array([second + delta, second, 1 - 2 * second - delta])
        counts = np.array([first_only, second_only, rest])
        if (cells[counts > 0] <= 0).any() or (cells < -1e-12).any():
            return 1e12
        return -(counts[counts > 0] * np.log(cells[counts > 0])).sum()

    bounds = (max(0.0, -delta), (1 - delta) / 2)
    second = minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return (first_only - second_only - total * delta) / np.sqrt(total * (2 * second + delta * (1 - delta)))


@pytest.mark.parametrize(
    "cells", [(60, 10, 5, 25), (0, 1, 7, 12), (3, 4, 4, 3), (80, 3, 1, 16), (10, 6, 1, 0), (50, 20, 2, 28)]
)
def test_the_paired_interval_ends_where_the_score_test_begins_to_reject(cells):
    found = paired_difference(*answers(*cells))
    for end, sign in ((found.low, 1), (found.high, -1)):
        assert score(end, cells[1], cells[2], sum(cells)) == pytest.approx(sign * Z, abs=1e-4)


def test_a_published_example():
    """Children with over-sensitive airways before and after a transplant, the example of Fagerland, Lydersen and Laake 2014."""
    found = paired_difference(*answers(1, 1, 7, 12))
    assert (round(found.low, 3), round(found.high, 3)) == (-0.517, -0.026)
    assert found.difference == pytest.approx(-6 / 21)


def test_it_leaves_out_0_just_where_mcnemar_rejects():
    for first_only in range(13):
        for second_only in range(13):
            found = paired_difference(*answers(40, first_only, second_only, 40))
            rejects = (first_only - second_only) ** 2 > Z**2 * (first_only + second_only)
            assert (found.low > 0 or found.high < 0) == rejects


def test_swapping_the_two_mirrors_the_interval():
    first, second = answers(30, 8, 3, 9)
    one, other = paired_difference(first, second), paired_difference(second, first)
    assert (one.difference, one.low, one.high) == (-other.difference, -other.high, -other.low)
    assert (one.first_only, one.second_only) == (8, 3) == (other.second_only, other.first_only)


def test_full_agreement_and_full_disagreement_have_a_width():
    for total in (1, 10, 400):
        same = paired_difference([1] * total, [1] * total)
        assert same.high == pytest.approx(Z**2 / (total + Z**2), abs=1e-9)  # the upper end of Wilson's for 0 of total
        assert same.low == -same.high
        apart = paired_difference([True] * total, [False] * total)
        assert apart.difference == apart.high == 1.0
        assert apart.low < 1


@pytest.mark.parametrize("first", [0.02, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("second", [0.01, 0.05, 0.2])
def test_the_paired_interval_covers_what_it_says(first, second):
    """Exactly, over all counts of 60 questions: never much below 95 %, and above it only where hardly any tell them apart."""
    counts = np.array([(one, other) for one in range(61) for other in range(61 - one)])
    weights = multinomial.pmf(
        np.column_stack([counts, 60 - counts.sum(axis=1)]), 60, [first, second, 1 - first - second]
    )
    likely = weights > 1e-6
    covered = 0.0
    for (one, other), weight in zip(counts[likely], weights[likely], strict=True):
        found = paired_difference(*answers(0, one, other, 60 - one - other))
        covered += weight * (found.low <= first - second <= found.high)
    assert covered > 0.935
    assert covered < 0.975 or first + second < 0.1


@pytest.mark.parametrize(("right", "total"), [(-1, 5), (6, 5), (0, 0), (float("nan"), 5)])
def test_counts_that_cannot_be_are_refused(right, total):
    with pytest.raises(InvalidValue, match="from 0 to the total can be right"):
        wilson_interval(right, total)


def test_mistakes_are_said():
    with pytest.raises(InvalidValue, match="confidence must lie between 0 and 1"):
        wilson_interval(1, 2, confidence=95)
    with pytest.raises(InvalidValue, match="first and second must have the same length, but received 2 and 3"):
        paired_difference([0, 1], [0, 1, 1])
    for wrong in ([], [0.5], [[0, 1]], 1):
        with pytest.raises(InvalidValue, match="first must be a row of zeros and ones"):
            paired_difference(wrong, [0, 1])
