"""Vectors made so that the right answer is known: when whitening must help, when it must hurt, when to reduce.

A sentence has a meaning s of 16 components. What an encoder shows of it is x = sA + µ, where the matrix A is
ill-conditioned, as if the coordinates were written in a slanted basis, and µ is common to all sentences. Whitening
undoes A and µ without having seen them; that is only good if the similarity wanted is that of s.
"""

import numpy as np
import numpy.typing as npt

from baihua.checks import check_choice
from baihua.maths.whitening import Whitening
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.whitening.scoring import ARTICLE, PREDECESSOR, PairVectors, points

MEANING_WIDTH = 16

# A gain or a loss counts from 5 points of Spearman x 100.
CLEAR_DIFFERENCE = 0.05

KNOBS = {
    "num": 2000,
    "condition": 30.0,
    "shift": 3.0,
    "noise_dims": 0,
    "noise": 0.003,
    "true_metric": "meaning",
    "seed": 0,
}


def slanted_basis(random: np.random.Generator, width: int, condition: float) -> npt.NDArray[np.float64]:
    """Return a random square matrix (width, width) whose singular values run from 1 down to 1/condition.

    Example:
        >>> basis = slanted_basis(np.random.default_rng(0), width=8, condition=100.0)
        >>> round(float(np.linalg.cond(basis)), 6)
        100.0
    """
    left, _ = np.linalg.qr(random.standard_normal((width, width)))
    right, _ = np.linalg.qr(random.standard_normal((width, width)))
    return (left * np.geomspace(1.0, 1.0 / condition, width)) @ right


def common_mean(random: np.random.Generator, width: int, length: float) -> npt.NDArray[np.float64]:
    """Return a vector (width,) of the given length in a random direction."""
    direction = random.standard_normal(width)
    return length * direction / np.linalg.norm(direction)


def observed_pairs(setting: Setting) -> PairVectors:
    """Return pairs as the encoder shows them, labelled by the cosine that is true.

    The knobs: ``num`` pairs; ``condition`` of A; ``shift``, the length of µ; ``noise_dims`` further directions of
    standard deviation ``noise`` that mean nothing; ``true_metric``: whether ``"meaning"`` (cosines of s) or
    ``"raw"`` (cosines of x) is what the labels follow, up to a little noise of the annotators.
    """
    random = np.random.default_rng(setting["seed"])
    num, noise_dims = setting["num"], setting["noise_dims"]
    basis = slanted_basis(random, MEANING_WIDTH, setting["condition"])
    rotation, _ = np.linalg.qr(random.standard_normal((MEANING_WIDTH + noise_dims,) * 2))
    mean = common_mean(random, MEANING_WIDTH + noise_dims, setting["shift"])
    closeness = random.uniform(0.0, 1.0, (num, 1))
    first = random.standard_normal((num, MEANING_WIDTH))
    second = closeness * first + np.sqrt(1 - closeness**2) * random.standard_normal((num, MEANING_WIDTH))

    def show(meanings: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        meaningless = setting["noise"] * random.standard_normal((num, noise_dims))
        return np.concatenate([meanings @ basis, meaningless], axis=1) @ rotation + mean

    metric = check_choice("true_metric", setting["true_metric"], ("meaning", "raw"))
    unlabelled = np.zeros(num)
    meanings = PairVectors(np.concatenate([first, second]), unlabelled)
    shown = PairVectors(np.concatenate([show(first), show(second)]), unlabelled)
    truth = (meanings if metric == "meaning" else shown).cosines()
    return PairVectors(shown.sentences, truth + 0.1 * truth.std() * random.standard_normal(num))


def whitening_restores(setting: Setting) -> Measurement:
    """The wrong basis hides the meaning and whitening brings it back: a gain of at least 5 points."""
    raw, full, results = _raw_and_full(setting)
    return Measurement(full - raw >= CLEAR_DIFFERENCE, _raw_to_full(raw, full), results)


def whitening_hurts(setting: Setting) -> Measurement:
    """Where the raw cosine is the true one, whitening must lose at least 5 points."""
    raw, full, results = _raw_and_full(setting)
    return Measurement(raw - full >= CLEAR_DIFFERENCE, _raw_to_full(raw, full), results)


def reduction_drops_noise(setting: Setting) -> Measurement:
    """Whitening blows up directions of tiny variance; keeping ``k`` must beat keeping all by at least 5 points."""
    pairs = observed_pairs(setting)
    full = pairs.spearman(Whitening().fit(pairs.sentences))
    reduced = pairs.spearman(Whitening(n_components=setting["k"]).fit(pairs.sentences))
    k, width = setting["k"], pairs.width
    reason = {
        "zh": f"保留全部 {width} 维 {points(full)}，只留 {k} 维 {points(reduced)}。",
        "en": f"All {width} components {points(full)}, the first {k} {points(reduced)}.",
    }
    results = (_result("full", full, setting), _result(f"k{k}", reduced, setting))
    return Measurement(reduced - full >= CLEAR_DIFFERENCE, reason, results)


def _raw_and_full(setting: Setting) -> tuple[float, float, tuple[Result, ...]]:
    pairs = observed_pairs(setting)
    raw, full = pairs.spearman(), pairs.spearman(Whitening().fit(pairs.sentences))
    return raw, full, (_result("raw", raw, setting), _result("full", full, setting))


def _raw_to_full(raw: float, full: float) -> dict[str, str]:
    return {
        "zh": f"原始余弦 {points(raw)}，白化后 {points(full)}（斯皮尔曼 ×100）。",
        "en": f"Raw cosine {points(raw)}, whitened {points(full)} (Spearman x 100).",
    }


def _result(treatment: str, value: float, setting: Setting) -> Result:
    metric = setting["true_metric"]
    return Result(
        name=f"synthetic/{metric}/{treatment}",
        metric="spearman",
        values=(value,),
        seeds=(setting["seed"],),
        settings=dict(setting.knobs),
        num_examples=setting["num"],
    )


CLAIMS = (
    Claim(
        "whitening",
        5,
        {
            "zh": "若向量含有语义、只是坐标基不正交，白化能把余弦救回来。判据：合成数据上至少升 5 点。",
            "en": "If vectors hold the meaning and only their basis is wrong, whitening restores the cosine. "
            "Decided by: at least 5 points more on synthetic pairs.",
        },
        PREDECESSOR,
        None,
        KNOBS,
        whitening_restores,
    ),
    Claim(
        "whitening",
        6,
        {
            "zh": "没有免费的午餐：若原始度量才是对的（如 BQ、SICK-R），白化有害。判据：合成数据上至少降 5 点。",
            "en": "No free lunch: where the raw metric is the true one (as on BQ, SICK-R), whitening hurts. "
            "Decided by: at least 5 points less on synthetic pairs.",
        },
        ARTICLE,
        "SICK-R, BERT-base: 63.75 → 60.6; BQ, BERT-P4: 38.81 → 32.29",
        {**KNOBS, "shift": 0.0, "true_metric": "raw"},
        whitening_hurts,
    ),
    Claim(
        "whitening",
        7,
        {
            "zh": "方差极小的方向是冗余或噪声，丢掉它们再白化更好。判据：k 维比全部维度至少高 5 点。",
            "en": "Directions of tiny variance are redundant or noise, and whitening without them is better. "
            "Decided by: k components at least 5 points above all of them.",
        },
        PREDECESSOR,
        "STS-B: 71.20 → 71.42 (768 → 256), 71.98 → 72.66 (1024 → 384)",
        {**KNOBS, "noise_dims": 48, "k": MEANING_WIDTH},
        reduction_drops_noise,
    ),
)
