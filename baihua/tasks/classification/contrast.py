"""Training an encoder on few labels by comparison: texts with the same label are to be alike, others not.

Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts" (SetFit, arXiv 2209.11055). Of n texts it compares pairs; they
are drawn one by one, so that there is never a list of all n².
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, normalize

from baihua.encoders.sentence_model import SentenceModel, batch_of
from baihua.encoders.tokens import Tokens
from baihua.encoders.transformer import TransformerEncoder
from baihua.nn.losses import cosent
from baihua.tasks.classification.checked import Text
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classification.sound_weights import check_finite
from baihua.tasks.classification.training import dropout_if_any
from baihua.tasks.contrastive.trained_part import trained_part
from baihua.training.fit import FitSettings, fit
from baihua.training.gathering import gather_rows
from baihua.training.processes import num_steps
from baihua.training.schedules import Schedule

PAIRS_PER_TEXT, FEWEST_PAIRS, MOST_PAIRS = 40, 1000, 20_000
TEMPERATURE = 0.05  # 1 / λ of CoSENT

Integers = npt.NDArray[np.int64]


def draw_pairs(answers: Integers, num_pairs: int, seed: int) -> tuple[Integers, Integers]:
    """Draw pairs of texts, of the same label and of different ones in turn.

    Each text is as often the first of its pair, but for one time. The only text of its label is its own partner, which dropout makes
    another.

    Args:
        answers: number of each text's label, shape ``(num_texts,)``; two different ones at least.
        num_pairs: how many pairs.
        seed: of the draw.

    Returns:
        Places of the texts, shape ``(num_pairs, 2)``, and 1 for each pair with the same label, else 0, shape ``(num_pairs,)``.

    Example:
        >>> places, same = draw_pairs(np.array([0, 0, 1, 1]), 4, seed=0)
        >>> same.tolist(), [int(answers) for answers in np.diff(np.array([0, 0, 1, 1])[places]).ravel() != 0]
        ([1, 0, 1, 0], [0, 1, 0, 1])
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(answers, kind="stable")  # label after label
    _, starts, kinds, counts = np.unique(answers[order], return_index=True, return_inverse=True, return_counts=True)
    start, count = starts[kinds], counts[kinds]  # of the label of each place in the order
    num = len(answers)
    halves = [np.concatenate([rng.permutation(num) for _ in range(-(-num_pairs // num))]) for _ in range(2)]
    own, other = halves[0][: (num_pairs + 1) // 2], halves[1][: num_pairs // 2]
    steps = 1 + (rng.random(len(own)) * np.maximum(count[own] - 1, 0)).astype(np.int64)
    partner = start[own] + (own - start[own] + steps) % count[own]
    drawn = (rng.random(len(other)) * (num - count[other])).astype(np.int64)
    stranger = np.where(drawn < start[other], drawn, drawn + count[other])
    places = np.empty((num_pairs, 2), dtype=np.int64)
    places[::2], places[1::2] = np.stack([own, partner], axis=1), np.stack([other, stranger], axis=1)
    return order[places], np.arange(1, num_pairs + 1) % 2


class SamenessLoss(nn.Module):
    """CoSENT of the cosines of texts, or of pairs of texts, with the same label and with different ones.

    Of a pair with halves u and v at length 1, |u − v| and u · v are compared: how the two go together, not what they are about.

    Args:
        model: texts to vectors.
        num_halves: 1 for single texts; 2 for pairs.
    """

    def __init__(self, model: SentenceModel, num_halves: int) -> None:
        super().__init__()
        self.model = model
        self.num_halves = num_halves

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the loss of a batch: the ids of all first halves and then all second, of all firsts and then all partners."""
        device = self.model.encoder.device
        vectors = self.model(batch["ids"].to(device), batch["mask"].to(device)).float()
        if self.num_halves == 2:
            left, right = normalize(vectors, dim=-1).chunk(2)  # (2 · num, width) each
            vectors = torch.cat([(left - right).abs(), left * right], dim=1)
        first, second = (gather_rows(rows) for rows in vectors.chunk(2))
        return cosent(cosine_similarity(first, second), gather_rows(batch["same"].to(device)), 1 / TEMPERATURE)


def train_contrast(
    encoder: TransformerEncoder,
    texts: Sequence[Text],
    answers: Integers,
    settings: ClassificationSettings,
    *,
    folder: str | Path | None = None,
    show_progress: bool | None = None,
) -> list[dict[str, float]]:
    """Train an encoder in place so that the cosines of its vectors follow labels.

    Args:
        encoder: the encoder.
        texts: all single, or all pairs.
        answers: number of each text's label.
        settings: the numbers.
        folder: for checkpoints; a training cut off there goes on exactly.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The log.

    Raises:
        InvalidValue: when the loss, or a weight in the end, is no longer finite.
    """
    num_halves = len(texts[0])
    model = SentenceModel(encoder)
    tokens = encoder.tokens([text[side] for side in range(num_halves) for text in texts], settings.max_length)
    places, same = draw_pairs(answers, num_pairs_of(len(texts), settings), settings.seed)
    steps = num_steps(math.ceil(len(same) / settings.batch_size))
    with dropout_if_any(encoder.model, settings.dropout), trained_part(model, None, batch_of(tokens, [0, 1])):
        log = fit(
            SamenessLoss(model, num_halves),
            lambda start: _batches(tokens, num_halves, places, same, settings.batch_size, start),
            FitSettings(
                Schedule(steps=steps),
                learning_rate=settings.rate(int(encoder.model.config.hidden_size)),
                precision=settings.precision,
                save_every=settings.save_every,
            ),
            folder=folder,
            count=lambda batch: len(batch["same"]),
            show_progress=show_progress,
        )
    encoder.model.eval()
    if encoder.head is not None:
        encoder.head.eval()
    check_finite(model)
    return log


def num_pairs_of(num_texts: int, settings: ClassificationSettings) -> int:
    """Return how many pairs are drawn of so many texts."""
    if settings.num_pairs is not None:
        return settings.num_pairs
    return min(max(PAIRS_PER_TEXT * num_texts, FEWEST_PAIRS), MOST_PAIRS)


def _batches(
    tokens: Tokens, num_halves: int, places: Integers, same: Integers, batch_size: int, start: int
) -> Iterator[dict[str, Tensor]]:
    num_texts = len(tokens.lengths) // num_halves
    for first in range(start * batch_size, len(same), batch_size):
        rows = slice(first, first + batch_size)
        items = places[rows].T.ravel()  # all firsts, then all partners
        halves = [int(place) + side * num_texts for side in range(num_halves) for place in items]
        yield batch_of(tokens, halves) | {"same": torch.from_numpy(same[rows])}
