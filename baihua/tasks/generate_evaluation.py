"""How well a variational autoencoder fits some rows."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.nn.vae import VariationalLoss
from baihua.tasks.seeded import seeded

ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Evaluation:
    """How well a variational autoencoder fits some texts or images; means over them, in nats.

    Args:
        negative_elbo: reconstruction + divergence, at least −log p on average.
        reconstruction: cross-entropy of the text or image given a code drawn from its posterior.
        divergence: of the posterior from the prior.
        num_items: texts or images.
        num_tokens: of all texts, their ends included; None for images.
        log_likelihood: of one item, by importance sampling; None unless asked for.
    """

    negative_elbo: float
    reconstruction: float
    divergence: float
    num_items: int
    num_tokens: int | None = None
    log_likelihood: float | None = None

    @property
    def perplexity(self) -> float | None:
        """exp(negative_elbo per token), divergence and ends of texts included; None for images."""
        return None if self.num_tokens is None else math.exp(self.negative_elbo * self.num_items / self.num_tokens)


def evaluate_rows(
    loss: VariationalLoss, rows: Tensor, num_tokens: int | None, *, num_samples: int, seed: int
) -> Evaluation:
    """Measure a loss, in evaluation mode, on rows.

    Args:
        loss: the model.
        rows: as it was trained on, shape ``(num, ...)``.
        num_tokens: in them; None for images.
        num_samples: draws of each row for the log-likelihood; 0 to leave it out.
        seed: of the codes drawn.

    Raises:
        InvalidValue: for no row, or fewer than 0 draws.
    """
    if num_samples < 0:
        raise InvalidValue(
            zh=f"num_samples 应不小于 0，收到 {num_samples}。",
            en=f"num_samples must be 0 or more, but received {num_samples}.",
        )
    if not len(rows):
        raise InvalidValue(zh="没有可评测的内容，收到 0 条。", en="There is nothing to evaluate: received 0 items.")
    sums = np.zeros(3)
    with torch.no_grad(), seeded(seed):
        for part in rows.split(ROWS_AT_ONCE):
            terms = [float(term.double().sum()) for term in loss.terms(part)]
            likelihood = float(loss.log_likelihood(part, num_samples).double().sum()) if num_samples else 0.0
            sums += [*terms, likelihood]
    reconstruction, divergence, likelihood = (sums / len(rows)).tolist()
    log_likelihood = likelihood if num_samples else None
    negative_elbo = reconstruction + divergence
    return Evaluation(negative_elbo, reconstruction, divergence, len(rows), num_tokens, log_likelihood)
