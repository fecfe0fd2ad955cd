"""One logit per choice, and their softmax over the choices of a question."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from baihua.encoders.batching import shuffled_batches
from baihua.tasks.classification.model import ClassificationModel
from baihua.tasks.classification.rows import Batch, Rows, batch_of


class ChoiceModel(ClassificationModel):
    """A classifier with one logit, trained so that the right choice of each question has the highest.

    Args:
        encoder: a transformers model.
        pooling: ``"cls"``, ``"mean"`` or ``"max"``.
        dropout: of the pooled states.

    Source:
        https://kexue.fm/archives/8739: each choice by itself, far better than all of them in one text.
    """

    def __init__(self, encoder: torch.nn.Module, pooling: str, dropout: float) -> None:
        super().__init__(encoder, pooling, num_labels=1, dropout=dropout)

    def forward(self, batch: Batch) -> Tensor:
        """Return the loss: the mean over questions of the cross-entropy of the right choice."""
        scores = self.logits(batch).squeeze(1)  # (num_rows,)
        table = grouped(scores, batch["sizes"].to(scores.device))
        return cross_entropy(table, batch["answers"].to(scores.device))


def grouped(scores: Tensor, sizes: Tensor) -> Tensor:
    """Return scores as a row per question.

    Args:
        scores: of all choices, question by question, shape ``(sum of sizes,)``.
        sizes: choices of each question, shape ``(num_questions,)``.

    Returns:
        Shape ``(num_questions, most choices)``, −inf where a question has fewer.

    Example:
        >>> grouped(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1, 2]))
        tensor([[1., -inf],
                [2., 3.]])
    """
    inside = torch.arange(int(sizes.max()), device=sizes.device) < sizes.unsqueeze(1)  # (num_questions, most)
    table = scores.new_full(inside.shape, -torch.inf)
    return table.masked_scatter(inside, scores)


@dataclass(frozen=True)
class Questions:
    """Questions as rows of tokens.

    Args:
        rows: of all choices, question by question.
        sizes: choices of each question.
    """

    rows: Rows
    sizes: list[int]

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def starts(self) -> np.ndarray:
        """Where the rows of each question begin, and where the last ends, shape ``(num_questions + 1,)``."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)


def question_batches(
    questions: Questions, answers: np.ndarray, batch_size: int, seed: int, epoch: int
) -> Iterator[Batch]:
    """Yield the batches of one epoch: every question once, with all its choices, in an order of the epoch's own.

    Args:
        questions: what to learn from.
        answers: the place of the right choice of each, shape ``(num_questions,)``.
        batch_size: questions of a batch.
        seed: of the order.
        epoch: its number.
    """
    starts, lengths = questions.starts, questions.rows.lengths
    longest = [max(lengths[a:b]) for a, b in itertools.pairwise(starts)]
    for places in shuffled_batches(longest, batch_size, seed, epoch, least_pools=8):
        yield batch_of_questions(questions, places, answers)


def batch_of_questions(questions: Questions, places: Sequence[int], answers: np.ndarray) -> Batch:
    """Put questions side by side: ``ids``, ``types``, ``mask`` of shape ``(rows, longest)``, ``sizes`` and ``answers``."""
    starts = questions.starts
    rows = [row for place in places for row in range(starts[place], starts[place + 1])]
    return {
        **batch_of(questions.rows, rows),
        "sizes": torch.tensor([questions.sizes[place] for place in places]),
        "answers": torch.from_numpy(answers[list(places)]),
    }
