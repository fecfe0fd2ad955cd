"""What has been said against the article since: is it W1 that fails, or batches, pixels, and the choice of generator?"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from baihua.maths.transport import wasserstein
from baihua.maths.transport_means import transport_means
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.wgan.cells import Way, cell_of
from baihua.studies.wgan.data import digits
from baihua.studies.wgan.trained import KNOBS, C, begin, constrained, results, row
from baihua.studies.wgan.words import listed, mean

DEFENCE = "Elnekave and Weiss, In Defense of Wasserstein (ICLR 2025)"
CRAMER = "https://arxiv.org/abs/1705.10743"
NUM_POINTS = 64
LARGE_BATCH = 512


@lru_cache(maxsize=1)
def yardsticks() -> dict[str, float]:
    """Return W2 to the training digits of OT-means, and of as many real digits, drawn by five seeds."""
    train = digits().train
    subsets = [
        train[torch.randperm(len(train), generator=torch.Generator().manual_seed(s))[:NUM_POINTS]] for s in range(5)
    ]
    drawn = [float(wasserstein(subset, train, 2).value) for subset in subsets]
    return {"OT-means": transport_means(train, NUM_POINTS).distances[-1], "real": sum(drawn) / len(drawn)}


def discrete_generators_minimise(setting: Setting) -> Measurement:
    """A WGAN-GP whose generator makes 64 images in all comes nearer to the data in W2 than 64 real images."""
    cells = {
        "GP": cell_of(replace(constrained(setting), fixed_noise=NUM_POINTS), setting),
        "c": cell_of(Way("c_transform", fixed_noise=NUM_POINTS), setting),
    }
    reached, yard, words = row(cells, "data_w2"), yardsticks(), begin(setting)
    marks = ", ".join(f"{name} {value:.3f}" for name, value in yard.items())
    reason = {
        "zh": f"{words['zh']}只会造 64 张图的生成器，到全部训练数字的 W2：{listed(reached)}；作为标尺：{marks}。",
        "en": f"{words['en']}generators of 64 images in all, W2 to all training digits: {listed(reached)}; as yardsticks: {marks}.",
    }
    return Measurement(mean(reached["GP"]) < yard["real"], reason, results(setting, cells, ("data_w2",)))


def patches_tell_otherwise(setting: Setting) -> Measurement:
    """Between patches of 3 × 3 pixels the penalty's digits are nearer to real ones than the c-transform's."""
    cells = {"GP": cell_of(constrained(setting), setting), "c": cell_of(C, setting)}
    apart, whole, words = row(cells, "patch_distance"), row(cells, "batch_w1"), begin(setting)
    reason = {
        "zh": f"{words['zh']}3×3 小块之间的切片 W1：{listed(apart, 4)}；整图的批间 W1：{listed(whole)}。",
        "en": f"{words['en']}sliced W1 between patches of 3 × 3: {listed(apart, 4)}; batch W1 between whole images: {listed(whole)}.",
    }
    return Measurement(mean(apart["GP"]) < mean(apart["c"]), reason, results(setting, cells, ("patch_distance",)))


def unbiased_objectives_keep_variance(setting: Setting) -> Measurement:
    """Trained on the energy distance a generator keeps more variance than on exact batch W1."""
    cells = {"energy": cell_of(Way("energy"), setting), "exact W1": cell_of(Way("exact_transport"), setting)}
    ratio, coverage, words = row(cells, "variance_ratio"), row(cells, "coverage"), begin(setting)
    reason = {
        "zh": f"{words['zh']}没有评判网络；总方差之比：{listed(ratio)}；coverage：{listed(coverage)}。",
        "en": f"{words['en']}no critic; ratio of total variance: {listed(ratio)}; coverage: {listed(coverage)}.",
    }
    holds = mean(ratio["energy"]) > mean(ratio["exact W1"])
    return Measurement(holds, reason, results(setting, cells, ("variance_ratio", "coverage")))


def larger_batches_keep_variance(setting: Setting) -> Measurement:
    """Exact W1 of larger batches loses less variance."""
    cells = {
        f"{setting['batch_size']}": cell_of(Way("exact_transport"), setting),
        f"{LARGE_BATCH}": cell_of(Way("exact_transport", batch_size=LARGE_BATCH), setting),
    }
    ratio, coverage, words = row(cells, "variance_ratio"), row(cells, "coverage"), begin(setting)
    reason = {
        "zh": f"{words['zh']}精确批间 W1 为目标，按批大小，总方差之比：{listed(ratio)}；coverage：{listed(coverage)}。",
        "en": f"{words['en']}exact batch W1 as objective, by batch size: ratio of total variance {listed(ratio)}; coverage "
        f"{listed(coverage)}.",
    }
    values = list(ratio.values())
    return Measurement(
        mean(values[1]) > mean(values[0]), reason, results(setting, cells, ("variance_ratio", "coverage"))
    )


def other_ground_costs(setting: Setting) -> Measurement:
    """With distances between features of a classifier the c-transform keeps more variance than between pixels."""
    cells = {cost: cell_of(Way("c_transform", cost=cost), setting) for cost in ("euclidean", "whitened", "features")}
    ratio, coverage, words = row(cells, "variance_ratio"), row(cells, "coverage"), begin(setting)
    reason = {
        "zh": f"{words['zh']}c 变换，按底层距离，总方差之比：{listed(ratio)}；coverage：{listed(coverage)}。",
        "en": f"{words['en']}c-transform, by ground cost: ratio of total variance {listed(ratio)}; coverage {listed(coverage)}.",
    }
    holds = mean(ratio["features"]) > mean(ratio["euclidean"])
    return Measurement(holds, reason, results(setting, cells, ("variance_ratio", "coverage")))


def _claim(number: int, zh: str, en: str, source: str, run: Any) -> Claim:
    return Claim("wgan", number, {"zh": zh, "en": en}, source, None, KNOBS, run)


CLAIMS = (
    _claim(
        16,
        "反方：生成器是离散的时候，成功的 WGAN 确实在最小化 W。判据：只造 64 张图的 GP 生成器，到数据的 W2 小于 64 张真实图的。",
        "Against: with discrete generators a successful WGAN does minimise W. Decided by: a GP generator of 64 images in all is "
        "nearer to the data in W2 than 64 real images.",
        DEFENCE,
        discrete_generators_minimise,
    ),
    _claim(
        17,
        "反方：换成小块之间的距离，好的 WGAN 就更近。判据：3×3 小块的切片 W1，GP 小于 c 变换。",
        "Against: measured between patches a good WGAN is the nearer one. Decided by: sliced W1 between patches of 3 × 3 is lower "
        "for GP than for the c-transform.",
        DEFENCE,
        patches_tell_otherwise,
    ),
    _claim(
        18,
        "反方：错在小批量的偏差，不在距离。判据：无偏的能量距离训练出的生成器比精确批间 W1 保住更多方差。",
        "Against: what fails is the bias of batches. Decided by: the unbiased energy distance keeps more variance than exact "
        "batch W1.",
        CRAMER,
        unbiased_objectives_keep_variance,
    ),
    _claim(
        19,
        f"同上，批越大偏差越小。判据：批大小 {LARGE_BATCH} 的精确 W1 比默认批大小保住更多方差。",
        f"Likewise, larger batches have less bias. Decided by: exact W1 of batches of {LARGE_BATCH} keeps more variance than of "
        "the usual size.",
        CRAMER,
        larger_batches_keep_variance,
    ),
    _claim(
        20,
        "数学与视觉：错在像素间的欧氏距离。判据：底层距离换成分类器特征间的距离，c 变换保住更多方差。",
        "Mathematics and vision: what fails is the Euclidean distance between pixels. Decided by: with distances between "
        "features of a classifier the c-transform keeps more variance.",
        "https://kexue.fm/archives/8244",
        other_ground_costs,
    ),
)
