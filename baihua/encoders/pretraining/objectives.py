"""What a language model is trained to guess: hidden tokens, or the next one. Logits are made where they are needed."""

from typing import Any

import torch
from torch import Tensor, nn

from baihua.encoders.pretraining.last_layer import can_skip, states_at

OBJECTIVES = ("masked", "causal")


class LanguageModelLoss(nn.Module):
    """The mean loss of a language model's guesses; what is guessed is the subclass's affair.

    Args:
        model: a transformers language model.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the mean cross-entropy of a batch in nats."""
        logits, targets = self.guesses(batch)
        return nn.functional.cross_entropy(logits.float(), targets)

    def guesses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits ``(num_guesses, num_tokens)`` and the true ids ``(num_guesses,)``."""
        raise NotImplementedError


class MaskedLoss(LanguageModelLoss):
    """The loss of a masked language model, with logits at the hidden positions alone.

    Args:
        model: a transformers masked language model.
    """

    def guesses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Guess at a batch with ``read``, ``hidden`` and ``ids``, each ``(batch, length)``, where it is hidden."""
        device = next(self.parameters()).device
        read, hidden, ids = (batch[name].to(device) for name in ("read", "hidden", "ids"))
        inputs = {"input_ids": read} | _positions(batch, device)
        head = getattr(self.model, "cls", None) or getattr(self.model, "lm_head", None)
        base = self.model.base_model
        if head is None:
            return self.model(**inputs).logits[hidden], ids[hidden]
        if can_skip(base):
            return head(states_at(base, inputs, hidden)), ids[hidden]
        states = base(**inputs).last_hidden_state  # (batch, length, width)
        return head(states[hidden]), ids[hidden]  # states[hidden]: (num_hidden, width)


class CausalLoss(LanguageModelLoss):
    """The loss of a model that guesses each token from those before it.

    Args:
        model: a transformers causal language model.
    """

    def guesses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Guess every token of ``ids``, shape ``(batch, length)``, but the first."""
        device = next(self.parameters()).device
        ids = batch["ids"].to(device)
        logits = self.model(input_ids=ids, **_positions(batch, device)).logits[
            :, :-1
        ]  # (batch, length - 1, num_tokens)
        return logits.flatten(0, 1), ids[:, 1:].flatten()


def _positions(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Return the argument for rows that do not begin at the first position, ``(1, length)``, or none."""
    return {"position_ids": batch["positions"].to(device)} if "positions" in batch else {}


def loss_of(objective: str, model: Any) -> LanguageModelLoss:
    """Return the loss of a model for one of the objectives."""
    return MaskedLoss(model) if objective == "masked" else CausalLoss(model)
