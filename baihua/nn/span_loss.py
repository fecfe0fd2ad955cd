"""The multi-label cross-entropy over all spans of all types, with its gradient, in one pass over what the head projects.

Nothing of the size (batch, types, length, length) is ever built, and nothing of the size of the projection but its
gradient: each text is turned by position, scored in blocks and turned back while it is in the cache.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from baihua.nn.multilabel import group_log_one_plus_sum
from baihua.nn.rotary import position_turns
from baihua.nn.span_scores import leave_out_, span_blocks

MOST_SCORES = 1 << 22  # of the blocks of one text held at once; more types than that allows are taken in turns
LARGEST_EXPONENT = 80.0  # e^80, 2^16 times over, is still a float32


def span_loss(heads: Tensor, lengths: list[int], wanted: Tensor, max_width: int | None, *, rotary: bool) -> Tensor:
    """Return the loss, the mean over texts and types.

    Args:
        heads: queries of starts and keys of ends as they are projected, shape ``(batch, length, num_types, 2, head_size)``,
            float32 or float64. The score of a span is query · key / √head_size.
        lengths: real tokens of each text; those after them are padding.
        wanted: the entities, as `baihua.nn.span_scores.check_spans` returns them.
        max_width: tokens of the widest span that counts; None for any.
        rotary: turn queries and keys by position first.

    Source:
        https://kexue.fm/archives/7359 and 8373.
    """
    found: Tensor = _SpanLoss.apply(heads, lengths, wanted, max_width, rotary)
    return found


class _SpanLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, heads: Tensor, lengths: list[int], wanted: Tensor, max_width: int | None, rotary: bool
    ) -> Tensor:
        batch, length, num_types, _, head_size = heads.shape
        gradient = torch.empty_like(heads) if ctx.needs_input_grad[0] else None
        losses = heads.new_zeros(batch, num_types)
        turns = _turns(length, head_size, heads, rotary)
        of_text = torch.searchsorted(wanted[:, 0].contiguous(), torch.arange(batch + 1, device=wanted.device)).tolist()
        step = max(1, MOST_SCORES // max(length * length, 1))
        for text, size in enumerate(lengths):
            spans = wanted[of_text[text] : of_text[text + 1], 1:]  # (num_spans, 3): type, first, last
            for first in range(0, num_types if size else 0, step):
                types = slice(first, min(first + step, num_types))
                mine = spans[(spans[:, 0] >= types.start) & (spans[:, 0] < types.stop)]
                piece = _Piece(heads[text, :size, types], turns[:size], max_width)
                losses[text, types] = piece.loss(mine - mine.new_tensor([first, 0, 0]))
                if gradient is not None:
                    gradient[text, :size, types] = piece.gradient(1 / losses.numel())
            if gradient is not None:
                gradient[text, size:] = 0
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        alone = not upstream.is_cuda and float(upstream) == 1.0  # spares a pass over a large tensor
        return (gradient if alone else gradient * upstream), None, None, None, None


class _Piece:
    """Some types of one text.

    Args:
        heads: shape ``(length, types, 2, head_size)``.
        turns: of each position, for query and key, complex, shape ``(length, 1, 2, head_size / 2)``.
        max_width: see `span_loss`.
    """

    def __init__(self, heads: Tensor, turns: Tensor, max_width: int | None) -> None:
        self.turns = turns
        turned = _turned(heads, turns)
        self.query, self.key = turned.permute(2, 1, 0, 3)  # each (types, length, head_size)
        self.blocks = list(span_blocks(len(heads), max_width))
        self.max_width = max_width
        self._found = torch.zeros_like(turned)
        self._for_query, self._for_key = self._found.permute(2, 1, 0, 3)

    def loss(self, wanted: Tensor) -> Tensor:
        """Return the loss of each type, shape ``(types,)``, and keep the gradient of their sum."""
        kind, start, end = wanted.unbind(dim=1)
        negatives = self._negatives(wanted)
        scores = (self.query[kind, start] * self.key[kind, end]).sum(dim=-1)  # (num_spans,)
        positives = group_log_one_plus_sum(-scores, kind, len(self.query))
        weights = torch.exp(-scores - positives[kind])[:, None]
        self._for_query.index_put_((kind, start), -weights * self.key[kind, end], accumulate=True)
        self._for_key.index_put_((kind, end), -weights * self.query[kind, start], accumulate=True)
        return negatives + positives

    def gradient(self, weight: float) -> Tensor:
        """Return what the loss changes by with the heads, times a weight, in their shape."""
        return _turned(self._found, self.turns.conj() * weight)

    def _negatives(self, wanted: Tensor) -> Tensor:
        """Return log(1 + Σ e^s) of each type over all spans but the wanted ones."""
        scores = [self._scores(number, wanted) for number in range(len(self.blocks))]
        highest = self.query.new_zeros(len(self.query))  # at least 0, the reference
        for of_block in scores:
            highest = torch.maximum(highest, of_block.amax(dim=(1, 2)))
        shift = highest if float(highest.amax()) > LARGEST_EXPONENT else torch.zeros_like(highest)
        total = torch.exp(-shift)
        for block, of_block in zip(self.blocks, scores, strict=True):
            terms = (of_block if shift is not highest else of_block.sub_(shift[:, None, None])).exp_()
            total += terms.sum(dim=(1, 2))
            self._for_query[:, block.starts] = terms @ self.key[:, block.ends]
            self._for_key[:, block.ends] += terms.transpose(1, 2) @ self.query[:, block.starts]
        self._found /= total[:, None, None]  # (length, types, 2, head_size)
        return shift + total.log()

    def _scores(self, number: int, wanted: Tensor) -> Tensor:
        """Return the scores of a block, shape ``(types, rows, columns)``, −inf where there is no span that counts."""
        block = self.blocks[number]
        scores = self.query[:, block.starts] @ self.key[:, block.ends].transpose(1, 2)
        leave_out_(scores, block, self.max_width)
        here = wanted[(wanted[:, 1] >= block.first) & (wanted[:, 1] < block.first + block.rows)]
        scores[here[:, 0], here[:, 1] - block.first, here[:, 2] - block.first] = -torch.inf
        return scores


def _turns(length: int, head_size: int, like: Tensor, rotary: bool) -> Tensor:
    """Return what queries and keys are multiplied by at each position, √head_size included, (length, 1, 2, head_size / 2)."""
    turns = position_turns(length if rotary else 1, head_size, like).expand(length, -1)
    return torch.stack([turns / math.sqrt(head_size), turns], dim=1)[:, None]


def _turned(heads: Tensor, turns: Tensor) -> Tensor:
    """Multiply pairs of coordinates by complex numbers; heads of shape (length, types, 2, head_size)."""
    return torch.view_as_real(torch.view_as_complex(heads.unflatten(-1, (-1, 2))) * turns).flatten(-2)
