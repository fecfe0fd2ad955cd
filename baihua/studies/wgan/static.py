"""A critic between two sets that stay: how near its estimate comes to the exact distance of the batches it sees."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from baihua.nn.wgan import CriticKind
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import label
from baihua.studies.wgan.data import REVISION, cost_between_digits, digit_pairs, shifted_gaussians
from baihua.studies.wgan.words import ARTICLE, MALLASTO, bars, interval, listed, mean, seeds_of, steps_of
from baihua.training.adversarial import AdversarialSettings
from baihua.training.static_critic import StaticEstimate, train_critic

CLOSE, FAR_BELOW = 0.15, 0.1
HALVES_LOW, HALVES_HIGH = 0.4, 0.85
KNOBS: Mapping[str, Any] = {
    "seeds": (0, 1, 2, 3, 4),
    "steps": 3000,
    "batch_size": 64,
    "hidden": 256,
    "weight": 10.0,
    "cost": "euclidean",
}


@lru_cache(maxsize=64)
def estimate(
    pair: int, kind: CriticKind, settings: AdversarialSettings, seeds: tuple[int, ...], show: bool | None
) -> StaticEstimate:
    """Train critics between a pair of `digit_pairs`, once in a process."""
    found = digit_pairs()[pair]
    return train_critic(found.x, found.y, kind, settings, seeds=seeds, show_progress=show)


def numbers(setting: Setting) -> AdversarialSettings:
    """Return the numbers of a static training."""
    return AdversarialSettings(
        steps=steps_of(setting), batch_size=setting["batch_size"], hidden=setting["hidden"], critic_rate=1e-3
    )


def kinds_of(setting: Setting, epsilons: Sequence[float] = ()) -> dict[str, CriticKind]:
    """Return clipping, the penalty, the c-transform and soft ones, by short names."""
    cost = cost_between_digits(setting["cost"])
    soft = {f"(c,{e:g})": CriticKind("c_transform", "none", epsilon=e, cost=cost) for e in epsilons}
    return {
        "clip": CriticKind("wasserstein", "clipping"),
        "GP": CriticKind("wasserstein", "gradient_penalty", weight=setting["weight"]),
        "c": CriticKind("c_transform", "none", cost=cost),
        **soft,
    }


def shares(
    setting: Setting, kinds: Mapping[str, CriticKind], pairs: Sequence[int]
) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return estimate / exact, per pair and kind, one per seed."""
    table: dict[str, dict[str, tuple[float, ...]]] = {}
    for pair in pairs:
        found = {
            name: estimate(pair, kind, numbers(setting), seeds_of(setting), setting.show_progress)
            for name, kind in kinds.items()
        }
        table[digit_pairs()[pair].name] = {
            name: tuple(e / w for e, w in zip(one.estimate, one.exact, strict=True)) for name, one in found.items()
        }
    return table


def results(setting: Setting, table: Mapping[str, Mapping[str, Sequence[float]]]) -> tuple[Result, ...]:
    """Return a result per pair and kind: the estimate as a fraction of the exact batch distance."""
    settings = {**setting.knobs, "scale": setting.scale, "steps": steps_of(setting)}
    return tuple(
        Result(
            f"wgan/static/{pair}/{kind}", "estimate over exact", tuple(values), seeds_of(setting), settings, REVISION
        )
        for pair, row in table.items()
        for kind, values in row.items()
    )


def reason_of(table: Mapping[str, Mapping[str, Sequence[float]]], setting: Setting) -> dict[str, str]:
    """Return the figures in words."""
    rows = "; ".join(f"{pair}: {listed(row)}" for pair, row in table.items())
    return {
        "zh": f"手写数字，批大小 {setting['batch_size']}，评判网络训练 {steps_of(setting)} 步，{len(seeds_of(setting))} 个种子；"
        f"估计与批间精确 W1 之比：{rows}。",
        "en": f"Digits, batches of {setting['batch_size']}, {steps_of(setting)} steps of the critic, "
        f"{len(seeds_of(setting))} seeds; the estimate over the exact W1 of the batches: {rows}.",
    }


def c_transform_is_close(setting: Setting) -> Measurement:
    """The c-transform is within 15 %, the penalty below, clipping below a tenth, for all three pairs."""
    table = shares(setting, kinds_of(setting), (0, 1, 2))
    near = all(abs(mean(row["c"]) - 1) <= CLOSE for row in table.values())
    below = all(mean(row["GP"]) < 1 and mean(row["clip"]) < FAR_BELOW for row in table.values())

    def draw(path: Path) -> None:
        words = label(zh="估计 / 批间精确 W1", en="estimate / exact batch W1")
        bars(table, path, y_label=words, title=label(zh="固定两组样本", en="Two fixed sets"), line=1.0)

    return Measurement(near and below, reason_of(table, setting), results(setting, table), draw)


def halves_tell_them_apart(setting: Setting) -> Measurement:
    """Between halves of one set the penalty reports less than 40 % of the batch distance, the c-transform more than 85 %."""
    table = shares(setting, kinds_of(setting), (1,))
    row = table["halves"]
    holds = mean(row["GP"]) < HALVES_LOW and mean(row["c"]) > HALVES_HIGH
    return Measurement(holds, reason_of(table, setting), results(setting, table))


def soft_overshoots(setting: Setting) -> Measurement:
    """The estimate rises with ε and is never below that of the c-transform."""
    kinds = {name: kind for name, kind in kinds_of(setting, setting["epsilons"]).items() if name not in ("clip", "GP")}
    table = shares(setting, kinds, (0, 1, 2))
    holds = all(list(map(mean, row.values())) == sorted(map(mean, row.values())) for row in table.values())
    return Measurement(holds, reason_of(table, setting), results(setting, table))


def penalty_overshoots_far_apart(setting: Setting) -> Measurement:
    """Between shifted Gaussians the penalised critic reads D (1 + D / 2λ), not D."""
    table = {}
    for shift in setting["shifts"]:
        pair = shifted_gaussians(setting["width"], shift)
        kind = CriticKind(weight=setting["weight"])
        found = train_critic(
            pair.x, pair.y, kind, numbers(setting), seeds=seeds_of(setting), show_progress=setting.show_progress
        )
        table[shift] = tuple(one / shift for one in found.estimate)
    expected = {shift: 1 + shift / (2 * setting["weight"]) for shift in table}
    rows = "; ".join(f"D = {s:g}: {interval(values)} ({expected[s]:.3f})" for s, values in table.items())
    reason = {
        "zh": f"宽 {setting['width']} 的两个高斯相距 D，λ = {setting['weight']:g}；估计 / D（公式 1 + D/2λ）：{rows}。",
        "en": f"Two Gaussians of width {setting['width']} at distance D, λ = {setting['weight']:g}; the estimate over D "
        f"(by the formula 1 + D/2λ): {rows}.",
    }
    holds = all(mean(values) > 1 for shift, values in table.items() if shift >= setting["weight"] / 2)
    settings = {**setting.knobs, "scale": setting.scale, "steps": steps_of(setting)}
    found_results = tuple(
        Result(
            f"wgan/shift/{shift:g}/GP",
            "estimate over exact",
            values,
            seeds_of(setting),
            settings,
            {"Gaussians": "seed 0"},
        )
        for shift, values in table.items()
    )
    return Measurement(holds, reason, found_results)


CLAIMS = (
    Claim(
        "wgan",
        1,
        {
            "zh": "固定两组样本时，c 变换的估计接近批间精确 W1，梯度惩罚偏低，权重裁剪低得多。"
            "判据：三对样本上 c 变换都在 15% 以内，GP 都低于精确值，裁剪都低于十分之一。",
            "en": "Between fixed sets the c-transform comes close to the exact batch W1, a gradient penalty stays below and "
            "clipping far below. Decided by: on three pairs the c-transform is within 15 %, GP below 1 and clipping below a tenth.",
        },
        ARTICLE,
        "curves only",
        KNOBS,
        c_transform_is_close,
    ),
    Claim(
        "wgan",
        2,
        {
            "zh": "同一数据的两半之间，好的批间估计恰恰报出一大段并不存在的距离。判据：GP 低于批间 W1 的 40%，c 变换高于 85%。",
            "en": "Between halves of one set a good estimate of batch W1 reports a distance that is not there. Decided by: GP below "
            "40 % of batch W1, the c-transform above 85 %.",
        },
        MALLASTO,
        None,
        KNOBS,
        halves_tell_them_apart,
    ),
    Claim(
        "wgan",
        3,
        {
            "zh": "(c,ε) 变换的估计随 ε 上升，不低于 c 变换。判据：三对样本上都单调。",
            "en": "The estimate by (c,ε)-transform rises with ε and is never below the c-transform's. Decided by: so on three pairs.",
        },
        MALLASTO,
        None,
        {**KNOBS, "epsilons": (0.1, 1.0)},
        soft_overshoots,
    ),
    Claim(
        "wgan",
        4,
        {
            "zh": "GP 并不总是低估：相距 D 的两个分布，最优斜率是 1 + D/2λ，估计是 D(1 + D/2λ)。判据：D 不小于 λ/2 时估计高于 D。",
            "en": "GP does not always stay below: at distance D its best slope is 1 + D/2λ and its estimate D (1 + D/2λ). Decided "
            "by: the estimate is above D wherever D is at least λ/2.",
        },
        "derived here",
        None,
        {
            "seeds": (0, 1, 2, 3, 4),
            "steps": 3000,
            "batch_size": 64,
            "hidden": 128,
            "weight": 10.0,
            "width": 2,
            "shifts": (1.0, 5.0, 20.0),
        },
        penalty_overshoots_far_apart,
    ),
)
