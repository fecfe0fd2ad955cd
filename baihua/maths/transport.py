"""The exact Wasserstein distance between two sets of points: the least mean cost of moving one onto the other.

W_p(μ, ν) = (min over plans π with marginals μ and ν of Σ π_ij c(x_i, y_j)^p)^(1/p)

Sets of equal size and weight are an assignment problem, solved by scipy (the best plan is a permutation); others, and
large ones, are a linear programme for POT's network simplex (``[transport]``). Called with its defaults POT stops after
100 000 pivots with a warning and a wrong value, from some thousand points on; here it goes on to the end.

Between samples this is the distance of the samples: for two samples of one law it is not 0, and falls with their size
as slowly as size^(−1/dimension); `baihua.maths.batch_transport` measures that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from baihua.checks import InvalidValue, MissingPackage, need_package
from baihua.maths.ground_cost import Cost, check_two, euclidean_distances

BY_ASSIGNMENT = (
    256  # points up to which scipy is asked even where POT is installed; a small problem has nothing to gain
)
MOST_PIVOTS = 10**9

Floats = NDArray[np.float64]
Duals = Callable[[], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Transport:
    """The answer to a transport problem.

    Args:
        value: the distance or cost; a tensor without axes, differentiable in the points by the envelope theorem (the plan
            is held: Danskin), if the points were tensors, else a float.
        plan: how much of each point goes where, shape ``(num_x, num_y)``, not differentiable.
        find_potentials: finds `potentials`.
        marginal_error: Σ |marginal of the plan − wanted|, 0 for an exact one.
    """

    value: Any
    plan: Any
    find_potentials: Callable[[], tuple[Any, Any]] = field(repr=False)
    marginal_error: float = 0.0

    @cached_property
    def potentials(self) -> tuple[Any, Any]:
        """F and g of the dual problem, shapes ``(num_x,)`` and ``(num_y,)``, found when first asked for.

        f_i + g_j ≤ c(x_i, y_j)^p with equality where the plan is not 0, and Σ μ_i f_i + Σ ν_j g_j the cost. They have a free
        constant: g_j is 0 on average.
        """
        return self.find_potentials()


class Problem(NamedTuple):
    """A transport problem in tensors.

    Args:
        cost: shape ``(num_x, num_y)``, may carry gradients.
        weights: of the points, shapes ``(num_x,)`` and ``(num_y,)``, float64, each with sum 1.
        arrays: whether the answer goes back as arrays and floats.
    """

    cost: Tensor
    weights: tuple[Tensor, Tensor]
    arrays: bool

    def answer(
        self, value: Tensor, plan: Tensor, find: Callable[[], tuple[Tensor, Tensor]], marginal_error: float = 0.0
    ) -> Transport:
        """Return the answer in the kind the points came in."""
        if not self.arrays:
            return Transport(value, plan, find, marginal_error)

        def find_arrays() -> tuple[Any, Any]:
            f, g = find()
            return f.numpy(), g.numpy()

        return Transport(float(value), plan.numpy(), find_arrays, marginal_error)


def wasserstein(
    x: Any,
    y: Any,
    p: float = 1,
    *,
    x_weights: Any = None,
    y_weights: Any = None,
    cost: Cost = euclidean_distances,
) -> Transport:
    """Return the exact Wasserstein distance W_p between two sets of points, with a best plan and its potentials.

    Args:
        x: shape ``(num_x, width)``, tensor on any device, or array.
        y: shape ``(num_y, width)``.
        p: the power of the distance, at least 1.
        x_weights: of the points, not negative, with a sum that is not 0; None for equal ones.
        y_weights: likewise.
        cost: the distance between points, see `baihua.maths.ground_cost`; its p-th power is moved over.

    Returns:
        A `Transport`. At the value 0 the gradient of a root (p > 1) is taken as 0.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, widths that differ, NaN, p below 1 or weights that are no weights.
        MissingPackage: for sizes or weights that differ, without POT.

    Example:
        >>> wasserstein([[0.0], [1.0]], [[5.0], [3.0]]).value
        3.5
        >>> wasserstein([[0.0], [1.0]], [[5.0], [3.0]]).plan
        array([[0. , 0.5],
               [0.5, 0. ]])
    """
    problem = pose(x, y, p, (x_weights, y_weights), cost)
    costs = problem.cost.detach().double().cpu().numpy()
    plan, duals = _solve(costs, *(one.cpu().numpy() for one in problem.weights))
    device = problem.cost.device
    moved = torch.as_tensor(plan, device=device)
    value = power_root((moved * problem.cost).sum(), p)

    def find() -> tuple[Tensor, Tensor]:
        f, g = duals()
        return torch.as_tensor(f, device=device), torch.as_tensor(g, device=device)

    return problem.answer(value, moved, find)


def pose(x: Any, y: Any, p: float, weights: tuple[Any, Any], cost: Cost) -> Problem:
    """Return a checked transport problem between two sets of points; arguments as for `wasserstein`."""
    check_power(p)
    first, second, arrays = check_two(x, y)
    costs = cost(first, second).double()
    if tuple(costs.shape) != (len(first), len(second)):
        raise InvalidValue(
            zh=f"cost 应给出形状 {(len(first), len(second))} 的距离，收到 {tuple(costs.shape)}。",
            en=f"cost must return distances of shape {(len(first), len(second))}, but returned {tuple(costs.shape)}.",
        )
    masses = (_masses(weights[0], first, "x_weights"), _masses(weights[1], second, "y_weights"))
    return Problem(costs if p == 1 else costs**p, masses, arrays)


def check_power(p: float) -> None:
    """Refuse a power below 1 or infinite."""
    if not 1 <= p < np.inf:
        raise InvalidValue(
            zh=f"p 应至少为 1 且有限，收到 {p}；低于 1 时三角不等式不成立。",
            en=f"p must be at least 1 and finite, not {p}: below 1 the triangle inequality fails.",
        )


def power_root(total: Tensor, p: float) -> Tensor:
    """Return total^(1/p); where the total is 0, so is the gradient."""
    if p == 1:
        return total
    found: Tensor = torch.where(total > 0, torch.where(total > 0, total, 1.0) ** (1 / p), total * 0)
    return found


def _masses(weights: Any, points: Tensor, name: str) -> Tensor:
    if weights is None:
        return torch.full((len(points),), 1 / len(points), dtype=torch.float64, device=points.device)
    found = torch.as_tensor(weights, dtype=torch.float64, device=points.device).detach()
    if tuple(found.shape) != (len(points),) or not bool((found >= 0).all()) or not 0 < float(found.sum()) < np.inf:
        raise InvalidValue(
            zh=f"{name} 应是 {len(points)} 个不小于 0 的数，和不为 0；收到的形状是 {tuple(found.shape)}。",
            en=f"{name} must be {len(points)} numbers, none below 0, with a sum that is not 0; its shape is {tuple(found.shape)}.",
        )
    return found / found.sum()


def _solve(costs: Floats, mu: Floats, nu: Floats) -> tuple[Floats, Duals]:
    """Return a best plan, and what finds its potentials."""
    same = len(mu) == len(nu) and bool((mu == mu[0]).all() and (nu == nu[0]).all())
    if not same or len(mu) > BY_ASSIGNMENT:
        try:
            return _simplex(costs, mu, nu)
        except MissingPackage:
            if not same:
                raise
    rows, columns = linear_sum_assignment(costs)
    plan = np.zeros_like(costs)
    plan[rows, columns] = 1 / len(mu)
    return plan, partial(_potentials_of_assignment, costs, columns)


def _simplex(costs: Floats, mu: Floats, nu: Floats) -> tuple[Floats, Duals]:
    ot = need_package("ot", "transport")
    plan, log = ot.emd(mu, nu, costs, numItermax=MOST_PIVOTS, log=True)
    middle = log["v"].mean()
    return plan, lambda: (log["u"] + middle, log["v"] - middle)


def _potentials_of_assignment(costs: Floats, columns: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the potentials of a best assignment, which scipy keeps to itself.

    f_i + g_σ(i) = c_iσ(i) and g_j ≤ c_ij − f_i for all i say that g is a shortest distance in the graph whose edge from
    σ(i) to j is c_ij − c_iσ(i) long. It has no cycle below 0, since σ is best: Bellman and Ford's rounds end after at most
    as many as there are points.
    """
    matched = costs[np.arange(len(costs)), columns]
    edges = costs - matched[:, None]
    g = edges.min(axis=0)
    for _ in range(len(costs)):
        shorter = np.minimum(g, (edges + g[columns][:, None]).min(axis=0))
        if np.array_equal(shorter, g):
            break
        g = shorter
    g = g - g.mean()
    return matched - g[columns], g
