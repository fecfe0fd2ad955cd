"""``baihua evaluate extract``: how well a trained extractor finds the entities marked in a file."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.cli import console
from baihua.cli.evaluate import group
from baihua.cli.extraction import Annotator, Extractor, load_extractor, open_entities
from baihua.cli.help import both
from baihua.cli.options import Device
from baihua.cli.span_table import full_table
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.entities import EntityTexts
    from baihua.training.span_metrics import SpanScores

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="标注了实体的文件，训练时没有用过；格式同 train extract。",
            en="A file with marked entities that the training did not see, in any format of train extract.",
        ),
    ),
]


@verb(
    group,
    "extract",
    zh="训练好的实体抽取器在标注过的文件上的精确率、召回率与 F1：总的，按类型、嵌套层数与长度分的。",
    en="Precision, recall and F1 of a trained entity extractor on a marked file: in all, by type, by nesting and by length.",
)
def evaluate_extract(
    folder: Extractor,
    file: File,
    annotator: Annotator = None,
    device: Device = None,
) -> None:
    """Compare what an extractor finds with what is marked."""
    found = open_entities(file, annotator)
    extractor = load_extractor(folder, device)
    unknown = _unknown_types(found.texts, extractor.entity_types)
    if unknown:
        console.note(
            say(
                zh=f"抽取器没有学过的类型，都算漏掉：{'，'.join(unknown)}。",
                en=f"Types that the extractor never learned, all missed: {', '.join(unknown)}.",
            )
        )
    scores = extractor.evaluate(found.texts.texts, found.texts.entities)
    record: dict[str, Any] = {"f1": scores.f1, "extractor": folder, "file": file, "format": found.format}
    record |= {"texts": len(found.texts.texts), "left_out": len(found.left_out)}
    console.answer(record | scores.to_dict(), "\n".join([full_table(scores), "", _about_lost(scores)]))


def _unknown_types(texts: "EntityTexts", known: list[str]) -> list[str]:
    counts = Counter(entity.type for mine in texts.entities for entity in mine if entity.type not in known)
    return [f"{name} {count}" for name, count in counts.most_common()]


def _about_lost(scores: "SpanScores") -> str:
    if not scores.num_lost:
        return say(zh="标注的实体都在能找到之列。", en="Every marked entity could have been found.")
    most = f"{100 * scores.best_recall:.2f}"
    return say(
        zh=f"{scores.num_gold} 个实体中有 {scores.num_lost} 个无法找到（两端不在词元的边界，或太宽），召回率最高只能到 {most}。",
        en=f"Of {scores.num_gold} entities {scores.num_lost} could not have been found (an edge inside a token, or too wide), "
        f"so that recall can be {most} at most.",
    )
