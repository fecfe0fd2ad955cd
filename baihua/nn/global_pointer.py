"""GlobalPointer: a text's entities as pairs of first and last token, each scored as one thing, nested or not."""

import math

import torch
from torch import Tensor, nn

from baihua.nn.rotary import check_even, rotate_by_position
from baihua.nn.span_loss import span_loss
from baihua.nn.span_scores import check_spans, leave_out_, span_blocks


class GlobalPointer(nn.Module):
    """A query and a key per token and type; the score of a span is the product of its first query and last key.

    Args:
        hidden_size: of the token states.
        num_types: of entities; each is a multi-label problem of its own, so spans may nest, cross and share types.
        head_size: of queries and keys, even with rotary positions.
        rotary: turn them by position, so that a score knows how far apart first and last token are. The article finds
            that without it starts pair with the ends of other entities.
        max_width: tokens of the widest span that is scored; None for any.

    Raises:
        InvalidValue: for an odd head_size with rotary positions.

    Source:
        https://kexue.fm/archives/8373; arXiv 2208.03054.

    Example:
        >>> head = GlobalPointer(16, num_types=2)
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
        self.projection = nn.Linear(hidden_size, num_types * 2 * head_size)
        nn.init.normal_(self.projection.weight, std=hidden_size**-0.5)  # LeCun, as in the article's code
        nn.init.zeros_(self.projection.bias)

    def queries_and_keys(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return queries and keys, each ``(batch, length, num_types, head_size)``; the queries divided by √head_size."""
        heads = self.projection(states).unflatten(-1, (self.num_types, 2, self.head_size))
        heads = rotate_by_position(heads) if self.rotary else _precise(heads)
        query, key = heads.unbind(dim=3)
        return query / math.sqrt(self.head_size), key

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores of all spans, to look at; training and decoding do without.

        Args:
            states: of the tokens, shape ``(batch, length, hidden_size)``, padding on the right.
            lengths: real tokens of each text, shape ``(batch,)``.

        Returns:
            Shape ``(batch, num_types, length, length)``: first token, last token; −inf where there is no span.
        """
        query, key = self.queries_and_keys(states)
        scores = torch.einsum("bihd,bjhd->bhij", query, key)
        return scores.masked_fill(no_span(lengths, states.shape[1], self.max_width)[:, None], -torch.inf)

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Return the multi-label cross-entropy, the mean over texts and types.

        Args:
            states: as in `forward`.
            lengths: as in `forward`.
            spans: the entities, shape ``(num_spans, 4)``: text, type, first token, last token (itself in the entity). One
                that stands there twice counts once.

        Raises:
            InvalidValue: for a span that is not in its text, too wide or of an unknown type.

        Source:
            https://kexue.fm/archives/7359.
        """
        wanted = check_spans(spans, lengths, self.num_types, self.max_width)
        with torch.autocast(states.device.type, enabled=False):
            heads = self.projection(_precise(states, self.projection.weight.dtype))
            heads = _precise(heads).unflatten(-1, (self.num_types, 2, self.head_size))
            return span_loss(heads, lengths.tolist(), wanted, self.max_width, rotary=self.rotary)

    @torch.no_grad()
    def decode(self, states: Tensor, lengths: Tensor, threshold: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
        """Return the spans whose score is above a threshold.

        Args:
            states: as in `forward`.
            lengths: as in `forward`.
            threshold: one for all types, or one each, shape ``(num_types,)``.

        Returns:
            Spans of shape ``(num_found, 4)`` as in `loss`, by text, and their scores.
        """
        query, key = self.queries_and_keys(states)
        least = torch.as_tensor(threshold, device=query.device, dtype=query.dtype).expand(self.num_types)[:, None, None]
        found, values = [torch.empty(0, 4, dtype=torch.long, device=query.device)], [query.new_empty(0)]
        for text, length in enumerate(lengths.tolist()):
            rows, columns = (
                tensor[text, :length].transpose(0, 1) for tensor in (query, key)
            )  # (types, length, head_size)
            for block in span_blocks(length, self.max_width):
                scores = rows[:, block.starts] @ columns[:, block.ends].transpose(1, 2)
                above = leave_out_(scores, block, self.max_width) > least
                places = above.nonzero()
                values.append(scores[above])
                shift = places.new_tensor([0, block.first, block.first])
                found.append(torch.cat([torch.full_like(places[:, :1], text), places + shift], dim=1))
        return torch.cat(found), torch.cat(values)


def no_span(lengths: Tensor, length: int, max_width: int | None) -> Tensor:
    """Return where there is no span that counts, shape ``(batch, length, length)``."""
    places = torch.arange(length, device=lengths.device)
    width = places[None, :] - places[:, None] + 1  # (length, length)
    outside = (width < 1) | (width > (length if max_width is None else max_width))
    return outside[None] | (places[None, None, :] >= lengths[:, None, None])


def _precise(x: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return x in float32 or better: a sum of many exponentials needs more digits than half precision has."""
    wanted = dtype or (torch.float64 if x.dtype == torch.float64 else torch.float32)
    return x.to(wanted)
