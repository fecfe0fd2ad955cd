"""A trained ranker of choices as a folder."""

from pathlib import Path

from baihua.checks import InvalidValue
from baihua.tasks.model_folder import ModelFolder, not_intact

FACTS_FILE, HEAD_FILE = "ranker.json", "head.safetensors"


def damaged(folder: str | Path, detail: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no ranker this version knows."""
    return not_intact(folder, detail, zh="选项排序器", en="choice ranker")


RANKER_FOLDER = ModelFolder(
    kind="choice ranker",
    version=1,
    facts_file=FACTS_FILE,
    tensors_file=HEAD_FILE,
    zh="选项排序器",
    en="choice ranker",
    writers=("ChoiceRanker.save 或 baihua train choose", "ChoiceRanker.save or baihua train choose"),
    damaged=damaged,
)
