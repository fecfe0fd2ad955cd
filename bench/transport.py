"""Exact and entropic transport between two batches, beside POT called directly.

Command: python bench/transport.py [--rounds 7] [--device cuda] [--save]
Score: medians in results/bench/transport.json with --save, the table alone without.

Points are Gaussian, the second batch shifted by 0.3 in each coordinate; both sides start from the points (float64 arrays) and
make their own distances.

- Exact: `wasserstein` against `ot.emd2`. POT's default of 100 000 pivots ends early at 2 048 points of width 64, with a warning
  and a wrong value, so it is called with as many as it needs.
- Entropic: `sinkhorn_divergence` against three calls of `ot.sinkhorn`, whose values are put together as the divergence's are.
  POT gets, of its plain, stabilised and log-domain methods and of tolerances from 1e-2 to 1e-9, the fastest that is as near
  to the true value as ours or within 1e-6 of it. With --device both sides are tensors there; POT has its torch backend.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import ot
import torch

from baihua.maths.sinkhorn import sinkhorn_divergence
from baihua.maths.transport import wasserstein
from baihua.results import RECORDED_PACKAGES, Result, package_versions

SIZES, WIDTHS = (64, 512, 2048), (2, 64)
SHARES = (0.1, 0.03)  # ε over the mean distance
METHODS = ("sinkhorn", "sinkhorn_stabilized", "sinkhorn_log")
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
ACCURATE = 1e-6  # relative to the divergence
MOST_ROUNDS = 20_000
LARGE = 2048  # points from which on the first method of POT that is near enough is taken


def batches(num: int, width: int, device: str) -> tuple[Any, Any]:
    """Two batches, arrays on the CPU, tensors elsewhere."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(num, width)), rng.normal(size=(num, width)) + 0.3
    return (x, y) if device == "cpu" else (torch.tensor(x, device=device), torch.tensor(y, device=device))


def seconds(ways: dict[str, Callable[[], Any]], rounds: int, device: str) -> dict[str, float]:
    """Time all in turn, round by round, after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if device != "cpu":
                torch.cuda.synchronize()
            if number:
                taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(one) for name, one in taken.items()}


def exact_row(num: int, width: int, rounds: int) -> dict[str, Any]:
    """Time the exact distance."""
    x, y = batches(num, width, "cpu")

    def theirs() -> float:
        return float(ot.emd2([], [], ot.dist(x, y, "euclidean"), numItermax=10**9))

    def ours() -> float:
        return wasserstein(x, y).value

    assert abs(ours() - theirs()) < 1e-9
    found = seconds({"baihua": ours, "POT": theirs}, rounds, "cpu")
    return {"what": "exact", "num": num, "width": width, **found, "ratio": found["POT"] / found["baihua"]}


def pots_divergence(x: Any, y: Any, epsilon: float, method: str, tolerance: float) -> float:
    """The Sinkhorn divergence by POT's plans: Σ π c + ε KL(π | μ ⊗ ν) of three problems."""

    def value(one: Any, other: Any) -> Any:
        costs = ot.dist(one, other, "euclidean")
        plan = ot.sinkhorn([], [], costs, epsilon, method=method, stopThr=tolerance, numItermax=MOST_ROUNDS, warn=False)
        backend = torch if isinstance(plan, torch.Tensor) else np
        masses = plan * (plan.shape[0] * plan.shape[1])
        positive = backend.where(masses > 0, masses, backend.ones_like(masses))
        return (plan * costs).sum() + epsilon * (plan * backend.log(positive)).sum()

    return float(value(x, y) - (value(x, x) + value(y, y)) / 2)


def fastest_of_pot(x: Any, y: Any, epsilon: float, true: float, allowed: float) -> tuple[str, float] | None:
    """POT's fastest method and tolerance that come near enough to the true value, by one run of each."""
    best: tuple[float, str, float] | None = None
    for method in METHODS:
        if best is not None and len(x) >= LARGE:
            break  # a round in the log domain is one exponential per pair, which is minutes here
        for tolerance in TOLERANCES:
            started = time.perf_counter()
            value = pots_divergence(x, y, epsilon, method, tolerance)
            taken = time.perf_counter() - started
            if abs(value - true) <= allowed:
                best = min(best or (taken, method, tolerance), (taken, method, tolerance))
                break
            if best is not None and taken > best[0]:
                break  # tighter ones take longer still
    return None if best is None else best[1:]


def entropic_row(num: int, width: int, share: float, rounds: int, device: str) -> dict[str, Any]:
    """Time the Sinkhorn divergence."""
    x, y = batches(num, width, device)
    epsilon = share * float(ot.dist(x, y, "euclidean").mean())
    true = float(sinkhorn_divergence(x, y, epsilon, tolerance=1e-10).value)
    off = abs(float(sinkhorn_divergence(x, y, epsilon).value) - true)
    found = fastest_of_pot(x, y, epsilon, true, max(off, ACCURATE * true))
    row = {"what": f"Sinkhorn, ε = {share:g}", "num": num, "width": width, "error": off / true}
    if found is None:
        return {**row, "POT": None, "method": "none is near enough"}
    method, tolerance = found
    ways = {
        "baihua": lambda: sinkhorn_divergence(x, y, epsilon).value,
        "POT": lambda: pots_divergence(x, y, epsilon, method, tolerance),
    }
    taken = seconds(ways, rounds, device)
    return {**row, **taken, "ratio": taken["POT"] / taken["baihua"], "method": f"{method}, {tolerance:g}"}


def makers(rounds: int, device: str) -> list[Callable[[], dict[str, Any]]]:
    """What makes each row of the table; in the plane POT takes minutes for 2 048 points at the smaller ε, so not there."""
    exact = [partial(exact_row, num, width, rounds) for num in SIZES for width in WIDTHS] if device == "cpu" else []
    grid = [(num, width, share) for num in SIZES for width in WIDTHS for share in SHARES if num < 2048 or width > 2]
    return [*exact, *(partial(entropic_row, *one, rounds, device) for one in grid)]


def main() -> None:
    """Time everything in turn and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--device", default="cpu")
    options.add_argument(
        "--save", action="store_true", help="record the medians; only on a machine that does nothing else"
    )
    given = options.parse_args()
    warnings.simplefilter("ignore")
    rows: list[dict[str, Any]] = []
    for makes in makers(given.rounds, given.device):
        rows.append(row := makes())
        times = " ".join(f"{name} {1e3 * row[name]:9.2f} ms" for name in ("baihua", "POT") if row.get(name))
        size = f"{row['num']:5d} × {row['width']:<3d}"
        print(f"{row['what']:>18} {size} {times}  {row.get('ratio', 0):.2f}  {row.get('method', '')}", flush=True)
    if given.save:
        name = "transport" if given.device == "cpu" else "transport_gpu"
        result = Result(
            name=f"bench/{name}",
            metric="POT's seconds over ours",
            values=tuple(row.get("ratio", 0.0) for row in rows),
            settings={"rows": rows, "rounds": given.rounds, "device": given.device, "threads": torch.get_num_threads()},
            versions=package_versions((*RECORDED_PACKAGES, "POT")),
        )
        result.save("results")


if __name__ == "__main__":
    main()
