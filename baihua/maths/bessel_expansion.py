r"""What the modified Bessel function I_v(x) is at large order, for every x ≥ 0 at once, and without cancellation.

The function meant throughout is its *growth* g(v, x) = log(I_v(x) Γ(v+1) (2/x)^v), the logarithm of 0F1(; v+1; x²/4). It
is 0 at x = 0, has no pole or zero in the way, and its derivative is the ratio r = I_{v+1}(x) / I_v(x).

Debye's uniform expansion (Olver, NIST handbook DLMF 10.41.3; its logarithm term by term) says, with z = x/v, q = √(1+z²)
and p = 1/q,

    log I_v(x) = v (q + log(z / (1+q))) − ½ log(2πv) + ½ log p + Σ_k D_k(p) / v^k.

Its value at x → 0 holds Stirling's series for log Γ(v+1), so subtracting that limit removes every large term by algebra.
With t = q − 1 = z²/(1+q):

    g = v (t − log(1 + t/2)) − ½ log(1+t) − (1−p) Σ_k E_k(p) / v^k,      E_k(p) = (D_k(1) − D_k(p)) / (1 − p),

where every term shrinks as x² does; the derivatives, x − g and x r − g (the Kullback–Leibler divergence of a von
Mises–Fisher distribution from the uniform one) are formed by the same algebra, below. The number of terms does not depend
on x: ten of them at orders from 24 on leave a relative error below 1e-14 in g, x r − g and r, 1e-13 in r' and 2e-12 in r'',
from x = 0 to infinity.
"""

import functools
from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor

LEAST_ORDER = 24  # with NUM_TERMS terms, where the expansion has reached rounding
NUM_TERMS = 10

Polynomial = list[Fraction]  # coefficients, the lowest power first


class LargeOrder:
    """The growth and its relatives at one pair of order and argument.

    Args:
        order: v, at least `LEAST_ORDER`, float64, broadcast against ``x``.
        x: the argument, at least 0, float64.
    """

    def __init__(self, order: Tensor, x: Tensor) -> None:
        self.order, self.x = order, x
        self.z = x / order
        self.q = torch.sqrt(1 + self.z * self.z)
        self.p = 1 / self.q
        self.t = self.z * self.z / (1 + self.q)  # q − 1, and 1 − p = t p

    def growth(self) -> Tensor:
        """Return g, with a small relative error for the smallest x."""
        return self._leading() - 0.5 * torch.log1p(self.t) - self.t * self.p * self._series("growth")

    def shortfall(self) -> Tensor:
        """Return x − g, which grows as (v + ½) log x only; z − t is written as a sum of positive terms."""
        rest = 0.5 * torch.log1p(self.t) + self.t * self.p * self._series("growth")
        return self.x * self._one_less_leading_ratio() + self.order * torch.log1p(self.t / 2) + rest

    def divergence(self) -> Tensor:
        """Return x r − g: the terms v t of both, as large as x, are gone, and what is left grows as log x."""
        rest = 0.5 * (torch.log1p(self.t) - self.t * self.p * (1 + self.p))
        return self.order * torch.log1p(self.t / 2) + rest + self.t * self.p * self._series("divergence")

    def ratio(self) -> Tensor:
        """Return r = g'."""
        return self.z / (1 + self.q) - self.z * self.p**2 * self._series("ratio")

    def complement(self) -> Tensor:
        """Return 1 − r, exact where r has rounded to 1."""
        return self._one_less_leading_ratio() + self.z * self.p**2 * self._series("ratio")

    def slope(self) -> Tensor:
        """Return r'."""
        return self.p**2 / self.order * (1 / (1 + self.p) + self._series("slope"))

    def curvature(self) -> Tensor:
        """Return r''."""
        leading = (2 + self.p) / (1 + self.p) ** 2
        return -self.z * self.p**4 / self.order**2 * (leading + self._series("curvature"))

    def _leading(self) -> Tensor:
        return self.order * (self.t - torch.log1p(self.t / 2))

    def _one_less_leading_ratio(self) -> Tensor:
        """Return 1 − z/(1+q) = (1 + q − z) / (1+q), where q − z = 1/(q+z)."""
        return (1 + 1 / (self.q + self.z)) / (1 + self.q)

    def _series(self, name: str) -> Tensor:
        """Return Σ_k P_k(p) / v^k: first summed over k for each power of p, then by Horner's rule in p."""
        table = series_table(name).to(self.order.device)  # (powers of p, terms)
        inverse = 1 / self.order
        powers = torch.stack([inverse**k for k in range(1, table.shape[1] + 1)])  # (terms, ...)
        coefficients = torch.tensordot(table, powers, dims=1)  # (powers of p, ...)
        total = torch.zeros_like(self.p)
        for coefficient in coefficients.flip(0):
            total.mul_(self.p).add_(coefficient)
        return total


@functools.cache
def series_table(name: str) -> Tensor:
    """Return the coefficients of a series of `LargeOrder`, computed in whole fractions and rounded once.

    The derivatives M_k of D_k follow from Bessel's equation, φ = p²(1 − p²):
    M_1 = (1 − 5p²)/8 and 2 M_{k+1} = (φ M_k)' + φ Σ_j M_j M_{k−j}; D_k is their integral.

    Args:
        name: ``"growth"``, ``"divergence"``, ``"ratio"``, ``"slope"`` or ``"curvature"``.

    Returns:
        Shape ``(powers of p, terms)``: the entry ``[j, k − 1]`` belongs to p^j / v^k.

    Example:
        >>> series_table("ratio")[:2, :2].tolist()
        [[0.5, 0.0], [0.0, 0.125]]
    """
    derivatives = _derivatives_of_logarithm()
    growth = [_divided_difference(_integral(one)) for one in derivatives]
    ratio = [[Fraction(1, 2)]] + [[Fraction(0), *one] for one in derivatives]
    slope = [[Fraction(1, 2), Fraction(0), Fraction(-1)]] + [_slope_term(one) for one in derivatives]
    terms: dict[str, list[Polynomial]] = {
        "growth": growth,
        "divergence": [
            _sum(one, _product([Fraction(0), Fraction(-1), Fraction(-1)], other))
            for one, other in zip(growth, derivatives, strict=True)
        ],
        "ratio": ratio,
        "slope": slope,
        "curvature": [_sum([2 * c for c in one], [Fraction(0), *_derivative(one)]) for one in slope],
    }
    chosen = terms[name]
    table = torch.zeros(max(map(len, chosen)), len(chosen), dtype=torch.float64)
    for k, polynomial in enumerate(chosen):
        table[: len(polynomial), k] = torch.tensor([float(c) for c in polynomial], dtype=torch.float64)
    return table


@functools.cache
def _derivatives_of_logarithm() -> list[Polynomial]:
    phi = [Fraction(c) for c in (0, 0, 1, 0, -1)]
    found: list[Polynomial] = [[Fraction(1, 8), Fraction(0), Fraction(-5, 8)]]
    while len(found) < NUM_TERMS:
        k = len(found)
        products = _sum(*(_product(found[j], found[k - 2 - j]) for j in range(k - 1)))
        total = _sum(_derivative(_product(phi, found[-1])), _product(phi, products))
        found.append([c / 2 for c in total])
    return found


def _slope_term(derivative: Polynomial) -> Polynomial:
    """Return −p ((3p² − 2) M − p (1 − p²) M'), what one more derivative makes of a term of the ratio."""
    first = _product([Fraction(0), Fraction(2), Fraction(0), Fraction(-3)], derivative)
    second = _product([Fraction(c) for c in (0, 0, 1, 0, -1)], _derivative(derivative))
    return _sum(first, second)


def _divided_difference(polynomial: Polynomial) -> Polynomial:
    """Return (D(1) − D(p)) / (1 − p); since (1 − p^j)/(1 − p) = 1 + … + p^(j−1), sums of the higher coefficients."""
    return [sum(polynomial[j + 1 :], Fraction(0)) for j in range(len(polynomial) - 1)]


def _sum(*polynomials: Sequence[Fraction]) -> Polynomial:
    longest = max((len(one) for one in polynomials), default=0)
    return [sum((one[j] for one in polynomials if j < len(one)), Fraction(0)) for j in range(longest)]


def _product(first: Sequence[Fraction], second: Sequence[Fraction]) -> Polynomial:
    result = [Fraction(0)] * max(0, len(first) + len(second) - 1)
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            if one and other:
                result[i + j] += one * other
    return result


def _derivative(polynomial: Sequence[Fraction]) -> Polynomial:
    return [j * coefficient for j, coefficient in enumerate(polynomial)][1:]


def _integral(polynomial: Sequence[Fraction]) -> Polynomial:
    return [Fraction(0), *(coefficient / (j + 1) for j, coefficient in enumerate(polynomial))]
