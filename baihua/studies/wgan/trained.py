"""Generators trained against critics of every kind: which distance do they reach, and what do their digits look like?"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.wgan.cells import Cell, Way, cell_of
from baihua.studies.wgan.data import REVISION
from baihua.studies.wgan.pictures import draw_images, draw_tracks
from baihua.studies.wgan.words import ARTICLE, MALLASTO, STANCZUK, interval, listed, mean, seeds_of, steps_of

C = Way("c_transform")
SPREAD_KEPT, SPREAD_LOST = 0.8, 0.7
FAR_BELOW, TRACKS = 0.5, 0.15
KNOBS: Mapping[str, Any] = {
    "seeds": (0, 1, 2, 3, 4),
    "steps": 3000,
    "batch_size": 64,
    "critic_steps": 5,
    "hidden": 256,
    "critic": "gradient_penalty",
    "weight": 10.0,
    "epsilon": 0.1,
    "cost": "euclidean",
}


def constrained(setting: Setting) -> Way:
    """Return the Wasserstein GAN of the knobs: with a gradient penalty unless the reader turns to another constraint."""
    return Way("wasserstein", setting["critic"])


def three(setting: Setting) -> dict[str, Cell]:
    """Return the three generators that most claims are about; ``"GP"`` is that of `constrained`."""
    soft = Way("c_transform", epsilon=setting["epsilon"])
    return {
        "GP": cell_of(constrained(setting), setting),
        "c": cell_of(C, setting),
        f"(c,{setting['epsilon']:g})": cell_of(soft, setting),
    }


def row(cells: Mapping[str, Cell], figure: str) -> dict[str, tuple[float, ...]]:
    """Return a figure of each generator."""
    return {name: cell.figures[figure] for name, cell in cells.items()}


def results(setting: Setting, cells: Mapping[str, Cell], figures: Sequence[str]) -> tuple[Result, ...]:
    """Return a result per generator and figure."""
    settings = {**setting.knobs, "scale": setting.scale, "steps": steps_of(setting)}
    return tuple(
        Result(f"wgan/trained/{name}/{figure}", figure, cell.figures[figure], seeds_of(setting), settings, REVISION)
        for name, cell in cells.items()
        for figure in figures
    )


def begin(setting: Setting) -> dict[str, str]:
    """Return what was trained, as the beginning of a reason."""
    steps, seeds = steps_of(setting), len(seeds_of(setting))
    return {
        "zh": f"手写数字，生成器 {steps} 步、{seeds} 个种子；",
        "en": f"Digits, {steps} steps of the generator, {seeds} seeds; ",
    }


def below_real(setting: Setting) -> Measurement:
    """Batch W1 of the c-transform's digits to real ones is below that between real ones; the penalty's is not."""
    cells = three(setting)
    made, real = row(cells, "batch_w1"), cells["GP"].figures["real_w1"]
    words = begin(setting)
    reason = {
        "zh": f"{words['zh']}真实一批到生成一批的精确 W1（批大小 64）：{listed(made)}；真实到真实 {mean(real):.3f}。",
        "en": f"{words['en']}exact W1 of a real batch to a made one (64 each): {listed(made)}; real to real {mean(real):.3f}.",
    }
    holds = mean(made["c"]) < mean(real) and mean(made["GP"]) >= mean(real)

    def draw(path: Path) -> None:
        draw_images({name: cell.images for name, cell in cells.items()}, path)

    return Measurement(holds, reason, results(setting, cells, ("batch_w1", "real_w1")), draw)


def loses_variance(setting: Setting) -> Measurement:
    """The c-transform's digits have less than 70 % of the real variance, the penalty's more than 80 %."""
    cells = three(setting)
    ratio, words = row(cells, "variance_ratio"), begin(setting)
    reason = {
        "zh": f"{words['zh']}生成样本总方差与真实之比：{listed(ratio)}。",
        "en": f"{words['en']}total variance of the digits made over that of real ones: {listed(ratio)}.",
    }
    holds = mean(ratio["c"]) < SPREAD_LOST and mean(ratio["GP"]) > SPREAD_KEPT
    return Measurement(holds, reason, results(setting, cells, ("variance_ratio",)))


def near_centroids(setting: Setting) -> Measurement:
    """The c-transform's digits are nearer to k-means centroids than real ones; the penalty's are farther than its."""
    cells = three(setting)
    apart, words = row(cells, "centroid_distance"), begin(setting)
    reason = {
        "zh": f"{words['zh']}到最近的 K-Means 中心（64 个）的距离，与留出的真实数字之比：{listed(apart)}。",
        "en": f"{words['en']}distance to the nearest of 64 k-means centroids over that of held-out digits: {listed(apart)}.",
    }
    holds = mean(apart["c"]) < 1 and mean(apart["c"]) < mean(apart["GP"])
    return Measurement(holds, reason, results(setting, cells, ("centroid_distance", "nearest_distance")))


def estimates_along(setting: Setting) -> Measurement:
    """All along the training the penalty's estimate is below half the exact distance; the c-transform's is within 15 %."""
    cells = three(setting)
    shares = {name: shares_along(cell) for name, cell in cells.items()}
    together = {name: correlations(cell) for name, cell in cells.items()}
    words = begin(setting)
    ends = {name: (float(values.min()), float(values.max())) for name, values in shares.items()}
    spans = ", ".join(f"{name} {low:.2f}–{high:.2f}" for name, (low, high) in ends.items())
    pairs = ", ".join(f"{name} {interval(values, 2)}" for name, values in together.items())
    reason = {
        "zh": f"{words['zh']}估计与同一批的精确 W1 之比，训练中最低与最高（各种子平均）：{spans}；沿训练的相关系数：{pairs}。",
        "en": f"{words['en']}the estimate over the exact W1 of the same batches, least and most along the training (mean over "
        f"seeds): {spans}; correlation along it: {pairs}.",
    }
    low, high = ends["c"]
    holds = ends["GP"][1] < FAR_BELOW and low > 1 - TRACKS and high < 1 + TRACKS
    found = tuple(
        Result(
            f"wgan/along/{name}",
            "correlation",
            values,
            seeds_of(setting),
            {**setting.knobs, "scale": setting.scale},
            REVISION,
        )
        for name, values in together.items()
    )
    return Measurement(holds, reason, found, partial(draw_tracks, {name: cell.looks for name, cell in cells.items()}))


def shares_along(cell: Cell) -> np.ndarray:
    """Return estimate / exact at each look, the mean over seeds, shape ``(num_looks,)``."""
    return np.array([np.mean(np.divide(estimate, exact)) for _, estimate, exact in cell.looks])


def correlations(cell: Cell) -> tuple[float, ...]:
    """Return the correlation of estimate and exact distance over the looks, per seed."""
    estimates, exacts = (np.array([look[part] for look in cell.looks]) for part in (1, 2))
    return tuple(float(np.corrcoef(one, other)[0, 1]) for one, other in zip(estimates.T, exacts.T, strict=True))


def approximation_is_not_effect(setting: Setting) -> Measurement:
    """The generator that is nearer in batch W1 covers the real digits less."""
    cells = three(setting)
    table = {figure: row(cells, figure) for figure in ("batch_w1", "precision", "recall", "density", "coverage")}
    words = begin(setting)
    rows = "; ".join(f"{figure}: {listed(values)}" for figure, values in table.items())
    holds = mean(table["batch_w1"]["c"]) < mean(table["batch_w1"]["GP"]) and all(
        mean(table[figure]["c"]) < mean(table[figure]["GP"]) for figure in ("recall", "coverage")
    )
    reason = {"zh": f"{words['zh']}{rows}。", "en": f"{words['en']}{rows}."}
    return Measurement(holds, reason, results(setting, cells, tuple(table)))


def _claim(number: int, zh: str, en: str, source: str, run: Any) -> Claim:
    return Claim("wgan", number, {"zh": zh, "en": en}, source, None, KNOBS, run)


CLAIMS = (
    _claim(
        8,
        "训练之后，c 变换的生成样本比真实样本还“近”，GP 的不会。判据：W1(真实, c 变换) < W1(真实, 真实) ≤ W1(真实, GP)，批大小 64。",
        "After training the c-transform's samples are nearer to real ones than real ones are; GP's are not. Decided by: batch "
        "W1(real, c) < W1(real, real) ≤ W1(real, GP).",
        ARTICLE,
        below_real,
    ),
    _claim(
        9,
        "更近，是因为趋向平均：c 变换的样本丢掉方差。判据：总方差之比 c 变换小于 0.7，GP 大于 0.8。",
        "They are nearer because they are averages: the c-transform loses variance. Decided by: its ratio of total variance is "
        "below 0.7, GP's above 0.8.",
        STANCZUK,
        loses_variance,
    ),
    _claim(
        10,
        "c 变换的生成结果像 K-Means 的中心。判据：到中心的距离比真实数字小，也比 GP 小。",
        "What the c-transform generates looks like k-means centroids. Decided by: it is nearer to them than real digits and than "
        "GP's.",
        ARTICLE,
        near_centroids,
    ),
    _claim(
        11,
        "训练过程中 GP 的估计一直远低于精确值，c 变换一直贴近。判据：GP 之比始终低于 0.5，c 变换始终在 15% 以内。",
        "Along the training GP's estimate is far below the exact distance all the time, the c-transform's close. Decided by: the "
        "ratio is always below 0.5 for GP and within 15 % for the c-transform.",
        ARTICLE,
        estimates_along,
    ),
    _claim(
        12,
        "效果与近似程度无关：W1 更低的生成器，样本反而更差。判据：c 变换的批间 W1 低于 GP，而 recall 与 coverage 也低于 GP。",
        "The effect is not the approximation: the generator lower in W1 is worse. Decided by: the c-transform's batch W1 is below "
        "GP's, and so are its recall and coverage.",
        MALLASTO,
        approximation_is_not_effect,
    ),
)
