"""Losses that shape sentence vectors: InfoNCE for pairs that belong together, CoSENT for pairs with labels.

Both compare by cosine and are computed in float32 whatever comes in: a cosine over a temperature of 0.05 needs more
digits than half precision has.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from baihua.checks import InvalidValue


def info_nce(
    first: Tensor,
    second: Tensor,
    temperature: float = 0.05,
    *,
    symmetric: bool = True,
    groups: Tensor | None = None,
    negatives: Tensor | None = None,
) -> Tensor:
    """Return how badly each vector is told to belong to its partner among all others of the batch, in nats.

    Args:
        first: shape ``(num, width)``; of any length, only directions count.
        second: the partner of each, same shape.
        temperature: τ, by which the cosines are divided.
        symmetric: every one of the 2 num vectors asks, and all but itself and its partner are its negatives, as the
            article and SimCLR have it; False: ``first`` asks and ``second`` answers, num − 1 negatives, as in the
            SimCSE paper's code.
        groups: a number for each pair, shape ``(num,)``; two with the same number mean the same (such as a sentence that
            stands in the batch twice) and are not negatives of one another.
        negatives: more vectors that nobody belongs to, shape ``(num_negatives, width)``: hard negatives.

    Returns:
        A scalar, the mean over all that ask; a batch of one pair without further negatives gives 0.

    Raises:
        InvalidValue: when the shapes do not fit, or the temperature is not above 0.

    Source:
        https://kexue.fm/archives/8348; Gao, Yao and Chen, "SimCSE", EMNLP 2021, equations (1) and (5).

    Example:
        >>> round(info_nce(torch.eye(4), torch.eye(4), temperature=1.0).item(), 4)  # log(1 + 6 / e)
        1.1654
    """
    _check_pairs(first, second, temperature)
    num, device = len(first), first.device
    labels = torch.arange(num, device=device) if groups is None else groups.to(device)
    with torch.autocast(device.type, enabled=False):
        asking, answering = normalize(first.float(), dim=-1), normalize(second.float(), dim=-1)
        targets = torch.arange(num, device=device)
        if symmetric:
            asking = answering = torch.cat([asking, answering])  # (2 num, width)
            labels = labels.repeat(2)
            targets = torch.cat([targets + num, targets])  # (2 num,)
        scores = asking @ answering.T / temperature
        left_out = labels[:, None] == labels[None, :]  # itself, and what means the same
        left_out[torch.arange(len(targets), device=device), targets] = False
        scores = scores.masked_fill(left_out, -torch.inf)
        if negatives is not None:
            more = asking @ normalize(negatives.float(), dim=-1).T / temperature
            scores = torch.cat([scores, more], dim=1)
        return cross_entropy(scores, targets)


def cosent(cosines: Tensor, labels: Tensor, scale: float = 20.0) -> Tensor:
    """Return how badly the cosines of pairs are ordered by their labels.

    log(1 + Σ exp(λ (cᵢ − cⱼ))) over all i, j where pair j has the higher label: a smooth count of wrong orders, which is
    what Spearman's correlation looks at.

    Args:
        cosines: of each pair, shape ``(num,)``.
        labels: the higher, the more alike; same shape.
        scale: λ.

    Returns:
        A scalar; 0 where all labels are equal.

    Raises:
        InvalidValue: when the shapes do not fit.

    Source:
        https://kexue.fm/archives/8847.

    Example:
        >>> round(cosent(torch.tensor([0.5, 0.5]), torch.tensor([0, 1])).item(), 4)  # log 2
        0.6931
    """
    if cosines.shape != labels.shape or cosines.ndim != 1:
        raise InvalidValue(
            zh=f"cosines 与 labels 应各是一列等长的数，收到 {tuple(cosines.shape)} 与 {tuple(labels.shape)}。",
            en=f"cosines and labels must be one row of numbers each, of one length, but received {tuple(cosines.shape)} "
            f"and {tuple(labels.shape)}.",
        )
    scores = scale * cosines.float()
    differences = scores[:, None] - scores[None, :]  # (num, num): of i over j
    wrong = differences[labels[:, None] < labels[None, :]]
    return torch.logsumexp(torch.cat([torch.zeros_like(scores[:1]), wrong]), dim=0)


def _check_pairs(first: Tensor, second: Tensor, temperature: float) -> None:
    if first.shape != second.shape or first.ndim != 2 or not len(first):
        raise InvalidValue(
            zh=f"first 与 second 应是形状相同的两个矩阵 (num, width)，收到 {tuple(first.shape)} 与 {tuple(second.shape)}。",
            en=f"first and second must be two matrices (num, width) of one shape, but received {tuple(first.shape)} and "
            f"{tuple(second.shape)}.",
        )
    if not temperature > 0:
        raise InvalidValue(
            zh=f"温度 temperature 应大于 0，收到 {temperature}。",
            en=f"temperature must be above 0, but received {temperature}.",
        )
