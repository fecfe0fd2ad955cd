import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from baihua.maths.rank_correlation import spearman


@pytest.mark.parametrize("decimals", [0, 1, 8])  # many ties, some, none
def test_the_same_as_scipy(decimals):
    rng = np.random.default_rng(0)
    first = rng.normal(size=500).round(decimals)
    second = (first + rng.normal(size=500)).round(decimals)
    assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)


def test_only_the_order_counts():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 50))
    assert spearman(np.exp(first), second) == pytest.approx(spearman(first, second), abs=1e-12)
    assert spearman(first, -first) == pytest.approx(-1)
    assert math.isnan(spearman(first, np.ones(50)))
    assert math.isnan(spearman([1.0], [2.0]))
