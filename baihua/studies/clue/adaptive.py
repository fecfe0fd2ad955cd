"""AdaFactor as the article has it: against its formula, how far a step goes, and steps of several batches at once."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.published import ARTICLE
from baihua.tasks.seeded import seeded
from baihua.training.adafactor import AdaFactor
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

Floats = npt.NDArray[np.float64]

SHAPES = ((1,), (64,), (32, 16), (4, 3, 8))
SCALES = (0.0, 0.04, 1.0)  # of the weights: a new bias, a matrix of BERT, a LayerNorm
EXACT = 1e-9  # in float64, as a share of the way gone
SINGLE = 1e-6  # in float32, as a share of the largest weight: about eight roundings
BATCH, FEATURES = 4, 8


def by_the_formula(weight: Floats, gradients: Sequence[Floats], lr: float, beta1: float) -> Floats:
    """Return a tensor after a step for each gradient, as the formula stands in the article's code, in float64.

    Args:
        weight: before.
        gradients: of each step.
        lr: the relative size of a step.
        beta1: how much of the mean of updates is kept.

    Source:
        bert4keras, ``optimizers.py``, with ``min_dim_size_to_factor=1e6``.

    Example:
        >>> by_the_formula(np.array([3.0, -3.0]), [np.array([100.0, -0.001])], lr=0.01, beta1=0.0)
        array([ 2.97, -2.97])
    """
    square, mean = np.zeros_like(weight), np.zeros_like(weight)
    for step, gradient in enumerate(gradients, start=1):
        beta2 = 1 - step**-0.8
        square = beta2 * square + (1 - beta2) * (gradient**2 + 1e-30)
        update = gradient / np.sqrt(square + 1e-30)
        update = update / max(1.0, float(np.sqrt(np.mean(update**2))))
        mean = beta1 * mean + (1 - beta1) * update
        weight = weight - lr * max(float(np.sqrt(np.mean(weight**2))), 1e-3) * mean
    return weight


def steps_are_the_formula(setting: Setting) -> Measurement:
    """Steps are the formula's, their relative length is the rate, and k batches at once are one of k times the size."""
    if setting["accumulation"] < 2 or setting["steps"] < 1:
        raise InvalidValue(
            zh=f"accumulation 至少为 2，steps 至少为 1，收到 {setting['accumulation']} 与 {setting['steps']}。",
            en=f"accumulation must be at least 2 and steps 1; received {setting['accumulation']} and {setting['steps']}.",
        )
    formula, reach, several = _off_the_formula(setting), _reach(setting), _accumulated(setting)
    far = max(abs(found - 1) for found in reach.values())
    absolute = ", ".join(
        f"RMS {scale:g}: {setting['lr'] * max(scale, 1e-3) * found:.1e}" for scale, found in reach.items()
    )
    num, batches = setting["steps"], setting["accumulation"]
    reason = {
        "zh": f"{len(SHAPES) * len(SCALES)} 个张量各走 {num} 步，与公式相差：float64 为所走路程的 {formula['float64']:.1e}，"
        f"float32 为最大权重的 {formula['float32']:.1e}。|u|=1 时的步长：{absolute}，即 lr × max(RMS, 1e-3)，相对误差 {far:.1e}。"
        f"每 {batches} 批走一步与 {batches} 倍大的一批相差为最大权重的 {several.off:.1e}（走了 {several.way:.1e}；不累积则差 "
        f"{several.without:.1e}）。",
        "en": f"{len(SHAPES) * len(SCALES)} tensors after {num} steps are off the formula by {formula['float64']:.1e} of the way gone "
        f"in float64, and by {formula['float32']:.1e} of the largest weight in float32. Where |u| is 1 a step is {absolute}, which "
        f"is lr × max(RMS, 1e-3) to {far:.1e}. Steps of {batches} batches are off those of one {batches} times as large by "
        f"{several.off:.1e} of the largest weight (the way gone is {several.way:.1e}; without accumulation {several.without:.1e} "
        "off).",
    }
    figures = {f"formula/{name}": value for name, value in formula.items()}
    figures |= {"relative step": far, "accumulated": several.off, "not accumulated": several.without}
    results = tuple(
        Result(f"clue/adafactor/{name}", "largest difference", (value,), settings=dict(setting.knobs))
        for name, value in figures.items()
    )
    exact = formula["float64"] <= EXACT and formula["float32"] <= SINGLE and far <= EXACT
    return Measurement(exact and several.off <= SINGLE < several.without, reason, results)


def _off_the_formula(setting: Setting) -> dict[str, float]:
    """Return how far steps are off at most, in float64 as a share of the way gone, in float32 of the largest weight."""
    rng = np.random.default_rng(setting["seed"])
    off = {"float64": 0.0, "float32": 0.0}
    for shape in SHAPES:
        for scale in SCALES:
            start = scale * rng.standard_normal(shape)
            gradients = [
                rng.standard_normal(shape) * 10 ** rng.uniform(-6, 2) * (rng.random(shape) > 0.1)  # a tenth of them 0
                for _ in range(setting["steps"])
            ]
            wanted = by_the_formula(start, gradients, setting["lr"], setting["beta1"])
            way = float(np.abs(wanted - start).max())
            sizes = {"float64": way, "float32": float(np.abs(wanted).max())}
            for name, dtype in (("float64", torch.float64), ("float32", torch.float32)):
                found = _stepped(torch.tensor(start, dtype=dtype), gradients, setting["lr"], setting["beta1"])
                off[name] = max(off[name], float(np.abs(found - wanted).max()) / (sizes[name] or 1.0))
    return off


def _stepped(start: Tensor, gradients: Sequence[Floats], lr: float, beta1: float) -> Floats:
    weight = nn.Parameter(start)
    optimizer = AdaFactor([weight], lr=lr, beta1=beta1)
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=start.dtype)
        optimizer.step()
    return weight.detach().double().numpy()


def _reach(setting: Setting) -> dict[float, float]:
    """Return the length of a first step without a mean, where every |u| is 1, over lr × max(RMS, 1e-3), by the RMS before it."""
    rng = np.random.default_rng(setting["seed"])
    reach = {}
    for scale in SCALES:
        start = rng.choice([-scale, scale], size=(32, 16))  # RMS exactly the scale
        gradient = rng.standard_normal((32, 16))
        moved = _stepped(torch.tensor(start), [gradient], setting["lr"], beta1=0.0) - start
        reach[scale] = float(np.sqrt(np.mean(moved**2))) / (setting["lr"] * max(scale, 1e-3))
    return reach


@dataclass(frozen=True)
class _Accumulated:
    """How far weights are off after accumulated batches, the way they went, and how far off without; of the largest weight."""

    off: float
    way: float
    without: float


class _Regression(nn.Module):
    """A small network without dropout and the mean squared error of a batch, whose last column is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(FEATURES, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, batch: Tensor) -> Tensor:
        """Return the loss of a batch, shape ``(batch, FEATURES + 1)``."""
        batch = batch.to(next(self.parameters()).device)
        return (self.layers(batch[:, :-1]) - batch[:, -1:]).square().mean()


def _accumulated(setting: Setting) -> _Accumulated:
    """Train one network in three ways: batches accumulated, put together, and each with a step of its own."""
    num, steps = setting["accumulation"], setting["steps"]
    with seeded(setting["seed"]):
        rows = torch.randn(steps * num * BATCH, FEATURES + 1)
    small, large = rows.split(BATCH), rows.split(num * BATCH)
    start = _trained((), setting, 1)
    together, accumulated = _trained(large, setting, 1), _trained(small, setting, num)
    apart = _trained(small, setting, 1)
    size = float(together.abs().max())
    off, way, without = (
        float((one - other).abs().max()) / size
        for one, other in ((accumulated, together), (together, start), (apart, together))
    )
    return _Accumulated(off, way, without)


def _trained(batches: Sequence[Tensor], setting: Setting, accumulation: int) -> Tensor:
    """Return all weights of the network after `baihua.training.fit`, in a row."""
    with seeded(setting["seed"]):
        model = _Regression()
    if batches:
        numbers = FitSettings(
            Schedule(steps=len(batches) // accumulation, warmup=0.0, decay="constant"),
            learning_rate=setting["lr"],
            optimizer="adafactor",
            accumulation=accumulation,
            max_norm=math.inf,
        )

        def batches_from(first: int) -> Iterator[Any]:
            return iter(batches[first:])

        fit(model, batches_from, numbers, show_progress=False)
    return torch.cat([parameter.detach().flatten().cpu() for parameter in model.parameters()])


KNOBS: Mapping[str, Any] = {"lr": 5e-4, "beta1": 0.9, "steps": 20, "accumulation": 4, "seed": 0}

CLAIMS = (
    Claim(
        "clue",
        5,
        {
            "zh": "AdaFactor 按权重自身的大小走步，累积 k 批等于一批大 k 倍的。判据：步子与公式（另用 numpy 重算）相等，float64 到 1e-9，"
            "float32 到 1e-6；|u|=1 时相对步长恰为 lr；累积与合并的权重在 float32 精度内相等，不累积则不等。",
            "en": "AdaFactor steps by the size of the weights themselves, and k batches accumulated are one of k times the size. Decided "
            "by: steps equal the formula, computed again with numpy, to 1e-9 in float64 and 1e-6 in float32; where |u| is 1 the "
            "relative step is lr; weights after accumulated batches equal those after large ones to 1e-6, and do not without.",
        },
        f"{ARTICLE} (its code's README)",
        "in words",
        KNOBS,
        steps_are_the_formula,
    ),
)
