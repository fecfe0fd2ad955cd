"""Do two samples come from one law? The distance between them against that between random splits of both together.

If they do, every way to split the pooled points into samples of these sizes was as likely as the one observed. So the share
of splits whose distance is at least the observed one is a p-value that is exact at every size, whatever the distance, its
bias and the law (Fisher 1935; Phipson and Smyth, "Permutation p-values should never be zero", 2010).

What does not depend on the split is computed once: the pooled distances for the energy distance, the sorted projections for
the sliced Wasserstein distance. What is exchanged must be independent: points that come in pairs or in bunches are not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.maths.energy_distance import check_samples
from baihua.maths.ground_cost import euclidean_distances
from baihua.maths.sliced_wasserstein import random_directions
from baihua.progress import progress

SAME = 1e-9  # of the largest value: two splits that differ by less are the same but for rounding
MOST_MARKS = 2**31  # of splits times points: two gigabytes
NUMBERS_AT_ONCE = 1 << 22  # of distances: 32 MB
SPLITS_AT_ONCE = 256

Booleans = NDArray[np.bool_]
Places = NDArray[np.intp]
Statistic = Callable[[Places, Places], float]


@dataclass(frozen=True)
class PermutationTest:
    """A distance between two samples beside those between random splits of both together.

    Args:
        observed: the distance.
        permuted: the distance of each split, shape ``(num_splits,)``.
        exact: whether these are all splits there are, but the observed one; else they are drawn at random.

    Example:
        >>> test = PermutationTest(3.0, np.array([0.0, 1.0, 3.0]), exact=False)
        >>> test.p_value, round(test.mean, 2), test.quantile(0.5)
        (0.5, 1.33, 1.0)
    """

    observed: float
    permuted: NDArray[np.float64]
    exact: bool

    @property
    def p_value(self) -> float:
        """The share of splits, the observed one among them, with at least the observed distance; so never 0."""
        largest = max(abs(self.observed), float(np.abs(self.permuted).max(initial=0)))
        reaching = int((self.permuted >= self.observed - SAME * largest).sum())
        return (1 + reaching) / (1 + len(self.permuted))

    @property
    def mean(self) -> float:
        """The mean distance of the splits: what the estimate shows where there is nothing to see."""
        return float(self.permuted.mean())

    def quantile(self, share: float) -> float:
        """Return the distance below which that share of the splits lies."""
        return float(np.quantile(self.permuted, share))


@dataclass(frozen=True)
class Splits:
    """Ways to split points in two.

    Args:
        in_first: whether a point is in the first part, shape ``(num_splits, num_points)``.
        exact: whether these are all ways, but the one that has the first points in the first part.
    """

    in_first: Booleans
    exact: bool


def deal_splits(num_first: int, num_second: int, num: int, seed: int = 0) -> Splits:
    """Return random ways to split points in two parts of given sizes, or all of them if there are no more than wanted.

    Args:
        num_first: points in the first part.
        num_second: points in the second.
        num: how many ways.
        seed: of the drawing.

    Raises:
        InvalidValue: for no way, no points, or so many that they do not fit into memory.

    Example:
        >>> deal_splits(1, 2, num=10).in_first.tolist()
        [[False, True, False], [False, False, True]]
    """
    total = num_first + num_second
    if num < 1 or min(num_first, num_second) < 1 or num * total > MOST_MARKS:
        most = MOST_MARKS // max(total, 1)
        raise InvalidValue(
            zh=f"{num_first} 个点与 {num_second} 个点之间，置换次数应在 1 到 {most} 之间（两边都要有点），收到 {num}。",
            en=f"Between {num_first} and {num_second} points, 1 to {most} permutations can be made (of at least one point on "
            f"either side), but {num} were asked for.",
        )
    exact = math.comb(total, num_first) - 1 <= num
    rng = np.random.default_rng(seed)
    # The first combination is the observed split.
    every = islice(combinations(range(total), num_first), 1, None)
    parts = every if exact else (rng.permutation(total)[:num_first].tolist() for _ in range(num))
    in_first = np.zeros((math.comb(total, num_first) - 1 if exact else num, total), dtype=np.bool_)
    for split, part in zip(in_first, parts, strict=True):
        split[list(part)] = True
    return Splits(in_first, exact)


def permutation_test(
    statistic: Statistic,
    sizes: tuple[int, int],
    num_permutations: int = 999,
    *,
    seed: int = 0,
    show_progress: bool | None = False,
) -> PermutationTest:
    """Test by any statistic that is larger the further apart two samples are, computed anew for every split.

    Args:
        statistic: from the places of the points in the first and in the second part, of all points in one row, to a number.
        sizes: of the two samples, the first of which stands first in that row.
        num_permutations: splits to try; all are tried where there are fewer. p-values are multiples of
            1 / (1 + num_permutations).
        seed: of the splits.
        show_progress: show a bar on standard error; None to show it on a terminal.

    Raises:
        InvalidValue: for no permutation, an empty sample, too many of them, or a statistic that is not finite.

    Example:
        >>> points = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
        >>> test = permutation_test(lambda i, j: abs(points[i].mean() - points[j].mean()), (3, 3))
        >>> test.exact, len(test.permuted), test.p_value  # one split of 20, and its mirror image
        (True, 19, 0.1)
    """
    splits = deal_splits(*sizes, num_permutations, seed)
    places = np.arange(sum(sizes))
    observed = float(statistic(places[: sizes[0]], places[sizes[0] :]))
    permuted = np.empty(len(splits.in_first))
    with progress(say(zh="置换", en="permutations"), len(permuted), show_progress) as advance:
        for number, chosen in enumerate(splits.in_first):
            permuted[number] = statistic(places[chosen], places[~chosen])
            advance()
    if not np.isfinite([observed, *permuted]).all():
        raise InvalidValue(
            zh="统计量给出了 NaN 或无穷大；请检查两组数据与统计量。",
            en="The statistic gave NaN or infinity. Check both samples and the statistic.",
        )
    return PermutationTest(observed, permuted, splits.exact)


def energy_test(
    x: Any, y: Any, num_permutations: int = 999, *, seed: int = 0, show_progress: bool | None = False
) -> PermutationTest:
    """Test by the unbiased squared energy distance, all splits by one product with the pooled distances.

    With D the distances of all points and a the marks of one part, a·Da, a·D1 and 1·D1 hold every sum that is needed. D is
    made once, block by block, each multiplied with the marks of all splits, so that memory does not grow with its size.

    Args:
        x: tensor on any device, or array, shape ``(num_x, width)``, two points at least.
        y: shape ``(num_y, width)``, two points at least.
        num_permutations: as for `permutation_test`.
        seed: of the splits.
        show_progress: show a bar on standard error; None to show it on a terminal.

    Returns:
        The test, with `baihua.maths.energy_distance.squared_energy_distance` as its distance.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, NaN, samples of one point, or a wrong number of permutations.

    Source:
        Székely and Rizzo, "Testing for equal distributions in high dimension", InterStat 5 (2004).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> energy_test(rng.normal(size=(30, 8)), rng.normal(1.0, size=(40, 8))).p_value
        0.001
    """
    first, second, _ = check_samples(x, y, fewest=2)
    splits = deal_splits(len(first), len(second), num_permutations, seed)
    pooled = torch.cat([first, second]).detach().double()
    inside, touching, total = _sums(pooled, _marks(splits, len(first), pooled), show_progress)
    between, others = touching - inside, total - 2 * touching + inside
    n, m = len(first), len(second)
    values = (2 * between / (n * m) - inside / (n * (n - 1)) - others / (m * (m - 1))).cpu().numpy()
    return PermutationTest(float(values[0]), values[1:], splits.exact)


def sliced_test(
    x: Any,
    y: Any,
    num_permutations: int = 999,
    *,
    num_directions: int = 256,
    seed: int = 0,
    show_progress: bool | None = False,
) -> PermutationTest:
    """Test by the sliced Wasserstein distance W₁, with the pooled points projected and sorted once.

    W₁ on a line is the area between two distribution functions. In the order of the pooled points their difference is a
    running count, whatever the split; the gaps between the points are always the same.

    Args:
        x: tensor on any device, or array, shape ``(num_x, width)``.
        y: shape ``(num_y, width)``.
        num_permutations: as for `permutation_test`.
        num_directions: the lines, drawn evenly; the same ones for every split.
        seed: of the splits and of the directions.
        show_progress: show a bar on standard error; None to show it on a terminal.

    Returns:
        The test, with ``sliced_wasserstein(x, y, num_directions=…, seed=…)`` as its distance.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, NaN, no direction, or a wrong number of permutations.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> sliced_test(rng.normal(size=(30, 8)), rng.normal(1.0, size=(40, 8)), num_directions=32).p_value
        0.001
    """
    first, second, _ = check_samples(x, y)
    directions = random_directions(num_directions, first.shape[1], seed).to(first.device)
    splits = deal_splits(len(first), len(second), num_permutations, seed)
    pooled = torch.cat([first, second]).detach().double()
    marks = _marks(splits, len(first), pooled)
    total = torch.zeros(marks.shape[1], dtype=torch.float64, device=pooled.device)
    with progress(say(zh="方向", en="directions"), len(directions), show_progress) as advance:
        for direction in directions:
            total += _areas(pooled @ direction, marks, len(first))
            advance()
    values = (total / len(directions)).cpu().numpy()
    return PermutationTest(float(values[0]), values[1:], splits.exact)


def _marks(splits: Splits, num_first: int, points: Tensor) -> Tensor:
    """Return a column of marks for the observed split and one for each other, shape ``(num_points, 1 + num_splits)``."""
    observed = np.arange(len(points)) < num_first
    marks = np.concatenate([observed[:, None], splits.in_first.T], axis=1)
    return torch.from_numpy(marks).to(points.device)


def _sums(points: Tensor, marks: Tensor, show_progress: bool | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return a·Da and a·D1 for each column of marks, and 1·D1, with D the distances of the points."""
    inside, touching = (torch.zeros(marks.shape[1], dtype=torch.float64, device=points.device) for _ in range(2))
    total = torch.zeros((), dtype=torch.float64, device=points.device)
    parts = points.split(max(1, NUMBERS_AT_ONCE // len(points)))
    with progress(say(zh="距离", en="distances"), len(points), show_progress) as advance:
        for part, mine in zip(parts, marks.split(len(parts[0])), strict=True):
            distances = euclidean_distances(part, points)  # (rows, num_points)
            sums = distances.sum(dim=1)
            total += sums.sum()
            for start in range(0, marks.shape[1], SPLITS_AT_ONCE):
                some = slice(start, start + SPLITS_AT_ONCE)
                chosen = mine[:, some].double()
                inside[some] += (chosen * (distances @ marks[:, some].double())).sum(dim=0)
                touching[some] += sums @ chosen
            advance(len(part))
    return inside, touching, total


def _areas(places: Tensor, marks: Tensor, num_first: int) -> Tensor:
    """Return the area between the distribution functions of both parts on a line, for each column of marks.

    After k points with c of the first part the functions are c / n and (k − c) / m: apart by |c (n + m) − k n| / (n m), in
    whole numbers but for the last step, so that equal splits come out equal.
    """
    num = len(places)
    whole = torch.int32 if num * num_first < 2**31 else torch.int64
    values, order = places.sort()
    gaps = values.diff()  # (num_points - 1,)
    counts = torch.arange(1, num, dtype=whole, device=places.device) * num_first
    areas = []
    for some in marks.split(SPLITS_AT_ONCE, dim=1):
        heights = some[order[:-1]].cumsum(dim=0, dtype=whole).mul_(num).sub_(counts.unsqueeze(1)).abs_()
        areas.append(gaps @ heights.double())
    return torch.cat(areas) / (num_first * (num - num_first))
