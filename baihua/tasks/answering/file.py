"""A trained answer finder as a folder."""

from pathlib import Path

from baihua.checks import InvalidValue
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
