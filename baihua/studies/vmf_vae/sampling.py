"""The article's sampler, the inverse of a distribution function tabulated in the cosine, beside the package's table."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
import torch
from numpy.typing import NDArray
from scipy.special import xlogy

from baihua.maths.polar_angle import AngleTable, draw_angles
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.vmf_vae.exact import SOURCE

LEAST_P = 0.001
LEAST_GAIN = 100.0
PLAINLY_WRONG = 0.02
NUM_EXACT = 200_001
COARSER = 10  # how much wider the grid's step is at the small scale


@dataclass(frozen=True)
class CosineTable:
    """The article's table: the distribution function of the cosine at points evenly spaced, by running sums.

    Args:
        points: cosines from −1 + step to 1, shape ``(num_points,)``.
        below: the share at or below each.
    """

    points: NDArray[np.float64]
    below: NDArray[np.float64]

    @classmethod
    def make(cls, width: int, concentration: float, step: float) -> "CosineTable":
        """Lay it out as the article does: density of the cosine, running sum, divided by the last."""
        points = np.arange(-1 + step, 1, step)
        log_density = concentration * points + (width - 3) / 2 * np.log(1 - points**2)
        below = np.cumsum(np.exp(log_density - log_density.max()))
        return cls(points, below / below[-1])

    def quantile(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cosines below which some probability lies."""
        return np.interp(probability, self.below, self.points)


def by_the_inverse(setting: Setting) -> Measurement:
    """Both tables draw from the law; the article's takes far more time and memory."""
    width, kappa = setting["width"], setting["concentration"]
    step = setting["step"] * (COARSER if setting.scale == "small" else 1)
    uniform = np.random.default_rng(setting["seed"]).random(setting["num"])
    grid, grid_seconds = _timed(lambda: CosineTable.make(width, kappa, step))
    one = torch.tensor([kappa], dtype=torch.float64)
    table, own_seconds = _timed(lambda: AngleTable.make(width, one))
    grid_bytes = grid.points.nbytes + grid.below.nbytes
    own_bytes = table.density.nbytes + table.below.nbytes + table.moved.nbytes
    torch.manual_seed(setting["seed"])
    cosines = {
        "grid": grid.quantile(uniform),
        "own": draw_angles(width, one, setting["num"], table)[0].cos().numpy(),
    }
    tests = {name: scipy.stats.kstest(found, _exact_below(width, kappa)) for name, found in cosines.items()}
    gain, faster = grid_bytes / own_bytes, grid_seconds / own_seconds
    reason = {
        "zh": f"KS 检验 p：文章的网格 {tests['grid'].pvalue:.3f}，本包 {tests['own'].pvalue:.3f}；网格 {len(grid.points)} 点，"
        f"占 {grid_bytes / 1e6:.1f} MB、{1000 * grid_seconds:.0f} 毫秒；本包 {own_bytes / 1e3:.0f} kB、"
        f"{1000 * own_seconds:.1f} 毫秒（内存 {gain:.0f} 倍，时间 {faster:.0f} 倍）。",
        "en": f"Kolmogorov–Smirnov p: the article's grid {tests['grid'].pvalue:.3f}, the package {tests['own'].pvalue:.3f}; "
        f"the grid of {len(grid.points)} points takes {grid_bytes / 1e6:.1f} MB and {1000 * grid_seconds:.0f} ms, the "
        f"package's table {own_bytes / 1e3:.0f} kB and {1000 * own_seconds:.1f} ms ({gain:.0f} times the memory, "
        f"{faster:.0f} times as long).",
    }
    found = {"grid-ks": tests["grid"].statistic, "own-ks": tests["own"].statistic, "memory": gain, "time": faster}
    results = tuple(_result(name, value, setting, step) for name, value in found.items())
    drawn = bool(min(test.pvalue for test in tests.values()) > LEAST_P)
    return Measurement(drawn and gain >= LEAST_GAIN and faster > 1, reason, results)


def too_coarse(setting: Setting) -> Measurement:
    """Where the mass lies within a few steps of 1 the grid is wrong, and the table laid out in the angle is not."""
    width, kappa, num = setting["width"], setting["concentration"], setting["num"]
    grid = CosineTable.make(width, kappa, setting["step"])
    found = grid.quantile(np.random.default_rng(setting["seed"]).random(num))
    torch.manual_seed(setting["seed"])
    angles = draw_angles(width, torch.tensor([kappa], dtype=torch.float64), num)[0].numpy()
    exact = _exact_gap_below(width, kappa)
    off = scipy.stats.kstest(1 - found, exact)
    own = scipy.stats.kstest(2 * np.sin(angles / 2) ** 2, exact)
    reason = {
        "zh": f"步长 {setting['step']:g}，每 1/κ 有 {1 / (kappa * setting['step']):.2g} 格：KS 距离 {off.statistic:.3f}，"
        f"{len(np.unique(found))} 个不同的值；本包 {own.statistic:.4f}（p={own.pvalue:.3f}）。",
        "en": f"Step {setting['step']:g}, {1 / (kappa * setting['step']):.2g} cells in 1/κ: KS distance {off.statistic:.3f}, "
        f"{len(np.unique(found))} different values; the package's table {own.statistic:.4f} (p = {own.pvalue:.3f}).",
    }
    values = {"coarse-grid-ks": float(off.statistic), "coarse-own-ks": float(own.statistic)}
    results = tuple(_result(name, value, setting, setting["step"]) for name, value in values.items())
    return Measurement(bool(off.statistic > PLAINLY_WRONG and own.pvalue > LEAST_P), reason, results)


def _exact_below(width: int, kappa: float) -> Callable[[Any], Any]:
    """Return the distribution function of the cosine, by a fine trapezoid in the angle, which needs no resolution at 1."""
    gap = _exact_gap_below(width, kappa)
    return lambda cosine: 1 - gap(1 - np.asarray(cosine))


def _exact_gap_below(width: int, kappa: float) -> Callable[[Any], Any]:
    """Return the distribution function of 1 − cosine, in which nothing is lost near 1."""
    reach = np.pi * min(1.0, 12 * np.sqrt((width + 12) / max(kappa, 1e-9)))  # beyond it lies less than rounding
    angle = np.linspace(0, reach, NUM_EXACT)
    with np.errstate(divide="ignore"):  # the logarithm of sin 0
        log_density = -2 * kappa * np.sin(angle / 2) ** 2 + xlogy(width - 2, np.abs(np.sin(angle)))
    density = np.exp(log_density - log_density.max())
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    below /= below[-1]
    gap = 2 * np.sin(angle / 2) ** 2
    return lambda x: np.interp(x, gap, below)


def _timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """Return what is made and the seconds it took, once everything is warm."""
    make()
    started = time.perf_counter()
    made = make()
    return made, time.perf_counter() - started


def _result(name: str, value: float, setting: Setting, step: float) -> Result:
    metric = {"memory": "times the bytes", "time": "times the seconds"}.get(name, "Kolmogorov–Smirnov distance")
    settings = {**setting.knobs, "step": step}
    return Result(f"vmf-vae/sampling/{name}", metric, (float(value),), seeds=(setting["seed"],), settings=settings)


CLAIMS = (
    Claim(
        "vmf-vae",
        4,
        {
            "zh": "不必用拒绝采样：一维的 w 用数值反函数采样，表算一次即可缓存。判据：文章的网格（步长 1e-7，small 时 1e-6）与本包按"
            "角度列的表都通过 KS 检验（p > 0.001），且本包的表省内存 100 倍以上、更快。",
            "en": "No rejection is needed: the one number w is drawn by the numerical inverse of its distribution function, "
            "tabulated once. Decided by: the article's grid (step 1e-7; 1e-6 at the small scale) and the package's table "
            "in the angle both pass a Kolmogorov–Smirnov test (p above 0.001), the latter with 100 times less memory and "
            "in less time.",
        },
        SOURCE,
        "a grid of step 1e-7",
        {"width": 4, "concentration": 20.0, "step": 1e-7, "num": 100_000, "seed": 0},
        by_the_inverse,
    ),
    Claim(
        "vmf-vae",
        5,
        {
            "zh": "余弦上的均匀网格在 κ 大时分辨不了贴近 1 的质量。判据：d=3、κ=1e6、步长 1e-5 时网格的 KS 距离大于 0.02，而本包的表通过"
            "检验（旋钮 step 改步长）。",
            "en": "A grid even in the cosine cannot resolve the mass near 1 for large κ. Decided by: at d = 3, κ = 1e6 and a "
            "step of 1e-5 the grid's KS distance is above 0.02 and the package's table passes the test (the knob step "
            "sets the step).",
        },
        SOURCE,
        None,
        {"width": 3, "concentration": 1e6, "step": 1e-5, "num": 20_000, "seed": 0},
        too_coarse,
    ),
)
