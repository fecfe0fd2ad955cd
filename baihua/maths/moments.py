"""Mean and scatter of vectors: in one pass, in bounded memory, mergeable, and accurate far from the origin."""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from baihua.checks import InvalidValue
from baihua.maths.vectors import ROWS_AT_ONCE, blocks, check_vectors, result_dtype, to_numpy

LITTLE_WORK = 4e10  # rows × width²: up to here float64 products take about 0.6 s on two cores, so little is saved
SAMPLED_ROWS = 1024
_taking_turns = threading.Lock()


@dataclass(frozen=True)
class Moments:
    """How many vectors were seen, their mean, and their scatter about it.

    Args:
        count: number of vectors, at least 1.
        mean: shape ``(width,)``.
        scatter: sum over the vectors of (x − mean)ᵀ(x − mean), shape ``(width, width)``; the covariance is
            ``scatter / count``.
        rounding: share of the largest variance below which a variance cannot be told from rounding.

    Example:
        >>> moments = Moments.of([[0.0, 0.0], [2.0, 0.0]]).merge(Moments.of([[4.0, 3.0]]))
        >>> moments.count, moments.mean
        (3, array([2., 1.]))
        >>> moments.scatter
        array([[8., 6.],
               [6., 6.]])
    """

    count: int
    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]
    rounding: float

    @property
    def width(self) -> int:
        """Length of the vectors."""
        return len(self.mean)

    @classmethod
    def of(cls, x: Any) -> Self:
        """Return the moments of the rows of ``x``.

        The rows are first shifted to near their mean (see `_nearly_the_mean`), so that a large common mean costs no
        digits.

        Args:
            x: array or tensor of any real type, shape ``(num, width)``.

        Raises:
            InvalidValue: for NaN or infinity, and for values whose squares exceed float64.
        """
        x = check_vectors(x)
        with np.errstate(over="ignore", invalid="ignore"):
            sample = to_numpy(x[:: -(-len(x) // SAMPLED_ROWS)]).astype(np.float64)
            pilot = _nearly_the_mean(sample)
            dtype = _product_dtype(x, float(np.abs(sample - pilot).max()))
            sums, products = _shifted_sums(x, pilot.astype(dtype))
            if dtype is np.float32 and not _finite(sums, products):
                dtype = np.float64
                sums, products = _shifted_sums(x, pilot)
        if not _finite(sums, products):
            raise _reason_for_infinity(x)
        shift = sums / len(x)
        scatter = products - np.outer(shift, sums)
        return cls(len(x), pilot + shift, scatter, _rounding(result_dtype(x), dtype, x.shape[1]))

    def merge(self, other: "Moments") -> "Moments":
        """Return the moments of both sets of vectors together, exactly.

        Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.

        Args:
            other: moments of other vectors of the same width.

        Raises:
            InvalidValue: when the widths differ.
        """
        if other.width != self.width:
            raise InvalidValue(
                zh=f"宽度不同，不能合并：{self.width} 与 {other.width}。两边要用同一个编码器的向量。",
                en=f"Cannot merge widths {self.width} and {other.width}. Use vectors of one encoder on both sides.",
            )
        count = self.count + other.count
        difference = other.mean - self.mean
        between = np.outer(difference, difference) * (self.count * other.count / count)
        return Moments(
            count=count,
            mean=self.mean + difference * (other.count / count),
            scatter=self.scatter + other.scatter + between,
            rounding=max(self.rounding, other.rounding),
        )


def _nearly_the_mean(sample: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each column the value nearest to its mean, shape ``(width,)``.

    With ``m`` rows taken out of ``num`` it lies within 2 √(num/m) standard deviations of the mean of all, whatever
    the order of the rows, so shifting by it can do no harm worth mentioning. It is one of the values given, not
    their mean, because the differences of half precision values are then multiples of one step with exact squares;
    shifted by a number off that grid, the same few squares recur and their rounding adds up instead of averaging out.
    """
    nearest = np.abs(sample - sample.mean(axis=0)).argmin(axis=0)
    return sample[nearest, np.arange(sample.shape[1])]


def _product_dtype(x: Any, spread: float) -> type[np.float32] | type[np.float64]:
    """Choose the type that products within a block are taken in; sums over blocks are float64 in any case.

    A float32 product of 4 096 shifted rows takes half the time of a float64 one, and its rounding averages out over
    the blocks: at 20 000 rows the eigenvalues came out within 1e-8 of the largest, and cosines within 3e-5 of the
    float64 answer where the largest eigenvalue was 300 000 times the smallest. It is used where the time matters. A
    spread whose square float32 could not hold comfortably goes the float64 way too.
    """
    work = len(x) * x.shape[1] ** 2
    if result_dtype(x) == np.float64 or work <= LITTLE_WORK or not 1e-12 < spread < 1e12:
        return np.float64
    return np.float32


def _rounding(given: np.dtype[Any], products: type[np.floating[Any]], width: int) -> float:
    """Return the share of the largest variance below which a variance cannot be told from rounding.

    Directions in which the vectors do not vary (constant or repeated columns, fewer vectors than columns, the one
    that a final layer normalisation takes away) are not quite empty: the numbers given are rounded, by up to
    width × their rounding unit of the largest spread where they come out of sums over the width, and variance is the
    square of that; the eigenvalue solver is accurate to width × the unit of float64; and float32 products to the
    unit of float32. Half precision counts as float32: its values are taken as exact.
    """
    unit = float(np.finfo(np.float64).eps)
    level = max((width * float(np.finfo(given).eps)) ** 2, width * unit)
    return max(level, float(np.finfo(np.float32).eps)) if products is np.float32 else level


def _shifted_sums(x: Any, pilot: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Σ(x − pilot), shape ``(width,)``, and Σ(x − pilot)ᵀ(x − pilot), shape ``(width, width)``.

    Each thread takes its own rows, and its products use one BLAS thread. So the shifts, the sums and the float64
    addition run on every core too, and all together need 1.1 times the processor time of the bare product XᵀX, which
    is itself near what the processor can multiply at all. Tried and slower: BLAS threads within each block (1.3
    times), scipy's syrk (it holds Python's lock), panels of columns, shorter or longer blocks. The number of BLAS
    threads belongs to the whole process, so calls take turns.
    """
    with _taking_turns:
        threads = max([library["num_threads"] for library in _blas_threads().info()], default=1)
        share = max(-(-len(x) // threads), ROWS_AT_ONCE)
        parts = [x[start : start + share] for start in range(0, len(x), share)]
        with _blas_threads().limit(limits=1), ThreadPoolExecutor(len(parts)) as pool:
            all_sums, all_products = zip(*pool.map(_shifted_sums_of_part, parts, [pilot] * len(parts)), strict=True)
    return functools.reduce(np.add, all_sums), functools.reduce(np.add, all_products)


def _shifted_sums_of_part(x: Any, pilot: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    width = len(pilot)
    length = min(len(x), ROWS_AT_ONCE * 8 // pilot.itemsize)  # as many bytes in float32 as in float64
    shifted, ones = np.empty((length, width), pilot.dtype), np.ones(length, pilot.dtype)
    sums, products = np.zeros(width), np.zeros((width, width))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), length):
            part = to_numpy(x[start : start + length])
            block = np.subtract(part, pilot, out=shifted[: len(part)])
            sums += ones[: len(part)] @ block
            products += block.T @ block  # numpy sees that this is symmetric and does half the work
    return sums, products


@functools.cache
def _blas_threads() -> Any:
    return ThreadpoolController().select(user_api="blas")


def _finite(sums: NDArray[np.float64], products: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(sums).all() and np.isfinite(np.diagonal(products)).all())


def _reason_for_infinity(x: Any) -> InvalidValue:
    for _ in blocks(x):  # raises if the values themselves are not finite
        continue
    return InvalidValue(
        zh="向量的数值太大，平方超出了 float64。请先除以一个常数；白化不受整体缩放影响。",
        en="The vectors are so large that their squares exceed float64. Divide them by a constant first; "
        "whitening does not depend on the overall scale.",
    )
