"""SimCSE: a text and the same text under another dropout belong together, all others of the batch do not."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from baihua.encoders.dropout import dropout
from baihua.encoders.sentence_model import SentenceModel, batch_of
from baihua.encoders.transformer import TransformerEncoder
from baihua.nn.losses import info_nce
from baihua.tasks.contrastive.batches import num_batches, sample_texts, text_batches, watched
from baihua.tasks.contrastive.guard import CollapseGuard, halves_of
from baihua.tasks.contrastive.report import ContrastiveReport, finish, fit_settings
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.trained_part import add_projection, check_dropout, trained_part
from baihua.training.fit import fit
from baihua.training.gathering import gather_rows


class SimCSELoss(nn.Module):
    """InfoNCE of a batch of texts, each encoded twice with its own dropout.

    Args:
        model: texts to vectors.
        temperature: τ.
        symmetric: which form of `info_nce`.
    """

    def __init__(self, model: SentenceModel, temperature: float, *, symmetric: bool = True) -> None:
        super().__init__()
        self.model = model
        self.temperature = temperature
        self.symmetric = symmetric

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the loss of a batch with ``ids`` and ``mask``, each of shape ``(num, length)``."""
        device = self.model.encoder.device
        ids, mask = (batch[name].to(device).repeat(2, 1) for name in ("ids", "mask"))  # (2 num, length)
        first, second = self.model(ids, mask).chunk(2)  # dropout is drawn for every row by itself
        return info_nce(gather_rows(first), gather_rows(second), self.temperature, symmetric=self.symmetric)


def train_simcse(
    encoder: TransformerEncoder,
    texts: Sequence[str],
    settings: ContrastiveSettings,
    *,
    temperature: float = 0.05,
    hidden_dropout: float = 0.3,
    attention_dropout: float = 0.1,
    show_progress: bool | None = None,
) -> ContrastiveReport:
    """Train an encoder in place, without labels.

    Args:
        encoder: the encoder.
        texts: sentences; repeated ones count once.
        settings: see `ContrastiveSettings`.
        temperature: τ of the loss.
        hidden_dropout: of hidden states.
        attention_dropout: of attention probabilities.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        What was done.

    Raises:
        InvalidValue: for fewer than 10 distinct texts, or when dropout changes nothing.

    Source:
        https://kexue.fm/archives/8348.
    """
    pool = sample_texts(texts, settings)
    tokens = encoder.tokens(pool, settings.max_length)
    projection = add_projection(encoder) if settings.train == "projection" else None
    model = SentenceModel(encoder, settings.chunk)
    guard = CollapseGuard(encoder, halves_of(pool, settings.seed), model) if settings.guard_every else None
    example, steps = batch_of(tokens, [0, 1]), num_batches(len(pool), settings)
    torch.manual_seed(settings.seed)
    with dropout(encoder.model, hidden_dropout, attention_dropout), trained_part(model, projection, example):
        if hidden_dropout or attention_dropout:
            check_dropout(model, batch_of(tokens, [0]))
        log = fit(
            SimCSELoss(model, temperature, symmetric=settings.symmetric),
            lambda start: watched(text_batches(tokens, settings, start), guard, settings.guard_every, start),
            fit_settings(encoder, settings, steps),
            count=lambda batch: len(batch["ids"]),
            show_progress=show_progress,
        )
    return finish(encoder, guard, len(pool), steps, log)
