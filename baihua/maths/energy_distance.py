"""How far apart two samples are, without a parameter to fit: the energy distance and the maximum mean discrepancy.

    energy:  2 E|X − Y| − E|X − X'| − E|Y − Y'|
    MMD²:    E k(X, X') + E k(Y, Y') − 2 E k(X, Y),   k a Gaussian of the distance

Both are 0 for equal laws alone, and the first is the second with the kernel −|x − y| (Sejdinovic et al. 2013). Unlike the
Wasserstein distance between batches, both have an estimate without bias at every batch size, gradients included
(Bellemare et al., "The Cramer distance as a solution to biased Wasserstein gradients", 2017).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.maths.ground_cost import check_points, euclidean_distances

ROWS_AT_ONCE, COLUMNS_AT_ONCE = 1024, 8192  # of distances: 64 MB in float64
POINTS_FOR_MEDIAN = 2000  # of both samples together: two million distances are enough to tell a scale

Kernel = Callable[[Tensor], Tensor]  # of distances, at each


def squared_energy_distance(x: Any, y: Any, *, unbiased: bool = True) -> Any:
    """Return the squared energy distance 2 E|X − Y| − E|X − X'| − E|Y − Y'| between two samples.

    In one dimension it is twice the area between the two distribution functions squared, and
    ``scipy.stats.energy_distance`` is the root of what ``unbiased=False`` gives.

    Args:
        x: tensor on any device, or array, shape ``(num_x, width)``.
        y: shape ``(num_y, width)``.
        unbiased: leave out the distance of each point from itself (a U-statistic): right on average at every size, and
            below 0 about half of the time where the laws are equal. Otherwise (a V-statistic) it is 0 for equal samples
            and never below, but too large by (E|X − X'| / num_x + E|Y − Y'| / num_y) on average.

    Returns:
        A tensor without axes, differentiable once (the distance of equal points counts as flat), or a float if both were
        arrays. Without gradients the memory does not grow with the product of the sizes.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, NaN, or a sample of one point if unbiased.

    Source:
        Székely and Rizzo, "Energy statistics: a class of statistics based on distances", J. Stat. Plan. Inference 143 (2013).

    Example:
        >>> squared_energy_distance([[0.0], [2.0]], [[5.0], [7.0]])
        6.0
        >>> squared_energy_distance([[0.0], [2.0]], [[5.0], [7.0]], unbiased=False)
        8.0
    """
    first, second, arrays = check_samples(x, y, fewest=2 if unbiased else 1)
    value = _discrepancy(first, second, torch.neg, unbiased)
    return float(value) if arrays else value


def squared_mmd(x: Any, y: Any, *, bandwidth: float | None = None, unbiased: bool = True) -> Any:
    """Return the squared maximum mean discrepancy under the Gaussian kernel exp(−|x − y|² / (2 · bandwidth²)).

    Args:
        x: tensor on any device, or array, shape ``(num_x, width)``.
        y: shape ``(num_y, width)``.
        bandwidth: of the kernel; None for `median_distance`, which is held where gradients are taken.
        unbiased: as for `squared_energy_distance`.

    Returns:
        A tensor without axes, differentiable once, or a float if both were arrays.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: as `squared_energy_distance`, and for a bandwidth that is not above 0 and finite.

    Source:
        Gretton et al., "A kernel two-sample test", JMLR 13 (2012), 723-773.

    Example:
        >>> round(squared_mmd([[0.0], [0.0]], [[1.0], [1.0]], bandwidth=1.0), 4)  # 2 - 2 exp(-1/2)
        0.7869
    """
    first, second, arrays = check_samples(x, y, fewest=2 if unbiased else 1)
    width = median_distance(first, second) if bandwidth is None else bandwidth
    if not 0 < width < float("inf"):
        raise InvalidValue(
            zh=f"bandwidth 应大于 0 且有限，收到 {width}；不给则取两两距离的中位数。",
            en=f"bandwidth must be above 0 and finite, not {width}. Leave it out for the median distance.",
        )
    value = _discrepancy(first, second, lambda distances: (distances / width).square().mul(-0.5).exp(), unbiased)
    return float(value) if arrays else value


def energy_witness(points: Any, x: Any, y: Any) -> Any:
    """Return the witness of the energy distance at points: E|z − Y| − E|z − X|, above 0 nearer to the first sample.

    It is the function whose means over the two samples differ most, up to a factor: their difference is the squared energy
    distance (unbiased=False).

    Args:
        points: where to evaluate it, shape ``(num_points, width)``.
        x: shape ``(num_x, width)``.
        y: shape ``(num_y, width)``.

    Returns:
        Shape ``(num_points,)``: a tensor, differentiable once, or an array if all three were arrays.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, or NaN.

    Source:
        Gretton et al., "A kernel two-sample test", JMLR 13 (2012), section 2.3, for the kernel −|x − y|.

    Example:
        >>> energy_witness([[0.0], [4.0]], [[0.0], [2.0]], [[5.0], [7.0]])
        array([ 5., -1.])
    """
    first, second, arrays = check_samples(x, y)
    places = check_samples(first, points)[1]
    value = _means(places, second) - _means(places, first)
    return value.numpy() if arrays and not isinstance(points, Tensor) else value


def left_out_witness(x: Any, y: Any) -> tuple[Any, Any]:
    """Return the witness at the points of both samples themselves, each with its equals left out of both means.

    A point's distance from itself, 0, would draw it to its own side, and that from a copy on the other side away from it. Left
    out, the witness of two samples of one law is 0 on average on both sides. Where no two points are equal, its means over the
    samples differ by `squared_energy_distance`.

    Args:
        x: shape ``(num_x, width)``, two points at least.
        y: shape ``(num_y, width)``, two points at least.

    Returns:
        Shapes ``(num_x,)`` and ``(num_y,)``, not differentiable: tensors, or arrays if both were arrays. Above 0: nearer to
        the others of ``x`` than to those of ``y``. The mean distance from a sample of equals alone is taken as 0.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: as `squared_energy_distance`.

    Example:
        >>> left_out_witness([[0.0], [2.0]], [[5.0], [7.0]])
        (array([4., 2.]), array([-2., -4.]))
    """
    first, second, arrays = check_samples(x, y, fewest=2)
    first, second = first.detach(), second.detach()
    of_x, of_y = (_means_of_others(points, second) - _means_of_others(points, first) for points in (first, second))
    return (of_x.numpy(), of_y.numpy()) if arrays else (of_x, of_y)


def median_distance(x: Any, y: Any) -> float:
    """Return the median distance between different points of both samples together, a scale for kernels.

    Args:
        x: shape ``(num_x, width)``.
        y: shape ``(num_y, width)``. Of large samples 2000 points are taken, evenly spread over the rows.

    Returns:
        The median; the mean where more than half of the points are equal, and 1 where all are.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, or NaN.

    Source:
        Gretton et al. (2012), section 8, for the habit.

    Example:
        >>> median_distance([[0.0], [1.0]], [[5.0]])
        4.0
    """
    first, second, _ = check_samples(x, y)
    pooled = torch.cat([first.detach(), second.detach()]).double()
    pooled = pooled[:: -(-len(pooled) // POINTS_FOR_MEDIAN)]
    rows, columns = torch.triu_indices(len(pooled), len(pooled), offset=1, device=pooled.device)
    distances = euclidean_distances(pooled, pooled)[rows, columns]
    if not len(distances) or float(distances.max()) == 0:
        return 1.0
    return float(distances.median()) or float(distances.mean())


def check_samples(x: Any, y: Any, *, fewest: int = 1) -> tuple[Tensor, Tensor, bool]:
    """Return two samples as tensors of one kind on one device, and whether both came as arrays. Half precision becomes float32.

    Args:
        x: shape ``(num_x, width)``.
        y: shape ``(num_y, width)``.
        fewest: points that a sample must have.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, NaN, or too few points.

    Example:
        >>> first, second, arrays = check_samples([[0, 1]], [[2.0, 3.0], [4.0, 5.0]])
        >>> tuple(second.shape), first.dtype, arrays
        ((2, 2), torch.float64, True)
    """
    first, second = check_points(x, "x"), check_points(y, "y")
    if first.shape[1] != second.shape[1]:
        raise InvalidValue(
            zh=f"x 与 y 的维数不同：{first.shape[1]} 与 {second.shape[1]}。请用同一个编码器。",
            en=f"x and y have different widths: {first.shape[1]} and {second.shape[1]}. Use the same encoder.",
        )
    for name, points in (("x", first), ("y", second)):
        if len(points) < fewest:
            raise InvalidValue(
                zh=f"{name} 至少要有 {fewest} 个点，才有两个不同点的距离，收到 {len(points)} 个。",
                en=f"{name} must hold at least {fewest} points, so that two of them have a distance, but holds {len(points)}.",
            )
    dtype = torch.promote_types(torch.promote_types(first.dtype, second.dtype), torch.float32)
    arrays = not (isinstance(x, Tensor) or isinstance(y, Tensor))
    return first.to(dtype), second.to(first.device, dtype), arrays


def _discrepancy(x: Tensor, y: Tensor, kernel: Kernel, unbiased: bool) -> Tensor:
    """Return E k(X, X') + E k(Y, Y') − 2 E k(X, Y), in float64 until the end: three large numbers nearly cancel."""
    own = kernel(torch.zeros((), dtype=torch.float64, device=x.device)) if unbiased else 0.0
    value = -2 * _total(x, y, kernel) / (len(x) * len(y))
    for points in (x, y):
        num = len(points)
        value = value + (_total_within(points, kernel) - num * own) / (num * (num - unbiased))
    return value.to(x.dtype)


def _total(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Return the sum of the kernel over all pairs of both samples."""
    if _tracked(x, y):
        return kernel(euclidean_distances(x.double(), y.double())).sum()
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for some in x.split(ROWS_AT_ONCE):
        for others in y.split(COLUMNS_AT_ONCE):
            total += kernel(euclidean_distances(some.double(), others.double())).sum()
    return total


def _total_within(x: Tensor, kernel: Kernel) -> Tensor:
    """Return the sum of the kernel over all ordered pairs of one sample, computing each pair of blocks once."""
    if _tracked(x):
        return _total(x, x, kernel)
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for start in range(0, len(x), ROWS_AT_ONCE):
        some, later = x[start : start + ROWS_AT_ONCE], x[start + ROWS_AT_ONCE :]
        total = total + _total(some, some, kernel) + (2 * _total(some, later, kernel) if len(later) else 0)
    return total


def _means(points: Tensor, sample: Tensor) -> Tensor:
    """Return the mean distance of each point from a sample, shape ``(num_points,)``."""
    if _tracked(points, sample):
        return euclidean_distances(points.double(), sample.double()).mean(dim=1).to(points.dtype)
    return (_sums(points, sample)[0] / len(sample)).to(points.dtype)


def _means_of_others(points: Tensor, sample: Tensor) -> Tensor:
    """Return the mean distance of each point from those of a sample that are not equal to it, shape ``(num_points,)``."""
    sums, num_others = _sums(points, sample)
    return (sums / num_others.clamp(min=1)).to(points.dtype)


def _sums(points: Tensor, sample: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each point the sum of its distances from a sample, and how many of them are not 0."""
    found = torch.zeros(2, len(points), dtype=torch.float64, device=points.device)
    for start in range(0, len(points), ROWS_AT_ONCE):
        where = slice(start, start + ROWS_AT_ONCE)
        for others in sample.split(COLUMNS_AT_ONCE):
            distances = euclidean_distances(points[where].double(), others.double())
            found[0, where] += distances.sum(dim=1)
            found[1, where] += distances.count_nonzero(dim=1)
    return found[0], found[1]


def _tracked(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
