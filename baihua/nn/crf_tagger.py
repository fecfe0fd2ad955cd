"""Entities as tags with a CRF over them: the usual head for entities side by side, asked and answered in spans."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.nn.crf import LinearChainCRF
from baihua.nn.span_scores import check_spans

OUTSIDE = 0  # the tag of a token in no entity; 1 + 2t is the first of type t, 2 + 2t one after it


class CRFTagger(nn.Module):
    """A linear layer that scores BIO tags, and a linear-chain CRF; the same questions as `GlobalPointer` answers.

    Args:
        hidden_size: of the token states.
        num_types: of entities, which cannot overlap.

    Example:
        >>> head = CRFTagger(16, num_types=2)
        >>> spans = torch.tensor([[0, 1, 2, 3]])  # in text 0, of type 1, tokens 2 to 3
        >>> head.loss(torch.randn(1, 5, 16), torch.tensor([5]), spans).shape
        torch.Size([])
    """

    default_threshold = -torch.inf  # the best sequence has decided already

    def __init__(self, hidden_size: int, num_types: int) -> None:
        super().__init__()
        self.num_types = num_types
        self.projection = nn.Linear(hidden_size, 1 + 2 * num_types)
        self.crf = LinearChainCRF(1 + 2 * num_types)

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Return −log of the probability of the tags, the mean over texts.

        Args:
            states: of the tokens, shape ``(batch, length, hidden_size)``, padding on the right.
            lengths: real tokens of each text, at least 1, shape ``(batch,)``.
            spans: the entities, see `baihua.nn.global_pointer.GlobalPointer.loss`; no two may share a token.

        Raises:
            InvalidValue: for a span that is not in its text or of an unknown type, or two that overlap.
        """
        wanted = check_spans(spans, lengths, self.num_types, None)
        return self.crf.loss(self.projection(states), tags_of(wanted, states.shape[0], states.shape[1]), lengths)

    @torch.no_grad()
    def decode(self, states: Tensor, lengths: Tensor, threshold: float | Tensor = default_threshold) -> "Found":
        """Return the spans of the best tags.

        Args:
            states: as in `loss`.
            lengths: as in `loss`.
            threshold: of the scores, one for all types, or one each, shape ``(num_types,)``.

        Returns:
            Spans of shape ``(num_found, 4)`` as in `loss`, by text, and their scores: s with σ(2s) the probability of the
            least probable of the span's tags, as near as a CRF comes to the scores of `GlobalPointer`.
        """
        emissions = self.projection(states).float()
        best = self.crf.decode(emissions, lengths)
        tags = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in best], batch_first=True).to(states.device)
        spans = spans_of(tags)  # tags: (batch, length), 0 in the padding
        of_best = self.crf.marginals(emissions, lengths)[:, : tags.shape[1]].gather(2, tags[..., None]).squeeze(2)
        text, row = covered(spans)
        least = torch.ones(len(spans), device=states.device, dtype=of_best.dtype)
        place = torch.repeat_interleave(torch.arange(len(spans), device=states.device), spans[:, 3] - spans[:, 2] + 1)
        least = least.scatter_reduce(0, place, of_best[text, row], "amin")
        scores = torch.logit(least, eps=torch.finfo(least.dtype).eps) / 2
        kept = scores > torch.as_tensor(threshold, device=scores.device).expand(self.num_types)[spans[:, 1]]
        return Found(spans[kept], scores[kept])


class Found(NamedTuple):
    """What decoding found: ``spans`` of shape ``(num_found, 4)`` and ``scores`` of shape ``(num_found,)``."""

    spans: Tensor
    scores: Tensor


def covered(spans: Tensor) -> tuple[Tensor, Tensor]:
    """Return text and token of every token in every span, both of shape ``(sum of widths,)``.

    Example:
        >>> [part.tolist() for part in covered(torch.tensor([[0, 1, 2, 3], [1, 0, 5, 5]]))]
        [[0, 0, 1], [2, 3, 5]]
    """
    widths = spans[:, 3] - spans[:, 2] + 1
    text = torch.repeat_interleave(spans[:, 0], widths)
    before = torch.repeat_interleave(widths.cumsum(0) - widths, widths)
    inside = torch.arange(len(text), device=spans.device) - before
    return text, torch.repeat_interleave(spans[:, 2], widths) + inside


def tags_of(spans: Tensor, batch: int, length: int) -> Tensor:
    """Return BIO tags, shape ``(batch, length)``.

    Args:
        spans: shape ``(num_spans, 4)``: text, type, first token, last token.
        batch: how many texts.
        length: tokens of the longest.

    Raises:
        InvalidValue: when two spans share a token.

    Example:
        >>> tags_of(torch.tensor([[0, 1, 1, 2], [0, 0, 3, 3]]), 1, 5).tolist()
        [[0, 3, 4, 1, 0]]
    """
    tags = torch.zeros(batch, length, dtype=torch.long, device=spans.device)
    text, row = covered(spans)
    if len(torch.unique(text * length + row)) < len(text):
        raise InvalidValue(
            zh="两个片段共用了词元，而一个词元只能有一个标签；请只留最外层的，或换用 global_pointer。",
            en="Two spans share a token, and a token has one tag. Keep the outermost spans only, or use global_pointer.",
        )
    tags[text, row] = 2 + 2 * torch.repeat_interleave(spans[:, 1], spans[:, 3] - spans[:, 2] + 1)
    tags[spans[:, 0], spans[:, 2]] -= 1
    return tags


def spans_of(tags: Tensor) -> Tensor:
    """Return the spans that BIO tags spell; an inner tag with none of its type before it begins one, as in CoNLL's script.

    Args:
        tags: shape ``(batch, length)``, 0 in the padding.

    Returns:
        Shape ``(num_spans, 4)``, by text and place.

    Example:
        >>> spans_of(torch.tensor([[0, 3, 4, 2, 1]])).tolist()
        [[0, 1, 1, 2], [0, 0, 3, 3], [0, 0, 4, 4]]
    """
    kind = torch.div(tags - 1, 2, rounding_mode="floor")  # −1 outside
    edge = torch.full_like(kind[:, :1], -1)
    before, after = torch.cat([edge, kind[:, :-1]], dim=1), torch.cat([kind[:, 1:], edge], dim=1)
    begins = (kind >= 0) & ((tags % 2 == 1) | (before != kind))
    next_begins = torch.cat([begins[:, 1:], torch.ones_like(begins[:, :1])], dim=1)
    ends = (kind >= 0) & (next_begins | (after != kind))
    text, start = begins.nonzero(as_tuple=True)
    return torch.stack([text, kind[text, start], start, ends.nonzero()[:, 1]], dim=1)
