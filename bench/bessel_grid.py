"""Accuracy of the von Mises–Fisher scalars against 50 digits: ours beside scipy's ive and the formulas of s-vae-pytorch.

    python bench/bessel_grid.py [--output results]

Width in {2 … 4096} × concentration in {0 … 1e6}. Errors are relative for A, A' and KL, and relative to max(1, |value|) for
log C and the entropy. Counted are the values that are not finite (beside it, how many of them at concentration 0, which the
others do not promise), and those that are finite and off by more than 1e-3. s-vae-pytorch's `VonMisesFisher` computes in
float32 with scipy's ive inside; its formulas are written out here again.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator

import mpmath
import numpy as np
import scipy.special
import torch

from baihua.maths import bessel
from baihua.maths.hyperspherical_uniform import log_surface_area
from baihua.results import RECORDED_PACKAGES, Result, package_versions

WIDTHS = (2, 3, 4, 5, 16, 64, 128, 256, 312, 768, 1024, 4096)
CONCENTRATIONS = (0.0, 1e-6, 1e-3, 0.1, 1.0, 10.0, 100.0, 1e3, 1e5, 1e6)
QUANTITIES = ("mean", "variance", "kl", "log_c", "entropy")
RELATIVE = ("mean", "variance", "kl")
COUNTS = ("not_finite", "not_finite_at_concentration_0", "off_by_1e-3")
Values = dict[str, float]


def truth(width: int, kappa: float) -> dict[str, mpmath.mpf]:
    """The exact values, from 0F1 with 80 digits, of which 50 are left after every subtraction."""
    with mpmath.workdps(80):
        half, x = mpmath.mpf(width) / 2, mpmath.mpf(kappa)
        below, above = (mpmath.hyp0f1(half + k, x * x / 4, maxterms=10**7) for k in (0, 1))
        over_x, growth = above / below / width, mpmath.log(below)
        mean, area = x * over_x, mpmath.log(2) + half * mpmath.log(mpmath.pi) - mpmath.loggamma(half)
        return {
            "mean": mean,
            "variance": 1 - mean**2 - (width - 1) * over_x,
            "kl": x * mean - growth,
            "log_c": -area - growth,
            "entropy": area + growth - x * mean,
        }


def ours(width: int, kappa: float, dtype: torch.dtype) -> Values:
    """What `baihua.maths.bessel` says."""
    x = torch.tensor(kappa, dtype=dtype)
    kl = bessel.kl_to_uniform(width, x)
    return {
        "mean": float(bessel.mean_resultant_length(width, x)),
        "variance": float(bessel.mean_resultant_slope(width, x)),
        "kl": float(kl),
        "log_c": float(bessel.log_normalizer(width, x)),
        "entropy": float((log_surface_area(width) - kl).to(dtype)),
    }


def by_scaled_bessel(width: int, kappa: float, number: type[np.floating]) -> Values:
    """The textbook formulas over e^{−κ} I_v(κ): in float64 scipy.stats' way, in float32 that of s-vae-pytorch."""
    v, x = width / 2 - 1, number(kappa)
    low, high = (number(scipy.special.ive(order, x)) for order in (v, v + 1))
    mean = number(high / low)
    log_c = number(v) * np.log(x) - number(width / 2 * math.log(2 * math.pi)) - (x + np.log(low))
    area = number(math.log(2) + width / 2 * math.log(math.pi) - scipy.special.gammaln(width / 2))
    entropy = -x * mean - log_c
    return {
        "mean": float(mean),
        "variance": float(1 - mean**2 - number(width - 1) * mean / x),
        "kl": float(area - entropy),
        "log_c": float(log_c),
        "entropy": float(entropy),
    }


WAYS: dict[str, tuple[Callable[[int, float], Values], type[np.floating]]] = {
    "baihua-float64": (lambda width, kappa: ours(width, kappa, torch.float64), np.float64),
    "baihua-float32": (lambda width, kappa: ours(width, kappa, torch.float32), np.float32),
    "scipy-ive-float64": (lambda width, kappa: by_scaled_bessel(width, kappa, np.float64), np.float64),
    "s-vae-pytorch-float32": (lambda width, kappa: by_scaled_bessel(width, kappa, np.float32), np.float32),
}


def errors_of(way: str) -> Iterator[tuple[str, float, float]]:
    """Each quantity's concentration and error at each point of the grid; infinite where the value is not finite."""
    function, number = WAYS[way]
    for width in WIDTHS:
        for kappa in CONCENTRATIONS:
            rounded = float(number(kappa))
            exact = truth(width, rounded)
            with np.errstate(all="ignore"):
                found = function(width, rounded)
            for quantity in QUANTITIES:
                yield quantity, kappa, error(found[quantity], exact[quantity], quantity in RELATIVE)


def error(found: float, exact: mpmath.mpf, relative: bool) -> float:
    """The relative error, or that relative to max(1, |value|); the plain one where the exact value is 0."""
    if not math.isfinite(found):
        return math.inf
    size = abs(exact) if relative and exact else max(1, abs(exact))
    return float(abs(mpmath.mpf(found) - exact) / size)


def measure(way: str) -> dict[str, dict[str, float]]:
    """For each quantity: the largest finite error, how many values are not finite, and how many off by over 1e-3."""
    errors: dict[str, list[float]] = {quantity: [] for quantity in QUANTITIES}
    at_zero = dict.fromkeys(QUANTITIES, 0)
    for quantity, kappa, one in errors_of(way):
        errors[quantity].append(one)
        at_zero[quantity] += kappa == 0 and not math.isfinite(one)
    return {
        quantity: {
            "largest_finite_error": max((one for one in those if math.isfinite(one)), default=math.nan),
            "not_finite": sum(not math.isfinite(one) for one in those),
            "not_finite_at_concentration_0": at_zero[quantity],
            "off_by_1e-3": sum(math.isfinite(one) and one > 1e-3 for one in those),
            "points": len(those),
        }
        for quantity, those in errors.items()
    }


def main() -> None:
    """Measure all ways, print the table, save the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="results", help="folder of the record bench/bessel_grid.json")
    given = parser.parse_args()
    started = time.perf_counter()
    table = {way: measure(way) for way in WAYS}
    heads = ("largest error", "not finite", "at kappa 0", "off by 1e-3", "points")
    print(f"{'way':24}{'quantity':10}" + "".join(f"{head:>15}" for head in heads))
    for way, quantities in table.items():
        for quantity, row in quantities.items():
            counts = "".join(f"{row[name]:15.0f}" for name in (*COUNTS, "points"))
            print(f"{way:24}{quantity:10}{row['largest_finite_error']:15.1e}{counts}")
    worst = max(row["largest_finite_error"] for row in table["baihua-float64"].values())
    result = Result(
        "bench/bessel_grid",
        "largest_error",
        (worst,),
        settings={"widths": WIDTHS, "concentrations": CONCENTRATIONS, "table": table},
        num_examples=len(WIDTHS) * len(CONCENTRATIONS),
        seconds=time.perf_counter() - started,
        versions=package_versions((*RECORDED_PACKAGES, "mpmath")),
    )
    print(result.save(given.output))


if __name__ == "__main__":
    main()
