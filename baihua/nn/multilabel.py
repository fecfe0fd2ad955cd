"""Cross-entropy for choosing any number of many: the wanted above 0, all others below, however many they are.

log(1 + Σ e^(−s) over the wanted) + log(1 + Σ e^s over the others): softmax cross-entropy carried over from one right
answer to several, with 0 as the score that tells chosen from not (https://kexue.fm/archives/7359). The gradient of all
others together is at most 1, so a million of them do not drown one wanted. Probabilities are σ(2s), not σ(s)
(https://kexue.fm/archives/9064).
"""

import torch
from torch import Tensor

from baihua.checks import InvalidValue


def multilabel_cross_entropy(scores: Tensor, labels: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the loss of each row of scores.

    Args:
        scores: shape ``(..., num)``; any float type, computed in float32 at least.
        labels: what is wanted, same shape: bool, or numbers from 0 to 1 where an item is wanted in part.
        mask: True where an item counts, same shape; None where all do.

    Returns:
        Shape ``(...)``, never below 0 where the labels are whole.

    Raises:
        InvalidValue: when the shapes do not fit.

    Source:
        https://kexue.fm/archives/7359; soft labels https://kexue.fm/archives/9064.

    Example:
        >>> scores, labels = torch.zeros(4), torch.tensor([True, False, False, True])
        >>> round(multilabel_cross_entropy(scores, labels).item(), 4)  # log(1 + 2) + log(1 + 2)
        2.1972
    """
    if scores.shape != labels.shape or (mask is not None and mask.shape != scores.shape):
        shapes = [tuple(tensor.shape) for tensor in (scores, labels, mask) if tensor is not None]
        raise InvalidValue(
            zh=f"scores、labels、mask 的形状应相同，收到 {shapes}。",
            en=f"scores, labels and mask must have one shape, but received {shapes}.",
        )
    precise = scores if scores.dtype == torch.float64 else scores.float()
    wanted = labels.to(precise.dtype)
    counts = torch.ones_like(labels, dtype=torch.bool) if mask is None else mask
    for_wanted = _log_one_plus_sum(-precise, wanted, counts)
    return for_wanted + _log_one_plus_sum(precise, 1 - wanted, counts)


def _log_one_plus_sum(scores: Tensor, weights: Tensor, counts: Tensor) -> Tensor:
    """Return log(1 + Σ weights e^scores) over what counts and has weight; the rest may hold anything, infinities too."""
    used = counts & (weights > 0)
    terms = torch.where(used, scores, -torch.inf) + torch.where(used, weights, 1.0).log()
    return torch.logsumexp(torch.cat([torch.zeros_like(terms[..., :1]), terms], dim=-1), dim=-1)


def group_log_one_plus_sum(values: Tensor, groups: Tensor, num_groups: int) -> Tensor:
    """Return log(1 + Σ e^value) over the values of each group, shape ``(num_groups,)``; 0 for a group without any.

    Args:
        values: shape ``(num_values,)``.
        groups: the group of each, from 0 to ``num_groups - 1``, same shape.
        num_groups: how many there are.

    Example:
        >>> group_log_one_plus_sum(torch.zeros(3), torch.tensor([0, 0, 2]), 3).exp().round().tolist()
        [3.0, 1.0, 2.0]
    """
    with torch.no_grad():
        highest = torch.zeros(num_groups, dtype=values.dtype, device=values.device)
        highest.scatter_reduce_(0, groups, values.detach(), "amax")  # at least 0, the reference
    sums = torch.exp(-highest).index_add(0, groups, torch.exp(values - highest[groups]))
    return highest + torch.log(sums)
