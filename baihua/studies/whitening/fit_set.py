"""What a whitening is fitted on: the task's own sentences, others of the same kind, other text, and how many."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.whitening.scoring import PAPER, PREDECESSOR, PairVectors, Treatment, Vectors, pair_vectors, points

# From this many points on, a difference between fit sets counts.
CLEAR_DIFFERENCE = 0.005

# Enough sentences: within one point of the fit on all of them.
NEAR_ALL = 0.01


def own_text_beats_other(setting: Setting) -> Measurement:
    """A fit on the task's own sentences beats one on other text; a fit on its training split is reported."""
    row, dataset = (setting["encoder"], setting["pooling"]), setting["dataset"]
    pairs = pair_vectors(row, dataset, setting)
    fit_sets = {
        "own": pairs,
        "other": pair_vectors(row, setting["other"], setting),
        "train": pair_vectors(row, "STS-B", setting, split="train"),
    }
    scores = {
        name: pairs.spearman(Treatment(setting["k"]).fit(fit_set.sentences)) for name, fit_set in fit_sets.items()
    }
    raw = pairs.spearman()
    reason = {
        "zh": f"{dataset}：原始 {points(raw)}；拟合于自身句子 {points(scores['own'])}，STS-B 训练集 "
        f"{points(scores['train'])}，{setting['other']} {points(scores['other'])}。",
        "en": f"{dataset}: raw {points(raw)}; fitted on its own sentences {points(scores['own'])}, on STS-B train "
        f"{points(scores['train'])}, on {setting['other']} {points(scores['other'])}.",
    }
    results = tuple(_result(setting, pairs, f"fit-{name}", (value,)) for name, value in {"raw": raw, **scores}.items())
    return Measurement(scores["own"] - scores["other"] >= CLEAR_DIFFERENCE, reason, results)


def few_sentences_suffice(setting: Setting) -> Measurement:
    """The full-width fit on ``num_sentences`` is within a point of the fit on all; the dip at N = d is reported."""
    pairs = pair_vectors((setting["encoder"], setting["pooling"]), setting["dataset"], setting)
    sentences, width = pairs.sentences, pairs.width
    sizes = [n for n in (width // 2, width, 3 * width // 2, 2 * width, 4 * width, 8 * width) if n < len(sentences)]
    sizes = sorted({*sizes, min(setting["num_sentences"], len(sentences)), len(sentences)})
    scores = {size: [_fitted_on(size, pairs, sentences, seed) for seed in setting["seeds"]] for size in sizes}
    means = {size: statistics.fmean(values) for size, values in scores.items()}
    chosen = min(setting["num_sentences"], len(sentences))
    listed = ", ".join(f"N={size} {points(mean)}" for size, mean in means.items())
    reason = {
        "zh": f"{setting['dataset']}，d={width}，{len(setting['seeds'])} 个种子的均值：{listed}。",
        "en": f"{setting['dataset']}, d={width}, means over {len(setting['seeds'])} seeds: {listed}.",
    }

    def draw(path: Path) -> None:
        curves(
            sizes,
            {setting["dataset"]: [100 * means[size] for size in sizes]},
            path,
            x_label=label(zh="拟合用的句子数 N", en="sentences in the fit, N"),
            y_label=label(zh="斯皮尔曼 ×100", en="Spearman x 100"),
            title=label(zh=f"白化拟合所需的句子数（d={width}）", en=f"Sentences a whitening needs (d={width})"),
            log_x=True,
        )

    results = tuple(_result(setting, pairs, f"fit-{size}", scores[size], setting["seeds"]) for size in sizes)
    return Measurement(means[len(sentences)] - means[chosen] <= NEAR_ALL, reason, results, draw)


def _fitted_on(size: int, pairs: PairVectors, sentences: Vectors, seed: int) -> float:
    chosen = np.random.default_rng(seed).choice(len(sentences), size, replace=False)
    return pairs.spearman(Treatment().fit(sentences[chosen]))


def _result(
    setting: Setting, pairs: PairVectors, treatment: str, values: Sequence[float], seeds: Sequence[int] = ()
) -> Result:
    return Result(
        name=f"fit-set/{setting['dataset']}/{treatment}",
        metric="spearman",
        values=tuple(values),
        seeds=tuple(seeds),
        settings={**setting.knobs, "scale": setting.scale},
        data=dict(pairs.data),
        num_examples=len(pairs.labels),
    )


CLAIMS = (
    Claim(
        "whitening",
        20,
        {
            "zh": "在任务自身的句子上拟合，优于在别的语料上拟合。判据：STS-B 上至少高 0.5 点。",
            "en": "A fit on the task's own sentences beats a fit on other text. "
            "Decided by: at least 0.5 points more on STS-B.",
        },
        f"{PAPER}, table 1",
        "STS-B, BERT-base: fitted on NLI 68.19, on the task 71.34",
        {"encoder": "bundled", "pooling": "first_last_mean", "dataset": "STS-B", "other": "LCQMC", "k": 256},
        own_text_beats_other,
    ),
    Claim(
        "whitening",
        21,
        {
            "zh": "不必训练，几千条句子就够拟合。判据：N=4d 条时与用全部句子相差不到 1 点（文章没有给出最少条数）。",
            "en": "No training is needed: a few thousand sentences are enough for the fit. Decided by: N=4d is "
            "within a point of all sentences (the article names no smallest number).",
        },
        PREDECESSOR,
        None,
        {
            "encoder": "bundled",
            "pooling": "first_last_mean",
            "dataset": "STS-B",
            "num_sentences": 1024,
            "seeds": (0, 1, 2),
        },
        few_sentences_suffice,
    ),
)
