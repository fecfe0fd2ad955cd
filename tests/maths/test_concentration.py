"""Concentrations are found again from what they give."""

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.bessel import kl_to_uniform, mean_resultant_length
from baihua.maths.concentration import concentration_for_kl, concentration_for_mean_cosine

KAPPAS = torch.tensor([0.0, 1e-6, 1e-3, 0.5, 20.0, 1e3, 1e5], dtype=torch.float64)


@pytest.mark.parametrize("width", [2, 3, 64, 768])
def test_both_are_inverted(width):
    cosines, divergences = mean_resultant_length(width, KAPPAS), kl_to_uniform(width, KAPPAS)
    # A cosine near 1 tells κ only to rounding / (1 − A), with 1 − A about (d − 1) / 2κ.
    slack = 1e-12 + 4e-16 * 4 * KAPPAS / (width - 1)
    found = concentration_for_mean_cosine(width, cosines)
    assert ((found - KAPPAS).abs() <= slack * KAPPAS).all()
    torch.testing.assert_close(concentration_for_kl(width, divergences), KAPPAS, rtol=1e-11, atol=0)


def test_numbers_without_an_answer_are_refused():
    with pytest.raises(InvalidValue, match="cosine must be at least 0 and below 1"):
        concentration_for_mean_cosine(3, 1.0)
    with pytest.raises(InvalidValue, match="kl must be at least 0"):
        concentration_for_kl(3, torch.tensor([0.5, -1.0]))
