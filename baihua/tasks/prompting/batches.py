"""Prompts side by side as a batch: to read the blanks of, or to learn from with hidden tokens besides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from baihua.tasks.prompting.model import Batch
from baihua.text.prompts import Prompt, soft_places

# Of all tokens but the answer: hidden, left as they are, or made another. The article's code, after BERT's.
HIDDEN, KEPT, CHANGED = 0.12, 0.015, 0.015


@dataclass(frozen=True)
class Reading:
    """How a model's tokens are read.

    Args:
        mask_id: of a blank.
        vocabulary: how many tokens there are.
        rows: ids that the learned vectors stand for where the output layer sees them, those of the soft tokens first; else
            None, and soft tokens are no answers.
        causal: whether each token is told from those before it alone.
    """

    mask_id: int
    vocabulary: int
    rows: tuple[int, ...] | None
    causal: bool


def batch_of(prompts: Sequence[Prompt], reading: Reading, filled: np.ndarray | None = None, at: int = 0) -> Batch:
    """Put prompts side by side to read one of their blanks.

    Args:
        prompts: their blanks may be more than are filled.
        reading: see `Reading`.
        filled: what stands in the first blanks, shape ``(num_filled,)``; None for blanks.
        at: which blank is read.

    Returns:
        As `baihua.tasks.prompting.model.PromptModel.scores` takes it; one place per prompt.
    """
    ids, mask = _side_by_side(prompts, reading.rows)
    for row, prompt in enumerate(prompts):
        ids[row, prompt.masks] = reading.mask_id
        if filled is not None:
            ids[row, prompt.masks[: len(filled)]] = filled
    place = np.array([prompt.masks[at] for prompt in prompts]) - int(reading.causal)
    return _tensors(ids, mask, soft_places(prompts), np.arange(len(prompts)), place)


def training_batch(
    prompts: Sequence[Prompt],
    words: Sequence[Sequence[int]],
    reading: Reading,
    auxiliary: np.random.Generator | None = None,
) -> Batch:
    """Put prompts side by side to learn which words belong in their blanks.

    Args:
        prompts: each with as many blanks as its word has tokens, or more, which are then left empty.
        words: the tokens of each.
        reading: see `Reading`.
        auxiliary: chooses further tokens to learn: of a masked model 15 % of the rest, as the article has it, template and
            special tokens included; of a causal one all. None for the words alone.

    Returns:
        The same as `batch_of`, with ``targets`` (num_places,).
    """
    ids, mask = _side_by_side(prompts, reading.rows)
    soft, truth = soft_places(prompts), ids.copy()
    blank, learned = np.zeros_like(mask), np.zeros_like(mask)
    for row, (prompt, word) in enumerate(zip(prompts, words, strict=True)):
        blank[row, prompt.masks] = True
        ids[row, prompt.masks] = reading.mask_id
        mine = prompt.masks[: len(word)]
        truth[row, mine], learned[row, mine] = word, True
        if reading.causal:
            ids[row, mine] = word
    if auxiliary is not None:
        free = mask & ~blank
        if reading.rows is None and len(soft):
            free[soft[:, 0], soft[:, 1]] = False
        if reading.causal:
            learned |= free
        else:
            soft = soft[_hide(ids, free, learned, soft, reading, auxiliary)]
    if reading.causal:
        learned[:, 0] = False  # nothing stands before it
    rows, places = learned.nonzero()
    batch = _tensors(ids, mask, soft, rows, places - int(reading.causal))
    return batch | {"targets": torch.from_numpy(truth[rows, places])}


def _hide(
    ids: np.ndarray,
    free: np.ndarray,
    learned: np.ndarray,
    soft: np.ndarray,
    reading: Reading,
    rng: np.random.Generator,
) -> np.ndarray:
    """Hide some of the free tokens in place, mark them as to be learned, and say which soft tokens are left as they are."""
    draw = rng.random(ids.shape)
    chosen = free & (draw < HIDDEN + KEPT + CHANGED)
    hidden, changed = free & (draw < HIDDEN), chosen & (draw >= HIDDEN + KEPT)
    ids[hidden] = reading.mask_id
    ids[changed] = rng.integers(1, reading.vocabulary, size=int(changed.sum()))
    learned |= chosen
    return ~(hidden | changed)[soft[:, 0], soft[:, 1]]


def _side_by_side(prompts: Sequence[Prompt], rows: tuple[int, ...] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return ids, with those of the soft tokens where there are any, and which places are real, both ``(batch, longest)``."""
    lengths = np.array([len(prompt.ids) for prompt in prompts])
    ids = np.zeros((len(prompts), int(lengths.max())), dtype=np.int64)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt.ids)] = prompt.ids
        if rows is not None:
            ids[row, prompt.soft] = rows[: len(prompt.soft)]
    return ids, np.arange(ids.shape[1]) < lengths[:, None]


def _tensors(ids: np.ndarray, mask: np.ndarray, soft: np.ndarray, row: np.ndarray, place: np.ndarray) -> Batch:
    arrays = {"ids": ids, "mask": mask.astype(np.int64), "soft": soft, "row": row, "place": place}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
