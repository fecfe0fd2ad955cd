"""A trained extractor as a folder: the encoder as transformers writes it, the head as safetensors, the facts as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from baihua.checks import InvalidValue
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.model_folder import ModelFolder, not_intact, transformer_writer

FACTS_FILE, HEAD_FILE = "extractor.json", "head.safetensors"


def damaged(folder: str | Path, detail: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no extractor this version knows."""
    return not_intact(folder, detail, zh="实体抽取器", en="entity extractor")


_FOLDER = ModelFolder(
    kind="entity extractor",
    version=1,
    facts_file=FACTS_FILE,
    tensors_file=HEAD_FILE,
    zh="实体抽取器",
    en="entity extractor",
    writers=(
        "EntityExtractor.save 或 baihua train extract",
        "EntityExtractor.save or baihua train extract",
    ),
    damaged=damaged,
)


def check_free(folder: str | Path) -> None:
    """Refuse to write over what is no extractor; a training asks before it begins.

    Raises:
        FileProblem: when something else than an extractor is there.
    """
    _FOLDER.check_free(folder)


def write_extractor(
    folder: str | Path, encoder: TransformerEncoder, head: Mapping[str, Tensor], facts: Mapping[str, Any]
) -> None:
    """Write a folder, whole or not at all.

    Args:
        folder: where; an extractor already there is replaced.
        encoder: the trained encoder.
        head: the weights of the head.
        facts: what JSON can hold.

    Raises:
        FileProblem: when it cannot be written, or something else than an extractor is there.
    """
    _FOLDER.write(folder, transformer_writer(encoder), head, facts)


def read_extractor(folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts and the weights of the head that `write_extractor` wrote.

    Raises:
        FileProblem: when a file is missing or unreadable.
        InvalidValue: when it is damaged or of a later version.
    """
    return _FOLDER.read(folder)
