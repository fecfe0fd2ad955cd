"""What the Lipschitz constraint does: to any GAN, to a critic's slope, and to the direction it points in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from baihua.maths.c_transform import largest_violation
from baihua.maths.ground_cost import euclidean_distances
from baihua.nn.lipschitz import gradients
from baihua.nn.wgan import Critic, CriticKind
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.wgan.cells import Way, cell_of
from baihua.studies.wgan.data import REVISION, digit_pairs, shifted_gaussians, shifted_rings
from baihua.studies.wgan.static import KNOBS as STATIC
from baihua.studies.wgan.static import estimate, kinds_of, numbers
from baihua.studies.wgan.trained import KNOBS, begin, results, row
from baihua.studies.wgan.words import ARTICLE, STANCZUK, listed, mean, seeds_of, steps_of
from baihua.training.static_critic import train_critic

KOROTIN = "https://arxiv.org/abs/2206.15397"
HALVES = 1  # the pair of `digit_pairs` whose batches are drawn from one law
STEEPEST = 1.5
CONSTRAINED = {"+GP": "gradient_penalty", "+SN": "spectral_norm"}


def helps_any_gan(setting: Setting) -> Measurement:
    """With a penalty on the gradient the non-saturating and the hinge GAN cover more of the digits."""
    cells = {}
    for name, objective in (("NS", "non_saturating"), ("hinge", "hinge")):
        cells[name] = cell_of(Way(objective), setting)
        for suffix, constraint in CONSTRAINED.items():
            cells[name + suffix] = cell_of(Way(objective, constraint), setting)
    table, words = {figure: row(cells, figure) for figure in ("coverage", "precision", "recall")}, begin(setting)
    rows = "; ".join(f"{figure}: {listed(values)}" for figure, values in table.items())
    reason = {"zh": f"{words['zh']}{rows}。", "en": f"{words['en']}{rows}."}
    coverage = table["coverage"]
    holds = all(mean(coverage[f"{name}+GP"]) > mean(coverage[name]) for name in ("NS", "hinge"))
    return Measurement(holds, reason, results(setting, cells, tuple(table)))


@dataclass(frozen=True)
class Audit:
    """How a critic keeps the constraint, one number per seed: its largest slope, and its worst violation on new points."""

    steepest: tuple[float, ...]
    violation: tuple[float, ...]


def audited(critic: Critic, kind: CriticKind, x: Tensor, y: Tensor) -> Audit:
    """Return the largest |∇f| at new points, and the most by which the pair breaks f(x) + g(y) ≤ |x − y| there.

    g is −f for a critic of the Wasserstein objective, and f^c over another batch for a c-transform.
    """
    nets = len(critic.network.weights[0])
    real, fake, other = (points.expand(nets, *points.shape) for points in (x[:128], y[:128], x[128:192]))
    slopes = torch.linalg.vector_norm(gradients(critic, torch.cat([real, fake], dim=1)), dim=-1).amax(dim=1)
    with torch.no_grad():
        f = critic(real)
        if kind.objective == "c_transform":
            g = kind.make_objective().transform(critic(other), euclidean_distances(other, fake))  # type: ignore[attr-defined]
        else:
            g = -critic(fake)
        violation = largest_violation(f, g, euclidean_distances(real, fake))
    return Audit(tuple(slopes.tolist()), tuple(violation.tolist()))


def keeps_the_slope(setting: Setting) -> Measurement:
    """A penalised critic's slope stays near 1; the c-transform's pair breaks the constraint away from its own batch."""
    kinds = {**kinds_of(setting), "SN": CriticKind("wasserstein", "spectral_norm")}
    pair = digit_pairs()[HALVES]
    found = {}
    for name, kind in kinds.items():
        one = estimate(HALVES, kind, numbers(setting), seeds_of(setting), setting.show_progress)
        found[name] = audited(one.critic, kind, pair.x, pair.y)
    steep, broken = (
        {name: getattr(audit, part) for name, audit in found.items()} for part in ("steepest", "violation")
    )
    reason = {
        "zh": f"手写数字的两半，{steps_of(setting)} 步；最大 |∇f|：{listed(steep)}；新样本上 f(x)+g(y)−|x−y| 的最大值：{listed(broken)}。",
        "en": f"Halves of the digits, {steps_of(setting)} steps; largest |∇f|: {listed(steep)}; the most of f(x) + g(y) − |x − y| "
        f"on other points: {listed(broken)}.",
    }
    holds = max(steep["GP"]) < STEEPEST and max(steep["SN"]) <= 1 + 1e-3 and min(broken["c"]) > 0
    settings = {**setting.knobs, "scale": setting.scale}
    kept = tuple(
        Result(f"wgan/audit/{name}/{figure}", figure, values, seeds_of(setting), settings, REVISION)
        for figure, table in (("steepest", steep), ("violation", broken))
        for name, values in table.items()
    )
    return Measurement(holds, reason, kept)


def value_and_direction(setting: Setting) -> Measurement:
    """Between shifted laws the c-transform's value is nearer to the batch distance, its gradient farther from the shift."""
    pairs = (shifted_gaussians(setting["width"], setting["shift"]), shifted_rings(setting["shift"]))
    cosine: dict[str, dict[str, tuple[float, ...]]] = {}
    share: dict[str, dict[str, tuple[float, ...]]] = {}
    for pair in pairs:
        cosine[pair.name], share[pair.name] = {}, {}
        for name, kind in kinds_of(setting, (0.1,)).items():
            show = setting.show_progress
            found = train_critic(pair.x, pair.y, kind, numbers(setting), seeds=seeds_of(setting), show_progress=show)
            cosine[pair.name][name] = cosines(found.critic, pair.y)
            share[pair.name][name] = tuple(e / w for e, w in zip(found.estimate, found.exact, strict=True))
    cosines_of, shares_of = ("; ".join(f"{law}: {listed(row)}" for law, row in one.items()) for one in (cosine, share))
    reason = {
        "zh": f"平移 {setting['shift']:g}，最优势的梯度处处是平移方向；∇f 与它的余弦：{cosines_of}；估计 / 批间 W1：{shares_of}。",
        "en": f"Shifted by {setting['shift']:g}, where the best potential's gradient is the shift's direction everywhere; cosine of "
        f"∇f with it: {cosines_of}; estimate over batch W1: {shares_of}.",
    }
    holds = all(
        abs(mean(share[law]["c"]) - 1) < abs(mean(share[law]["GP"]) - 1) and mean(row["c"]) < mean(row["GP"])
        for law, row in cosine.items()
    )
    settings = {**setting.knobs, "scale": setting.scale}
    kept = tuple(
        Result(f"wgan/direction/{law}/{name}", "cosine", values, seeds_of(setting), settings, {law: "seed 0"})
        for law, row in cosine.items()
        for name, values in row.items()
    )
    return Measurement(holds, reason, kept)


def cosines(critic: Critic, y: Tensor) -> tuple[float, ...]:
    """Return the mean cosine of ∇f at y with the way from y to x, −(1, …, 1)/√width, per seed."""
    nets, width = len(critic.network.weights[0]), y.shape[1]
    slopes = gradients(critic, y[:512].expand(nets, 512, width).contiguous())
    toward = -torch.ones(width) / width**0.5
    return tuple(torch.nn.functional.cosine_similarity(slopes, toward, dim=-1).mean(dim=1).tolist())


DIRECTION: Mapping[str, Any] = {**STATIC, "width": 16, "shift": 2.0}

CLAIMS = (
    Claim(
        "wgan",
        13,
        {
            "zh": "真正起作用的是 Lipschitz 约束：加到别的 GAN 上也有好处。判据：非饱和与 hinge 的 GAN 加梯度惩罚后 coverage 都上升。",
            "en": "What helps is the Lipschitz constraint, and it helps other GANs as well. Decided by: with a gradient penalty the "
            "coverage of the non-saturating and of the hinge GAN is higher.",
        },
        ARTICLE,
        "in words",
        KNOBS,
        helps_any_gan,
    ),
    Claim(
        "wgan",
        14,
        {
            "zh": "GP 与谱归一化守得住斜率；c 变换的可行性只在那一批上成立。"
            "判据：GP 的最大 |∇f| 小于 1.5，谱归一化不超过 1，c 变换的势对在新样本上违反约束。",
            "en": "GP and spectral normalisation keep the slope; a c-transform is feasible on its own batch only. Decided by: the "
            "largest |∇f| of GP is below 1.5, of SN at most 1, and the c-transform's pair breaks the constraint on other points.",
        },
        STANCZUK,
        None,
        STATIC,
        keeps_the_slope,
    ),
    Claim(
        "wgan",
        15,
        {
            "zh": "值估得准的，梯度未必准，而生成器只用梯度。"
            "判据：平移的高斯与平移的八团混合上，c 变换的值比 GP 接近批间 W1，梯度与真方向的余弦却更低。",
            "en": "A value that is right may have a wrong gradient, and a generator sees the gradient alone. Decided by: between "
            "shifted Gaussians, and rings of eight clouds, the c-transform is nearer to batch W1 than GP, and the cosine of its "
            "gradient with the shift lower.",
        },
        KOROTIN,
        None,
        DIRECTION,
        value_and_direction,
    ),
)
