"""The batches of a pre-training: rows of text with what is to be guessed in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from baihua.encoders.pretraining.masking import Masking
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.training.shuffled import shuffled_places

Draw = tuple[int, np.ndarray]  # the number of a batch, and which rows it has


@dataclass(frozen=True)
class MaskedRows(Dataset[dict[str, Tensor]]):
    """Makes a batch of the rows it is asked for; each has its own seed, so that its masks depend on its number alone.

    Args:
        rows: shape ``(num_rows, length)``.
        masking: how to hide tokens.
        settings: of the training.
        num_positions: how many the model has, where ``settings.shifted`` asks for batches that begin at any of them.
        long_rows: shape ``(num_long_rows, long_length)``, where ``settings.long`` asks for batches of these; drawn with
            repetition, so many that a batch has about as many tokens as any other.
    """

    rows: np.ndarray
    masking: Masking
    settings: PretrainSettings
    num_positions: int = 0
    long_rows: np.ndarray | None = None

    def __getitem__(self, draw: Draw) -> dict[str, Tensor]:
        """Return the batch as the objective's loss takes it."""
        number, places = draw
        settings = self.settings
        ids = self._drawn(number, places).astype(np.int64)  # (batch_size, length)
        if settings.objective == "causal":
            batch = {"ids": torch.from_numpy(ids)}
        else:
            batch = self.masking.batch(ids, np.random.default_rng((settings.seed, 1, number)))
        chance = np.random.default_rng((settings.seed, 2, number))
        if chance.random() < settings.shifted:
            length = ids.shape[1]
            first = int(chance.integers(max(self.num_positions - length, 0) + 1))
            batch["positions"] = torch.arange(first, first + length).unsqueeze(0)  # (1, length)
        return batch

    def _drawn(self, number: int, places: np.ndarray) -> np.ndarray:
        """Return the rows asked for, or, in a share of the batches, long ones instead."""
        chance = np.random.default_rng((self.settings.seed, 3, number))
        if self.long_rows is None or chance.random() >= self.settings.long:
            return self.rows[places]
        num_rows, length = self.long_rows.shape
        count = max(len(places) * self.rows.shape[1] // length, 1)
        return self.long_rows[chance.integers(num_rows, size=count)]


def training_batches(masked_rows: MaskedRows, start: int, *, num_workers: int = 0) -> Iterator[dict[str, Tensor]]:
    """Batches from number ``start`` on, the same ones wherever one starts.

    Args:
        masked_rows: makes them.
        start: the number of the first batch.
        num_workers: processes that make batches ahead of the training; 0 to make each where it is needed. A GPU would
            wait longer for its batches than it trains on them.

    Yields:
        Batches as the objective's loss takes them, without end.
    """
    settings = masked_rows.settings
    places = shuffled_places(len(masked_rows.rows), settings.batch_size, settings.seed, start)
    draws = enumerate(places, start=start)
    if num_workers == 0:
        yield from map(masked_rows.__getitem__, draws)
        return
    yield from DataLoader(
        masked_rows,
        batch_size=None,
        sampler=draws,
        num_workers=num_workers,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else it would draw from the one that dropout goes on with
    )


def bare_tokenizer(tokenizer: Any) -> Tokenizer:
    """Return the Rust tokenizer of a transformers one, without truncation and padding."""
    backend: Tokenizer = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    backend.no_padding()
    return backend


def masking_of(tokenizer: Any, settings: PretrainSettings) -> Masking:
    """Return how to hide the tokens of a transformers tokenizer; special and unused ones are left alone."""
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    unused = {number for word, number in vocabulary.items() if word.startswith("[unused")}
    return Masking(
        mask_id=tokenizer.mask_token_id,
        num_tokens=len(vocabulary),
        special_ids=frozenset(tokenizer.all_special_ids) | frozenset(unused),
        continuing_ids=frozenset(number for word, number in vocabulary.items() if word.startswith("##")),
        rate=settings.rate,
        unit=settings.unit,
    )
