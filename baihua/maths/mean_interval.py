"""The mean of a few values, and how far from it the truth may be."""

import math
import statistics
from collections.abc import Sequence

from scipy.special import stdtrit

from baihua.checks import InvalidValue


def t_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Return Student's interval of a mean, or None of fewer than two values.

    Args:
        values: taken as independent and about normal.
        confidence: of the interval.

    Returns:
        Its ends.

    Raises:
        InvalidValue: for a confidence that is not between 0 and 1.

    Example:
        >>> [round(end, 3) for end in t_interval([0.01, 0.02, 0.03])]
        [-0.005, 0.045]
    """
    if not 0 < confidence < 1:
        raise InvalidValue(
            zh=f"confidence 应在 0 与 1 之间，收到 {confidence}。",
            en=f"confidence must lie between 0 and 1, but received {confidence}.",
        )
    if len(values) < 2:
        return None
    mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, (1 + confidence) / 2)) * error
    return mean - half, mean + half
