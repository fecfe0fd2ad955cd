"""Opening a model folder: safetensors only, no network, and nothing random in the place of missing weights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from baihua.checks import FileProblem, InvalidValue

PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


@dataclass(frozen=True)
class Checkpoint:
    """A model read from a folder.

    Args:
        model: the transformer without any head, in evaluation mode. Its ``pooler`` is None when the checkpoint
            has no weights for one.
        tokenizer: the transformers tokenizer.
        pooler: the dense layer of the pooler, or None.
    """

    model: nn.Module
    tokenizer: Any
    pooler: nn.Module | None


def open_checkpoint(folder: Path, device: str | None = None) -> Checkpoint:
    """Open a folder in the layout of Hugging Face or ModelScope.

    Args:
        folder: holds ``config.json``, ``*.safetensors`` and the tokenizer.
        device: where to put the model; None for the GPU when there is one, else the CPU.

    Raises:
        FileProblem: when a needed file is missing or broken, or the weights are a pickle.
        InvalidValue: when the file lacks weights that the model needs.
    """
    model, tokenizer, info = read_model(folder, "AutoModel")
    missing = sorted(info["missing_keys"])
    lacking = [key for key in missing if not key.startswith("pooler.")]
    if lacking or info["mismatched_keys"]:
        names = ", ".join(lacking[:5]) or str(info["mismatched_keys"])[:200]
        raise InvalidValue(
            zh=f"{folder} 的权重缺少 {len(lacking)} 项或形状不符（{names}），会变成随机数；旧式文件请先 baihua convert {folder}。",
            en=f"The weights in {folder} lack {len(lacking)} tensors or have other shapes ({names}), which would be left "
            f"random; convert old files first with: baihua convert {folder}",
        )
    pooler = getattr(getattr(model, "pooler", None), "dense", None)
    if any(key.startswith("pooler.") for key in missing):
        model.pooler, pooler = None, None
    return Checkpoint(model.to(device or default_device()).eval(), tokenizer, pooler)


def read_model(folder: Path, kind: str) -> tuple[Any, Any, dict[str, Any]]:
    """Read a folder with one of transformers' Auto classes, without any network call.

    Args:
        folder: holds ``config.json``, ``*.safetensors`` and the tokenizer.
        kind: such as ``"AutoModel"`` or ``"AutoModelForMaskedLM"``.

    Returns:
        The model, its tokenizer, and transformers' account of missing, unexpected and mismatched weights.

    Raises:
        FileProblem: when a needed file is missing or broken, or the weights are a pickle.
    """
    check_model_files(folder)
    import transformers  # takes over a second

    with quiet_transformers(), _loading(folder):
        model, info = getattr(transformers, kind).from_pretrained(
            folder, output_loading_info=True, local_files_only=True, use_safetensors=True
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return model, tokenizer, info


def check_model_files(folder: Path) -> None:
    """Refuse a folder that is no model, or whose weights are not safetensors, saying what to do.

    Raises:
        FileProblem: naming what is missing.
    """
    if not folder.is_dir():
        raise FileProblem(zh=f"没有模型文件夹 {folder}。", en=f"There is no model folder {folder}.")
    if not (folder / "config.json").is_file():
        raise FileProblem(
            zh=f"{folder} 里没有 config.json，不是模型文件夹；请把模型的全部文件复制进来，或改用 'bundled'。",
            en=f"{folder} has no config.json, so it is no model folder; copy all files of the model there, "
            "or use 'bundled'.",
        )
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLE_SUFFIXES)
    if pickles:
        raise FileProblem(
            zh=f"{folder} 只有 pickle 格式的权重（{', '.join(pickles)}），出于安全不予加载；请先运行：baihua convert {folder}",
            en=f"{folder} only has pickled weights ({', '.join(pickles)}), which are not loaded for safety; "
            f"run this first: baihua convert {folder}",
        )
    raise FileProblem(
        zh=f"{folder} 里没有 .safetensors 权重文件；请把它复制进来，或改用 'bundled'。",
        en=f"{folder} has no .safetensors file of weights; copy it there, or use 'bundled'.",
    )


def default_device() -> str:
    """Return ``"cuda"`` or ``"mps"`` when there is such a device, else ``"cpu"``."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def _loading(folder: Path) -> Iterator[None]:
    """Turn whatever transformers raises while loading into one sentence; each kind means the folder cannot be read."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise FileProblem(
            zh=f"打不开模型文件夹 {folder}：{reason}。请确认文件复制完整，或改用 'bundled'。",
            en=f"Cannot open the model folder {folder}: {reason}. Check that it was copied whole, or use 'bundled'.",
        ) from error


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' reports and bars away: what matters in them is checked and said by us."""
    from transformers.utils import logging  # takes over a second

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def read_json(path: Path) -> Any:
    """Read a JSON file of a model folder.

    Raises:
        FileProblem: when it is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileProblem(
            zh=f"读不了 {path}：{error}。请重新复制这个模型文件夹。",
            en=f"Cannot read {path}: {error}. Copy this model folder again.",
        ) from error
