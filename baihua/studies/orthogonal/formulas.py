"""The article's formulas as it writes them, with matrices and divisions, to hold beside the package's mirrors."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from baihua.maths.rotation import reflect, rotate, rotate_negated, turn_half
from baihua.studies.claims import Setting

SOURCE = "https://kexue.fm/archives/8453"
MAPS: dict[str, Callable[..., npt.NDArray[np.float64]]] = {
    "rotation": rotate,
    "reflection": reflect,
    "symmetric": turn_half,
    "fourth": rotate_negated,
}
Array = npt.NDArray[np.float64]


def textbook(name: str, a: Array, b: Array) -> Array:
    """Return a map's matrix by the article's formula, shape ``(width, width)``; the fourth by its trick, T = −R(a, −b).

    Args:
        name: a name of `MAPS`.
        a: unit vector, shape ``(width,)``.
        b: unit vector.
    """
    cosine, eye = a @ b, np.eye(len(a))
    with np.errstate(divide="ignore", invalid="ignore"):  # at b = ±a; what comes of it is looked at
        if name == "rotation":
            return eye + 2 * np.outer(b, a) - np.outer(a + b, a + b) / (1 + cosine)
        if name == "reflection":
            return eye - np.outer(a - b, a - b) / (1 - cosine)
        if name == "symmetric":
            return np.outer(a + b, a + b) / (1 + cosine) - eye
    return -textbook("rotation", a, -b)


def matrix(name: str, a: Array, b: Array) -> Array:
    """Return a map's matrix by the package, shape ``(width, width)``."""
    return MAPS[name](np.eye(len(a)), a, b).T


def chosen(setting: Setting, name: str, a: Array, b: Array) -> Array:
    """Return the matrix by the formulas that the knob ``formulas`` names, ``"mirrors"`` or ``"article"``."""
    return matrix(name, a, b) if setting["formulas"] == "mirrors" else textbook(name, a, b)


def random_pairs(setting: Setting) -> Iterator[tuple[Array, Array]]:
    """Go through random pairs of unit vectors of every width of the knobs."""
    rng = np.random.default_rng(setting["seed"])
    for width in setting["widths"]:
        for _ in range(setting["pairs"]):
            a, b = rng.normal(size=(2, width))
            yield a / np.linalg.norm(a), b / np.linalg.norm(b)


def pair_at(width: int, angle: float, rng: np.random.Generator, *, from_opposite: bool) -> tuple[Array, Array]:
    """Return two unit vectors at an angle, or at π less it."""
    a, v = rng.normal(size=(2, width))
    a /= np.linalg.norm(a)
    v -= (v @ a) * a
    v /= np.linalg.norm(v)
    b = (-1 if from_opposite else 1) * np.cos(angle) * a + np.sin(angle) * v
    return a, b / np.linalg.norm(b)
