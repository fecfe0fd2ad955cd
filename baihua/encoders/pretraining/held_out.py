"""Measuring a language model on lines kept from training, with masks that are always the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.masking import Masking
from baihua.encoders.pretraining.objectives import LanguageModelLoss
from baihua.encoders.pretraining.packing import packed_rows
from baihua.text.corpus import read_mixed_lines

HELD_OUT_EVERY = 100  # every hundredth line is kept from training, to measure on
HELD_OUT_LINES, HELD_OUT_ROWS = 20_000, 256
ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class HeldOut:
    """How well hidden tokens of text kept from training are guessed: mean loss in nats, share right, how many."""

    loss: float
    accuracy: float
    num_hidden: int


def training_lines(paths: Sequence[str | Path]) -> Iterator[str]:
    """Go through the lines that are trained on."""
    return (line for number, line in enumerate(read_mixed_lines(paths)) if number % HELD_OUT_EVERY)


def held_out_lines(paths: Sequence[str | Path]) -> Iterator[str]:
    """Go through the lines that are not."""
    return islice(read_mixed_lines(paths), 0, None, HELD_OUT_EVERY)


def held_out_batches(
    lines: Iterator[str], backend: Tokenizer, edges: tuple[int, int], length: int, masking: Masking
) -> list[dict[str, Tensor]]:
    """Pack held-out lines into batches with masks that are always the same; a little text makes one shorter row.

    Args:
        lines: the text; its first 20 000 lines are packed into rows, and at most 256 of these used, evenly spread.
        backend: the tokenizer.
        edges: the ids of ``[CLS]`` and ``[SEP]``.
        length: tokens of a row.
        masking: how to hide tokens.

    Returns:
        Batches as `MaskedLoss` takes them.

    Raises:
        InvalidValue: when there are fewer than 6 tokens.
    """
    kept = list(islice(lines, HELD_OUT_LINES))
    num_tokens = sum(len(backend.encode(line, add_special_tokens=False).ids) + 1 for line in kept)
    if num_tokens < 6:
        raise InvalidValue(
            zh=f"这些文本太少，留不出测量用的部分（只有 {num_tokens} 个词元）；请给更多的文本。",
            en=f"This text is too little to keep some for measuring (only {num_tokens} tokens); give more.",
        )
    rows = list(packed_rows(kept, backend, min(length, num_tokens + 2), edges))
    rows = [rows[place] for place in np.linspace(0, len(rows) - 1, min(HELD_OUT_ROWS, len(rows))).astype(int)]
    rng = np.random.default_rng(0)
    starts = range(0, len(rows), ROWS_AT_ONCE)
    return [masking.batch(np.stack(rows[start : start + ROWS_AT_ONCE]), rng) for start in starts]


@torch.inference_mode()
def evaluate(loss: LanguageModelLoss, batches: Sequence[dict[str, Tensor]]) -> HeldOut:
    """Guess the hidden (or the next) tokens of held-out batches; the model is left in the mode it was in.

    Args:
        loss: holds the model.
        batches: see `held_out_batches`.

    Returns:
        Mean loss, share of right guesses, number of guesses.
    """
    training = loss.training
    loss.eval()
    total, right, num_guesses = 0.0, 0, 0
    for batch in batches:
        logits, targets = loss.guesses(batch)
        total += float(torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum"))
        right += int((logits.argmax(dim=-1) == targets).sum())
        num_guesses += len(targets)
    loss.train(training)
    return HeldOut(total / max(num_guesses, 1), right / max(num_guesses, 1), num_guesses)
