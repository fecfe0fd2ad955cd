"""The generalised Pareto tail against scipy's and against samples whose tail is known."""

import numpy as np
import pytest
import scipy.stats

from baihua.maths.tails import NUM_DRAWS, Tail, clopper_pearson, fit_tail


def test_survival_is_that_of_scipy():
    tail = Tail(np.array([-0.2, 0.0, 0.3]), np.array([1.0, 2.0, 3.0]))
    for excess in (0.0, 0.5, 4.9, 7.0):
        expected = scipy.stats.genpareto.sf(excess, tail.shapes, scale=tail.scales)
        np.testing.assert_allclose(tail.survival(excess), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.2])
def test_parameters_come_back_from_many_excesses(shape):
    excesses = scipy.stats.genpareto.rvs(shape, scale=0.03, size=2000, random_state=1)
    tail = fit_tail(excesses)
    assert tail.shapes.mean() == pytest.approx(shape, abs=0.07)
    assert tail.scales.mean() == pytest.approx(0.03, rel=0.1)
    assert len(tail.shapes) == NUM_DRAWS


def test_the_unit_does_not_matter():
    excesses = np.random.default_rng(0).exponential(size=200)
    first, second = fit_tail(excesses), fit_tail(excesses * 0.001)
    np.testing.assert_array_equal(first.shapes, second.shapes)
    np.testing.assert_allclose(first.scales * 0.001, second.scales)


def test_fewer_independent_excesses_leave_more_open():
    excesses = np.random.default_rng(0).exponential(size=500)
    assert fit_tail(excesses, design_effect=10).scales.std() > 2 * fit_tail(excesses).scales.std()


def test_no_draw_ends_before_the_largest_excess():
    excesses = np.linspace(0.001, 1, 100)  # a sharp end, as bounded scores have
    assert (fit_tail(excesses).survival(1.0) > 0).all()


def test_one_excess_and_equal_excesses_can_be_fitted():
    for excesses in (np.array([0.1]), np.full(50, 0.1)):
        assert np.isfinite(fit_tail(excesses).survival(0.2)).all()


@pytest.mark.parametrize(("count", "total"), [(0, 20), (3, 20), (20, 20), (120, 4000)])
def test_clopper_pearson_is_that_of_scipy(count, total):
    expected = scipy.stats.binomtest(count, total).proportion_ci(method="exact")
    assert clopper_pearson(count, total) == pytest.approx((expected.low, expected.high), abs=1e-12)
