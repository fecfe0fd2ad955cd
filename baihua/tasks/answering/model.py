"""A transformer with a pointer to the first and last token of an answer, as one thing: training is what prediction does.

One GlobalPointer head scores every stretch of a window, and [CLS] alone stands for "not here"; the loss is one softmax over all
of them (kexue.fm 8739). Two separate heads for begin and end would be trained on something else than the stretch they are asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from baihua.encoders.batching import length_batches, shuffled_batches
from baihua.encoders.transformer import BATCH_TOKENS
from baihua.nn.global_pointer import GlobalPointer
from baihua.tasks.answering.windows import Window

Batch = dict[str, Tensor]


class AnswerModel(nn.Module):
    """States of [CLS] and of a window's tokens from a transformer, a score for each stretch from a head.

    Args:
        encoder: a transformers model.
        head_size: of queries and keys.
    """

    def __init__(self, encoder: nn.Module, head_size: int) -> None:
        super().__init__()
        config: Any = encoder.config
        self.encoder = encoder
        self.has_types = int(getattr(config, "type_vocab_size", None) or 0) > 1
        self.head = GlobalPointer(int(config.hidden_size), 1, head_size)

    def forward(self, batch: Batch) -> Tensor:
        """Return the loss of a batch, as `batch_of` makes it: the cross-entropy of the right stretch among all."""
        scores = self.scores(batch)  # (batch, length, length)
        spans = batch["spans"].to(scores.device)
        return cross_entropy(scores.flatten(1), spans[:, 0] * scores.shape[2] + spans[:, 1])

    def scores(self, batch: Batch) -> Tensor:
        """Return the scores of all stretches in float32, shape ``(batch, length, length)``: first token, last token.

        Place 0 is [CLS], place k the window's k-th token; −inf where there is no stretch.
        """
        states = window_states(self.encoder, batch, self.has_types)
        with torch.autocast(states.device.type, enabled=False):
            scores: Tensor = self.head(states.float(), batch["lengths"].to(states.device) + 1)
        return scores.squeeze(1)


def window_states(encoder: nn.Module, batch: Batch, has_types: bool) -> Tensor:
    """Return the states of [CLS] and of the windows' tokens, the questions left out.

    Args:
        encoder: a transformers model.
        batch: of `batch_of`.
        has_types: whether the encoder tells kinds of tokens apart; all are of kind 0 then.

    Returns:
        Shape ``(batch, 1 + longest window, width)``: place 0 is [CLS], place k the window's k-th token.
    """
    device = next(encoder.parameters()).device
    ids, mask, firsts = (batch[name].to(device) for name in ("ids", "mask", "firsts"))
    types = {"token_type_ids": torch.zeros_like(ids)} if has_types else {}
    states: Tensor = encoder(input_ids=ids, attention_mask=mask, **types).last_hidden_state
    places = firsts.unsqueeze(1) + torch.arange(int(batch["lengths"].max()), device=device)  # (batch, longest window)
    places = torch.cat([torch.zeros_like(firsts).unsqueeze(1), places.clamp_max(ids.shape[1] - 1)], dim=1)
    return states.gather(1, places.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


def batch_of(windows: Sequence[Window]) -> Batch:
    """Put windows side by side.

    Returns:
        ``ids`` and ``mask`` of shape ``(batch, longest)``; ``firsts`` and ``lengths`` of shape ``(batch,)``: where the window
        begins in its row, and its tokens; ``spans`` of shape ``(batch, 2)``.
    """
    longest = max(len(window.ids) for window in windows)
    ids = np.zeros((len(windows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)], mask[row, : len(window.ids)] = window.ids, 1
    return {
        "ids": torch.from_numpy(ids),
        "mask": torch.from_numpy(mask),
        "firsts": torch.tensor([window.first for window in windows]),
        "lengths": torch.tensor([len(window.offsets) for window in windows]),
        "spans": torch.tensor([window.span for window in windows]),
    }


def window_batches(windows: Sequence[Window], batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """Yield the batches of one epoch: every window once, of like length together, in an order of the epoch's own."""
    lengths = [len(window.ids) for window in windows]
    for places in shuffled_batches(lengths, batch_size, seed, epoch, least_pools=8):
        yield batch_of([windows[place] for place in places])


@dataclass(frozen=True)
class Found:
    """What a window says.

    Args:
        first: first token of its best stretch, from 0 within the window.
        last: its last token.
        score: of that stretch.
        nothing: the score of "not here".
        total: log of the sum of exp of all scores.
    """

    first: int
    last: int
    score: float
    nothing: float
    total: float


@torch.no_grad()
def find_answers(
    model: AnswerModel,
    windows: Sequence[Window],
    *,
    max_answer: int | None = None,
    precision: str = "float32",
    advance: Callable[[int], None] = lambda _: None,
) -> list[Found]:
    """Return the best stretch of each window.

    Args:
        model: as it is; dropout is off for the while.
        windows: of any questions.
        max_answer: tokens of the longest stretch to look for; None for any.
        precision: ``"float32"`` or ``"bfloat16"``.
        advance: called with the number of windows done.
    """
    device, training = model.head.projection.weight.device, model.training
    found: dict[int, Found] = {}
    model.eval()
    try:
        budget = BATCH_TOKENS.get(device.type, BATCH_TOKENS["cpu"])
        for places in length_batches([len(window.ids) for window in windows], budget):
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                scores = model.scores(batch_of([windows[place] for place in places]))
            for place, mine in zip(places, _best(scores, max_answer), strict=True):
                found[place] = mine
            advance(len(places))
    finally:
        model.train(training)
    return [found[place] for place in range(len(windows))]


def _best(scores: Tensor, max_answer: int | None) -> list[Found]:
    inside = scores[:, 1:, 1:]
    if max_answer is not None:
        inside = inside.masked_fill(torch.ones_like(inside[0], dtype=torch.bool).triu(max_answer), -torch.inf)
    best, place = inside.flatten(1).max(dim=1)
    totals, nothing, width = scores.flatten(1).logsumexp(dim=1), scores[:, 0, 0], inside.shape[2]
    rows = zip(place.tolist(), best.tolist(), nothing.tolist(), totals.tolist(), strict=True)
    return [Found(at // width, at % width, score, none, total) for at, score, none, total in rows]
