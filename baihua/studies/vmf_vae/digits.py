"""What the concentration does, on small images: reconstruction against divergence, neighbours, likelihood."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.vmf_vae.exact import SOURCE, divergence
from baihua.studies.vmf_vae.trained import Kind, digits, image_model, mean, over_seeds, results_of, seeds_of

DAVIDSON = "https://arxiv.org/abs/1804.00891, table 1"
TRAINING: Mapping[str, Any] = {"steps": 500, "hidden_size": 128, "seeds": (0, 1, 2)}
EXACT = 1e-5  # of float32
CLEAR = 0.1  # nats


def sphere(width: int, concentration: float | None) -> Kind:
    """Return the von Mises–Fisher latent of a width."""
    return Kind("von_mises_fisher", width, concentration)


def gaussian(width: int) -> Kind:
    """Return the Gaussian latent of a width."""
    return Kind("gaussian", width)


def stays(setting: Setting) -> Measurement:
    """The divergence on the sphere is the same after training as its formula, for any input; a Gaussian's is not."""
    kinds = (sphere(setting["width"], setting["concentration"]), gaussian(setting["width"] - 1))
    expected = divergence(setting["width"], setting["concentration"])
    spans = {}
    for kind in kinds:
        models = [image_model(setting, kind, seed) for seed in seeds_of(setting)]
        spans[kind] = [_spread(model.loss_, model.rows(digits().held_out), expected) for model in models]
    on_sphere, plain = (mean(spans[kind]) for kind in kinds)
    reason = {
        "zh": f"训练后各图片的 KL 与 KL(d, κ)={expected:.4f} 最多差：球面 {on_sphere:.1e}，高斯 {plain:.2f} 奈特。",
        "en": f"After training the KL of an image is at most this far from KL(d, κ) = {expected:.4f}: {on_sphere:.1e} on the "
        f"sphere, {plain:.2f} nats for the Gaussian.",
    }
    return Measurement(on_sphere < EXACT and plain > CLEAR, reason, results_of(setting, spans, "nats-away"))


def _spread(loss: Any, rows: torch.Tensor, expected: float) -> float:
    with torch.no_grad():
        return float((loss.latent.divergence(loss.posterior(rows)) - expected).abs().max())


def trade(setting: Setting) -> Measurement:
    """Reconstruction falls and divergence rises with κ; their sum is lowest in between."""
    kappas, width = setting["concentrations"], setting["width"]
    kinds = [sphere(width, kappa) for kappa in kappas]
    reconstruction = over_seeds(setting, kinds, lambda kind, seed: evaluated(setting, kind, seed).reconstruction)
    bound = over_seeds(setting, kinds, lambda kind, seed: evaluated(setting, kind, seed).negative_elbo)
    paid = [divergence(width, kappa) for kappa in kappas]
    repaid, total = [mean(reconstruction[kind]) for kind in kinds], [mean(bound[kind]) for kind in kinds]
    listed = "; ".join(
        f"κ={k:g} {r:.2f} + {p:.2f} = {t:.2f}" for k, r, p, t in zip(kappas, repaid, paid, total, strict=True)
    )
    falls, best = bool((np.diff(repaid) < 0).all()), int(np.argmin(total))
    reason = {"zh": f"d={width}，重构 + KL：{listed}。", "en": f"d = {width}, reconstruction + KL: {listed}."}

    def draw(path: Path) -> None:
        words = (label(zh="重构", en="reconstruction"), "KL", label(zh="两者之和（−ELBO）", en="their sum (-ELBO)"))
        curves(
            kappas,
            dict(zip(words, (repaid, paid, total), strict=True)),
            path,
            x_label="κ",
            y_label=label(zh="奈特", en="nats"),
            title=label(zh=f"集中度的取舍（d={width}）", en=f"What the concentration trades (d = {width})"),
            log_x=True,
        )

    results = (*results_of(setting, reconstruction, "reconstruction"), *results_of(setting, bound, "negative-elbo"))
    return Measurement(falls and 0 < best < len(kappas) - 1, reason, results, draw)


def wider_is_sharper(setting: Setting) -> Measurement:
    """The best κ of a wider code is higher."""
    best = {}
    results: list[Result] = []
    for width in setting["widths"]:
        kinds = [sphere(width, kappa) for kappa in setting["concentrations"]]
        bound = over_seeds(setting, kinds, lambda kind, seed: evaluated(setting, kind, seed).negative_elbo)
        best[width] = min(kinds, key=lambda kind: mean(bound[kind])).concentration or 0.0
        results += results_of(setting, bound, "negative-elbo")
    listed = ", ".join(f"d={width} κ={kappa:g}" for width, kappa in best.items())
    reason = {"zh": f"−ELBO 最低处：{listed}。", "en": f"The lowest −ELBO is at {listed}."}
    rising = list(best.values())
    return Measurement(rising[0] < rising[-1] and rising == sorted(rising), reason, tuple(results))


def likelier(setting: Setting) -> Measurement:
    """By importance sampling the sphere's best κ is likelier than a Gaussian of as many degrees of freedom."""
    gains: list[float] = []
    results: list[Result] = []
    shown: list[str] = []
    for freedom in setting["freedoms"]:
        kinds = [gaussian(freedom), *(sphere(freedom + 1, kappa) for kappa in setting["concentrations"])]
        found = over_seeds(setting, kinds, lambda kind, seed: _likelihood(setting, kind, seed))
        plain, best = mean(found[kinds[0]]), max(kinds[1:], key=lambda kind: mean(found[kind]))
        gains.append(mean(found[best]) - plain)
        shown.append(f"{freedom}: {plain:.2f} / {mean(found[best]):.2f} (κ={best.concentration:g})")
        results += results_of(setting, found, "log-likelihood")
    listed = "; ".join(shown)
    reason = {
        "zh": f"自由度：高斯 / 球面的对数似然（奈特）：{listed}。",
        "en": f"Freedoms: log-likelihood of Gaussian / sphere: {listed}.",
    }
    return Measurement(min(gains) > 0, reason, tuple(results))


def evaluated(setting: Setting, kind: Kind, seed: int) -> Any:
    """Return what a model of the digits makes of those held out."""
    return image_model(setting, kind, seed).evaluate(digits().held_out)


def _likelihood(setting: Setting, kind: Kind, seed: int) -> float:
    found = image_model(setting, kind, seed).evaluate(digits().held_out, num_samples=setting["num_samples"])
    return found.log_likelihood or 0.0


CLAIMS = (
    Claim(
        "vmf-vae",
        6,
        {
            "zh": "vMF-VAE 的 KL 在训练中不变，不进入优化；高斯的 KL 会变。"
            "判据：训练后每张图的 KL 与 KL(d, κ) 差小于 1e-5，高斯差大于 0.1 奈特。",
            "en": "The KL of a vMF-VAE does not change in training and takes no part in it; a Gaussian's does. Decided by: after "
            "training every image's KL is within 1e-5 of KL(d, κ), and a Gaussian's is more than 0.1 nats away.",
        },
        SOURCE,
        None,
        {"width": 6, "concentration": 20.0, **TRAINING},
        stays,
    ),
    Claim(
        "vmf-vae",
        7,
        {
            "zh": "κ 越大重构越好、KL 越大，两者之和（−ELBO）两头高中间低。判据：重构随 κ 单调下降，最低的 −ELBO 不在两端。",
            "en": "A higher κ means a better reconstruction and a higher KL, and their sum (−ELBO) is lowest in between. "
            "Decided by: the reconstruction falls with every κ and the lowest −ELBO is at neither end.",
        },
        SOURCE,
        "κ = 20 for width 4 on MNIST",
        {"width": 6, "concentrations": (2.0, 5.0, 20.0, 80.0), **TRAINING},
        trade,
    ),
    Claim(
        "vmf-vae",
        8,
        {
            "zh": "码越宽，最好的 κ 越大。判据：−ELBO 最低的 κ 随宽度递增。",
            "en": "The wider the code, the higher the best κ. Decided by: the κ with the lowest −ELBO rises with the width.",
        },
        SOURCE,
        None,
        {"widths": (3, 11), "concentrations": (5.0, 10.0, 20.0, 40.0, 80.0), **TRAINING},
        wider_is_sharper,
    ),
    Claim(
        "vmf-vae",
        9,
        {
            "zh": "自由度相同且不大时，球面的对数似然高于高斯。"
            "判据：各自由度上，最好的 κ 的重要性采样对数似然高于高斯（κ 与似然用同一批留出图片）。",
            "en": "With as many degrees of freedom, if few, the sphere is likelier than the Gaussian. Decided by: at each number "
            "of freedoms the importance-sampled log-likelihood of the best κ is above the Gaussian's (κ chosen on the "
            "same held-out images).",
        },
        DAVIDSON,
        "MNIST, Gaussian / vMF: d=2 −135.73 / −132.50, d=5 −110.21 / −108.43, d=10 −93.84 / −93.16",
        {"freedoms": (2, 5, 10), "concentrations": (5.0, 20.0, 80.0), "num_samples": 200, **TRAINING},
        likelier,
    ),
)
