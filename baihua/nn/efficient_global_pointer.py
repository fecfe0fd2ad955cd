"""Efficient GlobalPointer: one shared score says what is an entity at all, and a few numbers per type say of which kind.

The score of a span of type α is S(i, j) + a_α(i) + b_α(j). Its exponential is a product, so the sum over all spans of all
types is two matrix products with e^S, and no (batch, types, length, length) tensor is built.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from baihua.nn.global_pointer import no_span
from baihua.nn.multilabel import group_log_one_plus_sum
from baihua.nn.rotary import check_even, rotate_by_position
from baihua.nn.span_scores import check_spans

# e^60 times what float32 loses of the sum (e^−87 and 2^16 spans) is below 1e-7, beside the 1 that is added; float64 reaches
# ten times as far, and scores beyond that are those of a training that has diverged.
LARGEST_IN_FLOAT32, LARGEST_IN_FLOAT64 = 60.0, 600.0

ROUNDING = (
    1e-2  # a span whose highest score comes out so little below the threshold is looked at too, and decided exactly
)


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

    def parts(self, states: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the scores are sums of.

        Args:
            states: of the tokens, shape ``(batch, length, hidden_size)``, padding on the right.
            lengths: real tokens of each text, shape ``(batch,)``.

        Returns:
            The shared scores ``(batch, length, length)``, −inf where there is no span; and for each token as first and as
            last one those of the types, each ``(batch, length, num_types)``.
        """
        query, key, first, last = self._sides(states)
        with torch.autocast(states.device.type, enabled=False):
            shared = query @ key.transpose(1, 2)
        return shared.masked_fill(no_span(lengths, states.shape[1], self.max_width), -torch.inf), first, last

    def _sides(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return queries, divided by √head_size, and keys, and the scores of the types as first and as last token."""
        with torch.autocast(states.device.type, enabled=False):
            mixed = self.projection(states.to(self.projection.weight.dtype))
            pairs = mixed.unflatten(-1, (self.head_size, 2))  # even coordinates are the query's, odd ones the key's
            turned = rotate_by_position(pairs.transpose(2, 3)) if self.rotary else pairs.transpose(2, 3)
            query, key = turned.unbind(dim=2)  # each (batch, length, head_size)
            last, first = (self.types(mixed) / 2).unflatten(-1, (self.num_types, 2)).unbind(dim=-1)
        return query / math.sqrt(self.head_size), key, first, last

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores of all spans, to look at: ``(batch, num_types, length, length)``, −inf where there is none."""
        shared, first, last = self.parts(states, lengths)
        return shared[:, None] + first.transpose(1, 2)[..., None] + last.transpose(1, 2)[:, :, None]

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Return the multi-label cross-entropy, the mean over texts and types.

        Args:
            states: as in `parts`.
            lengths: as in `parts`.
            spans: the entities, see `baihua.nn.global_pointer.GlobalPointer.loss`.

        Raises:
            InvalidValue: for a span that is not in its text, too wide or of an unknown type.
        """
        wanted = check_spans(spans, lengths, self.num_types, self.max_width)
        shared, first, last = self.parts(states, lengths)
        with torch.autocast(states.device.type, enabled=False):
            negatives = log_one_plus_sums(shared, first, last, wanted)
        text, kind, start, end = wanted.unbind(dim=1)
        scores = shared[text, start, end] + first[text, start, kind] + last[text, end, kind]
        positives = group_log_one_plus_sum(-scores, text * self.num_types + kind, negatives.numel())
        return (negatives + positives.view_as(negatives)).mean()

    @torch.no_grad()
    def decode(self, states: Tensor, lengths: Tensor, threshold: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
        """Return the spans whose score is above a threshold; a span that no type could lift above it is passed over.

        Args:
            states: as in `parts`.
            lengths: as in `parts`.
            threshold: one for all types, or one each, shape ``(num_types,)``.

        Returns:
            Spans of shape ``(num_found, 4)``: text, type, first token, last token; and their scores.
        """
        query, key, first, last = self._sides(states)
        first = first - torch.as_tensor(threshold, device=first.device, dtype=first.dtype)
        most_first, most_last = first.amax(dim=2, keepdim=True), last.amax(dim=2, keepdim=True)  # (batch, length, 1)
        ones = torch.ones_like(most_first)
        with torch.autocast(states.device.type, enabled=False):
            highest = torch.cat([query, most_first, ones], 2) @ torch.cat([key, ones, most_last], 2).transpose(1, 2)
        possible = (highest > -ROUNDING) & ~no_span(lengths, states.shape[1], self.max_width)
        text, start, end = possible.nonzero(as_tuple=True)
        shared = (query[text, start] * key[text, end]).sum(dim=1, keepdim=True)
        over = shared + first[text, start] + last[text, end]  # (num_candidates, num_types)
        row, kind = (over > 0).nonzero(as_tuple=True)
        found = torch.stack([text[row], kind, start[row], end[row]], dim=1)
        least = torch.as_tensor(threshold, device=over.device, dtype=over.dtype).expand(self.num_types)
        return found, over[row, kind] + least[kind]


def log_one_plus_sums(shared: Tensor, first: Tensor, last: Tensor, wanted: Tensor) -> Tensor:
    """Return log(1 + Σ e^(S + a + b)) over all spans but the wanted ones, for every text and type.

    All factors are divided by their largest, and what that comes to is put back by a logarithm, with the 1 inside: a sum
    too small to be held beside it counts as 0, as it should. Rows with a wanted span are summed by themselves: to take it
    off the sum of all would leave nothing but rounding.

    Args:
        shared: S, shape ``(batch, length, length)``, −inf where there is no span.
        first: a, shape ``(batch, length, num_types)``.
        last: b, same shape.
        wanted: spans to leave out, as `baihua.nn.span_scores.check_spans` returns them.

    Returns:
        Shape ``(batch, num_types)``, in the dtype of ``shared``.
    """
    highest = [shared.detach().amax(dim=(1, 2)).clamp(min=-LARGEST_IN_FLOAT64)]  # (batch,)
    highest += [side.detach().amax(dim=1) for side in (first, last)]  # each (batch, num_types)
    largest = highest[0][:, None] + highest[1] + highest[2]  # (batch, num_types)
    top = float(largest.amax())
    if top > LARGEST_IN_FLOAT64:
        return _densely(shared, first, last, wanted)
    if top > LARGEST_IN_FLOAT32 and shared.dtype == torch.float32:
        return log_one_plus_sums(shared.double(), first.double(), last.double(), wanted).to(shared.dtype)
    weights = torch.exp(shared - highest[0][:, None, None])  # (batch, length, length)
    of_first, of_last = (torch.exp(side - high[:, None]) for side, high in zip((first, last), highest[1:], strict=True))
    rows = weights @ of_last  # (batch, length, num_types): of each start, all its ends
    if len(wanted):
        rows = _without(rows, weights, of_last, wanted)
    total = (of_first * rows).sum(dim=1)  # (batch, num_types), to be multiplied by e^largest
    reference = largest.clamp(min=0)
    return reference + torch.log(torch.exp(-reference) + torch.exp(largest - reference) * total)


def _without(rows: Tensor, weights: Tensor, of_last: Tensor, wanted: Tensor) -> Tensor:
    """Return the sums of rows with those that have wanted spans summed anew, these left out."""
    text, kind, start, end = wanted.unbind(dim=1)
    places, row = torch.unique(torch.stack([text, start, kind], dim=1), dim=0, return_inverse=True)
    text_of, start_of, kind_of = places.unbind(dim=1)
    terms = weights[text_of, start_of] * of_last[text_of, :, kind_of]  # (num_rows, length)
    kept = torch.ones_like(terms, dtype=torch.bool)
    kept[row, end] = False
    return rows.index_put((text_of, start_of, kind_of), (terms * kept).sum(dim=1))


def _densely(shared: Tensor, first: Tensor, last: Tensor, wanted: Tensor) -> Tensor:
    """The same from all scores at once, for scores that no product of exponentials can hold."""
    scores = shared[:, None] + first.transpose(1, 2)[..., None] + last.transpose(1, 2)[:, :, None]
    kept = torch.ones_like(scores, dtype=torch.bool)
    kept[tuple(wanted.T)] = False
    return softplus(torch.logsumexp(torch.where(kept, scores, -torch.inf).flatten(2), dim=-1))
