"""The stop of the tour that finds entities: learned from thirty marked sentences, nested ones shown as they are."""

from importlib import resources
from pathlib import Path

from baihua.files import write_text
from baihua.language import say
from baihua.studies.tour.part import TourPart
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.text.entities import EntityTexts
from baihua.text.entity_files import parse_entities
from baihua.text.marked_text import entities_html

SETTINGS = ExtractionSettings(epochs=20, batch_size=8)  # eighty steps, over in some seconds
PAGE = "entities.html"


def load_marked(name: str) -> EntityTexts:
    """Read one of the tour's files of marked sentences, ``"marked"`` or ``"marked_held"``, which were written for it."""
    file = resources.files("baihua.studies.tour").joinpath(f"{name}.jsonl")
    return parse_entities(file.read_bytes(), f"{name}.jsonl").texts


def entities_part(folder: Path) -> TourPart:
    """Train an extractor on some sentences, mark others, and write these as a page.

    Args:
        folder: where ``entities.html`` is written.

    Raises:
        FileProblem: when it cannot be written.
    """
    train, held = load_marked("marked"), load_marked("marked_held")
    extractor = EntityExtractor("bundled", overlap="no_crossing", settings=SETTINGS, device="cpu")
    extractor.fit(train.texts, train.entities, show_progress=False)
    found = extractor.predict(held.texts, show_progress=False)
    scores = extractor.evaluate(held.texts, held.entities, show_progress=False)
    write_text(folder / PAGE, entities_html(held.texts, found))
    line = say(
        zh=f"学了 {len(train.texts)} 句标注，标出另外 {len(held.texts)} 句（地名没有见过）：F1 {100 * scores.f1:.0f}，"
        f"{scores.num_gold} 个实体，含嵌套。彩色的在 {folder / PAGE}；自己的文本：baihua train extract；论断：baihua study globalpointer",
        en=f"Learned from {len(train.texts)} marked sentences, {len(held.texts)} others with places it has not seen: F1 "
        f"{100 * scores.f1:.0f} over {scores.num_gold} entities, nested ones too. In colour: {folder / PAGE}; on your own text: baihua "
        "train extract; the claims: baihua study globalpointer",
    )
    marked = tuple(zip(held.texts, found, strict=True))
    title = say(zh="找实体，嵌套的也行", en="Finding entities, nested ones too")
    return TourPart(title, [line], {"entity_f1": scores.f1}, marked)
