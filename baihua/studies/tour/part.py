"""One stop of the tour."""

from dataclasses import dataclass

from baihua.text.entities import Entity


@dataclass(frozen=True)
class TourPart:
    """One stop of the tour, in the current language.

    Args:
        title: its heading.
        lines: what to print, line by line.
        numbers: the same figures by name, as fractions; names do not depend on the language.
        marked: texts with their entities, to show after the lines.
    """

    title: str
    lines: list[str]
    numbers: dict[str, float]
    marked: tuple[tuple[str, list[Entity]], ...] = ()
