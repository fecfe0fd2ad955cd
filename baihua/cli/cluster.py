"""``baihua cluster``: the texts of a file in groups, each with a typical sentence and keywords."""

from typing import TYPE_CHECKING, Annotated

import typer

from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, Pooling, Precision, TableFile, TextColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.cluster import Grouping

NumGroups = Annotated[
    str | None,
    typer.Option(
        "-k",
        "--groups",
        metavar="N",
        help=both(
            zh="分几组；不给则取不同文本数一半的平方根，在 2 到 30 之间。",
            en="How many groups; if not given, the square root of half the number of different texts, from 2 to 30.",
        ),
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="写到哪里：原表加上 group（组号）与 group_similarity 两列。",
            en="Where to write the table with the columns group (its number) and group_similarity.",
        ),
    ),
]


@verb(
    app,
    "cluster",
    zh="把相近的文本分成组，每组给出典型的一句与关键词。",
    en="Put similar texts into groups, each with a typical sentence and keywords.",
)
def cluster(
    file: TableFile,
    num_groups: NumGroups = None,
    output: Output = None,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "off",
    text_column: TextColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Group the texts of a file, on vectors as they are unless asked.

    Whitening in full gives directions of mere noise the weight of those that tell groups apart: over eight comparisons
    with real groups it halves the adjusted mutual information, 0.120 to 0.061 (recipes/cluster_methods.py).
    """
    number = console.whole_number("-k", num_groups)
    table = open_table(file)
    column = take_column(table, "text", text_column)
    cells = table.column(column)
    from baihua.tasks.cluster import cluster as group_texts
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.text.tables import write_table

    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)
    filled = [cell for cell in cells if cell.strip()]
    if filled:
        set_whitening(embedder, whitening, filled)
    found = group_texts(cells, embedder, number)
    if output is not None:
        numbers = [None if place is None else place + 1 for place in found.groups_of_rows]
        scores = [None if score is None else round(score, 4) for score in found.scores]
        write_table(table.with_column("group", numbers).with_column("group_similarity", scores), output)
    num_empty = found.groups_of_rows.count(None)
    groups = [
        {"group": place, "size": len(group.rows), "keywords": list(group.keywords), "typical": cells[group.typical_row]}
        for place, group in enumerate(found.groups, start=1)
    ]
    record = {"file": file, "rows": len(cells), "empty": num_empty, "groups": groups, "output": output}
    console.answer(record, _summary(found, cells, output))


def _summary(found: "Grouping", cells: list[str], output: str | None) -> str:
    heading = say(zh="组|条数|关键词|典型的一句", en="group|size|keywords|typical sentence").split("|")
    rows = [
        (str(place), str(len(group.rows)), " ".join(group.keywords), _shorten(cells[group.typical_row]))
        for place, group in enumerate(found.groups, start=1)
    ]
    lines = [console.align([heading, *rows], right=[0, 1])]
    num_empty = found.groups_of_rows.count(None)
    if num_empty:
        lines.append(
            say(zh=f"{num_empty} 行没有文字，不属于任何组。", en=f"{num_empty} rows hold no text and are in no group.")
        )
    if output is not None:
        lines.append(say(zh=f"写到 {output}", en=f"Written to {output}"))
    return "\n".join(lines)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
