"""``baihua search``: one question, a whole table of them, or one after the other at a prompt."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue, check_choice
from baihua.cli import console, hits_table, meaning
from baihua.cli.help import both
from baihua.cli.library import LibraryFile, open_library, parse_where
from baihua.cli.options import Device, Precision, TextColumn
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.search import SentenceIndex

Text = Annotated[
    str | None,
    typer.Argument(
        metavar="TEXT",
        help=both(
            zh="要找什么；不给则逐条询问（管道里则一行一条，--json 给每条一个对象）。",
            en="What to look for; without it you are asked, or in a pipe each line is a query (with --json, one object "
            "each).",
        ),
    ),
]
TopK = Annotated[
    int | None,
    typer.Option(
        "-k",
        "--top-k",
        metavar="K",
        help=both(
            zh="每条最多几个结果；不给为 10，只给 --threshold 时不限。",
            en="At most so many hits; 10 if not given, or all with --threshold alone.",
        ),
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="hybrid|vector|keyword",
        help=both(
            zh="按意思（vector）、按字词（keyword），还是合起来排（hybrid）。",
            en="Order by meaning (vector), by words (keyword), or by both (hybrid).",
        ),
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="T",
        help=both(zh="相似度（余弦）至少多少。", en="The least similarity (cosine) of a hit."),
    ),
]
Conditions = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE",
        help=both(
            zh="只在某列等于某值的行里找；可以写几次，同一列的几个值都算。",
            en="Only rows whose column has this value; may be given several times, and several values of one column all count.",
        ),
    ),
]
Queries = Annotated[
    str | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        help=both(zh="一整个表的问题，每行一条。", en="A whole table of queries, one per row."),
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="--queries 的结果写到哪里（.csv .tsv .xlsx .jsonl）：原来的列，加上 rank、score、match 与库里的其他列。",
            en="Where the answers to --queries go (.csv .tsv .xlsx .jsonl): all their columns, and rank, score, match and "
            "the library's other columns.",
        ),
    ),
]
KINDS = (".csv", ".tsv", ".xlsx", ".jsonl")


@verb(
    app,
    "search",
    zh="在库里找意思相近、字词相同的文本；score 是夹角余弦，不是概率。库用 calibrate --db 校准过，每个得分还附上说明。",
    en="Find texts of like meaning or the same words in a library; a score is a cosine, not a probability. Once "
    "calibrate --db has been run on the library, every score comes with what it means.",
)
def search(
    db: LibraryFile,
    text: Text = None,
    top_k: TopK = None,
    mode: Mode = "hybrid",
    threshold: Threshold = None,
    where: Conditions = None,
    queries: Queries = None,
    output: Output = None,
    text_column: TextColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Search a library."""
    if text is not None and queries is not None:
        raise InvalidValue(
            zh="TEXT 与 --queries 只能给一个。",
            en="Give either TEXT or --queries, not both.",
        )
    if output is not None and queries is None:
        raise InvalidValue(
            zh="-o 与 --queries 一起用；一条查询的结果直接显示。",
            en="-o goes with --queries; the hits of one query are printed.",
        )
    console.existing_file(db)
    number = top_k if top_k is not None or threshold is not None else 10
    asked: dict[str, Any] = {"top_k": number, "mode": mode, "threshold": threshold, "where": parse_where(where or [])}
    if queries is not None:
        _answer_table(queries, output, text_column, db, device, dtype, asked)
        return
    with open_library(db, device, dtype) as library:
        _say_what_scores_mean(library)
        if text is not None:
            hits = library.search(text, **asked)
            console.answer({**hits_table.record_of(text, hits), "mode": mode}, hits_table.listing(hits))
        else:
            _answer_lines(library, asked)


def _say_what_scores_mean(library: "SentenceIndex") -> None:
    known = library.calibration
    if known is not None:
        meaning.say_what_it_means(known, searched=True)


def _answer_lines(library: "SentenceIndex", asked: dict[str, Any]) -> None:
    """Answer each line of standard input; at a terminal an empty line ends."""
    at_terminal = sys.stdin.isatty()
    if at_terminal:
        console.note(
            say(
                zh=f"{library.path}，{len(library)} 条。输入要找的话；空行结束。",
                en=f"{library.path}, {len(library)} texts. Type what to look for; an empty line ends.",
            )
        )
    for line in _lines(at_terminal):
        hits = library.search(line, **asked)
        heading = "" if at_terminal else f"{line}\n"
        console.answer({**hits_table.record_of(line, hits), "mode": asked["mode"]}, heading + hits_table.listing(hits))


def _lines(at_terminal: bool) -> Iterator[str]:
    while True:
        if at_terminal:
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.readline()
        if not line or (at_terminal and not line.strip()):
            return
        if line.strip():
            yield line.strip()


def _answer_table(
    queries: str,
    output: str | None,
    text_column: str | None,
    db: str,
    device: str | None,
    dtype: str,
    asked: dict[str, Any],
) -> None:
    """Answer every row of a table, and write a row per hit, or one row without a hit."""
    if output is not None:
        check_choice("-o", Path(output).suffix.lower(), KINDS)
    table = open_table(queries)
    texts = table.column(take_column(table, "text", text_column))
    with open_library(db, device, dtype) as library:
        _say_what_scores_mean(library)
        answers = library.search(texts, **asked)
    num_found, num_chance = sum(bool(hits) for hits in answers), hits_table.count_chance(answers)
    found = say(
        zh=f"共 {len(texts)} 条，{num_found} 条有结果，{sum(map(len, answers))} 个结果。",
        en=f"{len(texts)} queries, {num_found} with hits, {sum(map(len, answers))} hits.",
    )
    record = {"queries": queries, "db": db, "rows": len(texts), "answered": num_found, "output": output}
    if num_chance is not None:
        record["no_better_than_chance"] = num_chance
        found += say(
            zh=f"其中 {num_chance} 条只看得分不好过巧合。",
            en=f" {num_chance} are no better than chance by their scores.",
        )
    if output is None:
        listed = [hits_table.record_of(text, hits) for text, hits in zip(texts, answers, strict=True)]
        shown = [f"{text}\n{hits_table.listing(hits)}" for text, hits in zip(texts, answers, strict=True)]
        console.answer({**record, "answers": listed}, "\n".join([*shown, found]))
        return
    from baihua.text.tables import write_table

    write_table(hits_table.with_hits(table, answers), output)
    console.answer(record, found + say(zh=f"写到 {output}", en=f" Written to {output}"))
