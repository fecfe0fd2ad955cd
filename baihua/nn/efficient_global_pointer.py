"""Efficient GlobalPointer: one shared score says what is an entity at all, and a few numbers per type say of which kind.

The score of a span of type α is S(i, j) + a_α(i) + b_α(j). Its exponential is a product, so the sum over all spans of all
types is two matrix products with e^S, and no (batch, types, length, length) tensor is built.
"""

import math

import torch
from torch import Tensor, nn

from baihua.nn.global_pointer import no_span
from baihua.nn.multilabel import group_log_one_plus_sum
from baihua.nn.rotary import check_even, rotate_by_position
from baihua.nn.span_scores import check_spans, leave_out_, span_blocks
from baihua.nn.span_sums import Sides, log_one_plus_sums

# A span whose highest score comes out so little below the threshold is looked at too, and decided exactly.
ROUNDING = 1e-2


class EfficientGlobalPointer(nn.Module):
    """A shared query and key per token, and a score of each token as first and as last one of each type.

    Args:
        hidden_size: of the token states.
        num_types: of entities.
        head_size: of query and key, even with rotary positions.
        rotary: turn them by position, see `baihua.nn.global_pointer.GlobalPointer`.
        max_width: tokens of the widest span that is scored; None for any.

    Raises:
        InvalidValue: for an odd head_size with rotary positions.

    Source:
        https://kexue.fm/archives/8877.

    Example:
        >>> head = EfficientGlobalPointer(16, num_types=2)
        >>> spans = torch.tensor([[0, 1, 2, 3]])  # in text 0, of type 1, tokens 2 to 3
        >>> head.loss(torch.randn(1, 5, 16), torch.tensor([5]), spans).shape
        torch.Size([])
    """

    default_threshold = 0.0

    def __init__(
        self,
        hidden_size: int,
        num_types: int,
        head_size: int = 64,
        *,
        rotary: bool = True,
        max_width: int | None = None,
    ) -> None:
        super().__init__()
        self.num_types, self.rotary, self.max_width = num_types, rotary, max_width
        self.head_size = check_even(head_size) if rotary else head_size
        self.projection = nn.Linear(hidden_size, 2 * head_size)
        self.types = nn.Linear(2 * head_size, 2 * num_types)
        for linear in (self.projection, self.types):
            nn.init.normal_(linear.weight, std=linear.in_features**-0.5)  # LeCun, as in the article's code
            nn.init.zeros_(linear.bias)

    def sides(self, states: Tensor, lengths: Tensor) -> Sides:
        """Return what the scores are sums of, see `baihua.nn.span_sums.Sides`; the queries are divided by √head_size.

        Args:
            states: of the tokens, shape ``(batch, length, hidden_size)``, padding on the right.
            lengths: real tokens of each text, shape ``(batch,)``.
        """
        padding = (torch.arange(states.shape[1], device=states.device) >= lengths.to(states.device)[:, None])[..., None]
        none_padded = int(lengths.min()) == states.shape[1]  # spares passes over large tensors
        with torch.autocast(states.device.type, enabled=False):
            mixed = self.projection(states.to(self.projection.weight.dtype))
            mixed = mixed if none_padded else mixed.masked_fill(padding, 0)
            pairs = mixed.unflatten(-1, (self.head_size, 2))  # even coordinates are the query's, odd ones the key's
            turned = rotate_by_position(pairs.transpose(2, 3)) if self.rotary else pairs.transpose(2, 3)
            query, key = turned.unbind(dim=2)  # each (batch, length, head_size)
            of_types = self.types(mixed) / 2
            of_types = of_types if none_padded else of_types.masked_fill(padding, -torch.inf)
            last, first = of_types.unflatten(-1, (self.num_types, 2)).unbind(dim=-1)
        return Sides(query / math.sqrt(self.head_size), key, first, last)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores of all spans, to look at: ``(batch, num_types, length, length)``, −inf where there is none."""
        query, key, first, last = self.sides(states, lengths)
        shared = (query @ key.transpose(1, 2)).masked_fill(
            no_span(lengths, states.shape[1], self.max_width), -torch.inf
        )
        return shared[:, None] + first.transpose(1, 2)[..., None] + last.transpose(1, 2)[:, :, None]

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Return the multi-label cross-entropy, the mean over texts and types.

        Args:
            states: as in `sides`.
            lengths: as in `sides`.
            spans: the entities, see `baihua.nn.global_pointer.GlobalPointer.loss`.

        Raises:
            InvalidValue: for a span that is not in its text, too wide or of an unknown type.
        """
        wanted = check_spans(spans, lengths, self.num_types, self.max_width)
        sides = self.sides(states, lengths)
        with torch.autocast(states.device.type, enabled=False):
            negatives = log_one_plus_sums(sides, wanted, self.max_width)
        text, kind, start, end = wanted.unbind(dim=1)
        shared = (sides.query[text, start] * sides.key[text, end]).sum(dim=1)
        scores = shared + sides.first[text, start, kind] + sides.last[text, end, kind]
        positives = group_log_one_plus_sum(-scores, text * self.num_types + kind, negatives.numel())
        return (negatives + positives.view_as(negatives)).mean()

    @torch.no_grad()
    def decode(self, states: Tensor, lengths: Tensor, threshold: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
        """Return the spans whose score is above a threshold; a span that no type could lift above it is passed over.

        Args:
            states: as in `sides`.
            lengths: as in `sides`.
            threshold: one for all types, or one each, shape ``(num_types,)``.

        Returns:
            Spans of shape ``(num_found, 4)``: text, type, first token, last token; and their scores.
        """
        query, key, first, last = self.sides(states, lengths)
        first = first - torch.as_tensor(threshold, device=first.device, dtype=first.dtype)
        text, start, end = self._candidates(query, key, first, last)
        shared = (query[text, start] * key[text, end]).sum(dim=1, keepdim=True)
        over = shared + first[text, start] + last[text, end]  # (num_candidates, num_types)
        row, kind = (over > 0).nonzero(as_tuple=True)
        found = torch.stack([text[row], kind, start[row], end[row]], dim=1)
        least = torch.as_tensor(threshold, device=over.device, dtype=over.dtype).expand(self.num_types)
        return found, over[row, kind] + least[kind]

    def _candidates(self, query: Tensor, key: Tensor, first: Tensor, last: Tensor) -> tuple[Tensor, ...]:
        """Return text, start and end of the spans that the best type of the start and of the end would lift above 0."""
        most_first, most_last = first.amax(dim=2, keepdim=True), last.amax(dim=2, keepdim=True)  # (batch, length, 1)
        ones = torch.ones_like(most_first)
        rows, columns = torch.cat([query, most_first, ones], dim=2), torch.cat([key, ones, most_last], dim=2)
        found = []
        for block in span_blocks(query.shape[1], self.max_width):
            with torch.autocast(query.device.type, enabled=False):
                highest = rows[:, block.starts] @ columns[:, block.ends].transpose(1, 2)
            possible = (leave_out_(highest, block, self.max_width) > -ROUNDING).nonzero()
            found.append(possible + possible.new_tensor([0, block.first, block.first]))
        candidates = torch.cat(found)
        order = torch.argsort(candidates[:, 0], stable=True)  # by text, as blocks are cut through all of them
        return candidates[order].unbind(dim=1)
