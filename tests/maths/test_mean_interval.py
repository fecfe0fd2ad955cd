"""Student's interval of a mean, against scipy's."""

import math

import numpy as np
import pytest
from scipy import stats

from baihua.checks import InvalidValue
from baihua.maths.mean_interval import t_interval


@pytest.mark.parametrize(("num", "confidence", "seed"), [(2, 0.95, 0), (5, 0.9, 1), (10, 0.99, 2)])
def test_the_interval_is_scipys(num, confidence, seed):
    values = np.random.default_rng(seed).normal(size=num).tolist()
    test = stats.ttest_1samp(values, 0.0).confidence_interval(confidence)
    assert t_interval(values, confidence) == pytest.approx((test.low, test.high), abs=1e-9)


def test_one_value_has_no_interval_and_equal_ones_no_width():
    assert t_interval([0.5]) is None
    assert t_interval([0.25] * 4) == (0.25, 0.25)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, math.nan])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(InvalidValue, match="between 0 and 1"):
        t_interval([0.1, 0.2], confidence)
