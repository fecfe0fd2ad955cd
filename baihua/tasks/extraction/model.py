"""A transformer with a head that finds spans, as one torch module, and the batches it takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baihua.checks import check_choice
from baihua.nn.crf_tagger import CRFTagger
from baihua.nn.efficient_global_pointer import EfficientGlobalPointer
from baihua.nn.global_pointer import GlobalPointer
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings
from baihua.tasks.extraction.windows import Window

Head = CRFTagger | GlobalPointer | EfficientGlobalPointer
Batch = dict[str, Tensor]
Marked = tuple[int, int, int]  # type, first token, last token


class ExtractionModel(nn.Module):
    """States of tokens from a transformer, spans from a head.

    Args:
        encoder: a transformers model.
        head: what finds spans in its last states.
    """

    def __init__(self, encoder: nn.Module, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, batch: Batch) -> Tensor:
        """Return the loss of a batch, as `batch_of` makes it."""
        states, lengths = self.states(batch)
        return self.head.loss(states, lengths, batch["spans"].to(lengths.device))

    @torch.no_grad()
    def decode(self, batch: Batch, threshold: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return the spans found and their scores.

        Args:
            batch: as `batch_of` makes it.
            threshold: of the scores, shape ``(num_types,)``.

        Returns:
            Integers of shape ``(num_found, 4)``: row of the batch, type, first token, last token; and floats ``(num_found,)``.
        """
        states, lengths = self.states(batch)
        spans, scores = self.head.decode(states, lengths, threshold.to(states.device))
        return spans.cpu().numpy(), scores.float().cpu().numpy()

    def states(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the states of all tokens but the special ones, and how many each row has."""
        device = next(self.head.parameters()).device
        ids, mask, lengths = (batch[name].to(device) for name in ("ids", "mask", "lengths"))
        output: Any = self.encoder(input_ids=ids, attention_mask=mask)
        first = int(batch["special"])
        return output.last_hidden_state[:, first : first + int(batch["lengths"].max())], lengths


def make_head(name: str, hidden_size: int, num_types: int, settings: ExtractionSettings) -> Head:
    """Make a new head.

    Args:
        name: one of `baihua.tasks.extraction.settings.HEADS`.
        hidden_size: of the states.
        num_types: of entities.
        settings: head size, rotary positions, widest span.

    Raises:
        InvalidValue: for another name.
    """
    check_choice("head", name, HEADS, {"egp": "efficient_global_pointer", "gp": "global_pointer"})
    if name == "crf":
        return CRFTagger(hidden_size, num_types)
    kind = GlobalPointer if name == "global_pointer" else EfficientGlobalPointer
    return kind(hidden_size, num_types, settings.head_size, rotary=settings.rotary, max_width=settings.max_width)


def batch_of(windows: Sequence[Window], marked: Sequence[Sequence[Marked]] | None = None) -> Batch:
    """Put windows side by side.

    Args:
        windows: some windows.
        marked: the entities of each, in tokens.

    Returns:
        ``ids`` and ``mask`` of shape ``(batch, longest)``; ``lengths`` of shape ``(batch,)``, tokens without special ones;
        ``special``, how many of those come first; ``spans`` of shape ``(num_spans, 4)``.
    """
    longest = max(len(window.ids) for window in windows)
    ids = np.zeros((len(windows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
    spans = [(row, *span) for row, mine in enumerate(marked or ()) for span in mine]
    return {
        "ids": torch.from_numpy(ids),
        "mask": torch.from_numpy(mask),
        "lengths": torch.tensor([len(window.offsets) for window in windows]),
        "special": torch.tensor(windows[0].special),
        "spans": torch.tensor(spans, dtype=torch.long).reshape(-1, 4),  # (num_spans, 4)
    }
