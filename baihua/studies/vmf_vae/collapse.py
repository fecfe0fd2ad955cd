"""Text: a Gaussian's divergence vanishes beside an autoregressive decoder, the sphere's cannot; and is the code used?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.vmf_vae.exact import SOURCE, divergence
from baihua.studies.vmf_vae.trained import (
    Kind,
    corpus_of,
    mean,
    over_seeds,
    results_of,
    seeds_of,
    steps_of,
    swap,
    text_model,
)

XU = "https://arxiv.org/abs/1808.10805"
TRAINING: Mapping[str, Any] = {"steps": 300, "hidden_size": 96, "corpus": "auto", "seeds": (0, 1, 2)}
ON_SPHERE: Mapping[str, Any] = {"width": 8, "concentration": 40.0, **TRAINING}
VANISHED = 0.1  # nats
USED = 0.5  # nats
CLOSE = 1e-4


def on_sphere(setting: Setting) -> Kind:
    """Return the sphere's latent of the knobs."""
    return Kind("von_mises_fisher", setting["width"], setting["concentration"])


def plain(setting: Setting, **changes: float) -> Kind:
    """Return a Gaussian with as many degrees of freedom, with changes to the settings of its training."""
    return Kind("gaussian", setting["width"] - 1, None, tuple(changes.items()))


def divergence_of(setting: Setting, kind: Kind, seed: int) -> float:
    """Return the mean divergence on held-out texts."""
    return text_model(setting, kind, seed).evaluate(corpus_of(setting).held_out).divergence


def gain_of(setting: Setting, kind: Kind, seed: int) -> float:
    """Return what the right code is worth to the decoder on held-out texts, in nats; see `swap`."""
    return swap(text_model(setting, kind, seed), corpus_of(setting).held_out).gain


def vanishes(setting: Setting) -> Measurement:
    """The Gaussian's divergence goes to 0; the sphere's is the constant."""
    kinds = (plain(setting), on_sphere(setting))
    found = over_seeds(setting, kinds, lambda kind, seed: divergence_of(setting, kind, seed))
    gaussian, sphere = (mean(found[kind]) for kind in kinds)
    expected = divergence(setting["width"], setting["concentration"])
    texts = corpus_of(setting)
    reason = {
        "zh": f"{texts.name}，{steps_of(setting)} 步，{len(seeds_of(setting))} 个种子：留出文本上高斯的 KL {gaussian:.3f}，"
        f"球面 {sphere:.4f}（公式 {expected:.4f}）奈特。",
        "en": f"{texts.name}, {steps_of(setting)} steps, {len(seeds_of(setting))} seed(s): on held-out texts the KL of the "
        f"Gaussian is {gaussian:.3f}, of the sphere {sphere:.4f} nats (by the formula {expected:.4f}).",
    }
    holds = gaussian < VANISHED and abs(sphere - expected) < CLOSE
    return Measurement(holds, reason, results_of(setting, found, "divergence", texts))


def used(setting: Setting) -> Measurement:
    """The sphere's decoder misses the right code when it gets another's; the Gaussian's does not notice."""
    kinds, texts = (plain(setting), on_sphere(setting)), corpus_of(setting)
    found = over_seeds(setting, kinds, lambda kind, seed: gain_of(setting, kind, seed))
    active = over_seeds(
        setting, kinds, lambda kind, seed: float(swap(text_model(setting, kind, seed), texts.held_out).active)
    )
    gaussian, sphere = (mean(found[kind]) for kind in kinds)
    units = [f"{mean(active[kind]):.1f}/{kind.width}" for kind in kinds]
    reason = {
        "zh": f"换成别的文本的编码，解码损失增加：高斯 {gaussian:.3f}，球面 {sphere:.3f} 奈特；活跃坐标 {units[0]} 与 {units[1]}。",
        "en": f"Another text's code costs the decoder {gaussian:.3f} nats with the Gaussian and {sphere:.3f} on the sphere; "
        f"active coordinates {units[0]} and {units[1]}.",
    }
    results = (*results_of(setting, found, "swap-gain", texts), *results_of(setting, active, "active-units", texts))
    return Measurement(sphere > USED and abs(gaussian) < VANISHED, reason, results)


def cheaper(setting: Setting) -> Measurement:
    """Whether the perplexity, divergence included, is lower on the sphere than with the Gaussian."""
    kinds, texts = (plain(setting), on_sphere(setting)), corpus_of(setting)
    found, rebuilt = {}, {}
    for kind in kinds:
        measured = [text_model(setting, kind, seed).evaluate(texts.held_out) for seed in seeds_of(setting)]
        found[kind] = [item.perplexity or 0.0 for item in measured]
        rebuilt[kind] = [item.reconstruction for item in measured]
    gaussian, sphere = (mean(found[kind]) for kind in kinds)
    without = [mean(rebuilt[kind]) for kind in kinds]
    reason = {
        "zh": f"困惑度（含 KL，−ELBO 的上界）：高斯 {gaussian:.1f}，球面 {sphere:.1f}；"
        f"不含 KL 的重构：{without[0]:.2f} 与 {without[1]:.2f} 奈特。",
        "en": f"Perplexity, KL included (from −ELBO, a bound): Gaussian {gaussian:.1f}, sphere {sphere:.1f}; reconstruction "
        f"without the KL: {without[0]:.2f} and {without[1]:.2f} nats.",
    }
    results = (*results_of(setting, found, "perplexity", texts), *results_of(setting, rebuilt, "reconstruction", texts))
    return Measurement(sphere < gaussian, reason, results)


def more_is_used(setting: Setting) -> Measurement:
    """The code is worth more to the decoder the higher its κ."""
    texts = corpus_of(setting)
    kinds = [Kind("von_mises_fisher", setting["width"], kappa) for kappa in setting["concentrations"]]
    found = over_seeds(setting, kinds, lambda kind, seed: gain_of(setting, kind, seed))
    paid = [divergence(setting["width"], kappa) for kappa in setting["concentrations"]]
    gains = [mean(found[kind]) for kind in kinds]
    pairs = zip(setting["concentrations"], paid, gains, strict=True)
    listed = "; ".join(f"κ={kappa:g} {cost:.2f} / {gain:.2f}" for kappa, cost, gain in pairs)
    reason = {
        "zh": f"KL / 换编码的损失（奈特）：{listed}。",
        "en": f"KL / what another's code costs, in nats: {listed}.",
    }

    def draw(path: Path) -> None:
        curves(
            paid,
            {label(zh="换编码的损失", en="cost of another's code"): gains, "KL": paid},
            path,
            x_label=label(zh="KL（奈特）", en="KL (nats)"),
            y_label=label(zh="奈特", en="nats"),
            title=label(zh=f"编码用了多少（{texts.name}）", en=f"How much of the code is used ({texts.name})"),
        )

    results = results_of(setting, found, "swap-gain", texts)
    return Measurement(gains == sorted(gains), reason, results, draw)


CLAIMS = (
    Claim(
        "vmf-vae",
        13,
        {
            "zh": "解码器自回归时（文本），高斯 VAE 的 KL 消失，vMF 的 KL 是常数、不可能消失。判据：留出文本上高斯的 KL 小于 0.1 奈特，"
            "球面与 KL(d, κ) 差小于 1e-4（small 用本包自己的句子与一半的步数）。",
            "en": "With an autoregressive decoder (text) the KL of a Gaussian VAE vanishes; that of vMF is a constant and cannot. "
            "Decided by: on held-out texts the Gaussian's KL is below 0.1 nats and the sphere's within 1e-4 of KL(d, κ) "
            "(the small scale takes the package's own sentences and half the steps).",
        },
        SOURCE,
        None,
        ON_SPHERE,
        vanishes,
    ),
    Claim(
        "vmf-vae",
        14,
        {
            "zh": "KL 不消失，解码器就用得上编码。常数 KL 本身不能证明这一点，所以把编码换成别的文本的来看。"
            "判据：球面上损失增加 0.5 奈特以上，"
            "高斯变化小于 0.1。",
            "en": "Where the KL does not vanish the decoder uses the code. A constant KL proves nothing of the kind by itself, so "
            "codes are swapped between texts. Decided by: the loss rises by more than 0.5 nats on the sphere and changes by "
            "less than 0.1 with the Gaussian.",
        },
        SOURCE,
        None,
        ON_SPHERE,
        used,
    ),
    Claim(
        "vmf-vae",
        15,
        {
            "zh": "vMF 文本 VAE 的困惑度（含 KL）低于高斯。判据：留出文本上更低。",
            "en": "The perplexity of a vMF text VAE, KL included, is lower than the Gaussian's. Decided by: lower on held-out texts.",
        },
        XU,
        "PTB 98, Yelp 54 (vMF, with the KL of claim 2)",
        ON_SPHERE,
        cheaper,
    ),
    Claim(
        "vmf-vae",
        16,
        {
            "zh": "κ 决定编码用多少：κ 越大，换掉编码的损失越大。判据：随 κ 单调上升。",
            "en": "κ decides how much of the code is used: the higher, the more another's code costs. Decided by: it rises with κ.",
        },
        SOURCE,
        None,
        {"width": 8, "concentrations": (5.0, 20.0, 40.0), **TRAINING},
        more_is_used,
    ),
)
