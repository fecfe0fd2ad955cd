"""The folder layout of sentence-transformers: reading what another library saved, and saving what it can read.

A folder lists its parts in ``modules.json``: a transformer or a static embedding, a pooling, dense layers and a
normalisation. A fitted whitening is saved as one of those dense layers; beside its weights our own record of it
lies in ``whitening.safetensors``, by which it is recognised when the folder comes back.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.checkpoint import read_json
from baihua.encoders.pooling import SECOND_LAYER

ACTIVATIONS = {"Identity": nn.Identity, "Tanh": nn.Tanh, "GELU": nn.GELU, "ReLU": nn.ReLU, "SiLU": nn.SiLU}
POOLING_MODES = {"cls": "cls", "mean": "mean", "max": "max", "lasttoken": "last"}  # their word → ours
WHITENING_FILE = "whitening.safetensors"
POOLER_PATH = "_Pooler"  # ends the folder name of a Dense that is the checkpoint's own pooler


class UnitLength(nn.Module):
    """Scale every vector to length 1; a zero vector stays zero."""

    def forward(self, vectors: Tensor) -> Tensor:
        """Map ``(batch, width)`` to the same shape."""
        return nn.functional.normalize(vectors, dim=-1)


@dataclass(frozen=True)
class ModulesFolder:
    """What a sentence-transformers folder says.

    Args:
        encoder: the folder of the transformer or the static embedding.
        static: whether the encoder is a static embedding.
        pooling: our name of its pooling.
        head: the dense layers after the pooling, or None.
        whitening: the file of a whitening fitted here, or None.
        max_length: its ``max_seq_length``, or None.
        prompt: the prompt put before every text.
    """

    encoder: Path
    static: bool
    pooling: str
    head: nn.Module | None
    whitening: Path | None
    max_length: int | None
    prompt: str


def read_modules_folder(folder: Path) -> ModulesFolder | None:
    """Read ``modules.json`` and the parts it lists.

    Args:
        folder: a model folder.

    Returns:
        What it says, or None when the folder has no ``modules.json``.

    Raises:
        FileProblem: when a listed part cannot be read.
        InvalidValue: when a part is of a kind that would change the vectors and is not known here.
    """
    if not (folder / "modules.json").is_file():
        return None
    parts = [(str(item["type"]).split(".")[-1], folder / item["path"]) for item in read_json(folder / "modules.json")]
    encoder_kind, encoder = parts[0]
    if encoder_kind not in ("Transformer", "StaticEmbedding"):
        raise _unknown_module(encoder_kind, encoder)
    pooling, whitening = "mean", None
    layers: list[nn.Module] = []
    for kind, path in parts[1:]:
        if kind in ("Pooling", "WeightedLayerPooling") or path.name.endswith(POOLER_PATH):
            pooling = _pooling_so_far(pooling, kind, path)
        elif kind == "Dense" and (path / WHITENING_FILE).is_file():
            whitening = path / WHITENING_FILE
        elif kind in ("Dense", "Normalize"):
            layers.append(_read_dense(path) if kind == "Dense" else UnitLength())
        else:
            raise _unknown_module(kind, path)
    while layers and isinstance(layers[-1], UnitLength):  # the last one is encode(normalize=True)
        layers.pop()
    settings = encoder / "sentence_bert_config.json"
    length = read_json(settings).get("max_seq_length") if settings.is_file() else None
    return ModulesFolder(
        encoder=encoder,
        static=encoder_kind == "StaticEmbedding",
        pooling=pooling,
        head=nn.Sequential(*layers) if layers else None,
        whitening=whitening,
        max_length=length,
        prompt=_read_prompt(folder),
    )


def _pooling_so_far(before: str, kind: str, path: Path) -> str:
    """Our name of the pooling after one more part: some of ours are made of two of theirs."""
    if kind == "WeightedLayerPooling":
        return _mean_of_layers(path)
    if kind == "Dense":
        return "pooler_tanh" if _activation(path) == "Tanh" else "pooler"
    pooling = _read_pooling(path)
    return before if before in SECOND_LAYER and pooling == "mean" else pooling


def _read_pooling(path: Path) -> str:
    config = read_json(path / "config.json")
    modes = config.get("pooling_mode") or [
        key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for key, value in config.items()
        if key.startswith("pooling_mode_") and value
    ]
    names = [modes] if isinstance(modes, str) else list(modes)
    if len(names) != 1 or names[0] not in POOLING_MODES:
        raise InvalidValue(
            zh=f"{path} 的池化方式 {names} 这里没有；支持的是 {', '.join(POOLING_MODES)}，也可以用 pooling=… 另选。",
            en=f"The pooling {names} of {path} is not known here. Known: {', '.join(POOLING_MODES)}; "
            "or choose another with pooling=….",
        )
    return POOLING_MODES[names[0]]


def _mean_of_layers(path: Path) -> str:
    """Our name of a weighted layer pooling: half the last block, half the layer it starts with."""
    start = read_json(path / "config.json").get("layer_start")
    weights = _read_tensors(path)["layer_weights"]
    expected = torch.zeros_like(weights)
    expected[0], expected[-1] = 1, 1
    names = [name for name, layer in SECOND_LAYER.items() if layer == start]
    if not names or not torch.equal(weights / weights[0], expected):
        raise InvalidValue(
            zh=f"{path} 给各层的权重不是词向量层（或第一层）与末层各一半，这里算不了。",
            en=f"{path} weighs the layers in another way than the embedding layer or block 1 and the last by halves, "
            "which is not known here.",
        )
    return names[0]


def _read_dense(path: Path) -> nn.Module:
    config = read_json(path / "config.json")
    tensors = _read_tensors(path)
    name = _activation(path)
    if name not in ACTIVATIONS or config.get("use_residual"):
        raise _unknown_module(f"Dense({name}, use_residual={bool(config.get('use_residual'))})", path)
    linear = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    linear.load_state_dict({key.removeprefix("linear."): tensor.float() for key, tensor in tensors.items()})
    return nn.Sequential(linear, ACTIVATIONS[name]())


def _activation(path: Path) -> str:
    return str(read_json(path / "config.json").get("activation_function", "Tanh")).split(".")[-1]


def _read_tensors(path: Path) -> dict[str, Tensor]:
    file = path / "model.safetensors"
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise FileProblem(
            zh=f"读不了 {file}：{error}。只支持 safetensors，旧的 .bin 请先运行：baihua convert {path}",
            en=f"Cannot read {file}: {error}. Only safetensors are read; for an old .bin run: baihua convert {path}",
        ) from error


def _read_prompt(folder: Path) -> str:
    file = folder / "config_sentence_transformers.json"
    config: dict[str, Any] = read_json(file) if file.is_file() else {}
    return str((config.get("prompts") or {}).get(config.get("default_prompt_name") or "", "") or "")


def _unknown_module(kind: str, path: Path) -> InvalidValue:
    return InvalidValue(
        zh=f"sentence-transformers 的部件 {kind}（{path}）这里不认识，跳过它会得到不同的向量。",
        en=f"The sentence-transformers part {kind} ({path}) is not known here, and leaving it out would give "
        "other vectors.",
    )
