"""A transformer with one dense layer on its pooled states, as one torch module, and what it says of texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from baihua.checks import InvalidValue
from baihua.encoders.batching import length_batches
from baihua.encoders.pooling import pool
from baihua.encoders.transformer import BATCH_TOKENS
from baihua.tasks.classification.rows import Batch, Rows, batch_of


class ClassificationModel(nn.Module):
    """States of tokens from a transformer, pooled, and from these the logits of labels.

    Args:
        encoder: a transformers model.
        pooling: ``"cls"``, ``"mean"`` or ``"max"``.
        num_labels: how many labels.
        dropout: of the pooled states.
    """

    def __init__(self, encoder: nn.Module, pooling: str, num_labels: int, dropout: float) -> None:
        super().__init__()
        config: Any = encoder.config
        self.encoder = encoder
        self.pooling = pooling
        self.has_types = int(getattr(config, "type_vocab_size", None) or 0) > 1
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(int(config.hidden_size), num_labels)

    def forward(self, batch: Batch) -> Tensor:
        """Return the loss of a batch, as `baihua.tasks.classification.rows.batch_of` makes it."""
        return cross_entropy(self.logits(batch), batch["answers"].to(self.head.weight.device))

    def logits(self, batch: Batch) -> Tensor:
        """Return the logits in float32, shape ``(batch, num_labels)``."""
        device = self.head.weight.device
        ids, mask = batch["ids"].to(device), batch["mask"].to(device)
        types = {"token_type_ids": batch["types"].to(device)} if self.has_types else {}
        output: Any = self.encoder(input_ids=ids, attention_mask=mask, **types)
        pooled = pool(self.pooling, [output.last_hidden_state.float()], mask)  # (batch, width)
        return self.head(self.dropout(pooled)).float()


@torch.no_grad()
def logits_of(
    model: ClassificationModel,
    rows: Rows,
    *,
    precision: str = "float32",
    advance: Callable[[int], None] = lambda _: None,
) -> np.ndarray:
    """Return the logits of texts.

    Args:
        model: as it is; dropout is off for the while.
        rows: the tokens of the texts.
        precision: ``"float32"`` or ``"bfloat16"``.
        advance: called with the number of texts done.

    Returns:
        float64 of shape ``(num_texts, num_labels)``.

    Raises:
        InvalidValue: when one is not finite.
    """
    device, training = model.head.weight.device, model.training
    found = np.empty((len(rows), model.head.out_features))
    budget = BATCH_TOKENS.get(device.type, BATCH_TOKENS["cpu"])
    model.eval()
    try:
        for places in length_batches(rows.lengths, budget):
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                found[places] = model.logits(batch_of(rows, places)).cpu().numpy()
            advance(len(places))
    finally:
        model.train(training)
    if not np.isfinite(found).all():
        raise InvalidValue(
            zh="分类器的输出里有无穷或 NaN；请降低 learning_rate 重新训练，并检查编码器的权重。",
            en="Outputs of the classifier are infinite or NaN. Train again with a lower learning_rate, and check the encoder's "
            "weights.",
        )
    return found
