"""Scores of all spans of all types as products of queries and keys, worked through in blocks that stay in the cache.

Nothing of the size (batch, types, length, length) is ever built: a block is so many starts of one text, with the ends
they can have. Spans that end before they begin, are too wide or lie in padding are not computed at all, or left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from baihua.checks import InvalidValue

STARTS = 64  # starts of a block
MOST_SCORES = 1 << 22  # of the blocks of one text held at once; more types than that allows are taken in turns


@dataclass(frozen=True)
class Block:
    """The spans that begin at some tokens of a text: rows are starts, columns are ends, both from ``first`` on.

    Args:
        first: the first start, which is also the first end.
        rows: how many starts.
        columns: how many ends.
    """

    first: int
    rows: int
    columns: int

    @property
    def starts(self) -> slice:
        """Where the starts stand in the text."""
        return slice(self.first, self.first + self.rows)

    @property
    def ends(self) -> slice:
        """Where the ends stand in the text."""
        return slice(self.first, self.first + self.columns)


def span_blocks(length: int, max_width: int | None) -> Iterator[Block]:
    """Cut the spans of a text into blocks.

    Args:
        length: tokens of the text.
        max_width: tokens of the widest span that counts; None for any.

    Example:
        >>> [(block.first, block.rows, block.columns) for block in span_blocks(100, 10)]
        [(0, 64, 73), (64, 36, 36)]
    """
    width = length if max_width is None else max_width
    for first in range(0, length, STARTS):
        rows = min(STARTS, length - first)
        yield Block(first, rows, min(rows - 1 + width, length - first))


def left_out(block: Block, max_width: int | None, device: torch.device) -> Tensor:
    """Return which places of a block are no span that counts, shape ``(rows, columns)``."""
    outside = torch.ones(block.rows, block.columns, dtype=torch.bool, device=device).tril_(-1)
    if max_width is not None and block.columns > max_width:
        outside |= torch.ones_like(outside).triu_(max_width)
    return outside


def check_spans(spans: Tensor, lengths: Tensor, num_types: int, max_width: int | None) -> Tensor:
    """Return the spans in order, each once.

    Args:
        spans: shape ``(num_spans, 4)``: text, type, first token, last token (itself in the span).
        lengths: tokens of each text, shape ``(batch,)``.
        num_types: how many types there are.
        max_width: tokens of the widest span that counts; None for any.

    Returns:
        Shape ``(num_distinct, 4)``.

    Raises:
        InvalidValue: for a span that is not in its text, too wide, or of an unknown type.
    """
    if spans.ndim != 2 or spans.shape[1] != 4 or spans.is_floating_point():
        raise InvalidValue(
            zh=f"spans 应是整数，形状 (num_spans, 4)，收到 {tuple(spans.shape)}、{spans.dtype}。",
            en=f"spans must be whole numbers of shape (num_spans, 4), but received {tuple(spans.shape)}, {spans.dtype}.",
        )
    kept = torch.unique(spans, dim=0)  # sorted too
    if not len(kept):
        return kept
    text, kind, start, end = kept.unbind(dim=1)
    right = (text >= 0) & (text < len(lengths)) & (kind >= 0) & (kind < num_types) & (start >= 0) & (start <= end)
    right = right & (end < lengths.to(kept.device)[text.clamp(0, len(lengths) - 1)])
    if max_width is not None:
        right = right & (end - start < max_width)
    if not bool(right.all()):
        wrong = kept[~right][0].tolist()
        raise InvalidValue(
            zh=f"片段（文本、类型、首词元、末词元）{wrong} 不在文本里，或太宽，或没有这个类型；词元数 {lengths.tolist()}，"
            f"类型 {num_types} 个，max_width={max_width}。",
            en=f"The span (text, type, first token, last token) {wrong} is not in its text, too wide or of no known type; "
            f"tokens {lengths.tolist()}, types {num_types}, max_width={max_width}.",
        )
    return kept


def log_one_plus_negatives(
    query: Tensor, key: Tensor, lengths: list[int], wanted: Tensor, max_width: int | None = None
) -> Tensor:
    """Return log(1 + Σ e^s) over all spans but the wanted ones, for every text and type.

    Args:
        query: of starts, shape ``(batch, length, num_types, head_size)``; s is query · key.
        key: of ends, same shape.
        lengths: real tokens of each text; those after them are padding.
        wanted: spans to leave out, in order, as `check_spans` returns them.
        max_width: tokens of the widest span that counts; None for any.

    Returns:
        Shape ``(batch, num_types)``.
    """
    found: Tensor = _Negatives.apply(query, key, lengths, wanted, max_width)
    return found


class _Negatives(torch.autograd.Function):
    """The sums and, in the same pass over the scores, their gradients: softmax weights times keys and queries."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, lengths: list[int], wanted: Tensor, max_width: int | None
    ) -> Tensor:
        batch, length, num_types, _ = query.shape
        values = query.new_zeros(batch, num_types)
        needed = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        gradients = [torch.zeros_like(tensor) if needed else None for tensor in (query, key)]
        of_text = torch.searchsorted(wanted[:, 0].contiguous(), torch.arange(batch + 1, device=wanted.device)).tolist()
        step = max(1, MOST_SCORES // max(length * length, 1))
        for text in range(batch):
            spans = wanted[of_text[text] : of_text[text + 1], 1:]  # (num_spans, 3): type, first, last
            for first in range(0, num_types, step):
                types = slice(first, min(first + step, num_types))
                mine = spans[(spans[:, 0] >= types.start) & (spans[:, 0] < types.stop)]
                part = [tensor[text, : lengths[text], types].transpose(0, 1) for tensor in (query, key)]
                into = [None if g is None else g[text, : lengths[text], types].transpose(0, 1) for g in gradients]
                values[text, types] = _one_text(part, into, mine - mine.new_tensor([first, 0, 0]), max_width)
        ctx.save_for_backward(*(g for g in gradients if g is not None))
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        weights = upstream[:, None, :, None]  # (batch, 1, num_types, 1)
        for_query, for_key = (gradient * weights for gradient in ctx.saved_tensors)
        return for_query, for_key, None, None, None


def _one_text(part: list[Tensor], into: list[Tensor | None], wanted: Tensor, max_width: int | None) -> Tensor:
    """Return log(1 + Σ e^s) per type of one text, and write its gradients where they are wanted.

    Args:
        part: query and key, each ``(types, length, head_size)``.
        into: where their gradients go, same shape; None for none.
        wanted: type, first and last token of the spans left out.
        max_width: see `log_one_plus_negatives`.
    """
    query, key = part
    blocks = list(span_blocks(query.shape[1], max_width))
    scores = [_block_scores(query, key, block, wanted, max_width) for block in blocks]
    highest = query.new_zeros(len(query))  # at least 0, the reference
    for block_scores in scores:
        highest = torch.maximum(highest, block_scores.amax(dim=(1, 2)))
    total = torch.exp(-highest)
    for block, block_scores in zip(blocks, scores, strict=True):
        terms = block_scores.sub_(highest[:, None, None]).exp_()  # (types, rows, columns)
        total += terms.sum(dim=(1, 2))
        if into[0] is not None and into[1] is not None:
            into[0][:, block.starts] += terms @ key[:, block.ends]
            into[1][:, block.ends] += terms.transpose(1, 2) @ query[:, block.starts]
    for gradient in into:
        if gradient is not None:
            gradient /= total[:, None, None]
    return highest + total.log()


def _block_scores(query: Tensor, key: Tensor, block: Block, wanted: Tensor, max_width: int | None) -> Tensor:
    """Return the scores of a block, shape ``(types, rows, columns)``, −inf where there is no span that counts."""
    scores = query[:, block.starts] @ key[:, block.ends].transpose(1, 2)
    scores.masked_fill_(left_out(block, max_width, query.device), -torch.inf)
    if len(wanted):
        here = wanted[(wanted[:, 1] >= block.first) & (wanted[:, 1] < block.first + block.rows)]
        scores[here[:, 0], here[:, 1] - block.first, here[:, 2] - block.first] = -torch.inf
    return scores
