"""What of an encoder is trained: all that its vectors depend on, or one new linear layer after it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.encoders.protocol import Encoder
from baihua.encoders.sentence_model import SentenceModel
from baihua.encoders.transformer import TransformerEncoder


def trainable(encoder: Encoder) -> TransformerEncoder:
    """Return the encoder, if it has layers to train.

    Raises:
        InvalidValue: when it is no transformer.
    """
    if not isinstance(encoder, TransformerEncoder):
        raise InvalidValue(
            zh=f"编码器 {encoder.name} 不是 transformer，没有可训练的层；请用 'bundled' 或一个 BERT 类模型的文件夹。",
            en=f"The encoder {encoder.name} is no transformer and has no layers to train. Use 'bundled' or the folder of a model "
            "of BERT's kind.",
        )
    return encoder


def add_projection(encoder: TransformerEncoder) -> nn.Module:
    """Put a linear layer, the identity to begin with, after everything the encoder has, and return it."""
    width = encoder.width
    linear = nn.Linear(width, width)
    with torch.no_grad():
        nn.init.eye_(linear.weight)
        nn.init.zeros_(linear.bias)
    before = encoder.head.children() if encoder.head is not None else ()
    encoder.head = nn.Sequential(*before, nn.Sequential(linear, nn.Identity())).to(encoder.device)
    return linear


@contextmanager
def trained_part(model: SentenceModel, only: nn.Module | None, example: dict[str, Tensor]) -> Iterator[None]:
    """Let the gradient reach what is trained inside a block, and nothing else.

    Args:
        model: the encoder.
        only: the part that is trained; None for all that the vectors depend on. A pooler that is not used, say, would
            stop a training on several processes, each of which waits for its gradient.
        example: a batch to find out with.
    """
    usual = {parameter: parameter.requires_grad for parameter in model.parameters()}
    wanted = set((only or model).parameters())
    try:
        for parameter in usual:
            parameter.requires_grad_(parameter in wanted)
        device = model.encoder.device
        model(example["ids"].to(device), example["mask"].to(device)).sum().backward()
        for parameter in wanted:
            parameter.requires_grad_(parameter.grad is not None)
            parameter.grad = None
        yield
    finally:
        for parameter, flag in usual.items():
            parameter.requires_grad_(flag)
            parameter.grad = None


@torch.no_grad()
def check_dropout(model: SentenceModel, example: dict[str, Tensor]) -> None:
    """Refuse a model in which dropout changes nothing, although it was asked for.

    Raises:
        InvalidValue: when two passes over the same text give the same vector.
    """
    device, training = model.encoder.device, model.training
    ids, mask = (example[name].to(device).repeat(8, 1) for name in ("ids", "mask"))
    views = model.train()(ids, mask)
    model.train(training)
    if bool((views == views[:1]).all()):
        raise InvalidValue(
            zh="打开 dropout 之后，同一条文本的几遍编码仍完全一样，这个编码器学不了 SimCSE。",
            en="With dropout on, several passes over one text still give the same vector, so SimCSE cannot train this encoder.",
        )
