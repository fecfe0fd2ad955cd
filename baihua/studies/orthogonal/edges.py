"""Where the article's formulas divide by zero: vectors that are nearly equal or nearly opposite."""

from pathlib import Path

import numpy as np

from baihua.checks import check_choice
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.orthogonal.formulas import MAPS, SOURCE, chosen, pair_at, textbook
from baihua.studies.plots import curves, label

ANGLES = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 0.0)
EXACT = 1e-13
LEAST = 1e-17  # shown for no error at all, or for the angle 0, on logarithmic axes
# Where each formula divides by zero.
AT_OPPOSITE = ("rotation", "symmetric")


def at_the_edges(setting: Setting) -> Measurement:
    """All four maps stay orthogonal and hit b, at every distance from equal and opposite vectors."""
    check_choice("formulas", setting["formulas"], ("mirrors", "article"))
    rng = np.random.default_rng(setting["seed"])
    worst = {name: 0.0 for name in MAPS}
    lines = {f"{name}, {way}": [] for name in MAPS for way in ("article", "mirrors")}  # type: dict[str, list[float]]
    for angle in ANGLES:
        for name in MAPS:
            a, b = pair_at(setting["width"], angle, rng, from_opposite=name in AT_OPPOSITE)
            own = _error(chosen(setting, name, a, b), a, b)
            worst[name] = float(np.maximum(worst[name], own))  # NaN stays
            lines[f"{name}, article"].append(_error(textbook(name, a, b), a, b))
            lines[f"{name}, mirrors"].append(own)
    shown = ", ".join(f"{name} {value:.1e}" for name, value in worst.items())
    reason = {
        "zh": f"离奇点 0 到 0.01 弧度，‖TT'−I‖ 与 ‖Ta−b‖ 最大：{shown}。",
        "en": f"From 0 to 0.01 radians from the singular point, the largest of ‖TT' − I‖ and ‖Ta − b‖: {shown}.",
    }
    results = tuple(
        Result(f"orthogonal/edge/{name}", "deviation", (value,), seeds=(setting["seed"],), settings=dict(setting.knobs))
        for name, value in worst.items()
        if np.isfinite(value)
    )
    holds = all(value < EXACT for value in worst.values())
    return Measurement(holds, reason, results, lambda path: _draw(lines, path))


def _error(found: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Return the larger of the distance from orthogonal and the distance of Ta from b, in the largest entry."""
    if not np.isfinite(found).all():
        return float("nan")
    return float(max(np.abs(found @ found.T - np.eye(len(a))).max(), np.abs(found @ a - b).max()))


def _draw(lines: dict[str, list[float]], path: Path) -> object:
    shown = {
        name: [np.log10(max(value, LEAST)) if np.isfinite(value) else np.nan for value in values]
        for name, values in lines.items()
        if name.split(",")[0] in ("rotation", "reflection")
    }
    return curves(
        [float(np.log10(max(angle, LEAST))) for angle in ANGLES],
        shown,
        path,
        x_label=label(zh="离奇点的角度（以 10 为底的对数）", en="angle from the singular point, log10"),
        y_label=label(zh="误差（以 10 为底的对数；断线是 NaN）", en="error, log10 (a gap is NaN)"),
        title=label(zh="奇点附近：文章的公式与两面镜子", en="Near the singular point: the formulas and two mirrors"),
    )


CLAIMS = (
    Claim(
        "orthogonal",
        8,
        {
            "zh": "公式在 b = −a（旋转、第三种）或 b = a（反射、第四种）处除以零，附近丢光有效位；写成镜面的乘积则处处精确。"
            "判据：任何角度 ‖TT'−I‖ 与 ‖Ta−b‖ 都小于 1e-13（旋钮 formulas=article 换成文章的公式）。",
            "en": "The formulas divide by zero at b = −a (rotation, third) or b = a (reflection, fourth) and lose their digits "
            "nearby; as products of mirrors they are exact everywhere. Decided by: ‖TT' − I‖ and ‖Ta − b‖ below 1e-13 at "
            "every angle (the knob formulas=article takes the article's formulas).",
        },
        SOURCE,
        None,
        {"width": 8, "formulas": "mirrors", "seed": 0},
        at_the_edges,
    ),
)
