"""A trained variational autoencoder as a folder: settings as JSON, weights as safetensors, and the tokenizer of a text's."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from baihua.checks import FileProblem, InvalidValue
from baihua.files import replacing_folder, write_text

KIND, VERSION = "variational autoencoder", 1
SETTINGS_FILE, WEIGHTS_FILE, TOKENIZER_FILE = "autoencoder.json", "model.safetensors", "tokenizer.json"


def write_autoencoder(
    folder: str | Path, facts: Mapping[str, Any], weights: Mapping[str, Tensor], tokenizer_json: str | None
) -> None:
    """Write a folder, whole or not at all.

    Args:
        folder: where; what is there already is replaced.
        facts: what JSON can hold.
        weights: the tensors.
        tokenizer_json: the tokenizer, for texts.

    Raises:
        FileProblem: when it cannot be written, or another kind of folder is there.
    """
    target = Path(folder)
    if target.exists() and not (target / SETTINGS_FILE).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise FileProblem(
            zh=f"{folder} 已存在，又不是自编码器的文件夹，不会覆盖；请换一个名字。",
            en=f"{folder} exists and holds no autoencoder, so it is not written over. Choose another name.",
        )
    with replacing_folder(target) as temporary:
        record = {"kind": KIND, "version": VERSION, **facts}
        write_text(temporary / SETTINGS_FILE, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
        content = save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
        (temporary / WEIGHTS_FILE).write_bytes(content)
        if tokenizer_json is not None:
            write_text(temporary / TOKENIZER_FILE, tokenizer_json)


def read_autoencoder(folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor], str | None]:
    """Read what `write_autoencoder` wrote: facts, weights, and the tokenizer of a text's, else None.

    Raises:
        FileProblem: when a file is missing or unreadable.
        InvalidValue: when it is damaged or of a later version.
    """
    root = Path(folder)
    if not (root / SETTINGS_FILE).is_file():
        raise FileProblem(
            zh=f"{folder} 里没有 {SETTINGS_FILE}，不是自编码器的文件夹；请用 VariationalAutoencoder.save 写出的文件夹。",
            en=f"{folder} has no {SETTINGS_FILE}, so it is no autoencoder's folder. Use one written by "
            "VariationalAutoencoder.save.",
        )
    tokenizer = root / TOKENIZER_FILE
    try:
        facts = json.loads((root / SETTINGS_FILE).read_text(encoding="utf-8"))
        weights = load((root / WEIGHTS_FILE).read_bytes())
        tokenizer_json = tokenizer.read_text(encoding="utf-8") if tokenizer.is_file() else None
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileProblem(
            zh=f"读不了 {folder}：{reason}。请重新复制这个文件夹。",
            en=f"Cannot read {folder}: {reason}. Copy this folder again.",
        ) from error
    except (ValueError, SafetensorError) as error:
        raise damaged(folder, str(error)) from error
    if not isinstance(facts, dict) or facts.get("kind") != KIND or facts.get("version") != VERSION:
        raise damaged(folder, "kind, version")
    return facts, weights, tokenizer_json


def damaged(folder: str | Path, detail: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no autoencoder this version knows."""
    return InvalidValue(
        zh=f"{folder} 不是完好的自编码器文件夹（{detail[:200]}）；请重新复制或重新训练，格式更新时请升级 baihua。",
        en=f"{folder} is not an intact autoencoder's folder ({detail[:200]}). Copy or train it again, or upgrade baihua "
        "if it is of a later version.",
    )
