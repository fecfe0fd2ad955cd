"""How many components to keep, and how hard to centre and scale."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from baihua.benchmarks.pairs import STS_SETS
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.whitening.scoring import (
    ARTICLE,
    FOLLOW_UP,
    PAPER,
    Row,
    Treatment,
    pair_vectors,
    points,
    score,
)

# "Almost free" in the follow-up article: its largest change at k = 256 is 1.30 points.
ALMOST_FREE = 0.015

# What rounding of float32 vectors may move a cosine by.
FLOAT32_COSINE = 1e-5

# A third of the bundled encoder's 256 components, as the follow-up keeps 256 of 768.
A_THIRD = 85

# The numbers of components tried, below the full width and with it.
COUNTS = (8, 16, 32, 64, 96, 128, 192)


def best_below_full(setting: Setting) -> Measurement:
    """On every set the best number of components is below the full width."""
    row = _row(setting)
    width = pair_vectors(row, setting["sets"][0], setting).width
    counts = [k for k in setting["counts"] if k < width] + [width]
    raw = {name: score(row, name, None, setting) for name in setting["sets"]}
    table = {name: [score(row, name, Treatment(k), setting) for k in counts] for name in setting["sets"]}
    best = {name: max(range(len(counts)), key=lambda i: scores[i].mean) for name, scores in table.items()}
    listed = ", ".join(
        f"{name} k={counts[i]} {points(table[name][i].mean)} ({points(table[name][-1].mean)})"
        for name, i in best.items()
    )
    reason = {
        "zh": f"各数据集最好的 k 与分数（括号内为全部 {width} 维）：{listed}。",
        "en": f"Best k and its score on each set (in brackets all {width} components): {listed}.",
    }

    def draw(path: Path) -> None:
        drawn = {f"{name} ({points(raw[name].mean)})": _times_100(scores) for name, scores in table.items()}
        curves(
            counts,
            drawn,
            path,
            x_label=label(zh="保留的维数 k", en="components kept, k"),
            y_label=label(zh="斯皮尔曼 ×100", en="Spearman x 100"),
            title=label(
                zh=f"{'/'.join(row)}：白化后分数（括号内为原始分）", en=f"{'/'.join(row)}, whitened (raw in brackets)"
            ),
            log_x=True,
        )

    results = (*raw.values(), *(result for scores in table.values() for result in scores))
    return Measurement(all(i < len(counts) - 1 for i in best.values()), reason, results, draw)


def an_eighth_suffices(setting: Setting) -> Measurement:
    """With an eighth of the components most sets still reach their raw score."""
    row, k = _row(setting), setting["k"]
    raw = [score(row, name, None, setting) for name in setting["sets"]]
    reduced = [score(row, name, Treatment(k), setting) for name in setting["sets"]]
    changes = list(zip(setting["sets"], raw, reduced, strict=True))
    kept = sum(after.mean >= before.mean for _, before, after in changes)
    listed = ", ".join(f"{name} {points(before.mean)} → {points(after.mean)}" for name, before, after in changes)
    reason = {
        "zh": f"{len(changes)} 个数据集中 {kept} 个只用 {k} 维就达到原始分：{listed}。",
        "en": f"{kept} of {len(changes)} sets reach raw with {k} components: {listed}.",
    }
    return Measurement(2 * kept > len(changes), reason, (*raw, *reduced))


def rotation_is_almost_free(setting: Setting) -> Measurement:
    """Without centring and scaling nothing changes at full width, and reduction moves no set by over 1.5 points."""
    row = _row(setting)
    largest, results, changes = 0.0, [], {}
    for name in setting["sets"]:
        pairs = pair_vectors(row, name, setting)
        rotation = Treatment(None, setting["centering"], setting["scaling"]).fit(pairs.sentences)
        largest = max(largest, float(abs(pairs.cosines(rotation) - pairs.cosines()).max()))
        raw = score(row, name, None, setting)
        reduced = score(row, name, Treatment(setting["k"], setting["centering"], setting["scaling"]), setting)
        changes[name] = reduced.mean - raw.mean
        results += [raw, reduced]
    listed = ", ".join(f"{name} {100 * change:+.2f}" for name, change in changes.items())
    reason = {
        "zh": f"全维时余弦最多变 {largest:.1e}；留 {setting['k']} 维时分数变化：{listed}。",
        "en": f"At full width cosines change by at most {largest:.1e}; "
        f"with {setting['k']} components the scores change by: {listed}.",
    }
    free = max(abs(change) for change in changes.values()) <= ALMOST_FREE
    return Measurement(largest <= FLOAT32_COSINE and free, reason, tuple(results))


def smaller_without_loss(setting: Setting) -> Measurement:
    """For every set some centring and scaling keep the raw score with k components (chosen on the labels)."""
    row = _row(setting)
    grid = [Treatment(setting["k"], *scalars) for scalars in product(setting["centerings"], setting["scalings"])]
    lost, parts, results = 0, [], []
    for name in setting["sets"]:
        raw = score(row, name, None, setting)
        tried = [score(row, name, treatment, setting) for treatment in grid]
        best = max(range(len(grid)), key=lambda i: tried[i].mean)
        lost += tried[best].mean < raw.mean
        chosen = f"β={grid[best].centering:g}, γ={grid[best].scaling:g}"
        parts.append(f"{name} {points(raw.mean)} → {points(tried[best].mean)} ({chosen})")
        results += [raw, *tried]
    reason = {
        "zh": f"{setting['k']} 维，β、γ 按标注挑选：{', '.join(parts)}。",
        "en": f"With {setting['k']} components, β and γ chosen on the labels: {', '.join(parts)}.",
    }
    return Measurement(lost == 0, reason, tuple(results))


def _row(setting: Setting) -> Row:
    return setting["encoder"], setting["pooling"]


def _times_100(scores: Sequence[Result]) -> list[float]:
    return [100 * result.mean for result in scores]


KNOBS = {"encoder": "bundled", "pooling": "first_last_mean", "sets": STS_SETS}

CLAIMS = (
    Claim(
        "whitening",
        16,
        {
            "zh": "最好的维数总低于全维。判据：五个中文数据集上最好的 k 都小于 d。",
            "en": "The best number of components is below the full width on every task. "
            "Decided by: the best k is below d on each of the five Chinese sets.",
        },
        f"{ARTICLE}; {PAPER}, figure",
        "English: best k below 768 (1024) on all seven tasks",
        {**KNOBS, "counts": COUNTS},
        best_below_full,
    ),
    Claim(
        "whitening",
        17,
        {
            "zh": "许多任务只用 d/8 维就保得住分数。判据：过半数据集以 32 维（256 的八分之一）达到原始分。",
            "en": "Many tasks hold their score with d/8 components. "
            "Decided by: with 32 of 256 more than half of the sets reach their raw score.",
        },
        f"{ARTICLE}; {PAPER}, figure",
        "English: many tasks hold their score at d/8",
        {**KNOBS, "k": 32},
        an_eighth_suffices,
    ),
    Claim(
        "whitening",
        18,
        {
            "zh": "不中心化也不缩放（β=γ=0）时白化只是旋转：全维余弦不变，降维几乎不损失。"
            "判据：余弦变化小于 1e-5，降到三分之一维时各数据集变化不超过 1.5 点。",
            "en": "Without centring and scaling (β=γ=0) whitening is a rotation: cosines stay at full width, and "
            "reduction is almost free. Decided by: cosines within 1e-5, no set moves by more than 1.5 points "
            "with a third of the components.",
        },
        FOLLOW_UP,
        "BERT-P4, k = 256: ATEC +0.08, BQ +0.18, LCQMC −1.30, PAWSX −0.53, STS-B +0.64",
        {**KNOBS, "k": A_THIRD, "centering": 0.0, "scaling": 0.0},
        rotation_is_almost_free,
    ),
    Claim(
        "whitening",
        19,
        {
            "zh": "调 β 与 γ，总能降维而不掉分（在有标注的数据上挑选，属有监督的用法）。"
            "判据：五个数据集上，网格中最好的一组以 k 维达到原始分。",
            "en": "With β and γ tuned one can always get smaller without loss (chosen on labels, so a supervised "
            "use). Decided by: on each of the five sets the best of the grid reaches raw with k components.",
        },
        FOLLOW_UP,
        "BERT-P4, k = 256, better of β=γ=0 and β=γ=1: ATEC 27.91, BQ 38.99, LCQMC 65.65, PAWSX 15.34, STS-B 69.37",
        {**KNOBS, "k": A_THIRD, "centerings": (0.0, 1.0), "scalings": (0.0, 0.5, 1.0)},
        smaller_without_loss,
    ),
)
