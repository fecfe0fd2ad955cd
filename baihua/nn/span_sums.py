"""log(1 + Σ e^(query · key + a + b)) over the spans of a text, all types at once, with its gradient.

The exponential of a span's score is e^(query · key) times a factor of its first token and type and one of its last token
and type, so the sum is two matrix products with e^(query · key), taken in the blocks of `baihua.nn.span_scores`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus

from baihua.nn.span_scores import Block, leave_out_, span_blocks

# e^60 times what float32 loses of the sum (e^−87 and 2^16 spans) is below 1e-7, beside the 1 that is added; float64 reaches
# ten times as far, and scores beyond that are those of a training that has diverged.
LARGEST_IN_FLOAT32, LARGEST_IN_FLOAT64 = 60.0, 600.0


class Sides(NamedTuple):
    """What the score of a span is made of: query · key + first + last.

    Args:
        query: of each token as first one, shape ``(batch, length, head_size)``.
        key: of each token as last one, same shape.
        first: what a token adds as first one of each type, shape ``(batch, length, num_types)``; −inf in padding.
        last: what it adds as last one, same shape.
    """

    query: Tensor
    key: Tensor
    first: Tensor
    last: Tensor

    def double(self) -> "Sides":
        """Return them in float64."""
        return Sides(*(side.double() for side in self))


@dataclass(frozen=True)
class _Products:
    """query · key of all spans in blocks ``(batch, rows, columns)``, −inf for none; and what each factor is divided by.

    The highest product is of shape ``(batch,)``, the highest of first and last ``(batch, num_types)``.
    """

    blocks: list[Block]
    of_block: list[Tensor]
    highest: Tensor
    highest_first: Tensor
    highest_last: Tensor

    @property
    def largest(self) -> Tensor:
        """The logarithm of what the sums are divided by, shape ``(batch, num_types)``."""
        return self.highest[:, None] + self.highest_first + self.highest_last


def log_one_plus_sums(sides: Sides, wanted: Tensor, max_width: int | None) -> Tensor:
    """Return log(1 + Σ e^(query · key + first + last)) over all spans but the wanted ones, for every text and type.

    All factors are divided by their largest, and what that comes to is put back by a logarithm, with the 1 inside: a sum
    too small to be held beside it counts as 0, as it should. Rows with a wanted span are summed by themselves: to take it
    off the sum of all would leave nothing but rounding.

    Args:
        sides: what the scores are made of.
        wanted: spans to leave out, as `baihua.nn.span_scores.check_spans` returns them.
        max_width: tokens of the widest span that counts; None for any.

    Returns:
        Shape ``(batch, num_types)``, in the dtype of the sides.
    """
    products = _products(sides, max_width)
    top = float(products.largest.amax())
    if top > LARGEST_IN_FLOAT64:
        return _densely(sides, wanted, max_width)
    if top > LARGEST_IN_FLOAT32 and sides.query.dtype == torch.float32:
        return log_one_plus_sums(sides.double(), wanted, max_width).to(sides.query.dtype)
    found: Tensor = _Sums.apply(*sides, products, wanted)
    return found


@torch.no_grad()
def _products(sides: Sides, max_width: int | None) -> _Products:
    blocks = list(span_blocks(sides.query.shape[1], max_width))
    of_block = [sides.query[:, one.starts] @ sides.key[:, one.ends].transpose(1, 2) for one in blocks]
    highest = [
        leave_out_(scores, one, max_width).amax(dim=(1, 2)) for scores, one in zip(of_block, blocks, strict=True)
    ]
    # a text without a token has nothing but −inf, by which nothing can be divided
    of_sides = [side.amax(dim=1).clamp(min=-LARGEST_IN_FLOAT64) for side in (sides.first, sides.last)]
    return _Products(blocks, of_block, torch.stack(highest).amax(dim=0), *of_sides)


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, first: Tensor, last: Tensor, products: _Products, wanted: Tensor
    ) -> Tensor:
        of_first = torch.exp(first - products.highest_first[:, None])  # (batch, length, num_types)
        of_last = torch.exp(last - products.highest_last[:, None])
        weights = [scores.sub_(products.highest[:, None, None]).exp_() for scores in products.of_block]
        rows = torch.cat(
            [terms @ of_last[:, one.ends] for terms, one in zip(weights, products.blocks, strict=True)], dim=1
        )  # (batch, length, num_types): of each start, all its ends
        apart = [_Apart(wanted, one, first.shape[2]) for one in products.blocks]
        for block, terms, mine in zip(products.blocks, weights, apart, strict=True):
            mine.put_sums(rows[:, block.starts], terms, of_last[:, block.ends])
        reference = products.largest.clamp(min=0)
        scale = torch.exp(products.largest - reference)
        sums = torch.exp(-reference) + scale * (of_first * rows).sum(dim=1)
        ctx.save_for_backward(query, key, of_first, of_last, rows, scale / sums, *weights)
        ctx.blocks, ctx.apart = products.blocks, apart
        return reference + torch.log(sums)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        query, key, of_first, of_last, rows, share, *weights = ctx.saved_tensors
        shares = (upstream * share)[:, None] * of_first  # (batch, length, num_types): what each row of a type weighs
        for_query, for_key, for_last = torch.empty_like(query), torch.zeros_like(key), torch.zeros_like(of_last)
        for block, terms, apart in zip(ctx.blocks, weights, ctx.apart, strict=True):
            ends, mine = of_last[:, block.ends], shares[:, block.starts]
            together = apart.without_rows(mine)
            for_last[:, block.ends] += terms.transpose(1, 2) @ together
            for_scores = (together @ ends.transpose(1, 2)).mul_(terms)  # (batch, rows, columns)
            apart.add_gradients(for_scores, for_last[:, block.ends], mine, terms, ends)
            for_query[:, block.starts] = for_scores @ key[:, block.ends]
            for_key[:, block.ends] += for_scores.transpose(1, 2) @ query[:, block.starts]
        return for_query, for_key, shares * rows, for_last * of_last, None, None


class _Apart:
    """The rows of a block, each of a text, a start and a type, that hold wanted spans: these are left out of their sums.

    Args:
        wanted: see `log_one_plus_sums`.
        block: the block.
        num_types: how many types there are.
    """

    def __init__(self, wanted: Tensor, block: Block, num_types: int) -> None:
        here = wanted[(wanted[:, 2] >= block.first) & (wanted[:, 2] < block.first + block.rows)]
        text, kind, start, end = here.unbind(dim=1)
        key = (text * block.rows + start - block.first) * num_types + kind
        keys, row = torch.unique(key, return_inverse=True)
        self.kind, places = keys % num_types, keys // num_types
        self.start, self.text = places % block.rows, places // block.rows
        self.kept = torch.ones(len(keys), block.columns, dtype=torch.bool, device=wanted.device)
        self.kept[row, end - block.first] = False

    def put_sums(self, rows: Tensor, terms: Tensor, of_last: Tensor) -> None:
        """Replace the sums of these rows, ``(batch, rows, num_types)``, in place."""
        kept = terms[self.text, self.start] * of_last[self.text, :, self.kind] * self.kept  # (num_apart, columns)
        rows[self.text, self.start, self.kind] = kept.sum(dim=1)

    def without_rows(self, shares: Tensor) -> Tensor:
        """Return a copy of what rows weigh, 0 for these."""
        others = shares.clone()
        others[self.text, self.start, self.kind] = 0
        return others

    def add_gradients(
        self, for_scores: Tensor, for_last: Tensor, shares: Tensor, terms: Tensor, of_last: Tensor
    ) -> None:
        """Add, in place, what these rows' sums change by with the products and with the factors of last tokens."""
        weighed = terms[self.text, self.start] * shares[self.text, self.start, self.kind][:, None] * self.kept
        for_last.transpose(1, 2).index_put_((self.text, self.kind), weighed, accumulate=True)
        by_product = weighed * of_last[self.text, :, self.kind]
        for_scores.index_put_((self.text, self.start), by_product, accumulate=True)


def _densely(sides: Sides, wanted: Tensor, max_width: int | None) -> Tensor:
    """The same from all scores at once, for scores that no product of exponentials can hold."""
    products = sides.query @ sides.key.transpose(1, 2)
    leave_out_(products, Block(0, products.shape[1], products.shape[2]), max_width)
    first, last = (side.transpose(1, 2) for side in (sides.first, sides.last))  # (batch, num_types, length)
    scores = products[:, None] + first[..., None] + last[:, :, None]
    kept = torch.ones_like(scores, dtype=torch.bool)
    kept[tuple(wanted.T)] = False
    return softplus(torch.logsumexp(torch.where(kept, scores, -torch.inf).flatten(2), dim=-1))
