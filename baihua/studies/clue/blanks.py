"""Blanks that share their candidates, answered together or each by itself (ChID): simulated, and read from a record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.seed_cells import OF_EACH_SEED
from baihua.maths.assignment import AssignmentAccuracy, accuracy_of_assignment
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.published import ARTICLE
from baihua.studies.clue.recorded import of_official_dev, records_of
from baihua.studies.plots import curves, label

PUBLISHED_GAIN = 0.06
LEAST_GAIN, MOST_GAIN = 4.0, 7.0  # points, what "about 6" is taken to be on the real part
SMALL = 5  # at the small scale one draw of so many
PUBLISHED = "about +6 % (absolute; it does not say of which model and part)"

Table = Mapping[float, Mapping[int, AssignmentAccuracy]]  # by margin, then by blanks


def gain_by_blanks(setting: Setting) -> Measurement:
    """At every margin the gain grows with the number of blanks, and reaches six points at some number of those tried.

    Each by itself is right as often whatever the number: with probability ∫ φ(x − margin) Φ(x)^(candidates − 1) dx. All of the gain
    is that of blanks which another one keeps from a wrong idiom.
    """
    blanks = sorted(set(setting["blanks"]))
    draws = max(2, setting["draws"] // SMALL) if setting.scale == "small" else setting["draws"]
    table = {
        margin: {
            num: accuracy_of_assignment(num, setting["candidates"], margin, num_trials=draws, seed=setting["seed"])
            for num in blanks
        }
        for margin in setting["margins"]
    }
    gains = [[found.gain for found in row.values()] for row in table.values()]
    holds = all(mine == sorted(mine) and max(mine) >= PUBLISHED_GAIN for mine in gains)

    def draw(path: Path) -> None:
        series = {
            label(zh=f"间隔 {margin:g}", en=f"margin {margin:g}"): [100 * found.gain for found in row.values()]
            for margin, row in table.items()
        }
        curves(
            blanks,
            series,
            path,
            x_label=label(zh="每条样本的空数", en="blanks of a sample"),
            y_label=label(zh="指派带来的提高（点）", en="gain by assignment (points)"),
            title=label(zh=f"{setting['candidates']} 个候选", en=f"{setting['candidates']} candidates"),
        )

    return Measurement(holds, _said(table, setting, draws), _results(table, setting, draws), draw)


def _said(table: Table, setting: Setting, draws: int) -> dict[str, str]:
    rows_zh, rows_en = [], []
    for margin, row in table.items():
        listed = ", ".join(
            f"m={num} {100 * found.independent:.1f}→{100 * found.assigned:.1f} ({100 * found.gain:+.1f} ± "
            f"{196 * found.standard_error:.1f})"
            for num, found in row.items()
        )
        enough = [num for num, found in row.items() if found.gain >= PUBLISHED_GAIN]
        rows_zh.append(f"间隔 {margin:g}：{listed}；" + (f"{enough[0]} 个空起够 6 点" if enough else "都不到 6 点"))
        first = f"6 points from m={enough[0]} on" if enough else "never 6 points"
        rows_en.append(f"margin {margin:g}: {listed}; {first}")
    return {
        "zh": f"{setting['candidates']} 个候选，每格 {draws} 次，m 个空，各自选 → 一起选：{'。'.join(rows_zh)}。",
        "en": f"{setting['candidates']} candidates, {draws} draws a cell, m blanks, each by itself → together: "
        f"{'. '.join(rows_en)}.",
    }


def _results(table: Table, setting: Setting, draws: int) -> tuple[Result, ...]:
    settings = {**setting.knobs, "scale": setting.scale, "draws": draws}
    return tuple(
        Result(
            f"clue/assignment/margin={margin:g}/blanks={num}",
            "gain",
            (found.gain,),
            seeds=(setting["seed"],),
            settings={**settings, "independent": found.independent, "assigned": found.assigned},
            num_examples=num * draws,
        )
        for margin, row in table.items()
        for num, found in row.items()
    )


def gain_on_chid(setting: Setting) -> Measurement:
    """On the whole dev part of CLUE, a model's blanks answered together are 4 to 7 points better than each by itself."""
    record = records_of(setting).get("CHID")
    of_seeds = [] if record is None else list(record.settings[OF_EACH_SEED].values())
    if record is None or not of_official_dev("CHID", record) or any("alone" not in one for one in of_seeds):
        return _only_blanks(setting)
    gains = [100 * (one["accuracy"] - one["alone"]) for one in of_seeds]
    gain, together, num = sum(gains) / len(gains), 100 * record.mean, record.num_examples
    alone = together - gain
    reason = {
        "zh": f"{setting['encoder']}，{num} 个空：各自选 {alone:.2f}，一起选 {together:.2f}，相差 {gain:+.2f} 点。文章：约 +6%。",
        "en": f"{setting['encoder']}, {num} blanks: each by itself {alone:.2f}, together {together:.2f}, {gain:+.2f} points. "
        "The article: about +6 %.",
    }
    return Measurement(LEAST_GAIN <= gain <= MOST_GAIN, reason, (record,))


def _only_blanks(setting: Setting) -> Measurement:
    """Without a record, it can be said how many blanks there are."""
    dev = read_clue("CHID", "dev")
    blanks = [len(line.blanks) for line in dev.examples]
    mean, alone = sum(blanks) / len(blanks), sum(num == 1 for num in blanks) / len(blanks)
    command = f"baihua evaluate clue CHID --encoder {setting['encoder']} --save results"
    names = ", ".join(dev.data)
    needed_zh = "需要在 CLUE 的 chid_public.zip 上训练一个下载来的模型"
    needed_en = "It takes a downloaded model, trained on CLUE's chid_public.zip"
    if alone == 1:
        here_zh = f"本机的 {names}（{len(blanks)} 条）每条只有一个空，一起选与各自选没有差别"
        here_en = f"in {names} ({len(blanks)} lines), which is here, every line has a single blank: there is nothing to assign"
    else:
        here_zh = f"本机的 {names}（{len(blanks)} 条）平均每条 {mean:.2f} 个空，{100 * alone:.0f}% 只有一个"
        here_en = f"in {names} ({len(blanks)} lines), which is here, there are {mean:.2f} blanks a line, and one in {alone:.0%}"
    reason = {
        "zh": f"{needed_zh}（{command}，打分时一起选）；{here_zh}。文章：约 +6%。",
        "en": f"{needed_en} ({command}, which chooses together); {here_en}. The article: about +6 %.",
    }
    return Measurement(None, reason, (Result("clue/chid/blanks", "blanks a line", (mean,), data=dict(dev.data)),))


KNOBS: Mapping[str, Any] = {
    "blanks": (2, 3, 5, 7, 10),
    "margins": (2.5, 3.0),
    "candidates": 10,
    "draws": 20_000,
    "seed": 0,
}

CLAIMS = (
    Claim(
        "clue",
        3,
        {
            "zh": "ChID 的空一起选（不重复的最优指派）比各自选好约 6 点。判据（模拟：正确候选的分高出一个间隔，再加标准正态噪声）："
            "提高随空数增加，且在不超过 10 个空的某处达到 6 点。",
            "en": "Blanks of ChID answered together, no idiom twice, gain about 6 points over each by itself. Decided by a simulation, "
            "where right candidates score higher by a margin and all have standard normal noise: the gain grows with the number of "
            "blanks and reaches 6 points at some number up to 10.",
        },
        ARTICLE,
        PUBLISHED,
        KNOBS,
        gain_by_blanks,
    ),
    Claim(
        "clue",
        4,
        {
            "zh": "在 CLUE 自己的 ChID 验证集上，一起选比各自选高约 6 点。判据：训练好的模型在整个验证集上两种选法相差 4 到 7 点。",
            "en": "On CLUE's own dev part of ChID answering together gains about 6 points. Decided by: both ways with a trained model "
            "over the whole part, 4 to 7 points apart.",
        },
        ARTICLE,
        PUBLISHED,
        {"encoder": "hfl/chinese-roberta-wwm-ext"},
        gain_on_chid,
    ),
)
