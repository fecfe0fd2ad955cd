"""``baihua similarity``: how alike two texts are, or every pair of a table."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console, meaning
from baihua.cli.help import both
from baihua.cli.library import EncoderIfNotTheLibrarys, LibraryIfAny, open_library, refuse_other_embedder
from baihua.cli.options import Device, FirstColumn, Pooling, Precision, SecondColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_pair_columns
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.calibration_file import Calibration
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.text.tables import Table

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
CalibrationFile = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help=both(
            zh="calibrate -o 写的校准：说明相似度的含义。",
            en="A calibration written by calibrate -o: says what the similarity means.",
        ),
    ),
]
Comparer = tuple["SentenceEmbedder", "Calibration | None"]
Load = Callable[[list[str], bool], Comparer]  # the texts to compare, and whether they are those of a table
COLUMN = "similarity"
DIGITS = 6  # of a rate or probability in a table


@verb(
    app,
    "similarity",
    zh="两条文本有多像（夹角余弦，1 为最像），或给表里的每一对加上一列；有校准时说明它的含义。",
    en="How alike two texts are (cosine, 1 is most alike), or the same as a new column for every pair of a table; with a "
    "calibration, what it means.",
)
def similarity(
    words: Words,
    output: Output = None,
    db: LibraryIfAny = None,
    calibration: CalibrationFile = None,
    encoder: EncoderIfNotTheLibrarys = None,
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Compare two texts, or the pairs of a table."""
    _check_sources(db, calibration, encoder, pooling, whitening)

    def load(texts: list[str], is_table: bool) -> Comparer:
        if db is not None:
            return _from_library(db, device, dtype)
        embedder = _embedder(encoder or "bundled", pooling, device, dtype)
        return embedder, _prepare(embedder, whitening, calibration, texts, is_table)

    if len(words) == 1 and Path(words[0]).is_file():
        table = open_table(words[0])
        columns = take_pair_columns(table, first_column, second_column)
        _compare_table(words[0], output, table, columns, load)
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
    _compare_two(words[0], words[1], load)


def _check_sources(db: str | None, calibration: str | None, encoder: str | None, pooling: str, whitening: str) -> None:
    """Refuse two sources of one thing, and files that are not there, before anything is loaded."""
    if db is not None and calibration is not None:
        raise InvalidValue(
            zh="--db 与 --calibration 只能给一个：库里有它自己的校准。",
            en="Give either --db or --calibration, not both: a library has a calibration of its own.",
        )
    if db is not None:
        refuse_other_embedder(encoder, pooling, whitening)
    for path in (db, calibration):
        if path is not None:
            console.existing_file(path)


def _from_library(db: str, device: str | None, dtype: str) -> Comparer:
    with open_library(db, device, dtype) as library:
        embedder, known = library.embedder, library.calibration
    if known is None:
        console.note(
            say(
                zh=f"{db} 还没有校准过，说不出相似度的含义；请运行 baihua calibrate --db {db}。",
                en=f"{db} is not calibrated, so what a similarity means is not known. Run baihua calibrate --db {db}.",
            )
        )
    return embedder, known


def _embedder(encoder: str, pooling: str, device: str | None, dtype: str) -> "SentenceEmbedder":
    from baihua.tasks.embed import SentenceEmbedder

    return SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)


def _prepare(
    embedder: "SentenceEmbedder", whitening: str, calibration: str | None, texts: list[str], is_table: bool
) -> "Calibration | None":
    """Whiten as the user chose, and return the calibration once it is seen to be one of these vectors.

    With ``auto`` nothing is fitted on two texts, which are too few to try it on, nor beside a calibration, which would
    then be one of other vectors.
    """
    from baihua.tasks.calibration_file import Calibration

    known = None if calibration is None else Calibration.load(calibration)
    if texts and (whitening != "auto" or (is_table and known is None)):
        set_whitening(embedder, whitening, texts)
    if known is not None:
        known.check(embedder.fingerprint)
    return known


def _compare_two(first: str, second: str, load: Load) -> None:
    embedder, known = load([first, second], False)
    value = float(embedder.similarity_pairwise([first], [second])[0])
    record: dict[str, Any] = {
        "similarity": value,
        "encoder": embedder.encoder.name,
        "pooling": embedder.encoder.pooling,
    }
    lines = [f"{value:.4f}"]
    if known is not None:
        record |= known.explain(value)
        lines += known.sentences(value)
    console.answer(record, "\n".join(lines))


def _compare_table(file: str, output: str | None, table: "Table", columns: tuple[str, str], load: Load) -> None:
    from baihua.tasks.table_rows import apply_to_cells

    first, second = (table.column(column) for column in columns)
    embedder, known = load([cell for cell in [*first, *second] if cell.strip()], True)
    values, num_empty = apply_to_cells(embedder.similarity_pairwise, first, second)
    numbers = [None if value is None else float(value) for value in values]
    meanings = [{} if number is None or known is None else known.explain(number) for number in numbers]
    names = dict.fromkeys(name for one in meanings for name in one)
    columns_of_meaning = {name: [one.get(name) for one in meanings] for name in names}
    shown = _summary(numbers, num_empty)
    if output is not None:
        _write(table.with_column(COLUMN, values), columns_of_meaning, output)
        shown.append(say(zh=f"写到 {Path(output)}", en=f"Written to {Path(output)}"))
    elif len(numbers) > num_empty:
        if known is not None:
            meaning.say_what_it_means(known, searched=False)
        shown.append(_listing(first, second, numbers, meanings))
    record = {"file": file, "columns": list(columns), "rows": len(numbers), "empty": num_empty, "output": output}
    console.answer({**record, "similarities": numbers, **columns_of_meaning}, "\n".join(shown))


def _write(table: "Table", more: Mapping[str, list[float | None]], output: str) -> None:
    from baihua.text.tables import write_table

    for name, column in more.items():
        table = table.with_column(name, [cell if cell is None else float(f"{cell:.{DIGITS}g}") for cell in column])
    write_table(table, output)


def _summary(numbers: list[float | None], num_empty: int) -> list[str]:
    """Say how many pairs there are and what their similarities are."""
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
    return lines


def _listing(first: list[str], second: list[str], numbers: list[float | None], meanings: list[dict[str, float]]) -> str:
    """Return one line per pair, under a heading where it is known what a similarity means."""
    named = meaning.headings(list(dict.fromkeys(name for one in meanings for name in one)))
    rows = [
        (
            "–" if number is None else f"{number:.4f}",
            *(meaning.cells(one) or [""] * len(named)),
            _shorten(a),
            _shorten(b),
        )
        for a, b, number, one in zip(first, second, numbers, meanings, strict=True)
    ]
    if named:
        rows.insert(0, (say(zh="相似度", en="similarity"), *named, "", ""))
    return console.align(rows, right=range(1 + len(named)))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 24 else line[:23] + "…"
