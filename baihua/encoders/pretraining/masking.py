"""Hiding tokens for a masked language model: which ones, and what stands in their place."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from baihua.checks import InvalidValue, check_choice

UNITS = ("token", "word", "span")
SPAN_STOP = 0.2  # a span goes on with probability 0.8 (SpanBERT, arXiv 1907.10529, section 3.1)
LONGEST_SPAN = 10


@dataclass(frozen=True)
class Masking:
    """How to hide tokens.

    Args:
        mask_id: the id of ``[MASK]``.
        num_tokens: size of the vocabulary.
        special_ids: ids that are never hidden and never put in place of another.
        continuing_ids: ids of word pieces that continue a word (``##…``), which ``unit="word"`` hides with it.
        rate: share of the tokens to hide, 15 % as BERT does.
        unit: ``"token"``, ``"word"`` (all pieces of a word together) or ``"span"`` (runs of up to 10 tokens).

    Raises:
        InvalidValue: for another unit, or a rate that is no share.
    """

    mask_id: int
    num_tokens: int
    special_ids: frozenset[int]
    continuing_ids: frozenset[int]
    rate: float = 0.15
    unit: str = "token"

    def __post_init__(self) -> None:
        check_choice("unit", self.unit, UNITS)
        if not 0 < self.rate < 1:
            raise InvalidValue(
                zh=f"遮盖比例 rate 应在 0 与 1 之间，收到 {self.rate}。",
                en=f"rate, the share of tokens to hide, must lie between 0 and 1, but received {self.rate}.",
            )

    def hide(self, ids: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Hide tokens of a batch: 80 % become ``[MASK]``, 10 % another token, 10 % stay (Devlin et al. 2019).

        Args:
            ids: shape ``(batch, length)``; unchanged.
            rng: the source of chance.

        Returns:
            The ids to read, and where tokens are to be guessed, both ``(batch, length)``.
        """
        hidden = self._choose(ids, rng) & self._usable[ids]
        fate = rng.random(ids.shape)
        read = np.where(hidden & (fate < 0.8), self.mask_id, ids)
        return np.where(hidden & (fate >= 0.9), rng.choice(self._usable.nonzero()[0], ids.shape), read), hidden

    def batch(self, ids: np.ndarray, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return a batch for a masked language model: ``ids``, what to ``read``, and where tokens are ``hidden``.

        Args:
            ids: shape ``(batch, length)``.
            rng: the source of chance.
        """
        read, hidden = self.hide(ids, rng)
        if not hidden.any():  # so short a batch may go without; its first ordinary token then
            hidden[0, 1] = True
        return {"ids": torch.from_numpy(ids), "read": torch.from_numpy(read), "hidden": torch.from_numpy(hidden)}

    @cached_property
    def _usable(self) -> np.ndarray:
        """Whether each token of the vocabulary may be hidden, shape ``(num_tokens,)``."""
        usable = np.ones(self.num_tokens, dtype=bool)
        usable[list(self.special_ids)] = False
        return usable

    def _choose(self, ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self.unit == "span":
            return _spans(ids.shape, self.rate, rng)
        draws = rng.random(ids.shape)
        if self.unit == "word":  # every piece takes the draw of its word's first piece
            first = ~np.isin(ids, list(self.continuing_ids))
            starts = np.maximum.accumulate(np.where(first, np.arange(ids.shape[1]), 0), axis=1)
            draws = np.take_along_axis(draws, starts, axis=1)
        return draws < self.rate


def span_start_rate(rate: float) -> float:
    """Return how often a span must start so that the share ``rate`` of all tokens is covered.

    A token is left alone when none of the spans that could reach it does: 1 − rate = Π (1 − q·P(length > l)) over the
    distances l from 0. The product falls with q, so halving the interval finds it.

    Example:
        >>> reaches = 0.8 ** np.arange(10)
        >>> round(float(1 - np.prod(1 - span_start_rate(0.15) * reaches)), 6)
        0.15
    """
    reaches = (1 - SPAN_STOP) ** np.arange(LONGEST_SPAN)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - np.prod(1 - middle * reaches) < rate else (low, middle)
    return low


def _spans(shape: tuple[int, ...], rate: float, rng: np.random.Generator) -> np.ndarray:
    """Cover the share ``rate`` of the positions with runs whose lengths are geometric, at most 10."""
    batch, length = shape
    starts = rng.random((batch, length + LONGEST_SPAN - 1)) < span_start_rate(rate)  # some before the row begins
    lengths = np.minimum(rng.geometric(SPAN_STOP, starts.shape), LONGEST_SPAN)
    covered = np.zeros((batch, length), dtype=bool)
    for distance in range(LONGEST_SPAN):
        reach = starts & (lengths > distance)
        begin = LONGEST_SPAN - 1 - distance
        covered |= reach[:, begin : begin + length]
    return covered
