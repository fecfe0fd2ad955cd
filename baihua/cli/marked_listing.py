"""Marked texts on the screen: a line each, brackets around the entities, in colour where that can be seen."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.entities import Entity
    from baihua.text.marked_text import Paint

MOST_TEXTS = 20
MOST_CHARACTERS = 300  # of a text
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "red")  # those that every terminal has


def listing(texts: Sequence[str], entities: "Sequence[list[Entity]]", types: Sequence[str]) -> list[str]:
    """Return the lines that show the first texts with their entities, and how many there are beyond.

    Args:
        texts: the texts.
        entities: of each text.
        types: all types there may be, for the colours.
    """
    paint = _paint(types)
    shown = [_line(text, mine, paint) for text, mine in zip(texts[:MOST_TEXTS], entities, strict=False)]
    more = len(texts) - MOST_TEXTS
    if more > 0:
        shown.append(
            say(
                zh=f"……另有 {more} 条没有显示；用 -o FILE.jsonl 或 -o FILE.html 写出全部。",
                en=f"… and {more} more texts. Write all of them with -o FILE.jsonl or -o FILE.html.",
            )
        )
    return shown


def _line(text: str, entities: "list[Entity]", paint: "Paint | None") -> str:
    from baihua.text.marked_text import mark_inline

    if len(text) <= MOST_CHARACTERS:
        return mark_inline(text, entities, paint)
    within = [entity for entity in entities if entity.end <= MOST_CHARACTERS]
    line = mark_inline(text[:MOST_CHARACTERS], within, paint) + "…"
    beyond = len(entities) - len(within)
    return line + (say(zh=f"（后面还有 {beyond} 个实体）", en=f" ({beyond} more entities)") if beyond else "")


def _paint(types: Sequence[str]) -> "Paint | None":
    """Return what colours brackets by their type, or None where output is no terminal that shows colours."""
    from rich.color import ColorSystem
    from rich.console import Console
    from rich.style import Style

    terminal = Console(file=sys.stdout)
    if not terminal.is_terminal or terminal.color_system in (None, "windows") or terminal.no_color:
        return None
    styles = {name: Style(color=COLOURS[number % len(COLOURS)], bold=True) for number, name in enumerate(types)}
    return lambda kind, bracket: styles[kind].render(bracket, color_system=ColorSystem.STANDARD)
