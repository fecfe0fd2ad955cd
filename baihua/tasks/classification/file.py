"""A trained classifier as a folder: the encoder as others read it too, the head as safetensors, the facts as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.modules_writer import write_modules_folder
from baihua.encoders.protocol import Encoder
from baihua.files import replacing_folder, write_text

KIND, VERSION = "text classifier", 1
FACTS_FILE, HEAD_FILE = "classifier.json", "head.safetensors"


def check_free(folder: str | Path) -> None:
    """Refuse to write over what is no classifier; a training asks before it begins.

    Raises:
        FileProblem: when something else than a classifier is there.
    """
    target = Path(folder)
    if target.exists() and not (target / FACTS_FILE).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise FileProblem(
            zh=f"{folder} 已存在，又不是分类器的文件夹，不会覆盖；请换一个名字。",
            en=f"{folder} exists and holds no classifier, so it is not written over. Choose another name.",
        )


def write_classifier(
    folder: str | Path, encoder: Encoder, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]
) -> None:
    """Write a folder, whole or not at all.

    Args:
        folder: where; a classifier already there is replaced.
        encoder: one of `baihua.load_encoder`, trained or not.
        tensors: what was learned beside it.
        facts: what JSON can hold.

    Raises:
        InvalidValue: for an encoder of another kind.
        FileProblem: when it cannot be written, or something else than a classifier is there.
    """
    check_free(folder)
    with replacing_folder(folder) as temporary:
        write_modules_folder(temporary, encoder, None)
        content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
        (temporary / HEAD_FILE).write_bytes(content)
        record = {"kind": KIND, "version": VERSION, **facts}
        write_text(temporary / FACTS_FILE, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def read_classifier(folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts and the tensors that `write_classifier` wrote.

    Raises:
        FileProblem: when a file is missing or unreadable.
        InvalidValue: when it is damaged or of a later version.
    """
    root = Path(folder)
    if not (root / FACTS_FILE).is_file():
        raise FileProblem(
            zh=f"{folder} 里没有 {FACTS_FILE}，不是分类器的文件夹；请用 TextClassifier.save 写出的文件夹。",
            en=f"{folder} has no {FACTS_FILE}, so it is no classifier's folder. Use one written by TextClassifier.save.",
        )
    try:
        facts = json.loads((root / FACTS_FILE).read_text(encoding="utf-8"))
        tensors = load((root / HEAD_FILE).read_bytes())
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
    return facts, tensors


def damaged(folder: str | Path, detail: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no classifier this version knows."""
    return InvalidValue(
        zh=f"{folder} 不是完好的分类器文件夹（{detail[:200]}）；请重新复制或重新训练，格式更新时请升级 baihua。",
        en=f"{folder} is not an intact classifier's folder ({detail[:200]}). Copy or train it again, or upgrade baihua if it is of "
        "a later version.",
    )
