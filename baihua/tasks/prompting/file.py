"""A trained prompt classifier as a folder: a language model as transformers writes it, vectors as safetensors, facts as JSON.

Learned vectors that stand for rows of the vocabulary lie in the model's embedding; the other file holds those that do not.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from baihua.checks import InvalidValue
from baihua.encoders.modules_writer import write_transformer_files
from baihua.tasks.model_folder import ModelFolder
from baihua.tasks.prompting.model import PromptModel

FACTS_FILE, VECTORS_FILE = "prompt_classifier.json", "prompt.safetensors"


def damaged(folder: str | Path, what: str) -> InvalidValue:
    """Return the error for a folder that is no whole prompt classifier."""
    return InvalidValue(
        zh=f"{folder} 不是完整的提示分类器（{what:.160}），或由更新的版本写成；请重新复制，或重新训练。",
        en=f"{folder} is no whole prompt classifier ({what:.160}), or a later version wrote it. Copy it again, or train anew.",
    )


_FOLDER = ModelFolder(
    kind="prompt classifier",
    version=1,
    facts_file=FACTS_FILE,
    tensors_file=VECTORS_FILE,
    zh="提示分类器",
    en="prompt classifier",
    writers=("PromptClassifier.save", "PromptClassifier.save"),
    damaged=damaged,
)


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
    vectors = {"soft": model.soft() if model.soft is not None else None, "deep": model.deep}
    kept = {name: tensor for name, tensor in vectors.items() if tensor is not None}

    def write_encoder(temporary: Path) -> None:
        write_transformer_files(temporary, model.model, tokenizer)

    _FOLDER.write(folder, write_encoder, kept, facts)


def read_prompt(folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts and the vectors that `write_prompt` wrote.

    Raises:
        FileProblem: when a file is missing or unreadable.
        InvalidValue: when it is damaged or of a later version.
    """
    return _FOLDER.read(folder)
