"""Is `rotate` the smallest rotation of one direction to another, at every angle from 0 to π?

Task: for pairs of unit vectors a, b of each width at each angle, as rounded to the dtype,
    length       the largest | |Tx| / |x| − 1 | over unit vectors x: a, b, random ones, and that across a in the plane of both;
    arrival      |Ta − b|;
    determinant  | det T − 1 |: of the matrix up to width 64, beyond it of the two mirrors that T is made of;
    turning      how far | ‖T − I‖ − 2 √(1 − a·b) |, Frobenius, is from 0: no rotation of a to b has a smaller norm; of the
                 matrix up to width 64, of the two mirrors beyond;
    distance     the largest |Tx − T*x| over the same x from the smallest rotation of a / |a| to b / |b| in mpmath, 60 digits.
    At b = −a the smallest rotation is not unique and has no distance. Near it, a rounding in a or b turns the plane by a
    rounding over |a + b|, whoever computes: `distance` is divided by 2 / |a + b|, its condition.
Command: python recipes/sphere_rotation.py [--dtype float64 float32] [--pairs 3]
Score: the largest of all five, in units of the dtype's epsilon; see results/sphere/rotation.
"""

import argparse
import math
import time
from collections.abc import Iterator

import mpmath
import torch
from torch import Tensor

from baihua.maths.rotation import bisector, rotate, rotation_matrix
from baihua.maths.sphere import unit
from baihua.results import RECORDED_PACKAGES, Result, package_versions

WIDTHS = (2, 3, 4, 5, 16, 64, 128, 256, 312, 768, 1024, 4096)
NEAR = {"0": 0.0, "1e-12": 1e-12, "1e-9": 1e-9, "1e-6": 1e-6, "1e-3": 1e-3, "0.1": 0.1, "1": 1.0, "pi/2": math.pi / 2}
# Told by how far from π they are, which no float near π could hold.
FROM_OPPOSITE = {"3": math.pi - 3, "pi-1e-3": 1e-3, "pi-1e-6": 1e-6, "pi-1e-9": 1e-9, "pi-1e-12": 1e-12, "pi": 0.0}
MEASURES = ("length", "arrival", "determinant", "turning", "distance")
WIDEST_MATRIX = 64
NUM_RANDOM = 3
MOST_EPSILONS = 32.0
Numbers = list[mpmath.mpf]


def pair(width: int, name: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return two random unit vectors at an angle."""
    a, other = unit(torch.randn(2, width, dtype=torch.float64))
    beside = other - (other @ a) * a
    beside = unit(beside - (beside @ a) * a)
    angle, sign = (NEAR[name], 1.0) if name in NEAR else (FROM_OPPOSITE[name], -1.0)
    return a.to(dtype), (sign * math.cos(angle) * a + math.sin(angle) * beside).to(dtype)


def probes(a: Tensor, b: Tensor) -> Tensor:
    """Return the unit vectors that a wrong map would show on, shape ``(num, width)``."""
    across = b - (a @ b) * a
    plane = [unit(across)] if float(across.abs().max()) > 0 else []
    return torch.stack([a, b, *plane, *unit(torch.randn(NUM_RANDOM, len(a), dtype=a.dtype))])


def exactly(x: Tensor) -> Numbers:
    """Return the direction of a vector in the digits of mpmath."""
    numbers = [mpmath.mpf(value) for value in x.tolist()]
    length = mpmath.sqrt(mpmath.fdot(numbers, numbers))
    return [value / length for value in numbers]


def length(x: Tensor) -> float:
    """Return the length of a vector, its squares added without rounding."""
    return math.sqrt(math.fsum(value * value for value in x.tolist()))


def distance(x: Tensor, mapped: Tensor, a: Tensor, b: Tensor) -> float:
    """Return the largest |Tx − T*x| over its condition, with T* = I + 2ba' − (a + b)(a + b)'/(1 + a·b); NaN at b = −a."""
    with mpmath.workdps(60):
        first, second = exactly(a), exactly(b)
        total = [one + other for one, other in zip(first, second, strict=True)]
        squared = mpmath.fdot(total, total)  # 2 (1 + a·b)
        if squared == 0:
            return math.nan
        largest = mpmath.mpf(0)
        for row, image in zip(x.tolist(), mapped.tolist(), strict=True):
            along, halfway = 2 * mpmath.fdot(row, first), 2 * mpmath.fdot(row, total) / squared
            parts = zip(row, image, second, total, strict=True)
            gap = [y - (mpmath.mpf(v) + along * w - halfway * m) for v, y, w, m in parts]
            largest = max(largest, mpmath.sqrt(mpmath.fdot(gap, gap)))
        return float(largest * mpmath.sqrt(squared) / 2)


def determinant_and_turning(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Return the determinant of T and ‖T − I‖, from its matrix, or from the normals of its mirrors.

    A mirror I − 2nn' has the determinant 1 − 2|n|², and with unit normals tr T = d − 4 + 4 (m·a)².
    """
    if len(a) <= WIDEST_MATRIX:
        matrix = rotation_matrix(a, b).double()
        with mpmath.workdps(30):  # in float64 the elimination rounds more than the matrix is wrong
            determinant = mpmath.det(mpmath.matrix(matrix.tolist()))
        return float(determinant), float(torch.linalg.matrix_norm(matrix - torch.eye(len(a)).double()))
    first = unit(a)
    second = bisector(first, unit(b)).double()
    first = first.double()
    across = second - (second @ first) * first  # 1 − (m·a)² = |across|², with its digits
    mirrors = (1 - 2 * first.square().sum()) * (1 - 2 * second.square().sum())
    return float(mirrors), float(math.sqrt(8) * torch.linalg.vector_norm(across))


def measure(a: Tensor, b: Tensor) -> dict[str, float]:
    """Return all five for one pair."""
    x = probes(a, b)
    mapped = rotate(x, a, b)
    determinant, turning = determinant_and_turning(a, b)
    one, other = unit(a.double()), unit(b.double())
    return {
        "length": max(abs(length(image) / length(row) - 1) for row, image in zip(x, mapped, strict=True)),
        "arrival": float(torch.linalg.vector_norm((mapped[0] - b).double())),
        "determinant": abs(determinant - 1),
        "turning": abs(turning - math.sqrt(2) * float(torch.linalg.vector_norm(one - other))),  # 2 √(1 − a·b)
        "distance": distance(x, mapped, a, b),
    }


def cells(dtype: torch.dtype, num_pairs: int) -> Iterator[tuple[int, str, dict[str, float]]]:
    """Measure every width and angle, the largest over some pairs."""
    for width in WIDTHS:
        for name in (*NEAR, *FROM_OPPOSITE):
            found = [measure(*pair(width, name, dtype)) for _ in range(num_pairs)]
            values = {key: [one[key] for one in found if not math.isnan(one[key])] for key in MEASURES}
            yield width, name, {key: max(those, default=math.nan) for key, those in values.items()}


def worst(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the largest of each measure."""
    return {key: max((row[key] for row in rows if not math.isnan(row[key])), default=math.nan) for key in MEASURES}


def main() -> None:
    """Measure both dtypes, print and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dtype", nargs="+", default=["float64", "float32"], choices=["float64", "float32"])
    options.add_argument("--pairs", type=int, default=3)
    given = options.parse_args()
    for name in given.dtype:
        torch.manual_seed(0)
        started = time.perf_counter()
        found = list(cells(getattr(torch, name), given.pairs))
        by_angle = {key: worst([row for _, angle, row in found if angle == key]) for key in (*NEAR, *FROM_OPPOSITE)}
        by_width = {str(key): worst([row for width, _, row in found if width == key]) for key in WIDTHS}
        over_all = worst([row for _, _, row in found])
        for key, row in [*by_angle.items(), *by_width.items(), ("all", over_all)]:
            print(f"{name} {key:9} " + "  ".join(f"{measure} {value:8.1e}" for measure, value in row.items()))
        epsilons = max(over_all.values()) / torch.finfo(getattr(torch, name)).eps
        Result(
            name=f"sphere/rotation/{name}",
            metric="largest_error_in_epsilons",
            values=(epsilons,),
            seeds=(0,),
            settings={
                "passed": epsilons <= MOST_EPSILONS,
                "epsilons_allowed": MOST_EPSILONS,
                "pairs": given.pairs,
                "largest": over_all,
                "by_angle": by_angle,
                "by_width": by_width,
            },
            num_examples=len(found) * given.pairs,
            seconds=time.perf_counter() - started,
            command=f"python recipes/sphere_rotation.py --dtype {name} --pairs {given.pairs}",
            versions=package_versions((*RECORDED_PACKAGES, "mpmath")),
        ).save("results")
        print(f"{name} largest error {epsilons:.1f} epsilons", flush=True)


if __name__ == "__main__":
    main()
