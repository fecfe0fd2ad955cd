"""Are the gradients of von Mises–Fisher samples in κ and μ those of the expectation?

Task: E exp(b·x) = C_d(κ) / C_d(|κ μ + b|) is known, and so are its derivatives in κ, here for b = μ, and along a direction
    u at right angles to μ, here for b = 0.6 μ + 0.8 u. The mean of the gradients through `VonMisesFisher.rsample` over a
    million samples is held against them.
Command: python recipes/sphere_gradient.py [--samples 1048576]
Score: the largest deviation of ten (five pairs of width and κ, two parameters) from mpmath's value, in standard errors
    of the mean, which come from the spread of the means of 256 chunks; it passes within 3. See results/sphere/gradient.
"""

import argparse
import math
import time

import mpmath
import numpy as np
import torch
from torch import Tensor

from baihua.maths.sphere import perpendicular, unit
from baihua.maths.von_mises_fisher import VonMisesFisher
from baihua.results import RECORDED_PACKAGES, Result, package_versions

SETTINGS = ((2, 0.5), (4, 1e5), (16, 1.0), (128, 20.0), (768, 1e3))
CHUNKS = 256
ALONG, ACROSS = 0.6, 0.8  # of the b for μ
MOST_ERRORS = 3.0


def exact(width: int, kappa: float, along: float, across: float) -> tuple[float, float]:
    """Return the derivatives of E exp(b·x) in κ and along u, for b = along μ + across u."""
    with mpmath.workdps(60):
        order, x, along, across = (mpmath.mpf(value) for value in (width / 2 - 1, kappa, along, across))
        length = mpmath.sqrt((x + along) ** 2 + across**2)
        low, high = mpmath.besseli(order, x), mpmath.besseli(order, length)
        expected = high / low * (x / length) ** order
        ratio, ratio_there = mpmath.besseli(order + 1, x) / low, mpmath.besseli(order + 1, length) / high
        in_kappa = expected * (ratio_there * (x + along) / length - ratio)
        return float(in_kappa), float(expected * ratio_there * x * across / length)


def gradients(width: int, kappa: float, num: int, pair: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """Return the mean gradients in κ and along u over some samples."""
    direction, sideways = pair
    loc, concentration = (
        direction.clone().requires_grad_(),
        torch.tensor(kappa, dtype=torch.float64, requires_grad=True),
    )
    samples = VonMisesFisher(loc, concentration).rsample((num,))
    ahead = (samples @ direction).exp().mean()
    aslant = (samples @ (ALONG * direction + ACROSS * sideways)).exp().mean()
    (in_kappa,) = torch.autograd.grad(ahead, concentration, retain_graph=True)
    (in_loc,) = torch.autograd.grad(aslant, loc)
    return float(in_kappa), float(in_loc @ sideways)


def measure(width: int, kappa: float, samples: int) -> dict[str, dict[str, float]]:
    """Compare both gradients at one width and κ."""
    direction = unit(torch.arange(1, width + 1, dtype=torch.float64))
    pair = direction, perpendicular(direction)
    found = np.array([gradients(width, kappa, samples // CHUNKS, pair) for _ in range(CHUNKS)])  # (CHUNKS, 2)
    truths = exact(width, kappa, 1.0, 0.0)[0], exact(width, kappa, ALONG, ACROSS)[1]
    table = {}
    for name, values, truth in zip(("concentration", "loc"), found.T, truths, strict=True):
        error = float(values.std(ddof=1)) / math.sqrt(CHUNKS)
        table[name] = {
            "exact": truth,
            "mean": float(values.mean()),
            "standard_error": error,
            "deviation_in_standard_errors": (float(values.mean()) - truth) / error,
        }
    return table


def main() -> None:
    """Measure all, print and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--samples", type=int, default=2**20)
    given = options.parse_args()
    torch.manual_seed(0)
    started = time.perf_counter()
    tables = {}
    for width, kappa in SETTINGS:
        tables[f"width={width} kappa={kappa:g}"] = table = measure(width, kappa, given.samples)
        for name, row in table.items():
            shown = "  ".join(f"{key} {value:.6g}" for key, value in row.items())
            print(f"width {width:4} kappa {kappa:8g} {name:14} {shown}", flush=True)
    worst = max(abs(row["deviation_in_standard_errors"]) for table in tables.values() for row in table.values())
    Result(
        name="sphere/gradient",
        metric="largest_deviation_in_standard_errors",
        values=(worst,),
        seeds=(0,),
        settings={"passed": worst <= MOST_ERRORS, "chunks": CHUNKS, "dtype": "float64", "gradients": tables},
        num_examples=given.samples,
        seconds=time.perf_counter() - started,
        command=f"python recipes/sphere_gradient.py --samples {given.samples}",
        versions=package_versions((*RECORDED_PACKAGES, "mpmath")),
    ).save("results")


if __name__ == "__main__":
    main()
