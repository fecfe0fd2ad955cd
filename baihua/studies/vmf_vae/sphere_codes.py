"""What codes on the sphere look like: which digits lie side by side, the ends of κ, and images decoded from anywhere."""

from pathlib import Path

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import label
from baihua.studies.vmf_vae.digits import CLEAR, DAVIDSON, TRAINING, evaluated, gaussian, sphere
from baihua.studies.vmf_vae.exact import SOURCE
from baihua.studies.vmf_vae.pictures import draw_images, draw_sphere
from baihua.studies.vmf_vae.trained import Kind, digits, image_model, mean, over_seeds, results_of, swap
from baihua.tasks.generate import VariationalAutoencoder

NUM_NEIGHBOURS = 5
NUM_SHOWN = 10
LEAST_SHARE = 0.9


def neighbours(setting: Setting) -> Measurement:
    """A label guessed from the nearest codes is right as often on the sphere as for a Gaussian, or more often."""
    gains: list[float] = []
    results: list[Result] = []
    shown: list[str] = []
    for freedom in setting["freedoms"]:
        kinds = (gaussian(freedom), sphere(freedom + 1, setting["concentration"]))
        found = over_seeds(setting, kinds, lambda kind, seed: nearest_accuracy(setting, kind, seed))
        plain, on_sphere = (mean(found[kind]) for kind in kinds)
        gains.append(on_sphere - plain)
        shown.append(f"{freedom}: {100 * plain:.1f} / {100 * on_sphere:.1f}")
        results += results_of(setting, found, "accuracy")
    listed = "; ".join(shown)
    reason = {
        "zh": f"自由度：高斯 / 球面（κ={setting['concentration']:g}）的近邻准确率：{listed}。",
        "en": f"Freedoms: accuracy of neighbours, Gaussian / sphere (κ = {setting['concentration']:g}): {listed}.",
    }
    model, data = image_model(setting, sphere(3, setting["concentration"]), setting["seeds"][0]), digits()

    def draw(path: Path) -> object:
        title = label(
            zh=f"球面上的手写数字（d=3，κ={setting['concentration']:g}）",
            en=f"Digits on the sphere (d = 3, κ = {setting['concentration']:g})",
        )
        return draw_sphere(model.encode(data.held_out), data.held_out_labels, path, title)

    return Measurement(min(gains) >= 0, reason, tuple(results), draw)


def nearest_accuracy(setting: Setting, kind: Kind, seed: int) -> float:
    """Return the share of held-out digits whose nearest training codes vote for the right label."""
    model, data = image_model(setting, kind, seed), digits()
    voters = KNeighborsClassifier(NUM_NEIGHBOURS).fit(model.encode(data.train), data.train_labels)
    return float(voters.score(model.encode(data.held_out), data.held_out_labels))


def extremes(setting: Setting) -> Measurement:
    """With κ near 0 the code says nothing; with κ very large drawing a code changes nothing."""
    low, high = (sphere(setting["width"], setting[name]) for name in ("low", "high"))
    gain = over_seeds(
        setting, (low,), lambda kind, seed: swap(image_model(setting, kind, seed), digits().held_out).gain
    )
    noise = over_seeds(setting, (high,), lambda kind, seed: _cost_of_drawing(setting, kind, seed))
    reason = {
        "zh": f"κ={low.concentration:g}：换掉编码，解码损失增加 {mean(gain[low]):.3f} 奈特；κ={high.concentration:g}：采样比取均值方向多 "
        f"{mean(noise[high]):.3f} 奈特。",
        "en": f"κ = {low.concentration:g}: another's code costs the decoder {mean(gain[low]):.3f} nats; κ = "
        f"{high.concentration:g}: drawing the code costs {mean(noise[high]):.3f} nats more than its mean direction.",
    }
    results = (*results_of(setting, gain, "swap-gain"), *results_of(setting, noise, "cost-of-drawing"))
    return Measurement(abs(mean(gain[low])) < CLEAR and mean(noise[high]) < CLEAR, reason, results)


def _cost_of_drawing(setting: Setting, kind: Kind, seed: int) -> float:
    model = image_model(setting, kind, seed)
    rows = model.rows(digits().held_out)
    with torch.no_grad():
        at_mode = float(model.loss_.decoder.loss(model.loss_.posterior(rows).mode, rows).mean())
    return evaluated(setting, kind, seed).reconstruction - at_mode


def anywhere(setting: Setting) -> Measurement:
    """Images decoded from codes of the prior look like digits to a voter that has seen real ones; a Gaussian's beside."""
    kinds, data = (sphere(setting["width"], setting["concentration"]), gaussian(setting["width"] - 1)), digits()
    voters = KNeighborsClassifier(NUM_NEIGHBOURS).fit(data.train.reshape(len(data.train), -1), data.train_labels)

    def agreement(images: np.ndarray) -> float:
        shares = voters.predict_proba(images.reshape(len(images), -1)).max(axis=1)
        return float((shares > 1 - 0.5 / NUM_NEIGHBOURS).mean())  # all neighbours the same digit

    real, num = agreement(data.held_out), setting["num"]
    found = over_seeds(
        setting, kinds, lambda kind, seed: agreement(image_model(setting, kind, seed).sample(num, seed=seed))
    )
    model = image_model(setting, kinds[0], setting["seeds"][0])
    seen = len(np.unique(voters.predict(model.sample(num).reshape(num, -1))))
    made, plain = (mean(found[kind]) for kind in kinds)
    reason = {
        "zh": f"{NUM_NEIGHBOURS} 个近邻全体同意是同一个数字的比例：采样 {100 * made:.1f}%（高斯 {100 * plain:.1f}%），"
        f"真实的留出图片 {100 * real:.1f}%；采样里有 {seen} 种数字。",
        "en": f"All {NUM_NEIGHBOURS} nearest real digits are the same for {100 * made:.1f} % of the samples (Gaussian "
        f"{100 * plain:.1f} %) and {100 * real:.1f} % of held-out real images; {seen} of the ten digits were drawn.",
    }
    holds = made >= LEAST_SHARE * real and seen == len(set(data.train_labels.tolist()))
    results = results_of(setting, found, "agreement")
    return Measurement(holds, reason, results, lambda path: _draw_rows(model, data.held_out[:NUM_SHOWN], path))


def _draw_rows(model: VariationalAutoencoder, shown: np.ndarray, path: Path) -> Path:
    """Draw images, what they are reconstructed to, samples, and two ways from one image to another."""
    between = label(zh="插值", en="interpolation")
    rows = [
        (label(zh="原图", en="images"), shown),
        (label(zh="重构", en="reconstructions"), model.reconstruct(shown)),
        (label(zh="采样", en="samples"), model.sample(len(shown))),
        (between, model.interpolate(shown[0], shown[8], len(shown))),
        (between, model.interpolate(shown[2], shown[5], len(shown))),
    ]
    return draw_images(rows, path)


CLAIMS = (
    Claim(
        "vmf-vae",
        10,
        {
            "zh": "自由度相同时，κ=20 的球面编码按近邻分类不比高斯差。判据：各自由度上，留出图片的 5 近邻准确率都不低于高斯。",
            "en": "With as many degrees of freedom, codes on the sphere at κ = 20 classify by neighbours no worse than a "
            "Gaussian's. Decided by: at each number of freedoms the accuracy of 5 neighbours on held-out images is not "
            "below the Gaussian's.",
        },
        DAVIDSON,
        None,
        {"freedoms": (2, 3, 5, 10), "concentration": 20.0, **TRAINING},
        neighbours,
    ),
    Claim(
        "vmf-vae",
        11,
        {
            "zh": "κ→0 时解码器不看编码，κ→∞ 时成为普通的归一化自编码器。"
            "判据：小 κ 换掉编码损失变化小于 0.1 奈特；大 κ 采样与取均值方向差小于 0.1 奈特。",
            "en": "For κ → 0 the decoder does without the code; for κ → ∞ the model is a plain autoencoder with normalised "
            "codes. Decided by: at the low κ another's code changes the loss by less than 0.1 nats; at the high κ drawing "
            "a code costs less than 0.1 nats over its mean direction.",
        },
        SOURCE,
        None,
        {"width": 6, "low": 0.01, "high": 1e4, **TRAINING},
        extremes,
    ),
    Claim(
        "vmf-vae",
        12,
        {
            "zh": "球面上均匀采样的编码解码后是可辨认的数字。"
            "判据：5 个最近的真实数字全体一致的比例不低于真实图片的九成，且十个数字都出现。",
            "en": "Codes drawn uniformly from the sphere decode to digits one can read. Decided by: all 5 nearest real digits "
            "agree for at least nine tenths of the share among real images, and all ten digits are drawn.",
        },
        SOURCE,
        "a picture of samples",
        {"width": 4, "concentration": 20.0, "num": 500, **TRAINING},
        anywhere,
    ),
)
