"""What the four maps are, by algebra: orthogonal, with the right determinant, symmetric or not, minimal or not."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from baihua.checks import check_choice
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.orthogonal.formulas import MAPS, SOURCE, Array, chosen, matrix, random_pairs

KNOBS: Mapping[str, Any] = {
    "widths": (2, 3, 4, 5, 6, 7, 8, 9, 64, 512),
    "pairs": 5,
    "formulas": "mirrors",
    "seed": 0,
}
EXACT = 1e-12
PLAIN = 1e-3  # what nobody would call rounding
SYMMETRIC = ("reflection", "symmetric")


def orthogonal(setting: Setting) -> Measurement:
    """TT' = I and Ta = b for all four."""
    check_choice("formulas", setting["formulas"], ("mirrors", "article"))
    away, missed = 0.0, 0.0
    for a, b in random_pairs(setting):
        for name in MAPS:
            found = chosen(setting, name, a, b)
            away = max(away, _largest(found @ found.T - np.eye(len(a))))
            missed = max(missed, _largest(found @ a - b))
    return _deviation(setting, {"TT' - I": away, "Ta - b": missed})


def determinants(setting: Setting) -> Measurement:
    """Determinants +1, −1, (−1)^(d−1), (−1)^d; traces d − 2 + 2c, d − 2, 2 − d, 2c + 2 − d."""
    determinant, trace = 0.0, 0.0
    for a, b in random_pairs(setting):
        width, cosine = len(a), float(a @ b)
        expected = {
            "rotation": (1, width - 2 + 2 * cosine),
            "reflection": (-1, width - 2),
            "symmetric": ((-1) ** (width - 1), 2 - width),
            "fourth": ((-1) ** width, 2 - width + 2 * cosine),
        }
        for name, (sign, total) in expected.items():
            found = chosen(setting, name, a, b)
            determinant = max(determinant, abs(np.linalg.det(found) - sign))
            trace = max(trace, abs(np.trace(found) - total))
    return _deviation(setting, {"determinant": determinant, "trace": trace}, 1e-10)


def symmetric(setting: Setting) -> Measurement:
    """Reflection and symmetric map undo themselves and swap the vectors; the rotation is undone by going back."""
    swapped, undone, back = 0.0, 0.0, 0.0
    for a, b in random_pairs(setting):
        for name in SYMMETRIC:
            found = chosen(setting, name, a, b)
            swapped = max(swapped, _largest(found - found.T), _largest(found @ b - a))
            undone = max(undone, _largest(found @ found - np.eye(len(a))))
        turned = chosen(setting, "rotation", a, b)
        back = max(back, _largest(chosen(setting, "rotation", b, a) @ turned - np.eye(len(a))))
    return _deviation(setting, {"T - T', Tb - a": swapped, "TT - I": undone, "R(b, a) R(a, b) - I": back})


def beside_the_plane(setting: Setting) -> Measurement:
    """What is orthogonal to both vectors is fixed by the first two maps and negated by the others."""
    moved = 0.0
    for a, b in random_pairs(setting):
        plane = np.linalg.qr(np.stack([a, b], axis=1))[0]
        beside = np.eye(len(a)) - plane @ plane.T
        for name in MAPS:
            sign = 1 if name in ("rotation", "reflection") else -1
            moved = max(moved, _largest(chosen(setting, name, a, b) @ beside - sign * beside))
    return _deviation(setting, {"T x - ±x": moved})


def blocks(setting: Setting) -> Measurement:
    """The construction Q R Q' + E E' gives the same matrices, whatever basis E of the complement is taken."""
    rng = np.random.default_rng((setting["seed"], 1))  # apart from the stream of the pairs
    apart = 0.0
    for a, b in random_pairs(setting):
        cosine = float(a @ b)
        sine = np.sqrt(1 - cosine**2)
        across = (b - cosine * a) / np.linalg.norm(b - cosine * a)
        plane = np.stack([a, across], axis=1)  # (width, 2)
        drawn = rng.normal(size=(len(a), len(a) - 2))
        rest = np.linalg.qr(drawn - plane @ (plane.T @ drawn))[0]  # (width, width - 2)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        mirror = np.array([[cosine, sine], [sine, -cosine]])
        for name, inner in (("rotation", turn), ("reflection", mirror)):
            built = plane @ inner @ plane.T + rest @ rest.T
            apart = max(apart, _largest(built - chosen(setting, name, a, b)))
    return _deviation(setting, {"difference": apart}, 1e-10)


def in_two_dimensions(setting: Setting) -> Measurement:
    """Of the four maps two pairs are the same in width 2, and all differ from width 3 on."""
    width, rng = setting["width"], np.random.default_rng(setting["seed"])
    same, other = 0.0, np.inf
    for _ in range(setting["pairs"]):
        a, b = rng.normal(size=(2, width))
        found = {name: matrix(name, a, b) for name in MAPS}
        for first, second in (("symmetric", "reflection"), ("fourth", "rotation")):
            apart = _largest(found[first] - found[second])
            same, other = max(same, apart), min(other, apart)
    reason = {
        "zh": f"宽度 {width}：第三种与反射、第四种与旋转相差 {other:.1e} 到 {same:.1e}。",
        "en": f"Width {width}: the third and the reflection, the fourth and the rotation differ by {other:.1e} to {same:.1e}.",
    }
    return Measurement(same < EXACT if width == 2 else other > PLAIN, reason, (_result("apart", same, setting),))


def minimal(setting: Setting) -> Measurement:
    """No other map of determinant +1 that carries a to b is nearer to I than the rotation; its distance is 2√(1 − c)."""
    name = check_choice("map", setting["map"], MAPS)
    rng = np.random.default_rng((setting["seed"], 1))
    nearer, off, num = 0, 0.0, 0
    for a, b in random_pairs(setting):
        eye = np.eye(len(a))
        own = float(np.linalg.norm(matrix(name, a, b) - eye))
        off = max(off, abs(own - 2 * math.sqrt(1 - float(a @ b))))
        for _ in range(setting["others"]):
            num += 1
            other = float(np.linalg.norm(matrix("rotation", a, b) @ _fixing(a, rng) - eye))
            nearer += int(other < own - EXACT)
    reason = {
        "zh": f"{num} 个别的解里有 {nearer} 个更近；‖T−I‖ 与 2√(1−c) 最多差 {off:.1e}。",
        "en": f"{nearer} of {num} other solutions are nearer; ‖T − I‖ is within {off:.1e} of 2√(1 − c).",
    }
    return Measurement(nearer == 0 and off < EXACT, reason, (_result("nearer", float(nearer), setting),))


def _fixing(a: Array, rng: np.random.Generator) -> Array:
    """Return a random rotation that leaves a vector where it is, shape ``(width, width)``."""
    frame = np.linalg.qr(np.column_stack([a, rng.normal(size=(len(a), len(a) - 1))]))[0]
    inner = np.linalg.qr(rng.normal(size=(len(a) - 1, len(a) - 1)))[0]
    inner[:, 0] *= np.sign(np.linalg.det(inner))
    return np.outer(a, a) + frame[:, 1:] @ inner @ frame[:, 1:].T


def _largest(x: Array) -> float:
    return float(np.abs(x).max()) if x.size else 0.0


def _deviation(setting: Setting, found: Mapping[str, float], bound: float = EXACT) -> Measurement:
    """Judge deviations that should be rounding; NaN is none."""
    shown = "; ".join(f"{name} {value:.1e}" for name, value in found.items())
    reason = {"zh": f"最大偏差：{shown}。", "en": f"Largest deviations: {shown}."}
    results = tuple(_result(name, value, setting) for name, value in found.items())
    return Measurement(all(value < bound for value in found.values()), reason, results)


def _result(metric: str, value: float, setting: Setting) -> Result:
    return Result(f"orthogonal/{metric}", "deviation", (value,), seeds=(setting["seed"],), settings=dict(setting.knobs))


def _claim(number: int, zh: str, en: str, run: Any, knobs: Mapping[str, Any] = KNOBS) -> Claim:
    return Claim("orthogonal", number, {"zh": zh, "en": en}, SOURCE, None, knobs, run)


CLAIMS = (
    _claim(
        1,
        "三种解（和同样推出的第四种）都是正交矩阵，且把 a 变成 b。判据：各宽度随机向量上偏差小于 1e-12。",
        "The three solutions (and a fourth that follows the same way) are orthogonal and map a to b. "
        "Decided by: deviations below 1e-12 on random pairs of every width.",
        orthogonal,
    ),
    _claim(
        2,
        "行列式：旋转 +1，反射 −1，第三种 (−1)^(d−1)，第四种 (−1)^d；迹也各如公式。判据：偏差小于 1e-10。",
        "Determinants: rotation +1, reflection −1, third (−1)^(d−1), fourth (−1)^d; traces as derived. "
        "Decided by: deviations below 1e-10.",
        determinants,
    ),
    _claim(
        3,
        "反射与第三种是对称的，自为逆，互换 a 与 b；旋转的逆是从 b 转回 a。判据：偏差小于 1e-12。",
        "Reflection and third solution are symmetric, undo themselves and swap a and b; the inverse of the rotation turns b "
        "to a. Decided by: deviations below 1e-12.",
        symmetric,
    ),
    _claim(
        4,
        "与 a、b 都垂直的向量，旋转与反射不动它，另两种取反。判据：偏差小于 1e-12。",
        "What is orthogonal to a and b stays under rotation and reflection and is negated by the others. "
        "Decided by: deviations below 1e-12.",
        beside_the_plane,
    ),
    _claim(
        5,
        "由平面内的 2×2 旋转或反射加上补空间的恒等拼成的矩阵就是化简后的公式，与补空间的基无关。判据：相差小于 1e-10。",
        "A 2 × 2 rotation or reflection in the plane and the identity on its complement give the simplified formulas, "
        "whatever basis is taken. Decided by: equal within 1e-10.",
        blocks,
        {**KNOBS, "widths": (3, 4, 5, 6, 7, 8, 9, 64, 512)},
    ),
    _claim(
        6,
        "二维时第三种就是反射，第四种就是旋转；三维起各不相同。判据：宽度 2 时相差小于 1e-12，其他宽度大于 1e-3。",
        "In width 2 the third is the reflection and the fourth the rotation; from width 3 on all differ. "
        "Decided by: equal within 1e-12 in width 2, apart by more than 1e-3 in any other.",
        in_two_dimensions,
        {"width": 2, "pairs": 50, "seed": 0},
    ),
    _claim(
        7,
        "旋转是最小的：在行列式为 +1 的解里离单位阵最近，‖T−I‖ = 2√(1−c)。判据：没有一个随机的别解更近。",
        "The rotation is minimal: the nearest to I of all solutions with determinant +1, at ‖T − I‖ = 2√(1 − c). "
        "Decided by: no random other solution is nearer.",
        minimal,
        {"widths": (3, 4, 8, 16), "pairs": 5, "others": 50, "map": "rotation", "seed": 0},
    ),
)
