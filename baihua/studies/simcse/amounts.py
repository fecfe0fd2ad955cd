"""How much of everything: dropout, sentences, batch, temperature, epochs; each a curve, and what the article found best."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.simcse.exact import ARTICLE
from baihua.studies.simcse.table import spread
from baihua.studies.simcse.trained import Training, after

Curve = dict[float, Result]


def curve(setting: Setting, field: str, values: Sequence[float]) -> Curve:
    """Train with each value of one number, all others as they are."""
    base = Training(setting["dataset"], setting["pooling"])
    changes: list[dict[str, Any]] = [{field: value} for value in values]
    return {change[field]: after(replace(base, **change), setting)["raw"] for change in changes}


def best_inside(setting: Setting, field: str, values: Sequence[float], found: Curve) -> Measurement:
    """Judge by whether the article's value has the highest mean, and draw the curve."""
    best = max(found, key=lambda value: found[value].mean)
    listed = ", ".join(f"{value:g}: {spread(result)}" for value, result in found.items())
    place = f"{setting['dataset']}, {setting['pooling']}, {field}"
    reason = {"zh": f"{place}：{listed}。", "en": f"{place}: {listed}."}

    def draw(path: Path) -> None:
        curves(
            list(values),
            {setting["dataset"]: [100 * result.mean for result in found.values()]},
            path,
            x_label=field,
            y_label=label(zh="斯皮尔曼 ×100", en="Spearman x 100"),
            title=label(zh="SimCSE 之后的得分", en="Score after SimCSE"),
            log_x=min(values) > 0,
        )

    return Measurement(best == setting["best"], reason, tuple(found.values()), draw)


def _varied(field: str) -> Callable[[Setting], Measurement]:
    """Return the measurement that varies one number over the knob ``values``."""

    def measure(setting: Setting) -> Measurement:
        values = setting["values"]
        return best_inside(setting, field, values, curve(setting, field, values))

    return measure


def longer_is_worse(setting: Setting) -> Measurement:
    """More rounds over the same sentences end below the best of them."""
    found = curve(setting, "epochs", setting["values"])
    judged = best_inside(setting, "epochs", setting["values"], found)
    last, best = found[setting["values"][-1]].mean, max(result.mean for result in found.values())
    return replace(judged, holds=last < best)


KNOBS = {"encoder": "bundled", "pooling": "cls", "dataset": "LCQMC", "seeds": (0, 1, 2)}

CLAIMS = (
    Claim(
        "simcse",
        11,
        {
            "zh": "中文上 dropout 0.3 比原文的 0.1 好。判据：几种比例里 0.3 的均值最高。",
            "en": "In Chinese a dropout of 0.3 is better than the paper's 0.1. Decided by: 0.3 has the highest mean of these.",
        },
        ARTICLE,
        "in words: 0.3",
        {**KNOBS, "values": (0.0, 0.1, 0.3, 0.5), "best": 0.3},
        _varied("hidden_dropout"),
    ),
    Claim(
        "simcse",
        12,
        {
            "zh": "一万条句子最好，多了少了都变差。判据：几种条数里 10 000 的均值最高。",
            "en": "Ten thousand sentences are best; both more and fewer are worse. Decided by: 10 000 has the highest mean of these.",
        },
        ARTICLE,
        "in words: 10 000",
        {**KNOBS, "dataset": "ATEC", "values": (1000, 10_000, 30_000), "best": 10_000},
        _varied("num_sentences"),
    ),
    Claim(
        "simcse",
        13,
        {
            "zh": "批不必大：64 好过原文的 512。判据：几种大小里 64 的均值最高。",
            "en": "Batches need not be large: 64 is better than the paper's 512. Decided by: 64 has the highest mean of these.",
        },
        ARTICLE,
        "in words: 64",
        {**KNOBS, "values": (16, 64, 512), "best": 64},
        _varied("batch_size"),
    ),
    Claim(
        "simcse",
        14,
        {
            "zh": "温度 0.05 合适。判据：几种温度里 0.05 的均值最高。",
            "en": "A temperature of 0.05 is right. Decided by: 0.05 has the highest mean of these.",
        },
        f"{ARTICLE}; Gao, Yao and Chen, arXiv 2104.08821, appendix D",
        "0.05",
        {**KNOBS, "values": (0.01, 0.05, 0.2), "best": 0.05},
        _varied("temperature"),
    ),
    Claim(
        "simcse",
        15,
        {
            "zh": "一轮就够，训练久了反而变差。判据：轮数最多时低于几种轮数里最好的。",
            "en": "One round is enough; longer training makes it worse. Decided by: the most rounds end below the best of these.",
        },
        ARTICLE,
        "in words: 1 epoch",
        {**KNOBS, "dataset": "STS-B", "values": (1, 3, 10), "best": 1},
        longer_is_worse,
    ),
)
