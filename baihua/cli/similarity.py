"""``baihua similarity``: how alike two texts are, or every pair of a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, Pooling, Precision, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_pair_columns
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.embed import SentenceEmbedder

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="TEXT TEXT|FILE",
        help=both(zh="两条文本，或一个有两列文本的表。", en="Two texts, or a table with two columns of text."),
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="写到哪里：原表加一列 similarity（.csv .tsv .xlsx .jsonl）。",
            en="Where to write the table with a column similarity (.csv .tsv .xlsx .jsonl).",
        ),
    ),
]
FirstColumn = Annotated[
    str | None,
    typer.Option("--first-column", metavar="COLUMN", help=both(zh="第一句的列。", en="The first text's column.")),
]
SecondColumn = Annotated[
    str | None,
    typer.Option("--second-column", metavar="COLUMN", help=both(zh="第二句的列。", en="The second text's column.")),
]
COLUMN = "similarity"


@verb(
    app,
    "similarity",
    zh="两条文本有多像（夹角余弦，1 为最像），或给表里的每一对加上一列。",
    en="How alike two texts are (cosine, 1 is most alike), or the same as a new column for every pair of a table.",
)
def similarity(
    words: Words,
    output: Output = None,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Compare two texts, or the pairs of a table."""
    if len(words) == 1 and Path(words[0]).is_file():
        table = open_table(words[0])
        columns = take_pair_columns(table, first_column, second_column)
        _compare_table(words[0], output, table, columns, lambda: _embedder(encoder, pooling, device, dtype), whitening)
        return
    if len(words) != 2 or not all(word.strip() for word in words):
        raise InvalidValue(
            zh=f"similarity 要两条非空的文本或一个表，收到 {len(words)} 个：{' '.join(words)!r}。含空格的文本请加引号。",
            en=f"similarity takes two texts that are not empty, or a table, but received {len(words)}: "
            f"{' '.join(words)!r}. Put quotes around text with spaces.",
        )
    if output is not None:
        raise InvalidValue(
            zh="-o 只用于表；两条文本的相似度直接显示。",
            en="-o goes with a table; the similarity of two texts is printed.",
        )
    embedder = _embedder(encoder, pooling, device, dtype)
    if whitening != "auto":  # two texts are too few to try a whitening on
        set_whitening(embedder, whitening, words)
    value = float(embedder.similarity_pairwise(words[:1], words[1:])[0])
    console.answer({"similarity": value, "encoder": encoder, "pooling": embedder.encoder.pooling}, f"{value:.4f}")


def _embedder(encoder: str, pooling: str, device: str | None, dtype: str) -> "SentenceEmbedder":
    from baihua.tasks.embed import SentenceEmbedder

    return SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)


def _compare_table(
    file: str, output: str | None, table: Any, columns: tuple[str, str], make_embedder: Any, whitening: str
) -> None:
    from baihua.tasks.table_rows import apply_to_cells

    first, second = (table.column(column) for column in columns)
    texts = [cell for cell in [*first, *second] if cell.strip()]
    embedder = make_embedder()
    if texts:
        set_whitening(embedder, whitening, texts)
    values, num_empty = apply_to_cells(embedder.similarity_pairwise, first, second)
    numbers = [None if value is None else float(value) for value in values]
    if output is not None:
        from baihua.text.tables import write_table

        write_table(table.with_column(COLUMN, values), output)
    record = {"file": file, "columns": list(columns), "rows": len(numbers), "empty": num_empty, "output": output}
    console.answer({**record, "similarities": numbers}, _summary(first, second, numbers, num_empty, output))


def _summary(
    first: list[str], second: list[str], numbers: list[float | None], num_empty: int, output: str | None
) -> str:
    """Say how many pairs there are and what their similarities are; without an output file, list them."""
    found = [number for number in numbers if number is not None]
    lines = [
        say(
            zh=f"共 {len(numbers)} 对，{num_empty} 对缺一边或两边，结果为空。",
            en=f"{len(numbers)} pairs, {num_empty} with an empty cell and so an empty result.",
        )
    ]
    if found:
        low, mean, high = min(found), sum(found) / len(found), max(found)
        lines.append(
            say(
                zh=f"相似度：最低 {low:.4f}，平均 {mean:.4f}，最高 {high:.4f}",
                en=f"similarity: lowest {low:.4f}, mean {mean:.4f}, highest {high:.4f}",
            )
        )
    if output is not None:
        lines.append(say(zh=f"写到 {Path(output)}", en=f"Written to {Path(output)}"))
    elif found:
        rows = [
            ("–" if number is None else f"{number:.4f}", _shorten(a), _shorten(b))
            for a, b, number in zip(first, second, numbers, strict=True)
        ]
        lines.append(console.align(rows, right=[0]))
    return "\n".join(lines)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 24 else line[:23] + "…"
