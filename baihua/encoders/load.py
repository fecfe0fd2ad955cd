"""One function that finds an encoder by name: bundled, static, a folder, or a name on the Hugging Face hub."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from baihua.checks import InvalidValue
from baihua.encoders.checkpoint import Checkpoint, open_checkpoint
from baihua.encoders.hub import find_model_folder
from baihua.encoders.modules_folder import ModulesFolder, read_modules_folder
from baihua.encoders.protocol import Encoder
from baihua.encoders.static import StaticEncoder, load_static
from baihua.encoders.transformer import TransformerEncoder

BUNDLED = Path(__file__).parent / "bundled"


def load_encoder(
    name: str = "bundled",
    *,
    pooling: str = "auto",
    max_length: int | None = None,
    device: str | None = None,
    dtype: str = "float32",
) -> Encoder:
    """Load an encoder; each call returns a module of its own.

    Args:
        name: ``"bundled"`` (the small Chinese model in this package), ``"static"`` (averaged vectors of
            characters, no network), a folder in the layout of Hugging Face, ModelScope or
            sentence-transformers, or a name on the Hugging Face hub. A folder is read without any network call.
        pooling: a name of `baihua.encoders.pooling.POOLINGS`, or ``"auto"``: a sentence-transformers folder's
            own, ``last`` for a decoder, ``embedding_last_mean`` for the bundled encoder (the best of its poolings, raw
            and whitened, on the mean of the five similarity sets, results/sts), else ``first_last_mean`` (the best of
            the article's four for BERT).
        max_length: tokens kept of a text, special ones included; None for the model's own limit.
        device: such as ``"cpu"`` or ``"cuda:0"``; None for the GPU when there is one.
        dtype: ``"float32"`` or ``"bfloat16"`` (through `torch.autocast`).

    Returns:
        An encoder: see `baihua.encoders.protocol`.

    Raises:
        FileProblem: when there is no such folder or model, or it cannot be reached or read.
        InvalidValue: for a pooling the model cannot do.

    Example:
        >>> load_encoder("bundled").encode(["手机充不进电，怎么办？"]).shape
        (1, 256)
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(
            zh=f"编码器的名字是空的（{name!r}）；可用 'bundled'、'static'、文件夹或 Hugging Face 名字。",
            en=f"The encoder's name is empty ({name!r}). Use 'bundled', 'static', a folder or a Hugging Face name.",
        )
    if name == "static":
        return _static(load_static(None), pooling)
    folder = BUNDLED if name == "bundled" else find_model_folder(name)
    modules = read_modules_folder(folder)
    if modules is not None and modules.static:
        return _static(_folded(load_static(modules.encoder), modules), pooling)
    checkpoint = open_checkpoint(modules.encoder if modules else folder, device)
    own = pooling == "auto" or (modules is not None and pooling == modules.pooling)
    return TransformerEncoder(
        checkpoint,
        name=name if name == "bundled" else Path(name).name,
        pooling=_auto_pooling(name, checkpoint, modules) if pooling == "auto" else pooling,
        max_length=max_length or (modules.max_length if modules else None),
        dtype=dtype,
        head=modules.head if modules and own else None,
        prompt=modules.prompt if modules else "",
    )


def _auto_pooling(name: str, checkpoint: Checkpoint, modules: ModulesFolder | None) -> str:
    if name == "bundled":
        return "embedding_last_mean"
    if modules is not None:
        return modules.pooling
    config: Any = checkpoint.model.config
    architectures = config.architectures or []
    decoder = any("CausalLM" in architecture for architecture in architectures)
    return "last" if decoder else "first_last_mean"


def _folded(encoder: StaticEncoder, modules: ModulesFolder) -> StaticEncoder:
    """Put linear layers after a static embedding into its vectors: a linear map of a mean is the mean of the maps."""
    if modules.head is None:
        return encoder
    vectors = torch.from_numpy(encoder.vectors)
    for layer in modules.head.children():
        parts = list(layer.children())
        if len(parts) != 2 or not isinstance(parts[1], nn.Identity):
            raise InvalidValue(
                zh=f"静态编码器之后的 {layer} 不是线性层，这里算不了。",
                en=f"{layer} after a static embedding is not linear and is not known here.",
            )
        vectors = parts[0](vectors).detach()  # (num_tokens, width)
    return StaticEncoder(vectors.numpy(), encoder.tokenizer_json, name=encoder.name)


def _static(encoder: StaticEncoder, pooling: str) -> StaticEncoder:
    if pooling not in ("auto", "mean"):
        raise InvalidValue(
            zh=f"静态编码器只有 pooling='mean'，收到 {pooling!r}。",
            en=f"The static encoder only has pooling='mean', but received {pooling!r}.",
        )
    return encoder
