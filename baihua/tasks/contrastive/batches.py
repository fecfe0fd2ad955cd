"""The batches of a contrastive training: which texts, in which order."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from torch import Tensor

from baihua.checks import InvalidValue, check_texts
from baihua.encoders.sentence_model import batch_of
from baihua.encoders.tokens import Tokens
from baihua.tasks.contrastive.guard import CollapseGuard
from baihua.tasks.contrastive.settings import ContrastiveSettings

FEWEST_TEXTS = 10
Batch = TypeVar("Batch")


def sample_texts(texts: Sequence[str], settings: ContrastiveSettings) -> list[str]:
    """Return a random sample of the distinct texts that are not blank.

    Raises:
        InvalidValue: when there are fewer than 10.
    """
    distinct = list(dict.fromkeys(text for text in check_texts(texts) if text.strip()))
    if len(distinct) < FEWEST_TEXTS:
        raise InvalidValue(
            zh=f"对比学习至少要 {FEWEST_TEXTS} 条不同的文本，收到的只有 {len(distinct)} 条。",
            en=f"Contrastive training needs at least {FEWEST_TEXTS} different texts, but received {len(distinct)}.",
        )
    order = np.random.default_rng(settings.seed).permutation(len(distinct))
    return [distinct[place] for place in order[: settings.num_sentences]]


def shuffled_rows(num: int, settings: ContrastiveSettings, start: int = 0) -> Iterator[list[int]]:
    """Yield the rows of each batch from number ``start`` on, every row once an epoch, in another order each epoch.

    The last batch of an epoch may be smaller; one of a single row, which has no negatives, joins the batch before it.
    """
    bounds = [*range(0, num, settings.batch_size), num]
    if len(bounds) > 2 and bounds[-1] - bounds[-2] == 1:
        del bounds[-2]
    a_round = len(bounds) - 1
    for number in range(start, settings.epochs * a_round):
        epoch, place = divmod(number, a_round)
        order = np.random.default_rng((settings.seed, epoch)).permutation(num)
        yield order[bounds[place] : bounds[place + 1]].tolist()


def num_batches(num: int, settings: ContrastiveSettings) -> int:
    """Return how many batches `shuffled_rows` yields."""
    full, left = divmod(num, settings.batch_size)
    return settings.epochs * max(full + (left > 1), 1)


def text_batches(tokens: Tokens, settings: ContrastiveSettings, start: int) -> Iterator[dict[str, Tensor]]:
    """Yield ids and mask of each batch from number ``start`` on, shapes ``(num, length)``."""
    for rows in shuffled_rows(len(tokens.lengths), settings, start):
        yield batch_of(tokens, rows)


def watched(batches: Iterator[Batch], guard: CollapseGuard | None, every: int, start: int) -> Iterator[Batch]:
    """Pass batches on until the guard, which looks before every so many of them, says that it is enough."""
    for step, batch in enumerate(batches, start=start):
        if guard is not None and step % every == 0 and not guard.look(step):
            return
        yield batch
