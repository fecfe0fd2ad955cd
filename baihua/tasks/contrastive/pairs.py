"""Training on pairs: by CoSENT where people have said how alike they are, by InfoNCE where they only belong together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from baihua.checks import InvalidValue, check_same_length, check_texts
from baihua.encoders.dropout import dropout
from baihua.encoders.sentence_model import SentenceModel, batch_of
from baihua.encoders.tokens import Tokens
from baihua.encoders.transformer import TransformerEncoder
from baihua.nn.losses import cosent, info_nce
from baihua.tasks.contrastive.batches import num_batches, shuffled_rows, watched
from baihua.tasks.contrastive.guard import WATCHED_TEXTS, CollapseGuard, Watched
from baihua.tasks.contrastive.report import ContrastiveReport, finish, fit_settings
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.trained_part import trained_part
from baihua.training.fit import fit
from baihua.training.gathering import gather_rows

FEWEST_PAIRS = 20
HELD_ASIDE = 0.1  # of the pairs, to watch the training on
# CoSENT's own: kexue.fm/archives/8847. Dropout is the usual 0.1, since it is not what tells the two views apart here.
PAIR_SETTINGS = ContrastiveSettings(num_sentences=None, epochs=5, batch_size=32, guard_every=100)
DROPOUT = 0.1


@dataclass(frozen=True)
class TextPairs:
    """Texts and their partners.

    Args:
        first: texts.
        second: the partner of each.
        labels: the higher, the more alike, shape ``(num,)``; None where every pair belongs together.
    """

    first: list[str]
    second: list[str]
    labels: np.ndarray | None

    @classmethod
    def of(cls, first: Sequence[str], second: Sequence[str], labels: Sequence[float] | None) -> "TextPairs":
        """Check what a user gave.

        Raises:
            InvalidValue: when the lengths differ, there are fewer than 20 pairs, or all labels are equal.
        """
        left, right = check_texts(first, "first"), check_texts(second, "second")
        check_same_length(left, right, ("first", "second"))
        if len(left) < FEWEST_PAIRS:
            raise InvalidValue(
                zh=f"至少要 {FEWEST_PAIRS} 对文本，收到 {len(left)} 对。",
                en=f"At least {FEWEST_PAIRS} pairs are needed, but received {len(left)}.",
            )
        if labels is None:
            return cls(left, right, None)
        check_same_length(left, labels, ("first", "labels"))
        numbers = np.asarray(labels, dtype=np.float64)
        if not np.isfinite(numbers).all() or np.ptp(numbers) == 0:
            raise InvalidValue(
                zh="labels 应是有高有低的数（越大越像）；若每一对都同义，就不要给 labels。",
                en="labels must be numbers of which some are higher (more alike) than others; where every pair belongs together, "
                "leave labels out.",
            )
        return cls(left, right, numbers)

    def rows(self, places: np.ndarray) -> "TextPairs":
        """Return some of the pairs."""
        labels = None if self.labels is None else self.labels[places]
        return TextPairs([self.first[place] for place in places], [self.second[place] for place in places], labels)


class PairLoss(nn.Module):
    """CoSENT of the cosines of labelled pairs, or InfoNCE of pairs that belong together.

    Args:
        model: texts to vectors.
        temperature: τ of InfoNCE and 1 / λ of CoSENT.
    """

    def __init__(self, model: SentenceModel, temperature: float) -> None:
        super().__init__()
        self.model = model
        self.temperature = temperature

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the loss of a batch whose ids, of shape ``(2 num, length)``, hold all first texts and then all second."""
        device = self.model.encoder.device
        first, second = self.model(batch["ids"].to(device), batch["mask"].to(device)).chunk(2)
        first, second = gather_rows(first), gather_rows(second)
        if "labels" in batch:
            labels = gather_rows(batch["labels"].to(device))
            return cosent(cosine_similarity(first.float(), second.float()), labels, 1 / self.temperature)
        return info_nce(first, second, self.temperature, groups=gather_rows(batch["groups"].to(device)))


def train_pairs(
    encoder: TransformerEncoder,
    pairs: TextPairs,
    settings: ContrastiveSettings,
    *,
    temperature: float = 0.05,
    show_progress: bool | None = None,
) -> ContrastiveReport:
    """Train an encoder in place on pairs; a tenth of them is held aside to watch it on, and the best weights are kept.

    Args:
        encoder: the encoder.
        pairs: the pairs.
        settings: see `ContrastiveSettings`.
        temperature: τ of InfoNCE and 1 / λ of CoSENT.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        What was done.

    Raises:
        InvalidValue: when the loss is no longer finite.

    Source:
        https://kexue.fm/archives/8847 (CoSENT).
    """
    order = np.random.default_rng(settings.seed).permutation(len(pairs.first))
    num_aside = min(int(HELD_ASIDE * len(order)), WATCHED_TEXTS) if settings.guard_every else 0
    aside, kept = pairs.rows(order[:num_aside]), pairs.rows(order[num_aside:][: settings.num_sentences])
    model = SentenceModel(encoder, settings.chunk)
    guard = CollapseGuard(encoder, Watched(aside.first, aside.second, aside.labels), model) if num_aside else None
    tokens = encoder.tokens(kept.first + kept.second, settings.max_length)
    steps = num_batches(len(kept.first), settings)
    torch.manual_seed(settings.seed)
    with dropout(encoder.model, DROPOUT, DROPOUT), trained_part(model, None, batch_of(tokens, [0, 1])):
        log = fit(
            PairLoss(model, temperature),
            lambda start: watched(pair_batches(tokens, kept, settings, start), guard, settings.guard_every, start),
            fit_settings(encoder, settings, steps),
            count=lambda batch: len(batch["ids"]),
            show_progress=show_progress,
        )
    return finish(encoder, guard, len(kept.first), steps, log)


def pair_batches(
    tokens: Tokens, pairs: TextPairs, settings: ContrastiveSettings, start: int
) -> Iterator[dict[str, Tensor]]:
    """Yield batches from number ``start`` on: all first texts and then all second, with labels or groups.

    Two pairs with a text in common are one group: what answers one may answer the other.
    """
    num = len(pairs.first)
    groups = torch.from_numpy(_groups(pairs))
    for rows in shuffled_rows(num, replace(settings, num_sentences=None), start):
        batch = batch_of(tokens, [*rows, *(num + row for row in rows)])
        if pairs.labels is None:
            yield batch | {"groups": groups[rows]}
        else:
            yield batch | {"labels": torch.from_numpy(pairs.labels[rows]).float()}


def _groups(pairs: TextPairs) -> np.ndarray:
    """Number the pairs so that those linked by equal texts have one number."""
    from_text: dict[str, int] = {}
    nodes = [[from_text.setdefault(text, len(from_text)) for text in side] for side in (pairs.first, pairs.second)]
    links = coo_array((np.ones(len(nodes[0])), (nodes[0], nodes[1])), shape=(len(from_text), len(from_text)))
    return connected_components(links, directed=False)[1][nodes[0]]
