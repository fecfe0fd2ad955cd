import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.maths.power_law import PowerLaw, fit_power_law

TOKENS = np.geomspace(1e5, 3e7, 40)


@pytest.mark.parametrize("law", [PowerLaw(1.5, 200.0, 0.35), PowerLaw(0.0, 30.0, 0.1), PowerLaw(3.0, 1e6, 1.0)])
def test_points_on_a_curve_give_the_curve(law):
    found = fit_power_law(TOKENS, law(TOKENS))
    np.testing.assert_allclose(found(TOKENS), law(TOKENS), rtol=1e-3)
    np.testing.assert_allclose(found(1e9), law(1e9), rtol=2e-2)


def test_noise_moves_it_little():
    law = PowerLaw(2.0, 150.0, 0.3)
    noisy = law(TOKENS) + np.random.default_rng(0).normal(scale=0.02, size=40)
    assert abs(float(fit_power_law(TOKENS, noisy)(1e8)) - float(law(1e8))) < 0.15


def test_a_level_line_is_its_own_floor():
    np.testing.assert_allclose(fit_power_law(TOKENS, np.full(40, 2.5))([1e4, 1e9]), 2.5)


@pytest.mark.parametrize(
    ("x", "y"),
    [([1, 2, 3, 4], [4, 3, 2, 1]), ([0, 1, 2, 3, 4], [5, 4, 3, 2, 1]), ([1, 2, 3, 4, 5], [5, 4, np.nan, 2, 1])],
)
def test_bad_points(x, y):
    with pytest.raises(InvalidValue, match="at least 5 finite points with x above 0"):
        fit_power_law(x, y)
