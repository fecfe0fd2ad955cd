"""Turn an old ``pytorch_model.bin`` into safetensors once, without running anything the file may contain."""

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.checkpoint import PICKLE_SUFFIXES, check_model_files, quiet_transformers, read_json
from baihua.files import replacing

CONVERTIBLE = "pytorch_model.bin"
OLD_NAMES = (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"))  # as TensorFlow had them


@dataclass(frozen=True)
class Conversion:
    """What `convert_folder` did.

    Args:
        path: the safetensors file written.
        num_tensors: how many tensors it holds.
        renamed: old name → new name of every tensor that was renamed.
        missing: what the model has and the file lacks.
        unexpected: what the file has and the model does not use.
    """

    path: Path
    num_tensors: int
    renamed: Mapping[str, str]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def convert_folder(folder: str | Path) -> Conversion:
    """Convert ``pytorch_model.bin`` in a model folder to ``model.safetensors`` beside it.

    The file is read by ``torch.load(weights_only=True)``, which builds tensors and runs nothing else. Old names
    (``gamma``, ``beta``) are renamed, and a prefix ``bert.`` is added where the folder's model wants it. The old
    file stays where it is.

    Args:
        folder: a model folder.

    Returns:
        What was written, renamed, missing and unexpected.

    Raises:
        FileProblem: when there is no such file, it is a pickle of another kind, or it cannot be read.
        InvalidValue: when two tensors would get one name.
    """
    root = Path(folder)
    source = _find_source(root)
    tensors = _read_weights(source)
    renamed = {old: new for old in tensors if (new := _modern_name(old)) != old}
    modern = {_modern_name(key): tensor for key, tensor in tensors.items()}
    if len(modern) != len(tensors):
        raise InvalidValue(
            zh=f"{source} 里有两个张量改名后同名，无法转换。",
            en=f"Two tensors of {source} get the same name once renamed, so it cannot be converted.",
        )
    prefix = _missing_prefix(root, modern)
    if prefix:
        renamed = {key: prefix + _modern_name(key) for key in tensors if not _modern_name(key).startswith("cls.")}
        modern = {key if key.startswith("cls.") else prefix + key: tensor for key, tensor in modern.items()}
    target = root / "model.safetensors"
    with replacing(target) as temporary:
        temporary.write_bytes(save(_unshared(modern), metadata={"format": "pt"}))
    missing, unexpected = _compare_with_model(root)
    return Conversion(target, len(modern), renamed, missing, unexpected)


def _find_source(folder: Path) -> Path:
    source = folder / CONVERTIBLE
    if source.is_file():
        return source
    others = sorted(path.name for path in folder.glob("*") if path.suffix in PICKLE_SUFFIXES) if folder.is_dir() else []
    if others:
        raise FileProblem(
            zh=f"{folder} 里的 {', '.join(others)} 不是 {CONVERTIBLE}，是别种 pickle，不予加载；请向发布者索取 safetensors。",
            en=f"{', '.join(others)} in {folder} is not {CONVERTIBLE} but another pickle, which is never loaded; "
            "ask its publisher for safetensors.",
        )
    raise FileProblem(
        zh=f"{folder} 里没有 {CONVERTIBLE}，没有可转换的文件。",
        en=f"There is no {CONVERTIBLE} in {folder}, so there is nothing to convert.",
    )


def _read_weights(source: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on odd pickles; what counts is whether it loads
            loaded: Any = torch.load(source, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:120]
        raise FileProblem(
            zh=f"{source} 不是纯权重文件或已损坏，拒绝加载（{reason}）。",
            en=f"{source} holds more than weights or is broken, and was not loaded ({reason}).",
        ) from error
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]
    tensors = {str(k): v for k, v in loaded.items() if isinstance(v, Tensor)} if isinstance(loaded, dict) else {}
    if not tensors:
        raise FileProblem(zh=f"{source} 里没有张量。", en=f"There are no tensors in {source}.")
    return tensors


def _modern_name(name: str) -> str:
    for old, new in OLD_NAMES:
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _missing_prefix(folder: Path, tensors: Mapping[str, Tensor]) -> str:
    """Return ``"bert."`` when a folder that announces a model with a head keeps its body without that prefix.

    transformers finds a body without a prefix by itself unless some other tensor has one, as ``cls.`` does.
    """
    kind = str(read_json(folder / "config.json").get("model_type", "")) if (folder / "config.json").is_file() else ""
    has_head = any(key.startswith("cls.") for key in tensors)
    bare_body = any(key.startswith(("embeddings.", "encoder.")) for key in tensors)
    return f"{kind}." if kind and has_head and bare_body else ""


def _unshared(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Safetensors refuses two names for one memory; copies are harmless, since the model ties them again."""
    return {key: tensor.detach().clone().contiguous() for key, tensor in tensors.items()}


def _compare_with_model(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Load the result once and list what the model misses in it and what it does not use."""
    check_model_files(folder)
    import transformers  # takes over a second

    architectures = read_json(folder / "config.json").get("architectures") or []
    kind = getattr(transformers, architectures[0], transformers.AutoModel) if architectures else transformers.AutoModel
    with quiet_transformers():
        try:
            _, info = kind.from_pretrained(
                folder, output_loading_info=True, local_files_only=True, use_safetensors=True
            )
        except Exception as error:
            raise FileProblem(
                zh=f"权重已转换，但模型打不开：{' '.join(str(error).split())[:160]}。请检查 {folder / 'config.json'}。",
                en=f"The weights were converted, but the model does not open: {' '.join(str(error).split())[:160]}. "
                f"Check {folder / 'config.json'}.",
            ) from error
    return tuple(sorted(info["missing_keys"])), tuple(sorted(info["unexpected_keys"]))
