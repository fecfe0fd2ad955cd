"""The batches of a pre-training: rows of text with what is to be guessed in them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from baihua.encoders.pretraining.masking import Masking
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.training.shuffled import shuffled_places


def training_batches(
    rows: np.ndarray,
    masking: Masking,
    settings: PretrainSettings,
    start: int,
    *,
    num_positions: int = 0,
) -> Iterator[dict[str, Tensor]]:
    """Batches from number ``start`` on; each has its own seed, so that its masks do not depend on where one starts.

    Args:
        rows: shape ``(num_rows, length)``.
        masking: how to hide tokens.
        settings: of the training.
        start: the number of the first batch.
        num_positions: how many the model has, where ``settings.shifted`` asks for batches that begin at any of them.

    Yields:
        Batches as the objective's loss takes them, without end.
    """
    places = shuffled_places(len(rows), settings.batch_size, settings.seed, start)
    for number, some in enumerate(places, start=start):
        ids = rows[some].astype(np.int64)  # (batch_size, length)
        if settings.objective == "causal":
            batch = {"ids": torch.from_numpy(ids)}
        else:
            batch = masking.batch(ids, np.random.default_rng((settings.seed, 1, number)))
        chance = np.random.default_rng((settings.seed, 2, number))
        if chance.random() < settings.shifted:
            first = int(chance.integers(max(num_positions - settings.length, 0) + 1))
            batch["positions"] = torch.arange(first, first + settings.length).unsqueeze(0)  # (1, length)
        yield batch


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
