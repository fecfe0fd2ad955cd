"""A falling curve with a floor, L(x) = floor + scale · x^(−exponent): how a language model's loss falls with its tokens.

The form is that of Hoffmann et al., "Training Compute-Optimal Large Language Models" (arXiv 2203.15556, equation 2),
for one size of model.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar, nnls

from baihua.checks import InvalidValue, check_same_length

FEWEST_POINTS = 5
EXPONENTS = np.geomspace(0.01, 3.0, 100)


@dataclass(frozen=True)
class PowerLaw:
    """The curve floor + scale · x^(−exponent).

    Args:
        floor: what it falls to, at least 0.
        scale: at least 0.
        exponent: how fast, from 0.01 to 3.
    """

    floor: float
    scale: float
    exponent: float

    def __call__(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the curve at ``x``, any shape, above 0."""
        return self.floor + self.scale * np.asarray(x, dtype=np.float64) ** -self.exponent


def fit_power_law(x: npt.ArrayLike, y: npt.ArrayLike) -> PowerLaw:
    """Find the curve nearest to some points by least squares.

    For a given exponent the curve is linear in floor and scale, so that those have an exact solution that is not
    negative; the exponent is the best of a hundred between 0.01 and 3, refined between its neighbours.

    Args:
        x: where, shape ``(num_points,)``, above 0.
        y: how high, shape ``(num_points,)``.

    Returns:
        The curve. Far beyond the points it is a guess: floor and exponent trade off against one another.

    Raises:
        InvalidValue: for fewer than 5 points, an ``x`` that is not above 0, or a number that is not finite.

    Example:
        >>> tokens = np.array([1e6, 2e6, 4e6, 8e6, 16e6])
        >>> law = fit_power_law(tokens, 2 + 100 * tokens**-0.3)
        >>> round(float(law(1e9)), 2)
        2.2
    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    check_same_length(list(across), list(up), ("x", "y"))
    if len(across) < FEWEST_POINTS or not np.isfinite(up).all() or not (np.isfinite(across) & (across > 0)).all():
        raise InvalidValue(
            zh=f"拟合幂律至少要 {FEWEST_POINTS} 个有限的点，且 x 大于 0；收到 {len(across)} 个。",
            en=f"A power law needs at least {FEWEST_POINTS} finite points with x above 0, but received {len(across)}.",
        )
    unit = float(np.exp(np.log(across).mean()))  # of x, so that the two columns are of like size

    def fit(exponent: float) -> tuple[float, float, float]:
        columns = np.stack([np.ones_like(across), (across / unit) ** -exponent], axis=1)  # (num_points, 2)
        (floor, scale), distance = nnls(columns, up)
        return float(distance), float(floor), float(scale) * unit**exponent

    best = int(np.argmin([fit(exponent)[0] for exponent in EXPONENTS]))
    around = (EXPONENTS[max(best - 1, 0)], EXPONENTS[min(best + 1, len(EXPONENTS) - 1)])
    exponent = float(minimize_scalar(lambda value: fit(value)[0], bounds=around, method="bounded").x)
    _, floor, scale = fit(exponent)
    return PowerLaw(floor, scale, exponent)
