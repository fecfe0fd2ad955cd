"""The paper's networks behind the soft tokens, LSTM and MLP, beside learning them directly: where it ends and how fast."""

import statistics
from collections.abc import Sequence

from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.ptuning.cells import cells
from baihua.studies.ptuning.compared import FEW, reason_of, results_of
from baihua.studies.ptuning.differences import difference
from baihua.studies.ptuning.record import Cell
from baihua.studies.ptuning.ways import ARTICLE, PREFIX, Way

PAPER = "Liu et al., GPT Understands, Too, arXiv 2103.10385"
PAPER_ISSUE = "https://github.com/THUDM/P-tuning/issues/5"
SIMILAR = 0.015  # 1.5 points
DIRECT, LSTM, MLP = (
    Way(f"watched-{kind}", "p_tuning", PREFIX, "prompt", watched=True, changes={"reparametrization": kind})
    for kind in ("none", "lstm", "mlp")
)


def ends_alike(setting: Setting) -> Measurement:
    """On a small model the LSTM ends within 1.5 points of the direct way."""
    table = {way.name: cells(way, setting) for way in (LSTM, DIRECT, MLP)}
    apart = {(way.name, DIRECT.name): difference(table[way.name], table[DIRECT.name]) for way in (LSTM, MLP)}
    results = results_of(table, setting)
    holds = abs(apart[LSTM.name, DIRECT.name].mean) <= SIMILAR
    return Measurement(holds, reason_of(results, apart, setting), results)


def lstm_is_faster(setting: Setting) -> Measurement:
    """The LSTM needs fewer steps, in the mean over samples, to reach a share of its best accuracy."""
    table = {way.name: cells(way, setting) for way in (LSTM, DIRECT, MLP)}
    steps = {name: [steps_to(cell, setting["share"]) for cell in mine] for name, mine in table.items()}
    means = {name: statistics.fmean(mine) for name, mine in steps.items()}
    listed = ", ".join(f"{name} {means[name]:.0f} ({', '.join(map(str, mine))})" for name, mine in steps.items())
    share = f"{100 * setting['share']:g}"
    reason = {
        "zh": f"到达最好正确率的 {share}% 所需的步数，均值（各样本）：{listed}；每隔几轮看一次。",
        "en": f"Steps to {share} % of the best accuracy, mean (each sample): {listed}; looked at every few epochs.",
    }
    return Measurement(means[LSTM.name] < means[DIRECT.name], reason, results_of(table, setting))


def steps_to(cell: Cell, share: float) -> int:
    """Return after how many steps a training first reached a share of its best accuracy.

    Example:
        >>> steps_to(Cell(0.8, None, ((10, 0.5), (20, 0.77), (30, 0.8)), 1.0), 0.95)
        20
    """
    looks: Sequence[tuple[int, float]] = cell.looks
    best = max(accuracy for _, accuracy in looks)
    return next(step for step, accuracy in looks if accuracy >= share * best)


CLAIMS = (
    Claim(
        "ptuning",
        16,
        {
            "zh": "小模型上，软词元直接学与经过 LSTM 学，效果相近。判据：训练结束时平均正确率相差不超过 1.5 点。",
            "en": "On small models soft tokens learned directly and through an LSTM end up alike. Decided by: mean accuracies at the end "
            "of the training within 1.5 points.",
        },
        f"{PAPER_ISSUE}; {ARTICLE}",
        "in words",
        FEW,
        ends_alike,
    ),
    Claim(
        "ptuning",
        17,
        {
            "zh": "经过 LSTM 收敛更快。判据：到达最好正确率的 95% 所需的平均步数更少。",
            "en": "Through an LSTM it converges faster. Decided by: fewer steps in the mean to 95 % of the best accuracy.",
        },
        f"{ARTICLE}; {PAPER}",
        "in words",
        {**FEW, "share": 0.95},
        lstm_is_faster,
    ),
)
