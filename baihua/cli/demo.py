"""``baihua demo``: the tour, offline."""

from typing import Annotated

import typer

from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.root import app
from baihua.cli.verb import verb
from baihua.language import say

Plots = Annotated[
    str,
    typer.Option("--plots", metavar="FOLDER", help=both(zh="图画进这个文件夹。", en="Draw plots into this folder.")),
]


@verb(
    app,
    "demo",
    zh="不用联网，走一遍它能做什么：找近句、看白化前后的数、画一张图。",
    en="A tour of what it does, offline: nearest sentences, numbers before and after whitening, a plot.",
)
def demo(plots: Plots = "demo") -> None:
    """Print the tour."""
    from baihua.cli.marked_listing import listing
    from baihua.studies.tour.tour import run_tour
    from baihua.text.marked_text import mark_inline

    parts = run_tour(plots)
    records, blocks = [], []
    for number, part in enumerate(parts, start=1):
        marked = [mark_inline(text, found) for text, found in part.marked]
        records.append({"title": part.title, "lines": [*part.lines, *marked], "numbers": part.numbers})
        types = sorted({entity.type for _, found in part.marked for entity in found})
        shown = listing([text for text, _ in part.marked], [found for _, found in part.marked], types)
        blocks.append("\n".join([f"{number}. {part.title}", *part.lines, *(f"  {line}" for line in shown)]))
    console.note(say(zh="全部在本机完成，没有联网。", en="All of it ran on this machine, offline."))
    console.answer({"parts": records}, "\n\n".join(blocks))
