"""Sampling on the sphere beside scipy, and beside s-vae-pytorch and the power spherical reference where given.

    python bench/sphere_sampling.py [--svae FOLDER] [--reference FOLDER] [--threads 1] [--rounds 7]
        [--widths 16 128 256 768] [--numbers 256 100000]

The folders are checkouts of nicola-decao/s-vae-pytorch and nicola-decao/power_spherical; without them their rows are left
out. Width 16, 128, 256, 768; 256 and 100 000 samples of one law with κ = 20 in float32 (scipy: float64); the law is made
each time, as a training does. The floor is drawing and normalising that many Gaussian vectors.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats
import torch
from torch import Tensor

from baihua.maths.power_spherical import PowerSpherical
from baihua.maths.von_mises_fisher import VonMisesFisher
from baihua.results import Result

WIDTHS, NUMBERS, KAPPA = (16, 128, 256, 768), (256, 100_000), 20.0
Ways = dict[str, Callable[[], Any]]


def ours(loc: Tensor, num: int) -> Ways:
    """The two laws of this package and the floor."""
    kappa = torch.tensor(KAPPA)
    return {
        "floor": lambda: torch.nn.functional.normalize(torch.randn(num, len(loc)), dim=-1),
        "baihua vMF": lambda: VonMisesFisher(loc, kappa).rsample((num,)),
        "baihua power spherical": lambda: PowerSpherical(loc, kappa).rsample((num,)),
    }


def peers(loc: Tensor, num: int, svae: str | None, reference: str | None) -> Ways:
    """scipy, and whatever checkouts were given."""
    rng = np.random.default_rng(0)
    direction = loc.double().numpy()
    direction /= np.linalg.norm(direction)
    ways: Ways = {"scipy": lambda: scipy.stats.vonmises_fisher(direction, KAPPA, seed=rng).rvs(num)}
    if svae is not None:
        sys.path.insert(0, svae)
        from hyperspherical_vae.distributions import VonMisesFisher as Peer  # type: ignore[import-not-found]

        rows, scales = loc.expand(num, -1), torch.full((num, 1), KAPPA)
        ways["s-vae-pytorch"] = lambda: Peer(rows, scales).rsample()
    if reference is not None:
        sys.path.insert(0, reference)
        from power_spherical import PowerSpherical as Reference  # type: ignore[import-not-found]

        ways["power_spherical"] = lambda: Reference(loc, torch.tensor(KAPPA)).rsample((num,))
    return ways


def alternate(ways: Ways, rounds: int) -> dict[str, float]:
    """Let all take turns; the median of each in seconds."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()  # warm-up
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in taken.items()}


def main() -> None:
    """Measure every width and number, print and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--svae")
    options.add_argument("--reference")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    options.add_argument("--numbers", type=int, nargs="+", default=NUMBERS)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    for width in chosen.widths:
        for num in chosen.numbers:
            loc = torch.nn.functional.normalize(torch.randn(width), dim=0)
            ways = ours(loc, num) | peers(loc, num, chosen.svae, chosen.reference)
            medians = alternate(ways, chosen.rounds)
            for name, seconds in medians.items():
                print(
                    f"{width:4} {num:7} {name:24} {1000 * seconds:10.2f} ms   {seconds / medians['floor']:7.2f} x floor"
                )
            Result(
                name=f"bench/sphere_sampling/{width}/{num}",
                metric="seconds",
                values=tuple(medians.values()),
                settings={"ways": list(medians), "kappa": KAPPA, "threads": chosen.threads, "rounds": chosen.rounds},
                num_examples=num,
                command="python bench/sphere_sampling.py --svae FOLDER --reference FOLDER",
            ).save("results")


if __name__ == "__main__":
    main()
