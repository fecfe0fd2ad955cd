"""The last layer of an encoder, run only where something is read.

Nothing else looks at what it says elsewhere, and after its attention each place is a matter of its own: three quarters of
the layer, the products with its widest matrices, are wanted at a few places. `baihua.encoders.logits_at` does the same for
the head. Pre-training, whose rows have no padding, leaves out queries too: `baihua.encoders.pretraining.last_layer`. Here the
model's own forward runs, with its masks and with what hooks put into its layers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

# Whose layers are BERT's: the attention's output is given the attended states and those before it, and all else follows.
LIKE_BERT = ("bert", "roberta", "xlm-roberta", "camembert", "electra", "ernie")


@contextmanager
def last_layer_at(model: Any, row: Tensor, place: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Let a model's last layer give states at some places alone while the block runs.

    Args:
        model: a transformers model; one whose layers are not like BERT's is left as it is.
        row: of each place, shape ``(num_places,)``.
        place: in its row, same shape.

    Yields:
        Row and place of the same states in what the last layer then gives: one row of all places, where it could be done.
    """
    config = model.config
    if config.model_type not in LIKE_BERT or getattr(config, "chunk_size_feed_forward", False):
        yield row, place
        return

    def at_places(states: Any) -> Any:
        return states[row, place].unsqueeze(0)  # (1, num_places, width)

    def take(layer: object, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return tuple(map(at_places, args)), {name: at_places(states) for name, states in named.items()}

    output = model.base_model.encoder.layer[-1].attention.output
    handle = output.register_forward_pre_hook(take, with_kwargs=True)
    try:
        yield torch.zeros_like(row), torch.arange(len(row), device=row.device)
    finally:
        handle.remove()
