"""The scores of a language model at a few places: its head is not run where nobody asks."""

from typing import Any

from torch import Tensor


def logits_at(model: Any, row: Tensor, place: Tensor, **inputs: Tensor) -> Tensor:
    """Run a language model and return its scores of the vocabulary at some places.

    The head costs a product with the whole vocabulary per place, for a small encoder more than all its layers. So while the
    model's own forward runs, it is handed the states at these places alone, whatever its head is called and made of.

    Args:
        model: a transformers model for masked or causal language modelling.
        row: of each place, shape ``(num_places,)``.
        place: in its row, same shape.
        inputs: what the model takes, such as ``inputs_embeds`` and ``attention_mask``.

    Returns:
        Shape ``(num_places, vocabulary)``, with gradients where they are wanted.

    Example:
        >>> import torch
        >>> from baihua.encoders.language_models import open_masked_model
        >>> from baihua.encoders.load import BUNDLED
        >>> model, _ = open_masked_model(BUNDLED, device="cpu")
        >>> ids = torch.tensor([[2, 4, 9, 3]])
        >>> some = logits_at(model, torch.tensor([0]), torch.tensor([1]), input_ids=ids)
        >>> torch.allclose(some, model(input_ids=ids).logits[0, 1:2], atol=1e-5)
        True
    """

    def keep(module: object, args: object, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state[row, place].unsqueeze(0)  # (1, num_places, width)
        return output

    handle = model.base_model.register_forward_hook(keep)
    try:
        scores: Tensor = model(**inputs).logits[0]
    finally:
        handle.remove()
    return scores
