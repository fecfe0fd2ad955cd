"""A trained answer finder as a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from baihua.checks import InvalidValue
from baihua.encoders.modules_writer import write_transformer_files
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.model_folder import ModelFolder, not_intact

FACTS_FILE, HEAD_FILE = "finder.json", "head.safetensors"


def damaged(folder: str | Path, detail: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no answer finder this version knows."""
    return not_intact(folder, detail, zh="答案抽取器", en="answer finder")


FINDER_FOLDER = ModelFolder(
    kind="answer finder",
    version=1,
    facts_file=FACTS_FILE,
    tensors_file=HEAD_FILE,
    zh="答案抽取器",
    en="answer finder",
    writers=("AnswerFinder.save 或 baihua train answer", "AnswerFinder.save or baihua train answer"),
    damaged=damaged,
)


def write_finder(
    folder: str | Path, encoder: TransformerEncoder, head: Mapping[str, Tensor], facts: Mapping[str, Any]
) -> None:
    """Write a folder, whole or not at all.

    Args:
        folder: where; an answer finder already there is replaced.
        encoder: the trained encoder.
        head: the weights of the head.
        facts: what JSON can hold.

    Raises:
        FileProblem: when it cannot be written, or something else than an answer finder is there.
    """

    def write_encoder(temporary: Path) -> None:
        write_transformer_files(temporary, encoder.model, encoder.tokenizer)

    FINDER_FOLDER.write(folder, write_encoder, head, facts)
