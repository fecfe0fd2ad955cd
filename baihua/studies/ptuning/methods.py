"""P-tuning beside hand-made patterns, beside a dense layer on top, and beside tuning everything, from few labels."""

from collections.abc import Sequence
from pathlib import Path

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import label
from baihua.studies.ptuning.cells import cells
from baihua.studies.ptuning.compared import KNOBS, TWIN, at_least, listed, reason_of, results_of, what
from baihua.studies.ptuning.differences import difference, difference_from_mean
from baihua.studies.ptuning.record import Cell
from baihua.studies.ptuning.strips import strips
from baihua.studies.ptuning.ways import (
    ARTICLE,
    CAUSAL,
    CONTRASTIVE,
    FINE_TUNE,
    LINEAR,
    P_TUNING,
    P_TUNING_ALL,
    PATTERNS_ARTICLE,
    PET,
    ZERO_SHOT,
    Way,
)

FAR = 0.1  # patterns swing a lot: 10 points between the best and the worst
EQUAL = 0.01  # as good as: at most one point below
CAUSAL_BELOW = 0.015


def measured(ways: tuple[Way, ...], setting: Setting) -> dict[str, list[Cell]]:
    """Measure ways on the samples of a setting; zero-shot, which no sample touches, once."""
    return {way.name: cells(way, setting, samples=(0,) if way.method == "zero_shot" else None) for way in ways}


def patterns_swing(setting: Setting) -> Measurement:
    """Without training the best of five patterns is 10 points above the worst."""
    table = measured((*ZERO_SHOT, *PET), setting)
    results = results_of(table, setting)
    zero, trained = results[: len(ZERO_SHOT)], results[len(ZERO_SHOT) :]
    apart, later = _range(zero), _range(trained)
    begin = what(setting, len(trained[0].values))
    reason = {
        "zh": f"{begin['zh']}：{listed(results)}；最好与最坏相差：不训练 {100 * apart:.2f}，训练后 {100 * later:.2f}。",
        "en": f"{begin['en']}: {listed(results)}; from the worst to the best: {100 * apart:.2f} without training, {100 * later:.2f} after.",
    }
    return Measurement(apart >= FAR, reason, results)


def no_worse_than_the_average_pattern(setting: Setting) -> Measurement:
    """P-tuning is at least as accurate as few-shot PET with the average pattern; all ways are drawn."""
    ways = (P_TUNING, *PET, P_TUNING_ALL, FINE_TUNE, LINEAR, CONTRASTIVE, *ZERO_SHOT)
    table = measured(ways, setting)
    apart = difference_from_mean(table[P_TUNING.name], [table[way.name] for way in PET])
    results = results_of(table, setting)
    reason = reason_of(results, {(P_TUNING.name, "PET"): apart}, setting)

    def draw(path: Path) -> None:
        rows = {name: [100 * cell.accuracy for cell in mine] for name, mine in table.items()}
        title = label(zh=f"每类 {setting['per_label']} 条标注", en=f"{setting['per_label']} labels of each kind")
        strips(rows, path, x_label=label(zh="正确率 ×100", en="accuracy x 100"), title=title)

    return Measurement(apart.mean >= 0, reason, results, draw)


def as_good_as_the_best_pattern(setting: Setting) -> Measurement:
    """P-tuning is at most one point below the best of the patterns, which is known only afterwards."""
    table = measured((P_TUNING, *PET), setting)
    results = results_of(table, setting)
    best = max(results[1:], key=lambda result: result.mean).name.removeprefix("ptuning/")
    apart = difference(table[P_TUNING.name], table[best])
    reason = reason_of(results, {(P_TUNING.name, best): apart}, setting)
    return Measurement(apart.mean >= -EQUAL, reason, results)


def no_worse_than_a_dense_layer(setting: Setting) -> Measurement:
    """P-tuning is at least as accurate as fine-tuning with a dense layer."""
    return at_least(P_TUNING, FINE_TUNE, setting)


def freezing_suits_few_labels(setting: Setting) -> Measurement:
    """With few labels the soft tokens alone do at least as well as tuning everything."""
    return at_least(P_TUNING, P_TUNING_ALL, setting)


def causal_is_as_good(setting: Setting) -> Measurement:
    """The model that goes on with a text is at most 1.5 points below the one that fills in blanks."""
    return at_least(CAUSAL, P_TUNING, setting, below=CAUSAL_BELOW)


def _range(results: Sequence[Result]) -> float:
    means = [result.mean for result in results]
    return max(means) - min(means)


CLAIMS = (
    Claim(
        "ptuning",
        4,
        {
            "zh": "换一个手写模板，结果大起大落。判据：不训练时，五个模板里最好与最坏的正确率相差 10 点以上。",
            "en": "Results swing a lot from one hand-written pattern to another. Decided by: without training, the best of five patterns "
            "is at least 10 points above the worst.",
        },
        PATTERNS_ARTICLE,
        "RoBERTa-wwm-ext, test, P1 to P5: zero-shot 84.27 / 68.69 / 59.12 / 82.28 / 81.62, few-shot 89.18 / 82.76 / 89.05 / 89.13 / 88.75",
        KNOBS,
        patterns_swing,
    ),
    Claim(
        "ptuning",
        5,
        {
            "zh": "少量标注时，P-tuning 不输手写模板的平均水平。判据：在同样的样本上，平均正确率不低于 PET 五个模板的平均。",
            "en": "From few labels P-tuning is no worse than the average hand-written pattern. Decided by: on the same samples its mean "
            "accuracy is at least the mean of PET with five patterns.",
        },
        ARTICLE,
        "test: P-tuning 89.75; PET few-shot 89.18 / 82.76 / 89.05 / 89.13 / 88.75, mean 87.77",
        KNOBS,
        no_worse_than_the_average_pattern,
    ),
    Claim(
        "ptuning",
        6,
        {
            "zh": "P-tuning 与最好的手写模板相当。判据：比五个模板里平均最高的（事后才知道是哪个）最多低 1 点。",
            "en": "P-tuning is as good as the best hand-written pattern. Decided by: at most one point below the one of five whose mean is "
            "highest, which is known only afterwards.",
        },
        ARTICLE,
        "valid / test: P-tuning 89.81 / 89.75, PET few-shot 89.29 / 89.18",
        KNOBS,
        as_good_as_the_best_pattern,
    ),
    Claim(
        "ptuning",
        7,
        {
            "zh": "少量标注时，P-tuning 不输直接微调。判据：在同样的样本上平均正确率不低于全连接层的微调。",
            "en": "From few labels P-tuning is no worse than fine-tuning with a dense layer. Decided by: on the same samples its mean "
            "accuracy is at least as high.",
        },
        ARTICLE,
        "valid / test: P-tuning 89.81 / 89.75, fine-tuning 88.93 / 89.34",
        KNOBS,
        no_worse_than_a_dense_layer,
    ),
    Claim(
        "ptuning",
        8,
        {
            "zh": "标注少时应冻结模型，只学软词元。判据：在同样的样本上平均正确率不低于连模型一起调。",
            "en": "With few labels freeze the model and learn the soft tokens alone. Decided by: on the same samples the mean accuracy is "
            "at least that of tuning everything.",
        },
        ARTICLE,
        "in words",
        KNOBS,
        freezing_suits_few_labels,
    ),
    Claim(
        "ptuning",
        9,
        {
            "zh": "少量标注时，从左到右的模型与掩码模型相当。判据：平均正确率最多低 1.5 点。",
            "en": "From few labels a causal model does about as well as a masked one. Decided by: at most 1.5 points below.",
        },
        ARTICLE,
        "valid / test: BERT 89.81 / 89.75, GPT 89.30 / 88.51",
        {**KNOBS, "causal": TWIN},
        causal_is_as_good,
    ),
)
