"""What the verbs about entities share: marked files and how they were read, and trained extractors."""

from typing import TYPE_CHECKING, Annotated

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.extract import EntityExtractor
    from baihua.text.entities import EntityTexts
    from baihua.text.entity_files import EntityFile

SHOWN = 3  # records left out that are shown; the others are counted

Extractor = Annotated[
    str,
    typer.Argument(
        metavar="DIR",
        help=both(zh="baihua train extract 写出的文件夹。", en="The folder that baihua train extract wrote."),
    ),
]
Annotator = Annotated[
    str | None,
    typer.Option(
        "--annotator",
        metavar="ID|MAIL",
        help=both(
            zh="Label Studio 的导出取谁的标注；不给则各条取第一份。",
            en="Whose annotations to take from an export of Label Studio; else the first of each text.",
        ),
    ),
]


def open_entities(path: str, annotator: str | None = None) -> "EntityFile":
    """Read a marked file of whatever format, and say which it was, what is in it and what was left out.

    Raises:
        FileProblem: when it is missing, unreadable or no text.
        InvalidValue: when no entities are marked in it, or none of its records can be used.
    """
    from baihua.text.entity_files import read_entity_file

    found = read_entity_file(path, annotator)
    for remark in found.notes:
        console.note(remark)
    size, num_types = len(found.texts.texts), len(found.texts.types)
    num = num_entities(found.texts)
    console.note(
        say(
            zh=f"{path}：{size} 条文本，{num} 个实体，{num_types} 种类型。",
            en=f"{path}: texts {size}, entities {num}, types {num_types}.",
        )
    )
    _say_left_out(path, found)
    if not num:
        raise InvalidValue(
            zh=f"{path} 的 {size} 条文本里一个实体也没有标注；请给出标注了实体的文件。",
            en=f"No entity is marked in {path} (texts: {size}). Give a file with entities.",
        )
    return found


def num_entities(texts: "EntityTexts") -> int:
    """Return how many entities some texts have."""
    return sum(map(len, texts.entities))


def load_extractor(folder: str, device: str | None) -> "EntityExtractor":
    """Load a trained extractor.

    Raises:
        FileProblem: when there is none.
        InvalidValue: when it is damaged.
    """
    from baihua.tasks.extract import EntityExtractor

    return EntityExtractor.load(folder, device=device)


def _say_left_out(path: str, found: "EntityFile") -> None:
    if not found.left_out:
        return
    num = len(found.left_out)
    console.note(
        say(
            zh=f"{path} 有 {num} 条记录不能用，整条略去：",
            en=f"Records of {path} that cannot be used, left out whole: {num}.",
        )
    )
    for problem in found.left_out[:SHOWN]:
        console.note(say(zh=f"  第 {problem.line} 行：{problem.detail}", en=f"  Line {problem.line}: {problem.detail}"))
    if num > SHOWN:
        console.note(say(zh=f"  另有 {num - SHOWN} 条。", en=f"  And {num - SHOWN} more."))
