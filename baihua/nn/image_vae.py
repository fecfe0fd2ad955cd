"""Encoder and decoder of small grey images for a variational autoencoder: one hidden layer each, as kexue.fm 8404."""

import torch
from torch import Tensor, nn


class ImageEncoder(nn.Module):
    """A hidden layer over the pixels.

    Args:
        num_pixels: of an image.
        hidden_size: of the layer.
    """

    def __init__(self, num_pixels: int, hidden_size: int) -> None:
        super().__init__()
        self.num_features = hidden_size
        self.hidden = nn.Linear(num_pixels, hidden_size)

    def forward(self, batch: Tensor) -> Tensor:
        """Return features ``(batch, hidden_size)`` of images ``(batch, num_pixels)``."""
        return torch.relu(self.hidden(batch))


class ImageDecoder(nn.Module):
    """A hidden layer, and for each pixel the probability that it is white.

    Args:
        width: of a code.
        num_pixels: of an image.
        hidden_size: of the layer.
    """

    def __init__(self, width: int, num_pixels: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, hidden_size)
        self.output = nn.Linear(hidden_size, num_pixels)

    def pixels(self, codes: Tensor) -> Tensor:
        """Return pixels from 0 to 1, shape ``(batch, num_pixels)``, of codes ``(batch, width)``."""
        return torch.sigmoid(self._logits(codes))

    def loss(self, codes: Tensor, batch: Tensor) -> Tensor:
        """Return the binary cross-entropy summed over pixels, shape ``(batch,)``.

        It is −log p(image | code) for pixels that are 0 or 1; for greys between, the usual stand-in.

        Args:
            codes: shape ``(batch, width)``.
            batch: pixels from 0 to 1, shape ``(batch, num_pixels)``.
        """
        logits = self._logits(codes)
        each = nn.functional.binary_cross_entropy_with_logits(logits, batch.to(logits), reduction="none")
        return each.sum(dim=-1)

    def _logits(self, codes: Tensor) -> Tensor:
        return self.output(torch.relu(self.hidden(codes)))
