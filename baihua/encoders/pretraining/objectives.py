"""What a language model is trained to guess: hidden tokens, or the next one. Logits are made where they are needed."""

from typing import Any

import torch
from torch import Tensor, nn

from baihua.encoders.pretraining.last_layer import can_skip, states_at

OBJECTIVES = ("masked", "replaced", "causal")
TELLING_WEIGHT = 10.0  # of the loss of telling replaced tokens, which is a tenth of that of guessing hidden ones


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
        hidden = batch["hidden"]  # stays on the CPU, see `states_at`
        targets = batch["ids"][hidden].to(device)
        inputs = {"input_ids": batch["read"].to(device, non_blocking=True)} | _positions(batch, device)
        head = getattr(self.model, "cls", None) or getattr(self.model, "lm_head", None)
        base = self.model.base_model
        if head is None:
            return self.model(**inputs).logits[hidden], targets
        if can_skip(base):
            return head(states_at(base, inputs, hidden)), targets
        states = base(**inputs).last_hidden_state  # (batch, length, width)
        return head(states[hidden]), targets  # states[hidden]: (num_hidden, width)


class ReplacedLoss(MaskedLoss):
    """The loss of a masked language model that is shown the text with its own guesses and tells which are not the author's.

    Replaced-token detection (ELECTRA, Clark et al. 2020, arXiv 2003.10555) with one network for both tasks; every token
    teaches something, for two passes through the network instead of one.

    Args:
        model: a transformers masked language model.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.told = nn.Linear(model.config.hidden_size, 1, device=next(model.parameters()).device)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the cross-entropy of the guesses and, ten times, that of telling which were wrong, in nats."""
        logits, targets = self.guesses(batch)
        logits = logits.float()
        noise = (
            -torch.empty_like(logits).exponential_().log()
        )  # the largest of logit + Gumbel noise is drawn by softmax
        drawn = (logits.detach() + noise).argmax(dim=-1)  # (num_hidden,)
        ids, hidden = batch["ids"].to(drawn.device), batch["hidden"].to(drawn.device)
        shown = ids.masked_scatter(hidden, drawn)  # (batch, length)
        states = self.model.base_model(input_ids=shown, **_positions(batch, drawn.device)).last_hidden_state
        replaced = (shown != ids).float()
        telling = nn.functional.binary_cross_entropy_with_logits(self.told(states).squeeze(-1).float(), replaced)
        return nn.functional.cross_entropy(logits, targets) + TELLING_WEIGHT * telling


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
    losses: dict[str, type[LanguageModelLoss]] = {"masked": MaskedLoss, "replaced": ReplacedLoss, "causal": CausalLoss}
    return losses[objective](model)
