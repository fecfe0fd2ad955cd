"""What the heads learn on public sets: beside a CRF, without positions, and from few sentences."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from baihua.benchmarks.ner import NerRow, evaluate_ner
from baihua.checks import InvalidValue
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.globalpointer.exact import ARTICLE, EFFICIENT_ARTICLE
from baihua.studies.plots import curves, label
from baihua.tasks.extraction.settings import ExtractionSettings

SMALL_TRAIN = 200  # sentences to learn from at the small scale
WITHIN = 0.01  # one point of F1
GAP = 0.2  # 20 points
Table = dict[str, dict[str, Result]]  # by set, then by head


def cell(name: str, head: str, setting: Setting, *, rotary: bool = True, num_train: int | None = None) -> Result:
    """Return F1 on the development texts of a set, from the records where it was measured before."""
    small = setting.scale == "small"
    row = NerRow(
        head,
        setting["encoder"],
        setting["seeds"][:1] if small else setting["seeds"],
        num_train if num_train is not None else (SMALL_TRAIN if small else None),
        ExtractionSettings(rotary=rotary),
    )
    (result,) = evaluate_ner([name], row, folder=None if small else setting.record_folder)
    return result


def table_of(sets: Sequence[str], heads: Sequence[str], setting: Setting) -> Table:
    """Measure every head on every set."""
    return {name: {head: cell(name, head, setting) for head in heads} for name in sets}


def position_is_essential(setting: Setting) -> Measurement:
    """Without rotary positions F1 falls by 20 points."""
    name, head = setting["dataset"], setting["head"]
    with_rotary = cell(name, head, setting)
    without = cell(name, head, setting, rotary=False)
    reason = {
        "zh": f"{name}（{head}）：有 RoPE {spread(with_rotary)}，没有 {spread(without)}。",
        "en": f"{name} ({head}): {spread(with_rotary)} with rotary positions, {spread(without)} without.",
    }
    return Measurement(with_rotary.mean - without.mean >= GAP, reason, (with_rotary, without))


def as_good_on_flat_sets(setting: Setting) -> Measurement:
    """GlobalPointer is at most one point below the CRF on each flat set."""
    table = table_of(setting["sets"], ("crf", "global_pointer"), setting)
    holds = all(row["global_pointer"].mean >= row["crf"].mean - WITHIN for row in table.values())
    return Measurement(holds, _reason(table), _records(table))


def better_on_nested(setting: Setting) -> Measurement:
    """GlobalPointer is above the CRF where entities nest."""
    table = table_of(setting["sets"], ("crf", "global_pointer"), setting)
    holds = all(row["global_pointer"].mean > row["crf"].mean for row in table.values())
    return Measurement(holds, _reason(table), _records(table))


def efficient_is_no_worse(setting: Setting) -> Measurement:
    """The efficient head is above GlobalPointer on the two harder sets."""
    table = table_of(setting["sets"], ("global_pointer", "efficient_global_pointer"), setting)
    holds = all(row["efficient_global_pointer"].mean >= row["global_pointer"].mean for row in table.values())
    return Measurement(holds, _reason(table), _records(table))


def from_few_sentences(setting: Setting) -> Measurement:
    """However few sentences are marked, GlobalPointer is at most one point below the CRF."""
    heads = ("crf", setting["head"])
    sizes = [size for size in setting["sizes"] if setting.scale == "full" or size <= SMALL_TRAIN]
    if not sizes:
        raise InvalidValue(
            zh=f"小规模只用至多 {SMALL_TRAIN} 句，sizes 里没有这样的；请加一个，或用 --scale full。",
            en=f"The small scale uses at most {SMALL_TRAIN} sentences and sizes holds no such number. Add one, or use --scale full.",
        )
    found = {head: [cell(setting["dataset"], head, setting, num_train=size) for size in sizes] for head in heads}
    holds = all(ours.mean >= crf.mean - WITHIN for crf, ours in zip(*found.values(), strict=True))
    listed = "; ".join(
        f"{size}: {spread(crf)} / {spread(ours)}" for size, crf, ours in zip(sizes, *found.values(), strict=True)
    )
    reason = {
        "zh": f"{setting['dataset']}，句数: CRF / {setting['head']}：{listed}。",
        "en": f"{setting['dataset']}, sentences: CRF / {setting['head']}: {listed}.",
    }

    def draw(path: Path) -> None:
        series = {head: [100 * result.mean for result in results] for head, results in found.items()}
        x_label, y_label = label(zh="标注的句子", en="marked sentences"), "F1 ×100"
        curves(sizes, series, path, x_label=x_label, y_label=y_label, title=setting["dataset"], log_x=True)

    return Measurement(holds, reason, tuple(one for results in found.values() for one in results), draw)


def spread(result: Result) -> str:
    """Return F1 ×100, with the standard deviation where there are several seeds."""
    deviation = f" ± {100 * result.spread:.2f}" if len(result.values) > 1 else ""
    return f"{100 * result.mean:.2f}{deviation}"


def _reason(table: Table) -> Mapping[str, str]:
    heads = " / ".join(next(iter(table.values())))
    seeds = max(len(result.values) for row in table.values() for result in row.values())
    listed = "; ".join(f"{name} {' / '.join(map(spread, row.values()))}" for name, row in table.items())
    return {
        "zh": f"开发集 F1，{seeds} 个种子，{heads}：{listed}。",
        "en": f"F1 on development texts, seeds: {seeds}, {heads}: {listed}.",
    }


def _records(table: Table) -> tuple[Result, ...]:
    return tuple(result for row in table.values() for result in row.values())


KNOBS = {"encoder": "bundled", "seeds": (0, 1, 2)}
FLAT = ("ResumeNER", "WeiboNER", "PeoplesDailyNER", "CLUENER")

CLAIMS = (
    Claim(
        "globalpointer",
        8,
        {
            "zh": "相对位置必不可少。判据：真实数据上，没有 RoPE 时 F1 低 20 点以上。",
            "en": "Relative position is essential. Decided by: on real texts F1 is at least 20 points lower without rotary positions.",
        },
        ARTICLE,
        "People's Daily valid: 96.25 with, 54.35 without",
        {**KNOBS, "dataset": "PeoplesDailyNER", "head": "global_pointer"},
        position_is_essential,
    ),
    Claim(
        "globalpointer",
        9,
        {
            "zh": "平铺的实体上不输 CRF。判据：每个集的 F1 最多低 1 点。",
            "en": "On flat entities it is as good as a CRF. Decided by: at most one point of F1 below on each set.",
        },
        ARTICLE,
        "valid, CRF / GlobalPointer: People's Daily 96.39 / 96.25, CLUENER 79.51 / 80.03",
        {**KNOBS, "sets": FLAT},
        as_good_on_flat_sets,
    ),
    Claim(
        "globalpointer",
        10,
        {
            "zh": "嵌套的实体上超过 CRF。判据：F1 更高（CRF 只学最外层，按全部实体计分）。",
            "en": "On nested entities it beats a CRF. Decided by: a higher F1 (the CRF learns the outermost and is scored on all).",
        },
        ARTICLE,
        "CMeEE valid: CRF 63.81, GlobalPointer 64.84",
        {**KNOBS, "sets": ("CMeEE",)},
        better_on_nested,
    ),
    Claim(
        "globalpointer",
        11,
        {
            "zh": "高效版在较难的任务上更好。判据：CLUENER 与 CMeEE 上都不低于 GlobalPointer。",
            "en": "The efficient head is better on harder tasks. Decided by: no lower than GlobalPointer on CLUENER and on CMeEE.",
        },
        EFFICIENT_ARTICLE,
        "valid, GlobalPointer / efficient: CLUENER 80.03 / 80.66, CMeEE 64.84 / 65.16",
        {**KNOBS, "sets": ("CLUENER", "CMeEE")},
        efficient_is_no_worse,
    ),
    Claim(
        "globalpointer",
        12,
        {
            "zh": "损失与评测都在实体一级，因此标注再少也不输 CRF。判据：每种句数下 F1 最多低 1 点。",
            "en": "Loss and metric both look at entities, so that it is no worse than a CRF however few sentences are marked. Decided by: "
            "at most one point of F1 below at each number of sentences.",
        },
        f"{ARTICLE} (its theory; the sizes are ours)",
        None,
        {**KNOBS, "dataset": "ResumeNER", "head": "efficient_global_pointer", "sizes": (50, 100, 200, 400, 800, 1600)},
        from_few_sentences,
    ),
)
