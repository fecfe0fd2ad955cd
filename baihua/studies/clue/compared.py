"""The article's figures beside the official ones: what it reached and what it beat, as published."""

import statistics

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.published import ARTICLE, MODELS, differences

NAMED = ("CSL", "CHID")  # those the article says it beats


def baselines_are_reached(setting: Setting) -> Measurement:
    """No published figure of the article's own is further below the official one than the tolerance."""
    table = {model: differences(model) for model in MODELS}
    below = [
        f"{task} {gain:+.2f} ({model})"
        for model, row in table.items()
        for task, gain in row.items()
        if gain < -setting["tolerance"]
    ]
    above = {model: sum(gain > 0 for gain in row.values()) for model, row in table.items()}
    rows = "; ".join(
        f"{model} {above[model]}/{len(row)}, {statistics.fmean(row.values()):+.2f}: "
        + ", ".join(f"{task} {gain:+.2f}" for task, gain in row.items())
        for model, row in table.items()
    )
    named = ", ".join(f"{task} {' / '.join(f'{row[task]:+.2f}' for row in table.values())}" for task in NAMED)
    reason = {
        "zh": f"只看公布的测试分（都是单次，这里没有重测），自己的减去官方的，高出的任务数与平均差：{rows}。{named}。"
        f"低了超过 {setting['tolerance']:g} 点的：{'、'.join(below) or '没有'}。",
        "en": f"By published test figures alone (single runs; nothing is measured again here), its own less the official, tasks above "
        f"and mean: {rows}. {named}. More than {setting['tolerance']:g} below: {', '.join(below) or 'none'}.",
    }
    results = tuple(
        Result(
            f"clue/published/{model}",
            "mean difference",
            (statistics.fmean(row.values()) / 100,),
            settings={**setting.knobs, "differences in points": row, "above": above[model]},
            num_examples=len(row),
            source=ARTICLE,
        )
        for model, row in table.items()
    )
    beaten = all(row[task] > 0 for row in table.values() for task in NAMED)
    return Measurement(not below and beaten, reason, results)


CLAIMS = (
    Claim(
        "clue",
        7,
        {
            "zh": "这组脚本达到官方基线，几项大幅超过。"
            "判据（只凭公布的数字）：凡两边都有分的任务，自己的最多低 1 点，CSL 与 CHID 两个模型都高。",
            "en": "The scripts reach the official baselines and beat some by far. Decided by published figures alone: wherever both are "
            "given, its own is at most 1 point below, and above on CSL and CHID with both models.",
        },
        ARTICLE,
        "BERT / RoBERTa: CSL +3.7 / +4.3, CHID +3.1 / +2.4",
        {"tolerance": 1.0},
        baselines_are_reached,
    ),
)
