"""Weights are left sound: put back when a training fails or is cut off, refused when they are no longer finite."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from baihua.checks import InvalidValue
from baihua.encoders.protocol import Encoder
from baihua.encoders.transformer import TransformerEncoder


@contextmanager
def restored_on_failure(encoder: Encoder) -> Iterator[None]:
    """Put the weights of an encoder back when the block ends in an exception of any kind.

    Args:
        encoder: one that is no transformer, and has nothing to be trained, is left alone.
    """
    modules: list[nn.Module] = []
    if isinstance(encoder, TransformerEncoder):
        modules = [module for module in (encoder.model, encoder.head) if module is not None]
    before = [{name: tensor.detach().cpu().clone() for name, tensor in one.state_dict().items()} for one in modules]
    try:
        yield
    except BaseException:
        for module, weights in zip(modules, before, strict=True):
            with torch.no_grad():
                module.load_state_dict(weights)
            module.eval()
        raise


def check_finite(trained: nn.Module) -> None:
    """Refuse weights that a training has made infinite or NaN; its loss is looked at only now and then.

    Raises:
        InvalidValue: saying what to do.
    """
    if not all(bool(torch.isfinite(parameter).all()) for parameter in trained.parameters()):
        raise InvalidValue(
            zh="训练发散了，权重里有无穷或 NaN；请降低 learning_rate 重新训练。",
            en="Training has diverged: some weights are infinite or NaN. Train again with a lower learning_rate.",
        )
