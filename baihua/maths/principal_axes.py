"""The axes along which vectors vary most, and which of them can be told from rounding."""

import math
import numbers
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baihua.checks import InvalidType, InvalidValue
from baihua.language import say
from baihua.maths.moments import Moments


class EmptyDirections(UserWarning):
    """More directions are kept than the vectors span; the surplus comes out as 0."""


@dataclass(frozen=True)
class PrincipalAxes:
    """The leading eigenvectors of a covariance.

    Args:
        directions: unit eigenvectors in columns, shape ``(width, num)``, largest eigenvalue first.
        variances: their eigenvalues, never negative, shape ``(num,)``.
        floor: the least variance ever divided by.
        rank: how many of all ``width`` eigenvalues can be told from rounding.
        total: sum of all ``width`` eigenvalues.
    """

    directions: NDArray[np.float64]
    variances: NDArray[np.float64]
    floor: float
    rank: int
    total: float

    def kernel(self, scaling: float) -> NDArray[np.float64]:
        """Return U Λ^(−scaling/2), shape ``(width, num)``.

        Eigenvalues below the floor are raised to it. Directions past the rank hold nothing but rounding, which the
        division would blow up to the size of the others (a LayerNorm leaves one such direction in every encoder's
        vectors); they are given the weight 0 instead, as a pseudo-inverse does. Where nothing is divided they stay.
        """
        weights = np.maximum(self.variances, self.floor) ** (-scaling / 2)
        if scaling > 0:
            weights[self.rank :] = 0
        return self.directions * weights


def find_axes(moments: Moments, num: int | None, centering: float, floor: float | None) -> PrincipalAxes:
    """Return the leading axes of the covariance about ``centering`` times the mean.

    Σ_β = Σ_1 + (1 − β)² μᵀμ, so one pass over the vectors serves every β (https://kexue.fm/archives/9079).

    Args:
        moments: of at least 2 vectors.
        num: how many axes, or None for all.
        centering: β.
        floor: smallest variance to divide by, as a fraction of the largest; None for ``moments.rounding``.

    Raises:
        InvalidValue: for fewer than 2 vectors, more axes than columns, or vectors that do not vary at all.

    Warns:
        EmptyDirections: when more axes are asked for than the vectors span.

    Example:
        >>> axes = find_axes(Moments.of([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), None, 1.0, None)
        >>> axes.variances
        array([4.5, 0.5])
        >>> axes.directions
        array([[1., 0.],
               [0., 1.]])
    """
    if moments.count < 2:
        raise InvalidValue(
            zh=f"估计协方差至少要 2 个向量，只收到 {moments.count} 个。请先编码更多句子。",
            en=f"Whitening needs at least 2 vectors to estimate a covariance, but received {moments.count} sample. "
            "Encode more sentences first.",
        )
    if num is not None and num > moments.width:
        raise InvalidValue(
            zh=f"n_components={num} 超过了向量的宽度 {moments.width}。请给 1 到 {moments.width}，或 None 表示全部。",
            en=f"n_components={num} exceeds the width {moments.width} of the vectors. "
            f"Give 1 to {moments.width}, or None for all.",
        )
    covariance = moments.scatter / moments.count
    covariance += (1 - centering) ** 2 * np.outer(moments.mean, moments.mean)
    total = float(np.trace(covariance))
    if total <= moments.width * _rounding_of_mean(moments) ** 2:
        raise InvalidValue(
            zh=f"这 {moments.count} 个向量全都相同，没有可白化的差异。请检查编码器或输入。",
            en=f"All {moments.count} vectors are equal, so there is nothing to whiten. Check the encoder or the input.",
        )
    variances, directions = np.linalg.eigh(covariance)
    variances = np.maximum(variances[::-1], 0.0)
    rank = int(np.count_nonzero(variances > moments.rounding * variances[0]))
    least = (moments.rounding if floor is None else floor) * float(variances[0])
    _warn_of_empty_directions(moments.count, rank, kept=len(variances[:num]))
    return PrincipalAxes(_with_fixed_signs(directions[:, ::-1][:, :num]), variances[:num].copy(), least, rank, total)


def check_settings(num: int | None, centering: float, scaling: float, floor: float | None) -> None:
    """Refuse settings of `Whitening` that cannot be meant, whatever the vectors.

    Args:
        num: ``n_components``.
        centering: β.
        scaling: γ.
        floor: fraction of the largest variance.

    Raises:
        InvalidType: for ``n_components`` that is no integer.
        InvalidValue: for ``n_components`` below 1, β or γ that is no finite number, a floor outside 0 to 1.
    """
    if num is not None and (isinstance(num, bool) or not isinstance(num, numbers.Integral)):
        raise InvalidType(
            zh=f"n_components 应是整数或 None，收到 {num!r}。",
            en=f"n_components must be an integer or None, but received {num!r}.",
        )
    if num is not None and num < 1:
        raise InvalidValue(
            zh=f"n_components 至少是 1，收到 {num}。要保留全部请给 None。",
            en=f"n_components must be at least 1, but received {num}. Give None to keep all.",
        )
    for name, value in (("centering", centering), ("scaling", scaling)):
        if not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise InvalidValue(
                zh=f"{name} 应是有限的数（通常 0 到 1），收到 {value!r}。",
                en=f"{name} must be a finite number (0 to 1 as a rule), but received {value!r}.",
            )
    if floor is not None and not (isinstance(floor, numbers.Real) and 0 < floor < 1):
        raise InvalidValue(
            zh=f"floor 是最大方差的几分之几，应大于 0 小于 1，收到 {floor!r}。",
            en=f"floor is a fraction of the largest variance, above 0 and below 1, but received {floor!r}.",
        )


def _rounding_of_mean(moments: Moments) -> float:
    """Equal vectors can differ from their computed mean by its last digit; a spread no larger than that is none."""
    return float(np.finfo(np.float64).eps * np.abs(moments.mean).max())


def _with_fixed_signs(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn each direction so that its largest entry is positive; an eigenvector's sign is otherwise chance."""
    largest = np.abs(directions).argmax(axis=0)
    return directions * np.sign(directions[largest, np.arange(directions.shape[1])])


def _warn_of_empty_directions(count: int, rank: int, kept: int) -> None:
    if kept <= rank:
        return
    warnings.warn(
        say(
            zh=f"{count} 个向量只张成 {rank} 个方向，却要保留 {kept} 个；其余方向的结果都是 0。"
            f"请设 n_components={rank} 或更小，或用更多向量拟合。",
            en=f"{count} vectors span only {rank} directions, but {kept} are kept; the others come out as 0. "
            f"Set n_components={rank} or fewer, or fit on more vectors.",
        ),
        EmptyDirections,
        stacklevel=5,
    )
