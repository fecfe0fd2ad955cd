"""From token vectors to one vector per text: the poolings of the article, none of which sees padding."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue

POOLINGS = ("cls", "pooler", "pooler_tanh", "mean", "max", "first_last_mean", "embedding_last_mean", "last")

# Poolings that average one more layer with the last: its place among the hidden states, where 0 is the embedding layer.
SECOND_LAYER = {"first_last_mean": 1, "embedding_last_mean": 0}

# The articles' and other libraries' words for the same things.
ALIASES = {
    "P1": "cls",
    "P2": "pooler",
    "P3": "mean",
    "P4": "first_last_mean",
    "avg": "mean",
    "last-avg": "mean",
    "first-last-avg": "first_last_mean",
    "lasttoken": "last",
}


def mean_pooling(hidden: Tensor, mask: Tensor | None) -> Tensor:
    """Average the real tokens, [CLS] and [SEP] included.

    Args:
        hidden: token vectors, shape ``(batch, length, width)``.
        mask: 1 for real tokens and 0 for padding, shape ``(batch, length)``; None when there is no padding.

    Returns:
        Shape ``(batch, width)``.
    """
    if mask is None:
        return hidden.mean(dim=1)
    weights = mask.to(hidden.dtype).unsqueeze(-1)  # (batch, length, 1)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def max_pooling(hidden: Tensor, mask: Tensor | None) -> Tensor:
    """Take the largest value of each coordinate over the real tokens. Shapes as in `mean_pooling`."""
    if mask is not None:
        hidden = hidden.masked_fill(mask.unsqueeze(-1) == 0, torch.finfo(hidden.dtype).min)
    return hidden.amax(dim=1)


def last_pooling(hidden: Tensor, mask: Tensor | None) -> Tensor:
    """Take the last real token, as decoder embedding models do. Padding is on the right."""
    if mask is None:
        return hidden[:, -1]
    positions = mask.sum(dim=1) - 1  # (batch,)
    return hidden[torch.arange(len(hidden), device=hidden.device), positions]


def pool(name: str, hidden: Sequence[Tensor], mask: Tensor | None, pooler: nn.Module | None = None) -> Tensor:
    """Pool the layers of a transformer into one vector per text.

    Args:
        name: one of `POOLINGS`. ``first_last_mean`` averages the output of block 1 (not the embedding layer) and
            of the last block, as the article means it; ``embedding_last_mean`` that of the embedding layer and of the
            last block; ``pooler`` is the dense layer of next-sentence prediction without its tanh, as the article uses
            it, and ``pooler_tanh`` is the same with it.
        hidden: the outputs of the embedding layer and of every block, each of shape ``(batch, length, width)``; where
            `SECOND_LAYER` does not name the pooling, that of the last block is enough.
        mask: shape ``(batch, length)``, or None when there is no padding.
        pooler: the dense layer of the checkpoint, for the two pooler names.

    Returns:
        Shape ``(batch, width)``.

    Raises:
        InvalidValue: when a pooler is asked for and the checkpoint has none.

    Source:
        https://kexue.fm/archives/8321 (P1 to P4).

    Example:
        >>> embedded, first, last = (torch.full((1, 2, 1), value) for value in (1.0, 3.0, 5.0))
        >>> pool("first_last_mean", [embedded, first, last], mask=None)
        tensor([[4.]])
    """
    last = hidden[-1]
    if name == "cls":
        return last[:, 0]
    if name == "mean":
        return mean_pooling(last, mask)
    if name == "max":
        return max_pooling(last, mask)
    if name == "last":
        return last_pooling(last, mask)
    if name in SECOND_LAYER:
        return (mean_pooling(hidden[SECOND_LAYER[name]], mask) + mean_pooling(last, mask)) / 2
    if pooler is None:
        raise no_pooler(name)
    projected = pooler(last[:, 0])
    return torch.tanh(projected) if name == "pooler_tanh" else projected


def no_pooler(name: str) -> InvalidValue:
    """Return the mistake of asking for a pooler that the checkpoint does not have."""
    return InvalidValue(
        zh=f"这个模型里没有 pooler 的权重，不能用 pooling={name!r}；请改用 'mean' 或 'first_last_mean'。",
        en=f"This checkpoint has no pooler weights, so pooling={name!r} cannot be used. "
        "Use 'mean' or 'first_last_mean'.",
    )
