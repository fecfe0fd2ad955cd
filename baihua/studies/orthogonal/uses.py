"""What the maps are used for: applied without a matrix, differentiated, and to bring samples to any direction."""

import time
from typing import Any

import numpy as np
import scipy.stats
import torch

from baihua.checks import check_choice
from baihua.maths.polar_angle import draw_angles
from baihua.maths.rotation import rotate
from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.orthogonal.formulas import MAPS, SOURCE, matrix

EXACT = 1e-12
LEAST_P = 0.001
ROUNDS = 3


def turns_with_the_world(setting: Setting) -> Measurement:
    """T(Ga, Gb) = G T(a, b) G' for orthogonal G."""
    rng = np.random.default_rng(setting["seed"])
    apart = 0.0
    for _ in range(setting["pairs"]):
        a, b = rng.normal(size=(2, setting["width"]))
        world = np.linalg.qr(rng.normal(size=(setting["width"], setting["width"])))[0]
        if setting["stretch"] != 1.0:
            world[:, 0] *= setting["stretch"]
        for name in MAPS:
            turned = world @ matrix(name, a, b) @ world.T
            apart = max(apart, float(np.abs(matrix(name, world @ a, world @ b) - turned).max()))
    reason = {"zh": f"最多相差 {apart:.1e}。", "en": f"Apart by at most {apart:.1e}."}
    return Measurement(apart < EXACT, reason, (_result("turned world", "deviation", apart, setting),))


def without_a_matrix(setting: Setting) -> Measurement:
    """The same vectors come out as by the matrix, in less time than the product takes."""
    rng = np.random.default_rng(setting["seed"])
    x = torch.as_tensor(rng.normal(size=(setting["num"], setting["width"])))
    a, b = (torch.as_tensor(side) for side in rng.normal(size=(2, setting["width"])))
    whole = torch.as_tensor(matrix("rotation", a.numpy(), b.numpy()))
    apart = float((rotate(x, a, b) - x @ whole.T).abs().max())
    own, product = _seconds(lambda: rotate(x, a, b)), _seconds(lambda: x @ whole.T)
    reason = {
        "zh": f"最多相差 {apart:.1e}；用时 {1000 * own:.1f} 毫秒，乘矩阵 {1000 * product:.1f} 毫秒（{product / own:.1f} 倍）。",
        "en": f"Apart by at most {apart:.1e}; {1000 * own:.1f} ms against {1000 * product:.1f} ms for the product "
        f"({product / own:.1f} times as long).",
    }
    results = (_result("own time", "seconds", own, setting), _result("product time", "seconds", product, setting))
    return Measurement(apart < EXACT and own < product, reason, results)


def differentiable(setting: Setting) -> Measurement:
    """The derivatives in both vectors are those of differences."""
    torch.manual_seed(setting["seed"])
    a, b, x = (torch.randn(5, dtype=torch.float64) for _ in range(3))
    if setting["angle"] >= 0:
        across = unit(b - (b @ a) / (a @ a) * a)
        b = np.cos(setting["angle"]) * unit(a) + np.sin(setting["angle"]) * across
    worst = 0.0
    for function in MAPS.values():
        inputs = [side.clone().requires_grad_() for side in (a, b)]
        (function(x, *inputs).square() * torch.arange(5)).sum().backward()  # type: ignore[attr-defined]
        for place, side in enumerate(inputs):
            assert side.grad is not None
            worst = max(worst, float((side.grad - _differences(function, x, a, b, place)).abs().max()))
    reason = {"zh": f"与差分最多相差 {worst:.1e}。", "en": f"Within {worst:.1e} of differences."}
    return Measurement(worst < 1e-5, reason, (_result("gradient", "deviation", worst, setting),))


def _differences(function: Any, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, place: int) -> torch.Tensor:
    """Return central differences of the same score in the coordinates of ``a`` or ``b``."""
    found, step = torch.zeros(5, dtype=torch.float64), 1e-6
    for coordinate in range(5):
        scores = []
        for sign in (1, -1):
            sides = [a.clone(), b.clone()]
            sides[place][coordinate] += sign * step
            scores.append((function(x, *sides).square() * torch.arange(5)).sum())
        found[coordinate] = (scores[0] - scores[1]) / (2 * step)
    return found


def samples_by_a_mirror(setting: Setting) -> Measurement:
    """Samples about the first axis, taken to μ by a map, follow the same law as samples drawn about μ."""
    name, num = check_choice("map", setting["map"], MAPS), setting["num"]
    torch.manual_seed(setting["seed"])
    loc = unit(torch.randn(setting["width"], dtype=torch.float64))
    first = torch.eye(setting["width"], dtype=torch.float64)[0]
    kappa = torch.tensor([setting["concentration"]], dtype=torch.float64)
    angle = draw_angles(setting["width"], kappa, num)[0]
    around = unit(torch.randn(num, setting["width"] - 1, dtype=torch.float64))
    about_axis = torch.cat([angle.cos().unsqueeze(1), angle.sin().unsqueeze(1) * around], dim=1)
    carried = torch.as_tensor(MAPS[name](about_axis, first, loc))
    drawn = VonMisesFisher(loc, float(kappa)).sample((num,))
    beside = unit(torch.randn(setting["width"], dtype=torch.float64))
    ways = [loc, beside]
    values = [scipy.stats.ks_2samp((carried @ way).numpy(), (drawn @ way).numpy()).pvalue for way in ways]
    reason = {
        "zh": f"沿 μ 与沿另一个随机方向的 KS 检验：p = {values[0]:.3f}，{values[1]:.3f}。",
        "en": f"Kolmogorov–Smirnov along μ and along a random direction: p = {values[0]:.3f}, {values[1]:.3f}.",
    }
    results = tuple(_result(f"p {n}", "p-value", float(value), setting) for n, value in enumerate(values))
    return Measurement(min(values) > LEAST_P, reason, results)


def _seconds(work: Any) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _result(name: str, metric: str, value: float, setting: Setting) -> Result:
    return Result(f"orthogonal/{name}", metric, (value,), seeds=(setting["seed"],), settings=dict(setting.knobs))


CLAIMS = (
    Claim(
        "orthogonal",
        9,
        {
            "zh": "解随坐标系一起转：T(Ga, Gb) = G T(a, b) G'，G 正交。判据：偏差小于 1e-12。",
            "en": "The solutions turn with the world: T(Ga, Gb) = G T(a, b) G' for orthogonal G. "
            "Decided by: equal within 1e-12.",
        },
        SOURCE,
        None,
        {"width": 6, "pairs": 20, "stretch": 1.0, "seed": 0},
        turns_with_the_world,
    ),
    Claim(
        "orthogonal",
        10,
        {
            "zh": "不必写出矩阵就能作用在向量上，用时与维数成正比。判据：与乘矩阵相差小于 1e-12，且更快。",
            "en": "It is applied to vectors without its matrix, in time proportional to the width. "
            "Decided by: within 1e-12 of the product with the matrix, and faster.",
        },
        SOURCE,
        None,
        {"width": 768, "num": 2000, "seed": 0},
        without_a_matrix,
    ),
    Claim(
        "orthogonal",
        11,
        {
            "zh": "在奇点之外处处可导。判据：自动求导与差分相差小于 1e-5（旋钮 angle 定两向量的夹角，负数为随机）。",
            "en": "It is differentiable away from its singular point. Decided by: autograd within 1e-5 of differences (the "
            "knob angle sets the angle between the vectors; negative for a random one).",
        },
        SOURCE,
        None,
        {"angle": -1.0, "seed": 0},
        differentiable,
    ),
    Claim(
        "orthogonal",
        12,
        {
            "zh": "用途：在固定方向上采样，再变到 μ，与直接在 μ 周围采样同分布（vMF）。判据：两个方向的 KS 检验 p > 0.001。",
            "en": "Its use: samples about a fixed axis, carried to μ, follow the same law as samples drawn about μ (vMF). "
            "Decided by: Kolmogorov–Smirnov p above 0.001 along two directions.",
        },
        "https://kexue.fm/archives/8453 and https://kexue.fm/archives/8404",
        None,
        {"width": 5, "num": 20_000, "concentration": 7.0, "map": "reflection", "seed": 0},
        samples_by_a_mirror,
    ),
)
