"""One stop of the tour."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TourPart:
    """One stop of the tour, in the current language.

    Args:
        title: its heading.
        lines: what to print, line by line.
        numbers: the same figures by name, as fractions; names do not depend on the language.
    """

    title: str
    lines: list[str]
    numbers: dict[str, float]
