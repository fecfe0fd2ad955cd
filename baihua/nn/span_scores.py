"""The spans of a text in blocks: so many starts, with the ends they can have, so that their scores stay in the cache.

Spans that end before they begin, are too wide or lie in padding are not computed at all, or left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from baihua.checks import InvalidValue

STARTS = 64  # starts of a block


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


def leave_out_(scores: Tensor, block: Block, max_width: int | None) -> Tensor:
    """Put −inf, in place, where a place of a block is no span that counts.

    That can only be in two squares: the first, below its diagonal, and the last, where spans grow too wide.

    Args:
        scores: shape ``(types, rows, columns)``.
        block: the block.
        max_width: tokens of the widest span that counts; None for any.
    """
    places = torch.arange(block.rows, device=scores.device)
    scores[:, :, : block.rows].masked_fill_(places[:, None] > places, -torch.inf)
    if max_width is not None and block.columns > max_width:
        ends = torch.arange(max_width, block.columns, device=scores.device)
        scores[:, :, max_width:].masked_fill_(ends - places[:, None] >= max_width, -torch.inf)
    return scores


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
    if not len(spans):
        return spans
    text, kind, start, end = spans.unbind(dim=1)
    right = (text >= 0) & (text < len(lengths)) & (kind >= 0) & (kind < num_types) & (start >= 0) & (start <= end)
    right = right & (end < lengths.to(spans.device)[text.clamp(0, len(lengths) - 1)])
    if max_width is not None:
        right = right & (end - start < max_width)
    if not bool(right.all()):
        wrong = spans[~right][0].tolist()
        raise InvalidValue(
            zh=f"片段（文本、类型、首词元、末词元）{wrong} 不在文本里，或太宽，或没有这个类型；词元数 {lengths.tolist()}，"
            f"类型 {num_types} 个，max_width={max_width}。",
            en=f"The span (text, type, first token, last token) {wrong} is not in its text, too wide or of no known type; "
            f"tokens {lengths.tolist()}, types {num_types}, max_width={max_width}.",
        )
    longest = int(lengths.max())  # one number a span is sorted 20 times as fast as four
    keys = torch.unique(((text * num_types + kind) * longest + start) * longest + end)
    ends, keys = keys % longest, keys // longest
    starts, keys = keys % longest, keys // longest
    return torch.stack([keys // num_types, keys % num_types, starts, ends], dim=1)
