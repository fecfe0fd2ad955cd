"""A trained classifier as a folder: the encoder as others read it too, the head as safetensors, the facts as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from baihua.checks import InvalidValue
from baihua.encoders.modules_writer import write_modules_folder
from baihua.encoders.protocol import Encoder
from baihua.tasks.model_folder import ModelFolder, not_intact

FACTS_FILE, HEAD_FILE = "classifier.json", "head.safetensors"


def damaged(folder: str | Path, detail: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no classifier this version knows."""
    return not_intact(folder, detail, zh="分类器", en="classifier")


_FOLDER = ModelFolder(
    kind="text classifier",
    version=1,
    facts_file=FACTS_FILE,
    tensors_file=HEAD_FILE,
    zh="分类器",
    en="classifier",
    writers=("TextClassifier.save", "TextClassifier.save"),
    damaged=damaged,
)


def check_free(folder: str | Path) -> None:
    """Refuse to write over what is no classifier; a training asks before it begins.

    Raises:
        FileProblem: when something else than a classifier is there.
    """
    _FOLDER.check_free(folder)


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

    def write_encoder(temporary: Path) -> None:
        write_modules_folder(temporary, encoder, None)

    _FOLDER.write(folder, write_encoder, tensors, facts)


def read_classifier(folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts and the tensors that `write_classifier` wrote.

    Raises:
        FileProblem: when a file is missing or unreadable.
        InvalidValue: when it is damaged or of a later version.
    """
    return _FOLDER.read(folder)
