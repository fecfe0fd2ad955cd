"""The other cures for a code that is not used: annealing, free bits, batch normalisation; and a κ that is learned."""

import math

import torch

from baihua.nn.latents import LEAST_CONCENTRATION, SHARE_OF_VARIANCE
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.vmf_vae.collapse import ON_SPHERE, USED, divergence_of, gain_of, on_sphere, plain
from baihua.studies.vmf_vae.exact import SOURCE, divergence
from baihua.studies.vmf_vae.trained import Kind, corpus_of, mean, over_seeds, results_of, text_model

BATCH_NORM = "https://kexue.fm/archives/7381"
BOWMAN = "https://arxiv.org/abs/1511.06349"
NEAR_FLOOR = 0.5  # nats above the divergence of the lowest κ there is


def against_annealing(setting: Setting) -> Measurement:
    """The sphere's code is worth more to the decoder than that of a Gaussian annealed; free bits stand beside."""
    texts = corpus_of(setting)
    kinds = {
        "vMF": on_sphere(setting),
        "annealing": plain(setting, annealing=setting["annealing"]),
        "free bits": plain(setting, free_nats=setting["free_nats"]),
    }
    gains = over_seeds(setting, tuple(kinds.values()), lambda kind, seed: gain_of(setting, kind, seed))
    paid = over_seeds(setting, tuple(kinds.values()), lambda kind, seed: divergence_of(setting, kind, seed))
    listed = "; ".join(f"{name} {mean(paid[kind]):.3f} / {mean(gains[kind]):.3f}" for name, kind in kinds.items())
    reason = {
        "zh": f"KL / 换编码的损失（奈特）：{listed}。",
        "en": f"KL / what another's code costs, in nats: {listed}.",
    }
    results = (*results_of(setting, gains, "swap-gain", texts), *results_of(setting, paid, "divergence", texts))
    sphere, annealed = mean(gains[kinds["vMF"]]), mean(gains[kinds["annealing"]])
    return Measurement(sphere > annealed and sphere > USED, reason, results)


def batch_norm_floor(setting: Setting) -> Measurement:
    """Batch normalisation keeps a Gaussian's divergence above the floor of its formula, and the code is used."""
    texts, width = corpus_of(setting), setting["width"] - 1
    kind = Kind("gaussian_batch_norm", width)
    gains = over_seeds(setting, (kind,), lambda one, seed: gain_of(setting, one, seed))
    paid = over_seeds(setting, (kind,), lambda one, seed: divergence_of(setting, one, seed))
    floors = over_seeds(setting, (kind,), lambda one, seed: _floor(setting, one, seed))
    least = mean(floors[kind])
    reason = {
        "zh": f"d={width}：KL {mean(paid[kind]):.3f}，由学到的 γ_μ 算出的下限 {least:.3f}；换编码的损失 {mean(gains[kind]):.3f} 奈特。",
        "en": f"d = {width}: KL {mean(paid[kind]):.3f}, its floor by the learned γ_μ {least:.3f}; another's code costs "
        f"{mean(gains[kind]):.3f} nats.",
    }
    results = (*results_of(setting, paid, "divergence", texts), *results_of(setting, gains, "swap-gain", texts))
    # On held-out texts the running means of the normalisation stand in for a batch's own, hence the tenth.
    return Measurement(mean(paid[kind]) > 0.9 * least and mean(gains[kind]) > USED, reason, results)


def _floor(setting: Setting, kind: Kind, seed: int) -> float:
    """Return half the sum of γ_μ² over the coordinates, what the means alone cost over a batch."""
    share = text_model(setting, kind, seed).loss_.latent.share  # type: ignore[attr-defined]
    kept = SHARE_OF_VARIANCE + (1 - SHARE_OF_VARIANCE) * torch.sigmoid(share.detach())
    return float(kept.sum()) / 2


def learned(setting: Setting) -> Measurement:
    """A κ learned from each input trains without a number that is not finite, and falls to where the code says little."""
    texts = corpus_of(setting)
    kind = Kind("von_mises_fisher", setting["width"])
    paid = over_seeds(setting, (kind,), lambda one, seed: divergence_of(setting, one, seed))
    gains = over_seeds(setting, (kind,), lambda one, seed: gain_of(setting, one, seed))
    logs = [text_model(setting, kind, seed).log_ for seed in setting["seeds"][: len(paid[kind])]]
    finite = all(math.isfinite(line["loss"]) for log in logs for line in log)
    floor = divergence(setting["width"], LEAST_CONCENTRATION)
    reason = {
        "zh": f"损失始终有限：{'是' if finite else '否'}；学到的 KL {mean(paid[kind]):.3f} 奈特，κ 的下限 {LEAST_CONCENTRATION:g} "
        f"处是 {floor:.3f}；换编码的损失 {mean(gains[kind]):.3f}。",
        "en": f"Losses finite throughout: {'yes' if finite else 'no'}; the KL learned is {mean(paid[kind]):.3f} nats, at the "
        f"least κ of {LEAST_CONCENTRATION:g} it is {floor:.3f}; another's code costs {mean(gains[kind]):.3f}.",
    }
    results = (*results_of(setting, paid, "divergence", texts), *results_of(setting, gains, "swap-gain", texts))
    return Measurement(finite and mean(paid[kind]) < floor + NEAR_FLOOR, reason, results)


CLAIMS = (
    Claim(
        "vmf-vae",
        17,
        {
            "zh": "KL 退火是旧办法，有正下限的分布族是更好的办法。"
            "判据：球面换编码的损失大于退火的高斯，且大于 0.5 奈特；free bits 并列给出。",
            "en": "Annealing the KL is the old cure, a family with a floor above 0 the better one. Decided by: another's code costs "
            "more on the sphere than with an annealed Gaussian, and more than 0.5 nats; free bits stand beside.",
        },
        f"{SOURCE}; annealing: {BOWMAN}",
        None,
        {"annealing": 0.5, "free_nats": 4.0, **ON_SPHERE},
        against_annealing,
    ),
    Claim(
        "vmf-vae",
        18,
        {
            "zh": "批归一化均值是另一种给 KL 下限的办法。"
            "判据：KL 不低于由学到的 γ_μ 算出的下限（留一成余地），换编码的损失大于 0.5 奈特。",
            "en": "Batch-normalised means are another way to a floor. Decided by: the KL is not below the floor of the learned γ_μ "
            "(within a tenth), and another's code costs more than 0.5 nats.",
        },
        BATCH_NORM,
        None,
        ON_SPHERE,
        batch_norm_floor,
    ),
    Claim(
        "vmf-vae",
        19,
        {
            "zh": "κ 可以学（文章因梯度麻烦而固定），但学出来会落到下限附近，编码又没用了。"
            "判据：训练中损失都有限，KL 比 κ 下限处的高不到 0.5 奈特。",
            "en": "κ can be learned (the article fixes it since its gradient is awkward), but falls to near its floor, where the "
            "code is of no use again. Decided by: every loss is finite, and the KL is less than 0.5 nats above that of the "
            "least κ.",
        },
        f"{SOURCE} and github.com/nicola-decao/s-vae-pytorch, 13",
        None,
        ON_SPHERE,
        learned,
    ),
)
