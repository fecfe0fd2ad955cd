"""A trained prompt classifier as a folder: a language model as transformers writes it, vectors as safetensors, facts as JSON.

Learned vectors that stand for rows of the vocabulary lie in the model's embedding; the other file holds those that do not.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.modules_writer import write_transformer_files
from baihua.files import replacing_folder, write_text
from baihua.tasks.prompting.model import PromptModel

KIND, VERSION = "prompt classifier", 1
FACTS_FILE, VECTORS_FILE = "prompt_classifier.json", "prompt.safetensors"


def write_prompt(folder: str | Path, model: PromptModel, tokenizer: Any, facts: Mapping[str, Any]) -> None:
    """Write a folder, whole or not at all.

    Args:
        folder: where; a prompt classifier already there is replaced.
        model: the model.
        tokenizer: its tokenizer.
        facts: what JSON can hold.

    Raises:
        FileProblem: when it cannot be written, or something else than a prompt classifier is there.
    """
    target = Path(folder)
    if target.exists() and not (target / FACTS_FILE).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise FileProblem(
            zh=f"{folder} 已存在，又不是提示分类器的文件夹，不会覆盖；请换一个名字。",
            en=f"{folder} exists and holds no prompt classifier, so it is not written over. Choose another name.",
        )
    vectors = {"soft": model.soft() if model.soft is not None else None, "deep": model.deep}
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in vectors.items() if tensor is not None}
    with replacing_folder(folder) as temporary:
        write_transformer_files(temporary, model.model, tokenizer)
        (temporary / VECTORS_FILE).write_bytes(save(kept))
        record = {"kind": KIND, "version": VERSION, **facts}
        write_text(temporary / FACTS_FILE, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def read_prompt(folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts and the vectors that `write_prompt` wrote.

    Raises:
        FileProblem: when a file is missing or unreadable.
        InvalidValue: when it is damaged or of a later version.
    """
    root = Path(folder)
    if not (root / FACTS_FILE).is_file():
        raise FileProblem(
            zh=f"{folder} 里没有 {FACTS_FILE}，不是提示分类器的文件夹；请用 PromptClassifier.save 写出的文件夹。",
            en=f"{folder} has no {FACTS_FILE}, so it is no prompt classifier's folder. Use one written by PromptClassifier.save.",
        )
    try:
        facts = json.loads((root / FACTS_FILE).read_text(encoding="utf-8"))
        vectors = load((root / VECTORS_FILE).read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileProblem(
            zh=f"读不了 {folder}：{reason}。请重新复制这个文件夹。",
            en=f"Cannot read {folder}: {reason}. Copy this folder again.",
        ) from error
    except (ValueError, SafetensorError) as error:
        raise damaged(folder, str(error)) from error
    if not isinstance(facts, dict) or facts.get("kind") != KIND or facts.get("version") != VERSION:
        raise damaged(folder, f"kind or version in {FACTS_FILE}")
    return facts, vectors


def damaged(folder: str | Path, what: str) -> InvalidValue:
    """Return the error for a folder that is no whole prompt classifier."""
    return InvalidValue(
        zh=f"{folder} 不是完整的提示分类器（{what:.160}），或由更新的版本写成；请重新复制，或重新训练。",
        en=f"{folder} is no whole prompt classifier ({what:.160}), or a later version wrote it. Copy it again, or train anew.",
    )
