"""The divergence from the uniform law: what it depends on, and two published figures that are not what they say."""

import math

import numpy as np
import scipy.special as sp
import torch
from torch.distributions import kl_divergence

from baihua.checks import check_choice
from baihua.maths.bessel import kl_to_uniform
from baihua.maths.hyperspherical_uniform import HypersphericalUniform
from baihua.maths.power_spherical import PowerSpherical
from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting

SOURCE = "https://kexue.fm/archives/8404"
EXACT = 1e-9
SEEN = 0.01  # nats
STANDARD_ERRORS = 4.0
PRINTED = 1.2486  # by the README of nicola-decao/power_spherical


def divergence(width: int, concentration: float) -> float:
    """Return the divergence of a von Mises–Fisher law from the uniform one, in nats."""
    return float(kl_to_uniform(width, torch.tensor(concentration, dtype=torch.float64)))


def constant(setting: Setting) -> Measurement:
    """The divergence is finite, above 0, rises with κ, does not depend on μ, and is what samples say."""
    widths, concentrations = setting["widths"], setting["concentrations"]
    table = np.array([[divergence(width, kappa) for kappa in concentrations] for width in widths])
    sound = bool(np.isfinite(table).all() and (table > 0).all() and (np.diff(table, axis=1) > 0).all())
    closed = max(abs(divergence(3, kappa) - _in_three_dimensions(kappa)) for kappa in concentrations)
    torch.manual_seed(setting["seed"])
    loc = unit(torch.randn(setting["num"], setting["width"], dtype=torch.float64))
    law = VonMisesFisher(loc, setting["concentration"])
    prior = HypersphericalUniform(setting["width"], dtype=torch.float64)
    each = kl_divergence(law, prior)
    code = law.sample()
    ratios = law.log_prob(code) - prior.log_prob(code)
    off = float((ratios.mean() - each[0]).abs() / (ratios.std() / math.sqrt(len(ratios))))
    spread = float(each.max() - each.min())
    reason = {
        "zh": f"{table.size} 组 (d, κ) 有限、为正、随 κ 递增：{'是' if sound else '否'}；d=3 与闭式最多差 {closed:.1e}；"
        f"{len(loc)} 个不同的 μ 之间相差 {spread:.1e}；与采样均值差 {off:.1f} 个标准误。",
        "en": f"{table.size} pairs (d, κ) finite, positive and rising with κ: {'yes' if sound else 'no'}; within {closed:.1e} "
        f"of the closed form at d = 3; {spread:.1e} apart for {len(loc)} different μ; {off:.1f} standard errors from "
        "the mean over samples.",
    }
    results = (
        _result("closed-form", "deviation", closed, setting),
        _result("sampled", "standard errors", off, setting),
    )
    return Measurement(sound and closed < EXACT and spread < EXACT and off < STANDARD_ERRORS, reason, results)


def two_widths_on(setting: Setting) -> Measurement:
    """The formula in the code behind the published perplexities is the divergence at width d + 2."""
    name = check_choice("formula", setting["formula"], ("published", "right"))
    width_added = 2 if name == "published" else 0
    off, apart, shown = 0.0, [], []
    for width in setting["widths"]:
        for kappa in setting["concentrations"]:
            right, legacy = divergence(width, kappa), legacy_divergence(width, kappa)
            off = max(off, abs(legacy - divergence(width + width_added, kappa)))
            apart.append(legacy - right)
            shown.append(f"({width}, {kappa:g}) {legacy:.4f} / {right:.4f}")
    listed = "; ".join(shown)
    reason = {
        "zh": f"与 d+{width_added} 处最多差 {off:.1e}，与正确值差 {min(apart):+.2f} 到 {max(apart):+.2f} 奈特；代码/正确：{listed}。",
        "en": f"Within {off:.1e} of the divergence at d+{width_added}; {min(apart):+.2f} to {max(apart):+.2f} nats from the "
        f"right one; code / right: {listed}.",
    }
    return Measurement(
        off < EXACT and min(abs(gap) for gap in apart) > SEEN, reason, (_result("legacy", "deviation", off, setting),)
    )


def legacy_divergence(width: int, concentration: float) -> float:
    """Return the divergence as jiacheng-xu/vmf_vae_nlp has it, whose Bessel functions are of an order too high by one."""
    order, kappa = width / 2, concentration
    ratio = sp.ive(order + 1, kappa) / sp.ive(order, kappa)
    log_bessel = math.log(sp.ive(order, kappa)) + kappa
    return float(kappa * ratio + order * math.log(kappa) - log_bessel - math.lgamma(order + 1) - order * math.log(2))


def readme_of_power_spherical(setting: Setting) -> Measurement:
    """The README sets a scale of 4 and prints what belongs to 10."""
    found = {}
    for kappa in (setting["set"], setting["printed_for"]):
        law = PowerSpherical(torch.tensor([1.0, 0.0], dtype=torch.float64), kappa)
        found[kappa] = float(kl_divergence(law, HypersphericalUniform(2, dtype=torch.float64)))
    listed = ", ".join(f"κ={kappa:g} {value:.4f}" for kappa, value in found.items())
    reason = {
        "zh": f"d=2：{listed}；README 印的是 {PRINTED}。",
        "en": f"d = 2: {listed}; the README prints {PRINTED}.",
    }
    holds = abs(found[setting["printed_for"]] - PRINTED) < 1e-4 and abs(found[setting["set"]] - PRINTED) > 0.1
    results = tuple(_result(f"power-spherical-{kappa:g}", "nats", value, setting) for kappa, value in found.items())
    return Measurement(holds, reason, results)


def _in_three_dimensions(kappa: float) -> float:
    """Return κ coth κ − 1 + log(κ / sinh κ) without overflow, and its series where it would cancel."""
    if kappa < 0.1:
        return kappa**2 / 6 - kappa**4 / 60 + kappa**6 / 567 - kappa**8 / 5400
    twice = math.exp(-2 * kappa)
    return kappa * (1 + twice) / (1 - twice) - 1 + math.log(2 * kappa / (1 - twice)) - kappa


def _result(name: str, metric: str, value: float, setting: Setting) -> Result:
    seeds = (setting["seed"],) if "seed" in setting.knobs else ()
    return Result(f"vmf-vae/{name}", metric, (value,), seeds=seeds, settings=dict(setting.knobs))


CLAIMS = (
    Claim(
        "vmf-vae",
        1,
        {
            "zh": "先验取球面均匀分布、κ 固定时，KL 只依赖 (d, κ)，是正的常数。判据：各 (d, κ) 有限、为正、随 κ 递增，d=3 与闭式、"
            "不同 μ 之间差小于 1e-9，与采样估计差 4 个标准误以内。",
            "en": "With a uniform prior on the sphere and a fixed κ the KL depends on (d, κ) alone and is a constant above 0. "
            "Decided by: finite, positive and rising with κ for all (d, κ); within 1e-9 of the closed form at d = 3 and "
            "between different μ; within 4 standard errors of samples.",
        },
        SOURCE,
        None,
        {
            "widths": (2, 3, 4, 16, 128, 768, 2048),
            "concentrations": (1e-3, 0.1, 1.0, 20.0, 1e3, 1e6),
            "width": 16,
            "concentration": 35.0,
            "num": 20_000,
            "seed": 0,
        },
        constant,
    ),
    Claim(
        "vmf-vae",
        2,
        {
            "zh": "勘误：Xu 与 Durrett 公开代码里的 KL 是宽度 d+2 处的值，报告的困惑度因此不准。"
            "判据：与 KL(d+2, κ) 差小于 1e-9，与 KL(d, κ) 差大于 0.01 奈特（旋钮 formula=right 与 KL(d, κ) 比）。",
            "en": "Erratum: the KL in the public code of Xu and Durrett is that of width d + 2, so their perplexities are not "
            "those of their models. Decided by: within 1e-9 of KL(d + 2, κ) and more than 0.01 nats from KL(d, κ) (the "
            "knob formula=right compares with KL(d, κ)).",
        },
        "https://arxiv.org/abs/1808.10805 and github.com/jiacheng-xu/vmf_vae_nlp",
        "PTB, κ=80, d=50: perplexity 98",
        {"widths": (4, 50), "concentrations": (20.0, 80.0), "formula": "published"},
        two_widths_on,
    ),
    Claim(
        "vmf-vae",
        3,
        {
            "zh": "勘误：幂球面分布的 README 设 scale=4，印出的 KL 却是 κ=10 的值。判据：κ=10 时与印出的数差小于 1e-4，"
            "κ=4 时差大于 0.1。",
            "en": "Erratum: the README of the power spherical distribution sets scale=4 and prints the KL of κ = 10. "
            "Decided by: within 1e-4 of the printed figure at κ = 10, more than 0.1 away at κ = 4.",
        },
        "https://arxiv.org/abs/2006.04437 and github.com/nicola-decao/power_spherical",
        "1.2486",
        {"set": 4.0, "printed_for": 10.0},
        readme_of_power_spherical,
    ),
)
