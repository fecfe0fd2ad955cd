"""What a language model is trained to guess: hidden tokens, or the next one. Logits are made where they are needed."""

from typing import Any

from torch import Tensor, nn

from baihua.encoders.pretraining.last_layer import can_skip, states_at

OBJECTIVES = ("masked", "causal")


class MaskedLoss(nn.Module):
    """The loss of a masked language model, with logits at the hidden positions alone.

    Args:
        model: a transformers masked language model.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch with ``read``, ``hidden`` and ``ids``, each ``(batch, length)``."""
        logits, targets = self.guesses(batch)
        return nn.functional.cross_entropy(logits.float(), targets)

    def guesses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits ``(num_hidden, num_tokens)`` and the true ids ``(num_hidden,)``."""
        device = next(self.parameters()).device
        read, hidden, ids = (batch[name].to(device) for name in ("read", "hidden", "ids"))
        head = getattr(self.model, "cls", None) or getattr(self.model, "lm_head", None)
        base = self.model.base_model
        if head is None:
            return self.model(input_ids=read).logits[hidden], ids[hidden]
        if can_skip(base):
            return head(states_at(base, read, hidden)), ids[hidden]
        states = base(input_ids=read).last_hidden_state  # (batch, length, width)
        return head(states[hidden]), ids[hidden]  # states[hidden]: (num_hidden, width)


class CausalLoss(nn.Module):
    """The loss of a model that guesses each token from those before it.

    Args:
        model: a transformers causal language model.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch with ``ids``, shape ``(batch, length)``."""
        logits, targets = self.guesses(batch)
        return nn.functional.cross_entropy(logits.float(), targets)

    def guesses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits ``(batch * (length - 1), num_tokens)`` and the ids that follow ``(batch * (length - 1),)``."""
        ids = batch["ids"].to(next(self.parameters()).device)
        logits = self.model(input_ids=ids).logits[:, :-1]  # (batch, length - 1, num_tokens)
        return logits.flatten(0, 1), ids[:, 1:].flatten()


LanguageModelLoss = MaskedLoss | CausalLoss


def loss_of(objective: str, model: Any) -> LanguageModelLoss:
    """Return the loss of a model for one of the objectives."""
    return MaskedLoss(model) if objective == "masked" else CausalLoss(model)
