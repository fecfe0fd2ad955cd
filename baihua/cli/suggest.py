"""``baihua suggest``: which texts of a file to label next."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, TableFile, TextColumn
from baihua.cli.root import app
from baihua.cli.table_output import check_table_output, shorten
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.suggest import Suggestion
    from baihua.text.tables import Table

Trained = Annotated[
    str | None,
    typer.Option(
        "--classifier",
        metavar="DIR",
        help=both(
            zh="baihua train classify 写出的文件夹：挑它最拿不准的；不给则挑有代表性的。",
            en="A folder that baihua train classify wrote, to choose what it is least sure of; else what stands for many texts.",
        ),
    ),
]
Num = Annotated[str, typer.Option("--num", metavar="N", help=both(zh="挑几条。", en="How many to choose."))]
Labels = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="COLUMN",
        help=both(
            zh="标签在哪一列：已有标签的行不再挑。", en="The column with labels: rows that have one are not chosen."
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
            zh="写到哪里：挑出的行，加上 reason 一列（.csv .tsv .xlsx .jsonl）；不给则显示。",
            en="Where to write the rows chosen, with a column reason (.csv .tsv .xlsx .jsonl); shown if not given.",
        ),
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]


@verb(
    app,
    "suggest",
    zh="接下来标哪些文本最值：没有分类器时挑有代表性的，有分类器时挑它拿不准、彼此又不相像的。",
    en="Which texts to label next: without a classifier those that stand for many, with one those it is unsure of and that are "
    "not alike.",
)
def suggest(
    file: TableFile,
    classifier: Trained = None,
    num: Num = "20",
    output: Output = None,
    text_column: TextColumn = None,
    label_column: Labels = None,
    encoder: EncoderName = "bundled",
    seed: Seed = 0,
    device: Device = None,
) -> None:
    """Choose rows of a file to label."""
    wanted = console.whole_number("--num", num)
    assert wanted is not None
    check_table_output(file, output)
    table = open_table(file)
    column = take_column(table, "text", text_column)
    rows = _unlabelled(table, label_column)
    from baihua.tasks.any_classifier import load_classifier
    from baihua.tasks.suggest import suggest_texts

    loaded = None if classifier is None else load_classifier(classifier, device=device)
    cells = table.column(column)
    chosen = suggest_texts([cells[row] for row in rows], wanted, encoder=encoder, classifier=loaded, seed=seed)
    places = [rows[found.row] for found in chosen]
    if output is not None:
        _write(table, places, chosen, output)
    record: dict[str, Any] = {"file": file, "rows": len(table), "unlabelled": len(rows), "classifier": classifier}
    record |= {"output": output, "suggestions": [_record(*both) for both in zip(places, chosen, strict=True)]}
    console.answer(record, _shown(chosen, wanted, output))


def _unlabelled(table: "Table", name: str | None) -> list[int]:
    """Return the rows without a label: all where there is no column of labels, or every cell of a guessed one is filled."""
    from baihua.text.columns import find_column

    every = list(range(len(table)))
    try:
        column = find_column(table, "label", name)
    except InvalidValue:
        if name is not None:
            raise
        return every
    rows = [row for row, cell in enumerate(table.column(column)) if not cell.strip()]
    if not rows and name is None:
        return every
    if not rows:
        raise InvalidValue(
            zh=f"{column!r} 列每一行都有标签了，没有要标的；请去掉 --label-column，或换一个文件。",
            en=f"Every row has a label in column {column!r}, so none is left to label. Leave out --label-column, or use another "
            "file.",
        )
    if len(rows) < len(table):
        done = len(table) - len(rows)
        console.note(
            say(
                zh=f"{column!r} 列已有标签的 {done} 行不再挑。",
                en=f"Rows with a label in column {column!r} are not chosen: {done}.",
            )
        )
    return rows


def _write(table: "Table", places: list[int], chosen: "list[Suggestion]", output: str) -> None:
    from baihua.text.tables import Table, write_table

    picked = Table(table.columns, tuple(table.rows[place] for place in places), table.encoding)
    write_table(picked.with_column("reason", [found.reason for found in chosen]), output)


def _record(place: int, found: "Suggestion") -> dict[str, Any]:
    return {
        "row": place,
        "text": found.text,
        "reason": found.reason,
        "num_like_it": found.num_like_it,
        "likeliest": [list(pair) for pair in found.likeliest],
    }


def _shown(chosen: "list[Suggestion]", wanted: int, output: str | None) -> str:
    lines = []
    if output is None:
        heads = say(zh="\t理由\t文本", en="\treason\ttext").split("\t")
        rows = [[str(number), found.reason, shorten(found.text)] for number, found in enumerate(chosen, start=1)]
        lines.append(console.align([heads, *rows], right=[0]))
    if len(chosen) < wanted:
        lines.append(
            say(
                zh=f"不同的文本只有 {len(chosen)} 条，不到 {wanted} 条。",
                en=f"There are only {len(chosen)} different texts, fewer than {wanted}.",
            )
        )
    if output is not None:
        lines.append(
            say(zh=f"挑了 {len(chosen)} 条，写到 {output}", en=f"Texts chosen: {len(chosen)}. Written to {output}")
        )
    return "\n".join(lines)
