"""Sinkhorn's rounds: the potentials of entropic transport, fast and for every ε.

The kernel exp((f_i + g_j − c_ij)/ε) μ_i ν_j is the plan itself once f and g are right. Rounds multiply its rows and columns
by factors until its marginals are μ and ν: products of matrix and vector, without an exponential (Schmitzer 2019). The
factors go into f and g, in the log domain, whenever they leave a range that is safe, and the kernel is made anew.

An ε too small for a first kernel is reached by way of larger ones, each starting from the potentials of the last.

A factor is raised to a power ω between 1 and 2 (overrelaxation; Thibault et al. 2021). Near the answer the rounds are those of
Gauss and Seidel, for which Young's relation between the rate ρ at some ω and the rate η at 1, (ρ + ω − 1)² = ω² η ρ, gives the
best: ω = 2 / (1 + √(1 − η)) (Lehmann et al. 2022).
"""

import math
import warnings
from collections.abc import Iterator

import torch
from torch import Tensor

from baihua.language import say
from baihua.maths.c_transform import soft_minimum

SAFE_EXPONENT = 300.0  # of the first kernel, below 0: its sums neither vanish nor overflow in float64
SAFE_FACTOR = 1e100  # of a row or column since the kernel was made
NARROWING = 4.0  # from one ε to the next on the way down: exponents stay within 4 · log(num²)
ROUNDS_ON_THE_WAY = 500  # at most at each larger ε
TOLERANCE_ON_THE_WAY = 0.01
ROUNDS_OF_ONE = 20  # of a set with itself, before the kernel is made anew
FIRST_CHUNK, LONGEST_CHUNK = 2, 10  # rounds between two looks at the marginals
MOST_ROUNDS = 100_000
MOST_RELAXATION = 1.999


class Kernel:
    """A plan in the making: rows_i K_ij columns_j with K_ij = μ_i ν_j exp((f_i + g_j − c_ij)/ε) kept as it was made.

    Args:
        costs: shape ``(num_x, num_y)``, float64.
        mu: weights of the rows, shape ``(num_x,)``.
        nu: weights of the columns, shape ``(num_y,)``.
        f: potential of the rows.
        g: potential of the columns.
        epsilon: ε.
    """

    def __init__(
        self, costs: Tensor, weights: tuple[Tensor, Tensor], duals: tuple[Tensor, Tensor], epsilon: float
    ) -> None:
        self.costs, (self.mu, self.nu), (self.f, self.g) = costs, weights, duals
        self.make_anew(epsilon)

    def make_anew(self, epsilon: float) -> None:
        """Make K of the present potentials, with all factors 1."""
        self.epsilon = epsilon
        of_rows, of_columns = self.f / epsilon + self.mu.log(), self.g / epsilon + self.nu.log()
        exponent = torch.add(of_rows.unsqueeze(1), of_columns)  # (num_x, num_y)
        self.matrix = exponent.add_(self.costs, alpha=-1 / epsilon).exp_()
        self.rows, self.columns = torch.ones_like(self.mu), torch.ones_like(self.nu)
        self._made_of = self.f, self.g

    def set_factors(self, rows: Tensor, columns: Tensor) -> None:
        """Change the factors, and with them the potentials, in the log domain."""
        self.rows, self.columns = rows, columns
        self.f, self.g = (
            dual + self.epsilon * factor.log() for dual, factor in zip(self._made_of, (rows, columns), strict=True)
        )

    def plan(self) -> Tensor:
        """Return the plan, shape ``(num_x, num_y)``."""
        return self.matrix * self.rows.unsqueeze(1) * self.columns

    def marginals(self) -> tuple[Tensor, Tensor]:
        """Return the plan's sums over columns and over rows."""
        return self.rows * (self.matrix @ self.columns), self.columns * (self.rows @ self.matrix)


@torch.no_grad()
def solve(costs: Tensor, mu: Tensor, nu: Tensor, epsilon: float, tolerance: float) -> Kernel:
    """Return the kernel of entropic transport when its rounds have ended.

    Args:
        costs: shape ``(num_x, num_y)``, float64.
        mu: weights of x, shape ``(num_x,)``, with sum 1.
        nu: weights of y, shape ``(num_y,)``.
        epsilon: ε > 0.
        tolerance: Σ |marginal − μ| at which the rounds end; the other marginal is then exact.
    """
    rows, columns = mu > 0, nu > 0
    if not bool(rows.all() and columns.all()):
        return _without_empty(costs, (mu, nu), (rows, columns), epsilon, tolerance)
    kernel = _first(costs, mu, nu, epsilon)
    while kernel.epsilon > epsilon:
        _run(kernel, max(tolerance, TOLERANCE_ON_THE_WAY), ROUNDS_ON_THE_WAY)
        kernel.make_anew(max(epsilon, kernel.epsilon / NARROWING))
    error, done = _run(kernel, tolerance, MOST_ROUNDS)
    while done < MOST_ROUNDS and error >= tolerance:
        kernel.make_anew(epsilon)
        error, more = _run(kernel, tolerance, MOST_ROUNDS - done)
        done += more
    if error >= tolerance:
        warn_of_rounds(tolerance)
    return kernel


@torch.no_grad()
def solve_with_itself(costs: Tensor, mu: Tensor, epsilon: float, tolerance: float) -> Kernel:
    """Return the kernel of a set with itself, whose two potentials are one; arguments as for `solve`.

    Rows and columns share a factor, of which each round takes the square root: its error falls by half or more wherever
    exp(−c/ε) is positive definite, as it is for distances and their squares.
    """
    some = mu > 0
    if not bool(some.all()):
        f = solve_with_itself(costs[some][:, some], mu[some], epsilon, tolerance).f
        everywhere = soft_minimum(costs[:, some] - f, epsilon, mu[some])
        return Kernel(costs, (mu, mu), (everywhere, everywhere), epsilon)
    kernel = _first(costs, mu, mu, epsilon)
    for _ in range(0, MOST_ROUNDS, ROUNDS_OF_ONE):
        factors = torch.ones_like(mu)
        for _ in range(ROUNDS_OF_ONE):
            marginal = factors * (kernel.matrix @ factors)
            error = float((marginal - mu).abs().sum())
            if error < tolerance:
                break
            factors = factors * (mu / marginal).sqrt()
        kernel.set_factors(factors, factors)
        if kernel.epsilon == epsilon and error < tolerance:
            return kernel
        kernel.make_anew(max(epsilon, kernel.epsilon / NARROWING))
    warn_of_rounds(tolerance)
    return kernel


def warn_of_rounds(tolerance: float) -> None:
    """Warn that the rounds ended before the tolerance was reached."""
    warnings.warn(
        say(
            zh=f"{MOST_ROUNDS} 轮之后边缘分布的误差仍大于 {tolerance}；结果的 marginal_error 说明还差多少。请用大一些的 epsilon。",
            en=f"After {MOST_ROUNDS} rounds the error of the marginals is still above {tolerance}; marginal_error of the "
            "result says by how much. Use a larger epsilon.",
        ),
        stacklevel=5,
    )


def _without_empty(
    costs: Tensor, weights: tuple[Tensor, Tensor], some: tuple[Tensor, Tensor], epsilon: float, tolerance: float
) -> Kernel:
    """Return the kernel where some points have no weight: the potentials of the others, carried over by soft minima."""
    (rows, columns), mu, nu = some, weights[0][some[0]], weights[1][some[1]]
    others = solve(costs[rows][:, columns], mu, nu, epsilon, tolerance)
    f = soft_minimum(costs[:, columns] - others.g, epsilon, nu)
    g = soft_minimum((costs[rows] - others.f.unsqueeze(1)).mT, epsilon, mu)
    return Kernel(costs, weights, (f, g), epsilon)


def _first(costs: Tensor, mu: Tensor, nu: Tensor, epsilon: float) -> Kernel:
    """Return a kernel at ε, or at the least one that is safe without potentials."""
    least, most = costs.aminmax()
    safe = max(epsilon, float(most - least) / SAFE_EXPONENT)
    level = least / 2
    return Kernel(costs, (mu, nu), (level.expand_as(mu), level.expand_as(nu)), safe)


def _run(kernel: Kernel, tolerance: float, most: int) -> tuple[float, int]:
    """Do at most so many rounds on one kernel; return the last error, and how many."""
    plan, mu, nu = kernel.matrix, kernel.mu, kernel.nu
    rows, columns = torch.ones_like(mu), torch.ones_like(nu)
    relaxation, last, done, error = 1.0, math.inf, 0, math.inf
    for chunk in _chunks(most):
        before = rows, columns
        for _ in range(chunk):
            rows = rows * (mu / (rows * (plan @ columns))) ** relaxation
            columns = columns * (nu / (columns * (rows @ plan))) ** relaxation
        done += chunk
        columns = nu / (rows @ plan)
        error = float((rows * (plan @ columns) - mu).abs().sum())
        if not (_safe(rows) and _safe(columns)):
            rows, columns = before if done > chunk else (mu / plan.sum(dim=1), torch.ones_like(nu))
            error = math.inf
            break
        if error < tolerance:
            break
        relaxation = _next_relaxation(relaxation, (error / last) ** (1 / chunk))
        last = error
    kernel.set_factors(rows, columns)
    return error, done


def _chunks(most: int) -> Iterator[int]:
    """Return how many rounds to do between two looks at the marginals: few at first, for problems that are easy."""
    done, chunk = 0, FIRST_CHUNK
    while done < most:
        yield chunk
        done += chunk
        chunk = min(2 * chunk, LONGEST_CHUNK)


def _next_relaxation(relaxation: float, rate: float) -> float:
    """Return the best ω as far as a rate tells; 1 when the error grows."""
    if rate >= 1:
        return 1.0
    if rate <= max(relaxation - 1, 0):
        return relaxation
    plain = min(((rate + relaxation - 1) / relaxation) ** 2 / rate, 1.0)
    return min(2 / (1 + math.sqrt(1 - plain)), MOST_RELAXATION)


def _safe(factors: Tensor) -> bool:
    least, most = (float(one) for one in factors.aminmax())
    return least > 1 / SAFE_FACTOR and most < SAFE_FACTOR
