"""The article's table at our scale: raw, whitened, SimCSE, both, the control on a frozen encoder; what it says of poolings."""

from collections.abc import Mapping, Sequence

from baihua.benchmarks.pairs import STS_SETS
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.simcse.exact import ARTICLE
from baihua.studies.simcse.trained import Training, after, before, mean_of
from baihua.studies.whitening.scoring import points

MOST_SETS = 3  # of the four besides PAWSX
EQUAL_MEANS = 0.01  # two poolings are as good as each other within one point of the mean
FAR_BELOW = 0.05  # how much [CLS] is below the mean of two layers before

Scores = dict[str, dict[str, Result]]  # by set, then by "raw", "full", "simcse", "both"


def scores(setting: Setting, pooling: str, sets: Sequence[str]) -> Scores:
    """Measure the four ways on every set."""
    table = {}
    for name in sets:
        plain, trained = before(name, pooling, setting), after(Training(name, pooling), setting)
        table[name] = {"raw": plain["raw"], "full": plain["full"], "simcse": trained["raw"], "both": trained["full"]}
    return table


def simcse_beats_raw(setting: Setting) -> Measurement:
    """The mean over the sets rises."""
    table = scores(setting, setting["pooling"], setting["sets"])
    raw, simcse = (mean_of([row[way] for row in table.values()]) for way in ("raw", "simcse"))
    return Measurement(simcse > raw, _reason(table, setting), _records(table))


def simcse_beats_whitening(setting: Setting) -> Measurement:
    """On three of the four sets besides PAWSX, SimCSE alone is above full whitening alone."""
    sets = [name for name in setting["sets"] if name != "PAWSX"]
    table = scores(setting, setting["pooling"], sets)
    above = sum(row["simcse"].mean > row["full"].mean for row in table.values())
    return Measurement(above >= min(MOST_SETS, len(sets)), _reason(table, setting), _records(table))


def paraphrase_pairs_are_the_exception(setting: Setting) -> Measurement:
    """On PAWSX, whose pairs share their words, SimCSE is below full whitening."""
    table = scores(setting, setting["pooling"], (setting["dataset"],))
    row = table[setting["dataset"]]
    return Measurement(row["simcse"].mean < row["full"].mean, _reason(table, setting), _records(table))


def frozen_is_below_whitening(setting: Setting) -> Measurement:
    """One linear layer after a frozen encoder, trained with the same loss, stays below whitening."""
    dataset, pooling = setting["dataset"], setting["pooling"]
    plain = before(dataset, pooling, setting)
    control = after(Training(dataset, pooling, train=setting["train"]), setting)["raw"]
    raw, full = plain["raw"], plain["full"]
    reason = {
        "zh": f"{dataset}（{pooling}）：原始 {points(raw.mean)}，白化 {points(full.mean)}，冻结编码器加一个线性层 {spread(control)}。",
        "en": f"{dataset} ({pooling}): raw {points(raw.mean)}, whitened {points(full.mean)}, frozen encoder with one linear layer "
        f"{spread(control)}.",
    }
    return Measurement(control.mean < full.mean, reason, (raw, full, control))


def cls_catches_up(setting: Setting) -> Measurement:
    """Before, [CLS] is far below the mean of first and last layer; after SimCSE it is as good within a point."""
    tables = {pooling: scores(setting, pooling, setting["sets"]) for pooling in ("cls", setting["pooling"])}
    means = {
        (pooling, way): mean_of([row[way] for row in table.values()])
        for pooling, table in tables.items()
        for way in ("raw", "simcse")
    }
    cls, other = (tuple(means[pooling, way] for way in ("raw", "simcse")) for pooling in ("cls", setting["pooling"]))
    reason = {
        "zh": f"均分，训练前 → 后：cls {points(cls[0])} → {points(cls[1])}，{setting['pooling']} {points(other[0])} → {points(other[1])}。",
        "en": f"Mean before → after: cls {points(cls[0])} → {points(cls[1])}, {setting['pooling']} {points(other[0])} → "
        f"{points(other[1])}.",
    }
    holds = other[0] - cls[0] > FAR_BELOW and cls[1] >= other[1] - EQUAL_MEANS
    return Measurement(holds, reason, tuple(result for table in tables.values() for result in _records(table)))


def whitening_after_simcse(setting: Setting) -> Measurement:
    """Whitening the vectors of the trained encoder raises the mean once more."""
    table = scores(setting, setting["pooling"], setting["sets"])
    simcse, both = (mean_of([row[way] for row in table.values()]) for way in ("simcse", "both"))
    return Measurement(both > simcse, _reason(table, setting), _records(table))


def spread(result: Result) -> str:
    """Return the mean over seeds and, where there are several, the standard deviation, times 100."""
    return points(result.mean) + (f" ± {points(result.spread)}" if len(result.values) > 1 else "")


def _reason(table: Scores, setting: Setting) -> Mapping[str, str]:
    listed = ", ".join(f"{name} {' / '.join(spread(result) for result in row.values())}" for name, row in table.items())
    means = " / ".join(points(mean_of([row[way] for row in table.values()])) for way in next(iter(table.values())))
    seeds = len(setting["seeds"])
    return {
        "zh": f"{setting['pooling']}，{seeds} 个种子，原始 / 白化 / SimCSE / SimCSE 后白化：{listed}；平均 {means}。",
        "en": f"{setting['pooling']}, seeds: {seeds}, raw / whitened / SimCSE / SimCSE and whitened: {listed}; mean {means}.",
    }


def _records(table: Scores) -> tuple[Result, ...]:
    return tuple(result for row in table.values() for result in row.values())


KNOBS = {"encoder": "bundled", "pooling": "cls", "seeds": (0, 1, 2)}

CLAIMS = (
    Claim(
        "simcse",
        5,
        {
            "zh": "SimCSE 比原始向量好。判据：五个集的均分升高。",
            "en": "SimCSE beats the raw vectors. Decided by: the mean of the five sets rises.",
        },
        ARTICLE,
        "BERT-P1, mean of the five sets: raw 27.49, SimCSE 47.16",
        {**KNOBS, "sets": STS_SETS},
        simcse_beats_raw,
    ),
    Claim(
        "simcse",
        6,
        {
            "zh": "五个任务里有四个，SimCSE 大幅超过白化，PAWSX 除外。判据：其余四个集里至少三个，SimCSE 高于全维白化。",
            "en": "On four of five tasks SimCSE beats whitening by far, PAWSX excepted. Decided by: above full whitening on at least three "
            "of the four others.",
        },
        ARTICLE,
        "BERT-P1, whitened / SimCSE: ATEC 20.61 / 33.14, BQ 25.76 / 50.67, LCQMC 48.92 / 69.99, STS-B 61.19 / 69.04",
        {**KNOBS, "sets": STS_SETS},
        simcse_beats_whitening,
    ),
    Claim(
        "simcse",
        7,
        {
            "zh": "PAWSX 是例外，那里 SimCSE 不如白化。判据：SimCSE 低于全维白化。",
            "en": "PAWSX is the exception: there SimCSE is worse than whitening. Decided by: below full whitening.",
        },
        ARTICLE,
        "29 of 30 rows; BERT-P1: whitened 17.03, SimCSE 12.95",
        {**KNOBS, "dataset": "PAWSX"},
        paraphrase_pairs_are_the_exception,
    ),
    Claim(
        "simcse",
        8,
        {
            "zh": "冻结编码器、只用 SimCSE 损失训练其后的一个线性层，不如白化。判据：低于全维白化。",
            "en": "With the encoder frozen, one linear layer trained by the SimCSE loss is worse than whitening. Decided by: below full "
            "whitening.",
        },
        ARTICLE,
        "in words: worse than whitening",
        {**KNOBS, "dataset": "STS-B", "train": "projection"},
        frozen_is_below_whitening,
    ),
    Claim(
        "simcse",
        9,
        {
            "zh": "SimCSE 之后，首末层平均不再有优势，用 [CLS] 就好。判据：训练前 cls 至少低 5 点，训练后与之相差不到 1 点。",
            "en": "After SimCSE the mean of first and last layer has no advantage any more; [CLS] will do. Decided by: at least 5 points "
            "below before, and within a point after.",
        },
        ARTICLE,
        "BERT without PAWSX, SimCSE: P1 55.71, P4 55.47; raw: P1 30.58, P4 47.43",
        {"encoder": "bundled", "pooling": "first_last_mean", "sets": STS_SETS, "seeds": (0, 1, 2)},
        cls_catches_up,
    ),
    Claim(
        "simcse",
        10,
        {
            "zh": "SimCSE 之后再白化值得一试（文章只提出，没有测）。判据：均分再升高。",
            "en": "Whitening after SimCSE is worth trying (announced, not measured there). Decided by: the mean rises once more.",
        },
        ARTICLE,
        None,
        {**KNOBS, "sets": STS_SETS},
        whitening_after_simcse,
    ),
)
