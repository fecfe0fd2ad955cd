"""An encoder as a torch module that can be trained: token ids in, one vector per text out."""

import math

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from baihua.encoders.tokens import Tokens
from baihua.encoders.transformer import TransformerEncoder

GROUPS = 4  # of a batch on a CPU, by length, each padded to its own longest: padding costs as much as text


class SentenceModel(nn.Module):
    """Run a transformer encoder and pool, with gradients.

    Texts of like length are run together, in a few groups or in chunks; a text's vector does not depend on its neighbours.
    With ``chunk`` only the vectors of a batch are held, and the activations of one chunk at a time: each chunk is run
    twice, with the same dropout, once for its vectors and once more for their gradient (Gao et al. 2021, "Scaling Deep
    Contrastive Learning Batch Size under Memory Limited Setup", arXiv 2101.06983). Loss and gradient are those of the
    whole batch.

    Args:
        encoder: its weights are trained in place.
        chunk: rows that are run at once; None for all.
    """

    def __init__(self, encoder: TransformerEncoder, chunk: int | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.model: nn.Module = encoder.model
        self.pooler = encoder.pooler
        self.head = encoder.head
        self.chunk = chunk

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return vectors ``(batch, width)`` of ids and mask, both ``(batch, length)`` with padding on the right."""
        lengths = mask.sum(dim=1)  # (batch,)
        rows = self.chunk or (math.ceil(len(ids) / GROUPS) if ids.device.type == "cpu" else len(ids))
        if rows >= len(ids):
            return self._vectors(ids, mask)
        order = lengths.argsort(stable=True)
        parts = []
        for piece in order.split(rows):
            longest = int(lengths[piece[-1]])
            part = ids[piece, :longest], mask[piece, :longest]  # (rows, longest)
            held = self.chunk is None
            parts.append(self._vectors(*part) if held else checkpoint(self._vectors, *part, use_reentrant=False))
        return torch.cat(parts)[order.argsort()]

    def _vectors(self, ids: Tensor, mask: Tensor) -> Tensor:
        pooling = self.encoder.pooling
        return self.encoder.pooled(ids, mask, [pooling])[pooling]


def batch_of(tokens: Tokens, rows: list[int]) -> dict[str, Tensor]:
    """Return the ids and the mask of some texts, shapes ``(batch, length)``."""
    ids, mask = tokens.batch(rows)
    return {
        "ids": torch.from_numpy(ids),
        "mask": torch.ones(ids.shape, dtype=torch.long) if mask is None else torch.from_numpy(mask),
    }
