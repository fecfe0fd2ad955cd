"""The two rates of dropout of a transformer, set for a while: of hidden states, and of attention probabilities."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from baihua.checks import InvalidValue

# Where transformers' models drop attention probabilities; every other dropout is of hidden states.
OF_ATTENTION = re.compile(r"(\.self\.|\.attention\.)dropout$|attention_dropout$")


@contextmanager
def dropout(model: nn.Module, hidden: float, attention: float) -> Iterator[None]:
    """Set a model's rates of dropout inside a block, and put back what they were.

    Args:
        model: a transformers model.
        hidden: of embeddings and of what each part of a block puts out; the dropout of the article.
        attention: of attention probabilities.

    Raises:
        InvalidValue: when a rate is not from 0 to below 1, or the model has no dropout to set.
    """
    for name, rate in (("hidden_dropout", hidden), ("attention_dropout", attention)):
        if not 0 <= rate < 1:
            raise InvalidValue(
                zh=f"{name} 应在 0（含）与 1（不含）之间，收到 {rate}。",
                en=f"{name} must lie from 0 to below 1, but received {rate}.",
            )
    layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.Dropout)}
    if not layers:
        raise InvalidValue(
            zh=f"{type(model).__name__} 里没有 dropout，两遍编码会完全一样，无从对比学习；请换一个 BERT 一类的编码器。",
            en=f"{type(model).__name__} has no dropout, so two passes would be equal and teach nothing. "
            "Use an encoder of BERT's kind.",
        )
    usual = {name: module.p for name, module in layers.items()}
    try:
        for name, module in layers.items():
            module.p = attention if OF_ATTENTION.search(name) else hidden
        yield
    finally:
        for name, module in layers.items():
            module.p = usual[name]
