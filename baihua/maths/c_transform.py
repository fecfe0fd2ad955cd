"""The c-transform and its soft form: the best second potential for a given first one.

f^c(y) = min over x of c(x, y) − f(x)                              (c-transform)
f^(c,ε)(y) = −ε log( mean over x of exp((f(x) − c(x, y))/ε) )      ((c,ε)-transform, a soft minimum of the same)

With any f the pair (f, f^c) is feasible, f(x) + f^c(y) ≤ c(x, y), so that mean f + mean f^c is a lower bound of the
transport cost between the points at hand, and its maximum over f. The sign in the soft form matters: it is a soft
minimum of c − f. (The soft maximum, logsumexp of +(c − f)/ε, stands in code that goes round, and is no bound of anything.)

kexue.fm 8244; Mallasto, Montúfar and Gerolin, "How Well Do WGANs Estimate the Wasserstein Metric?" (2019, arXiv 1910.03875).
"""

import torch
from torch import Tensor

from baihua.checks import InvalidValue


def c_transform(f: Tensor, costs: Tensor) -> Tensor:
    """Return f^c at each y.

    Args:
        f: the potential at each x, shape ``(..., num_x)``.
        costs: c(x, y), shape ``(..., num_x, num_y)``.

    Returns:
        Shape ``(..., num_y)``. Its gradient goes through the x at which the minimum is.

    Example:
        >>> c_transform(torch.tensor([0.0, 2.0]), torch.tensor([[1.0, 5.0], [4.0, 4.0]]))
        tensor([1., 2.])
    """
    return (costs - f.unsqueeze(-1)).amin(dim=-2)


def soft_c_transform(f: Tensor, costs: Tensor, epsilon: float) -> Tensor:
    """Return f^(c,ε) at each y.

    Args:
        f: the potential at each x, shape ``(..., num_x)``.
        costs: c(x, y), shape ``(..., num_x, num_y)``.
        epsilon: ε, above 0, in the unit of the cost. It is at least f^c, and goes to it with ε → 0.

    Returns:
        Shape ``(..., num_y)``.

    Raises:
        InvalidValue: for an ε that is not above 0.

    Example:
        >>> costs = torch.tensor([[1.0, 5.0], [4.0, 4.0]])
        >>> soft_c_transform(torch.tensor([0.0, 2.0]), costs, 1e-3).round(decimals=3)
        tensor([1.0010, 2.0010])
    """
    if not epsilon > 0:
        raise InvalidValue(zh=f"epsilon 应大于 0，收到 {epsilon}。", en=f"epsilon must be above 0, not {epsilon}.")
    weights = torch.full_like(costs[..., 0], 1 / costs.shape[-2])  # (..., num_x)
    return soft_minimum((costs - f.unsqueeze(-1)).mT, epsilon, weights.unsqueeze(-2))


def soft_minimum(values: Tensor, epsilon: float, weights: Tensor) -> Tensor:
    """Return −ε log Σ_i weights_i exp(−values_i / ε) over the last axis, without under- or overflow.

    Args:
        values: shape ``(..., num)``.
        epsilon: ε, above 0.
        weights: not below 0, with sum 1, broadcast against the values.

    Returns:
        Shape ``(...)``: between the least value of weight above 0 and the weighted mean.

    Example:
        >>> soft_minimum(torch.tensor([0.0, 1000.0]), 1.0, torch.tensor([0.5, 0.5]))
        tensor(0.6931)
    """
    return -epsilon * torch.logsumexp(weights.log() - values / epsilon, dim=-1)


def largest_violation(f: Tensor, g: Tensor, costs: Tensor) -> Tensor:
    """Return the most by which a pair of potentials breaks f(x) + g(y) ≤ c(x, y); not above 0 for a feasible pair.

    Args:
        f: shape ``(..., num_x)``.
        g: shape ``(..., num_y)``.
        costs: shape ``(..., num_x, num_y)``.

    Returns:
        Shape ``(...)``.
    """
    return (f.unsqueeze(-1) + g.unsqueeze(-2) - costs).amax(dim=(-2, -1))
