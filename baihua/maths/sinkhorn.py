"""Entropic transport, and the Sinkhorn divergence made of it.

OT_ε(μ, ν) = min over plans π of Σ π_ij c_ij + ε KL(π | μ ⊗ ν)
           = max over f, g of Σ μ_i f_i + Σ ν_j g_j − ε Σ μ_i ν_j (exp((f_i + g_j − c_ij)/ε) − 1)

S_ε(μ, ν) = OT_ε(μ, ν) − ½ OT_ε(μ, μ) − ½ OT_ε(ν, ν)       (Genevay et al. 2018; Feydy et al. 2019)

OT_ε overshoots the cost of transport and is not 0 between a set and itself; S_ε is, is never below 0 for p = 1 or 2, and
goes from the cost of transport (ε → 0) to an energy distance (ε → ∞).
"""

from typing import Any

from baihua.checks import InvalidValue
from baihua.maths.ground_cost import Cost, euclidean_distances
from baihua.maths.sinkhorn_rounds import Kernel, solve, solve_with_itself
from baihua.maths.transport import Problem, Transport, pose

TOLERANCE = 1e-6  # Σ |marginal − wanted| at which the rounds end; the value is off by about ε times its square


def entropic_transport(
    x: Any,
    y: Any,
    epsilon: float,
    *,
    p: float = 1,
    weights: tuple[Any, Any] = (None, None),
    cost: Cost = euclidean_distances,
    tolerance: float = TOLERANCE,
) -> Transport:
    """Return entropic transport between two sets of points, of the p-th power of their distances.

    Args:
        x: shape ``(num_x, width)``, tensor on any device, or array.
        y: shape ``(num_y, width)``.
        epsilon: ε > 0, in the unit of the p-th power of the distance.
        p: the power of the distance, at least 1. No root is taken of the value.
        weights: of the points of each, or None for equal ones.
        cost: the distance between points, see `baihua.maths.ground_cost`.
        tolerance: Σ |marginal of the plan − wanted| at which the rounds end.

    Returns:
        A `Transport`: its value is OT_ε, differentiable in the points by the envelope theorem. A warning says so when
        100 000 rounds do not reach the tolerance.

    Raises:
        InvalidType: for what is no real number.
        InvalidValue: for wrong shapes, NaN, a power below 1, or an ε or tolerance that is not above 0.

    Example:
        >>> found = entropic_transport([[0.0], [1.0]], [[0.0], [1.0]], epsilon=0.1)
        >>> round(found.value, 4), found.plan.round(4)
        (0.0693, array([[0.5, 0. ],
               [0. , 0.5]]))
    """
    _check_positive(epsilon, "epsilon")
    _check_positive(tolerance, "tolerance")
    problem = pose(x, y, p, weights, cost)
    return _answer(problem, solve(problem.cost.detach(), *problem.weights, epsilon, tolerance))


def sinkhorn_divergence(
    x: Any,
    y: Any,
    epsilon: float,
    *,
    p: float = 1,
    weights: tuple[Any, Any] = (None, None),
    cost: Cost = euclidean_distances,
    tolerance: float = TOLERANCE,
) -> Transport:
    """Return the Sinkhorn divergence S_ε between two sets of points: entropic transport, less that of each with itself.

    Args:
        x: as for `entropic_transport`.
        y: as for `entropic_transport`.
        epsilon: as for `entropic_transport`.
        p: as for `entropic_transport`.
        weights: as for `entropic_transport`.
        cost: as for `entropic_transport`.
        tolerance: as for `entropic_transport`.

    Returns:
        A `Transport`: value S_ε, the plan from x to y, and the potentials f − f_xx and g − g_yy, with which
        S_ε = Σ μ f + Σ ν g.

    Raises:
        InvalidType: as `entropic_transport`.
        InvalidValue: as `entropic_transport`.

    Example:
        >>> import torch
        >>> x = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        >>> abs(float(sinkhorn_divergence(x, x, epsilon=0.5).value)) < 1e-9
        True
        >>> round(float(sinkhorn_divergence(x, x + 1, epsilon=0.5, p=2).value), 4)  # |shift|², whatever ε
        3.0
    """
    between = entropic_transport(x, y, epsilon, p=p, weights=weights, cost=cost, tolerance=tolerance)
    within = [_with_itself(z, mass, (epsilon, p, tolerance), cost) for z, mass in zip((x, y), weights, strict=True)]
    value = between.value - (within[0].value + within[1].value) / 2

    def find() -> tuple[Any, Any]:
        f, g = (mine - own.potentials[0] for mine, own in zip(between.potentials, within, strict=True))
        return f, g

    error = max(between.marginal_error, *(own.marginal_error for own in within))
    return Transport(value, between.plan, find, error)


def _with_itself(x: Any, mass: Any, numbers: tuple[float, float, float], cost: Cost) -> Transport:
    """Return entropic transport of a set onto itself, whose two potentials are one."""
    epsilon, p, tolerance = numbers
    problem = pose(x, x, p, (mass, mass), cost)
    return _answer(problem, solve_with_itself(problem.cost.detach(), problem.weights[0], epsilon, tolerance))


def _answer(problem: Problem, solved: Kernel) -> Transport:
    """Return value and plan.

    The value is the dual one, a lower bound whose error is of second order in that of the potentials. Its gradient is
    that of Σ π_ij c_ij with the plan held.
    """
    (mu, nu), (of_rows, of_columns) = problem.weights, solved.marginals()
    error = float((of_rows - mu).abs().sum() + (of_columns - nu).abs().sum())
    value = (mu * solved.f).sum() + (nu * solved.g).sum() - solved.epsilon * (of_rows.sum() - 1)
    plan = solved.plan()
    if problem.cost.requires_grad:
        value = value + (plan * (problem.cost - problem.cost.detach())).sum()
    return problem.answer(value, plan, lambda: (solved.f, solved.g), error)


def _check_positive(value: float, name: str) -> None:
    if not 0 < value < float("inf"):
        raise InvalidValue(
            zh=f"{name} 应是大于 0 的有限数，收到 {value}。", en=f"{name} must be a finite number above 0, not {value}."
        )
