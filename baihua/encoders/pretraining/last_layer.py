"""The states of a BERT at some positions alone, without computing the others where nobody asks for them.

In the last layer a position's query, feed-forward and norms serve that position only; keys and values serve all. A masked
language model asks for 15 % of the positions, so that of the last layer's products a sixth (keys and values) is needed
everywhere and the rest at those alone: the same numbers for about seven tenths of a layer less.
"""

from typing import Any

import torch
from torch import Tensor, nn

KNOWN = ("BertModel", "RobertaModel")  # whose layers have the parts named below


def can_skip(base: Any) -> bool:
    """Tell whether a transformers model without head is one whose last layer is known, seeing both sides."""
    return type(base).__name__ in KNOWN and not base.config.is_decoder


def states_at(base: Any, inputs: dict[str, Tensor], places: Tensor) -> Tensor:
    """Return the last layer's states at some positions of rows without padding.

    Args:
        base: a model for which `can_skip` holds.
        inputs: what its embeddings read: ``input_ids`` of shape ``(batch, length)``, ``position_ids`` where wished.
        places: where, True or False, shape ``(batch, length)``; on the CPU even if the model is not, since a GPU would
            have to be waited for to learn how many there are.

    Returns:
        Shape ``(num_places, width)``, row after row, as ``last_hidden_state[places]`` gives them.
    """
    states = base.embeddings(**inputs)  # (batch, length, width)
    *lower, last = base.encoder.layer
    for layer in lower:
        states = layer(states)
    rows, columns = places.nonzero(as_tuple=True)
    counts = places.sum(dim=1)  # (batch,)
    slots = (
        torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
    )  # a place's number in its row
    order = columns.new_zeros(len(places), int(counts.max()))  # (batch, most); what a row lacks asks its first position
    order[rows, slots] = columns
    rows, slots, order = (indices.to(states.device) for indices in (rows, slots, order))
    asked = states.gather(1, order.unsqueeze(-1).expand(-1, -1, states.shape[-1]))  # (batch, most, width)
    return _last_states(last, states, asked)[rows, slots]


def _last_states(layer: Any, states: Tensor, asked: Tensor) -> Tensor:
    """Run the last layer for the positions asked, which look at all; shape ``(batch, most, width)``."""
    attention = layer.attention.self

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (attention.num_attention_heads, -1)).transpose(
            1, 2
        )  # (batch, heads, length, head_width)

    context = nn.functional.scaled_dot_product_attention(
        heads(attention.query(asked)),
        heads(attention.key(states)),
        heads(attention.value(states)),
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )
    joined = context.transpose(1, 2).flatten(2)  # (batch, most, width)
    result: Tensor = layer.feed_forward_chunk(layer.attention.output(joined, asked))
    return result
