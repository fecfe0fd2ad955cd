"""Do samples of the von Mises–Fisher law follow it, at every width and concentration?

Task: draw points with `VonMisesFisher.rsample` and test, for each width and κ,
    the angle to μ by Kolmogorov and Smirnov against its exact distribution function, quadrature of
        exp(−(d − 1) log cosh s − 2κ / (1 + e^(−2s))) in s = log tan(φ/2), where it is smooth on the whole line;
    the mean of 1 − μ·x against 1 − A_d(κ) from mpmath, in standard errors of the exact variance;
    the unit vectors of what is orthogonal to μ: their mean by Rayleigh's (d − 1) n |mean|², chi-squared with d − 1 degrees
        of freedom, and up to width 64 their scatter by Bingham's statistic, which sees what the mean does not.
    The quadrature itself is held against mpmath's 1 − A_d(κ).
Command: python recipes/sphere_sampler.py [--dtype float64 float32] [--coordinates 2e7]
Score: the smallest of all p-values times their number (Bonferroni), counting also the four tests of whether the p-values
    of each kind are themselves uniform; it passes above 0.01. See results/sphere/sampler.
"""

import argparse
import math
import time
from dataclasses import asdict, dataclass

import mpmath
import numpy as np
import scipy.stats
import torch
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline
from scipy.special import expit
from torch import Tensor

from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher
from baihua.results import RECORDED_PACKAGES, Result, package_versions

WIDTHS = (2, 3, 4, 5, 16, 64, 128, 256, 312, 768, 1024, 4096)
KAPPAS = (0.0, 1e-3, 0.1, 1.0, 10.0, 100.0, 1e3, 1e5, 1e6)
MOST_SAMPLES = 500_000
COORDINATES_AT_ONCE = 2_000_000  # 16 MB of float64
WIDEST_SCATTER = 64
LEVEL = 0.01  # of all tests together
REACH, DROP = 60.0, 45.0  # e^-45 of the peak: beyond lies less than float64 can tell from 0
PANELS, NODES = 4096, 8
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """What one width and κ gave.

    Args:
        samples: how many.
        ks: Kolmogorov's and Smirnov's distance of the angle's distribution, and its p-value ``ks_p``.
        mean_errors: of the mean of 1 − μ·x, in standard errors, and its p-value ``mean_p``.
        rayleigh_p: p-value of the mean of the directions around μ.
        bingham_p: that of their scatter; NaN where it is not looked at.
        length_error: the largest | |x| − 1 |.
        oracle_error: relative error of 1 − A by the quadrature that the angles are tested against.
    """

    samples: int
    ks: float
    ks_p: float
    mean_errors: float
    mean_p: float
    rayleigh_p: float
    bingham_p: float
    length_error: float
    oracle_error: float


class ExactAngle:
    """The distribution of s = log tan(φ/2), φ the angle to μ, by quadrature of its density."""

    def __init__(self, width: int, kappa: float) -> None:
        def log_density(s: Floats) -> Floats:
            log_cosh = np.logaddexp(s, -s) - math.log(2)
            return -(width - 1) * log_cosh - 2 * kappa * expit(2 * s)

        coarse = np.linspace(-REACH, REACH, 1_000_001)
        logs = log_density(coarse)
        inside = coarse[logs > logs.max() - DROP]
        ends = np.linspace(inside[0], inside[-1], PANELS + 1)
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        half = (ends[1] - ends[0]) / 2
        places = (ends[:-1, None] + half) + half * nodes  # (PANELS, NODES)
        density = np.exp(log_density(places) - logs.max())
        masses = half * (density @ weights)
        total = masses.sum()
        running = np.concatenate([[0.0], np.cumsum(masses)]) / total
        self.low, self.high = ends[0], ends[-1]
        self.below = CubicHermiteSpline(ends, running, np.exp(log_density(ends) - logs.max()) / total)
        self.mean_gap = float(half * ((density * 2 * expit(2 * places)) @ weights).sum() / total)

    def probability(self, s: Floats) -> Floats:
        """Return the probability of a smaller angle."""
        return np.clip(self.below(np.clip(s, self.low, self.high)), 0, 1)


def exact_moments(width: int, kappa: float) -> tuple[float, float]:
    """Return 1 − A_d(κ) and the variance of μ·x."""
    with mpmath.workdps(60):
        if kappa == 0:
            return 1.0, 1 / width
        order, x = mpmath.mpf(width) / 2 - 1, mpmath.mpf(kappa)
        mean = mpmath.besseli(order + 1, x) / mpmath.besseli(order, x)
        return float(1 - mean), float(1 - mean**2 - (width - 1) * mean / x)


class Seen:
    """What is kept of the samples drawn so far."""

    def __init__(self, direction: Tensor) -> None:
        self.direction = direction.double()
        width = len(direction)
        self.gaps: list[Floats] = []
        self.places: list[Floats] = []
        self.sum = torch.zeros(width, dtype=torch.float64)
        self.scatter = torch.zeros(width, width, dtype=torch.float64) if width <= WIDEST_SCATTER else None
        self.length_error = 0.0

    def add(self, samples: Tensor) -> None:
        """Look at more samples, shape ``(num, width)``."""
        x = samples.double()
        self.length_error = max(self.length_error, float((torch.linalg.vector_norm(x, dim=-1) - 1).abs().max()))
        near, far = ((x + sign * self.direction).square().sum(dim=-1) / 4 for sign in (-1, 1))  # sin² and cos² of φ/2
        self.gaps.append(2 * near.numpy())
        self.places.append((0.5 * (near.log() - far.log())).numpy())
        beside = x - (x @ self.direction).unsqueeze(-1) * (self.direction / self.direction.square().sum())
        beside /= torch.linalg.vector_norm(beside, dim=-1, keepdim=True)
        self.sum += beside.sum(dim=0)
        if self.scatter is not None:
            self.scatter += beside.T @ beside


def directions_p(seen: Seen, num: int) -> tuple[float, float]:
    """Return the p-values of Rayleigh's and Bingham's statistics of unit vectors across μ."""
    around = len(seen.sum) - 1  # dimensions of what is orthogonal to μ
    rayleigh = around * float(seen.sum.square().sum()) / num
    if seen.scatter is None or around < 2:
        return float(scipy.stats.chi2.sf(rayleigh, around)), math.nan
    squares = float((seen.scatter / num).square().sum())
    bingham = around * (around + 2) / 2 * num * (squares - 1 / around)
    freedom = (around - 1) * (around + 2) // 2
    return float(scipy.stats.chi2.sf(rayleigh, around)), float(scipy.stats.chi2.sf(bingham, freedom))


def measure(width: int, kappa: float, dtype: torch.dtype, coordinates: float) -> Cell:
    """Draw and test one width and κ; the law is tested at the numbers as rounded to the dtype."""
    loc = unit(torch.arange(1, width + 1, dtype=torch.float64)).to(dtype)
    law = VonMisesFisher(loc, torch.tensor(kappa, dtype=dtype))
    exact = ExactAngle(width, float(law.concentration))
    gap, variance = exact_moments(width, float(law.concentration))
    num = int(min(MOST_SAMPLES, coordinates // width))
    at_once = max(1, COORDINATES_AT_ONCE // width)
    seen = Seen(loc)
    for start in range(0, num, at_once):
        seen.add(law.rsample((min(at_once, num - start),)))
    ks = scipy.stats.kstest(exact.probability(np.concatenate(seen.places)), "uniform")
    errors = (float(np.concatenate(seen.gaps).mean()) - gap) / math.sqrt(variance / num)
    rayleigh_p, bingham_p = directions_p(seen, num)
    return Cell(
        samples=num,
        ks=float(ks.statistic),
        ks_p=float(ks.pvalue),
        mean_errors=errors,
        mean_p=float(2 * scipy.stats.norm.sf(abs(errors))),
        rayleigh_p=rayleigh_p,
        bingham_p=bingham_p,
        length_error=seen.length_error,
        oracle_error=abs(exact.mean_gap / gap - 1),
    )


def main() -> None:
    """Measure the grid in each dtype, print and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dtype", nargs="+", default=["float64", "float32"], choices=["float64", "float32"])
    options.add_argument("--coordinates", type=float, default=2e7, help="per width and κ; samples times width")
    given = options.parse_args()
    for name in given.dtype:
        torch.manual_seed(0)
        started = time.perf_counter()
        cells = {}
        for width in WIDTHS:
            for kappa in KAPPAS:
                cells[f"width={width} kappa={kappa:g}"] = measure(width, kappa, getattr(torch, name), given.coordinates)
            print(f"{name} width {width}: {time.perf_counter() - started:.0f} s", flush=True)
        report(name, cells, time.perf_counter() - started, given.coordinates)


def report(name: str, cells: dict[str, Cell], seconds: float, coordinates: float) -> None:
    """Judge all p-values together, print and save."""
    tests = {
        f"{kind} {cell}": value
        for kind in ("ks_p", "mean_p", "rayleigh_p", "bingham_p")
        for cell, value in ((cell, getattr(found, kind)) for cell, found in cells.items())
        if not math.isnan(value)
    }
    for kind in ("ks_p", "mean_p", "rayleigh_p", "bingham_p"):
        those = [value for test, value in tests.items() if test.startswith(kind)]
        tests[f"all {kind} uniform"] = float(scipy.stats.kstest(those, "uniform").pvalue)
    worst = min(tests, key=lambda test: tests[test])
    joint = min(1.0, len(tests) * tests[worst])
    summary = {
        "passed": joint > LEVEL,
        "tests": len(tests),
        "smallest_p": tests[worst],
        "smallest_p_at": worst,
        "p_values_uniform": {test: value for test, value in tests.items() if test.startswith("all")},
        "largest_ks": max(cell.ks for cell in cells.values()),
        "largest_mean_errors": max(abs(cell.mean_errors) for cell in cells.values()),
        "largest_length_error": max(cell.length_error for cell in cells.values()),
        "largest_oracle_error": max(cell.oracle_error for cell in cells.values()),
    }
    for key, value in summary.items():
        print(f"{name} {key}: {value}")
    Result(
        name=f"sphere/sampler/{name}",
        metric="smallest_p_times_number_of_tests",
        values=(joint,),
        seeds=(0,),
        settings={
            "dtype": name,
            "level": LEVEL,
            **summary,
            "cells": {key: asdict(cell) for key, cell in cells.items()},
        },
        num_examples=sum(cell.samples for cell in cells.values()),
        seconds=seconds,
        command=f"python recipes/sphere_sampler.py --dtype {name} --coordinates {coordinates:g}",
        versions=package_versions((*RECORDED_PACKAGES, "mpmath")),
    ).save("results")


if __name__ == "__main__":
    main()
