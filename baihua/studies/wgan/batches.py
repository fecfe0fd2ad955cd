"""Batches of real points against batches of real points, of centroids, and of one mean: which are nearer?"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from baihua.maths.batch_transport import falling_power
from baihua.maths.transport import wasserstein
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.wgan.data import REVISION, digits, gaussian
from baihua.studies.wgan.words import ARTICLE, STANCZUK, interval, mean, seeds_of

FALLS, STAYS = 0.05, 0.02
KNOBS: Mapping[str, Any] = {"seeds": (0, 1, 2, 3, 4), "batch_sizes": (16, 64, 256)}
WIDE: Mapping[str, Any] = {
    "seeds": (0, 1, 2, 3, 4),
    "batch_sizes": (16, 64, 256, 512),
    "widths": (2, 16, 64, 512, 1024),
}

Table = dict[int, tuple[float, ...]]  # by batch size, one number per seed


def fresh(points: Tensor, size: int, seed: int) -> float:
    """Return W1 between two batches that share no point."""
    one, other = _two(points, size, seed)
    return float(wasserstein(one, other).value)


def from_mean(points: Tensor, size: int, seed: int) -> float:
    """Return W1 between a batch and copies of the mean of all points: the mean distance to it."""
    one, _ = _two(points, size, seed)
    return float(torch.linalg.vector_norm(one - points.mean(dim=0), dim=1).mean())


def from_centroids(points: Tensor, size: int, seed: int) -> float:
    """Return W1 between a batch and as many k-means centroids, of all points that are not in it."""
    one, rest = _two(points, size, seed, all_others=True)
    return float(wasserstein(one, _centroids(rest, size, seed)).value)


def measured(
    points: Tensor, sizes: Sequence[int], seeds: Sequence[int], how: Callable[[Tensor, int, int], float]
) -> Table:
    """Measure at each batch size with each seed."""
    return {size: tuple(how(points, size, seed) for seed in seeds) for size in sizes}


def centroids_win(setting: Setting) -> Measurement:
    """K-means centroids are nearer to a real batch than another real batch, at every batch size."""
    images, seeds = torch.cat([digits().train, digits().held_out]), seeds_of(setting)
    tables = {
        name: measured(images, setting["batch_sizes"], seeds, how)
        for name, how in (("real", fresh), ("mean", from_mean), ("centroids", from_centroids))
    }
    holds = all(mean(tables["centroids"][size]) < mean(tables["real"][size]) for size in setting["batch_sizes"])
    rows = "; ".join(
        f"{size}: {', '.join(f'{name} {interval(table[size])}' for name, table in tables.items())}"
        for size in setting["batch_sizes"]
    )
    reason = {
        "zh": f"手写数字，真实一批到（真实另一批、均值的复制、K-Means 中心）的 W1，按批大小：{rows}。",
        "en": f"Digits, W1 of a real batch to another one, to copies of the mean, to k-means centroids, by batch size: {rows}.",
    }

    def draw(path: Path) -> None:
        lines = {name: [mean(table[size]) for size in setting["batch_sizes"]] for name, table in tables.items()}
        curves(
            setting["batch_sizes"],
            lines,
            path,
            x_label=label(zh="批大小", en="batch size"),
            y_label="W1",
            title=label(zh="谁离真实的一批更近（手写数字）", en="What is nearer to a real batch (digits)"),
            log_x=True,
        )

    return Measurement(holds, reason, _results(setting, {"digits": tables}), draw)


def mean_wins_where_it_is_wide(setting: Setting) -> Measurement:
    """In 512 dimensions and more copies of the mean are nearer to a batch than another batch, at every batch size."""
    seeds, sizes = seeds_of(setting), setting["batch_sizes"]
    tables: dict[str, dict[str, Table]] = {}
    for width in setting["widths"]:
        points = gaussian(width)
        tables[f"width {width}"] = {
            "real": measured(points, sizes, seeds, fresh),
            "mean": measured(points, sizes, seeds, from_mean),
        }
    ratio = {
        name: [mean(both["real"][size]) / mean(both["mean"][size]) for size in sizes] for name, both in tables.items()
    }
    wide = [ratio[f"width {width}"] for width in setting["widths"] if width >= 512]
    rows = "; ".join(f"{name} {' / '.join(f'{one:.3f}' for one in values)}" for name, values in ratio.items())
    reason = {
        "zh": f"高斯样本，W1(真实, 真实) ÷ W1(真实, 均值的复制)，批大小 {sizes}：{rows}（大于 1 则均值更近；高维的极限是 √2）。",
        "en": f"Gaussian samples, W1(real, real) over W1(real, copies of the mean) at batch sizes {sizes}: {rows} (above 1 the "
        "mean is nearer; the limit in many dimensions is √2).",
    }

    def draw(path: Path) -> None:
        curves(
            sizes,
            ratio,
            path,
            x_label=label(zh="批大小", en="batch size"),
            y_label=label(zh="真实 / 均值", en="real / mean"),
            title=label(zh="均值比真实样本更近？", en="Is the mean nearer than real points?"),
            log_x=True,
        )

    holds = bool(wide) and all(one > 1 for values in wide for one in values)
    return Measurement(holds, reason, _results(setting, tables), draw)


def falls_with_the_batch(setting: Setting) -> Measurement:
    """Between real batches W1 falls with their size as a power; to copies of the mean it stays."""
    images, seeds, sizes = torch.cat([digits().train, digits().held_out]), seeds_of(setting), setting["batch_sizes"]
    tables = {"real": measured(images, sizes, seeds, fresh), "mean": measured(images, sizes, seeds, from_mean)}
    powers = {name: falling_power(sizes, [mean(table[size]) for size in sizes]) for name, table in tables.items()}
    dimension = 1 / powers["real"]
    reason = {
        "zh": f"手写数字，W1 ∝ 批大小^(−a)：真实之间 a = {powers['real']:.3f}（相当于 {dimension:.1f} 维），"
        f"到均值的复制 a = {powers['mean']:.3f}。",
        "en": f"Digits, W1 ∝ size^(−a): between real batches a = {powers['real']:.3f} (as in {dimension:.1f} dimensions), "
        f"to copies of the mean a = {powers['mean']:.3f}.",
    }
    holds = powers["real"] > FALLS and abs(powers["mean"]) < STAYS
    return Measurement(holds, reason, _results(setting, {"digits": tables}))


def _two(points: Tensor, size: int, seed: int, *, all_others: bool = False) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(points), generator=torch.Generator().manual_seed(seed))
    return points[order[:size]], points[order[size:] if all_others else order[size : 2 * size]]


def _centroids(points: Tensor, num: int, seed: int) -> Tensor:
    found = KMeans(num, n_init=1, random_state=seed).fit(points.numpy())
    return torch.tensor(found.cluster_centers_, dtype=torch.float32)


def _results(setting: Setting, tables: Mapping[str, Mapping[str, Table]]) -> tuple[Result, ...]:
    settings = {**setting.knobs, "scale": setting.scale}
    return tuple(
        Result(
            f"wgan/batches/{data}/{name}/{size}",
            "W1",
            values,
            seeds_of(setting),
            settings,
            REVISION if data == "digits" else {"Gaussian": "seed 1"},
            size,
        )
        for data, both in tables.items()
        for name, table in both.items()
        for size, values in table.items()
    )


CLAIMS = (
    Claim(
        "wgan",
        5,
        {
            "zh": "用 K-Means 中心冒充真实样本，批间 W1 反而更小：精确地最小化批间 W1 并不会得到真实样本。"
            "判据：每个批大小上，到中心的 W1 都小于到另一批真实样本的。",
            "en": "Centroids pass for real points, and better: exact minimisation of batch W1 does not lead to real samples. "
            "Decided by: at every batch size W1 to k-means centroids is below that to another real batch.",
        },
        ARTICLE,
        "in a figure",
        KNOBS,
        centroids_win,
    ),
    Claim(
        "wgan",
        6,
        {
            "zh": "同一个均值复制一批，也可以比另一批真实样本更近——但要维数高。判据：512 维以上，每个批大小上都如此"
            "（在 8×8 的手写数字上只对很小的批成立，见第 5 条的数）。",
            "en": "Even copies of one mean can be nearer than another real batch, where there are many dimensions. Decided by: so at "
            "512 dimensions and more at every batch size (on 8 × 8 digits only for very small batches: figures of claim 5).",
        },
        STANCZUK,
        "in a figure (CelebA)",
        WIDE,
        mean_wins_where_it_is_wide,
    ),
    Claim(
        "wgan",
        7,
        {
            "zh": "真实与真实之间的 W1 随批大小缓慢下降，到均值的不变。判据：幂 a 前者大于 0.05，后者绝对值小于 0.02。",
            "en": "W1 between real batches falls slowly with their size; that to the mean does not. Decided by: the power a is above "
            "0.05 for the first and below 0.02 in size for the second.",
        },
        STANCZUK,
        None,
        KNOBS,
        falls_with_the_batch,
    ),
)
