"""``baihua dedupe``: the rows that say something new in one file, the repeated ones in another, nothing lost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, Pooling, Precision, TableFile, TextColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.dedupe import Deduplicated
    from baihua.text.tables import Table

SUFFIXES = (".csv", ".tsv", ".tab", ".xlsx", ".jsonl", ".ndjson", ".txt")

Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(zh="留下的行写到哪里；原有的列都在。", en="Where to write the rows kept, with all their columns."),
    ),
]
RemovedFile = Annotated[
    str | None,
    typer.Option(
        "--removed",
        metavar="FILE",
        help=both(
            zh="去掉的行写到哪里，附上留下的是哪一行、为什么、多像；不给则写在 -o 旁边（名字加 .removed）。",
            en="Where to write the rows removed, with the row kept for each, the reason and the score. "
            "Beside -o, its name with .removed, if not given.",
        ),
    ),
]
ReviewFile = Annotated[
    str | None,
    typer.Option(
        "--review",
        metavar="FILE",
        help=both(
            zh="很像、但数字、外文词或否定不同的对写到哪里，请人看；这些行都留着。不给则写在 -o 旁边（名字加 .review）。",
            en="Where to write pairs that are near but differ in a number, a Latin word or a negation, for you to "
            "decide; their rows are kept. Beside -o, its name with .review, if not given.",
        ),
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="COSINE",
        help=both(
            zh="余弦到多少算近似重复；不给则由文件自己算出：整个文件预计错去不到一对。",
            en="From which cosine on a pair is near. Found from the file if not given: less than one wrong pair is "
            "expected in all of it.",
        ),
    ),
]


@verb(
    app,
    "dedupe",
    zh="去掉重复的行：一字不差的、只差全半角大小写标点的、近似的；去掉的另存，一行不丢。",
    en="Remove repeated rows: the same, the same but for width, case and punctuation, and near ones. Nothing is lost.",
)
def dedupe(
    file: TableFile,
    output: Output,
    removed: RemovedFile = None,
    review: ReviewFile = None,
    threshold: Threshold = None,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    text_column: TextColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Remove the repeated texts of a file."""
    kept_file, removed_file, review_file = _check_targets(file, output, removed, review)
    table = open_table(file)
    column = take_column(table, "text", text_column)
    cells = table.column(column)
    from baihua.tasks.dedupe import check_threshold, deduplicate
    from baihua.tasks.embed import SentenceEmbedder

    check_threshold(threshold)
    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)
    filled = [cell for cell in cells if cell.strip()]
    if filled:
        set_whitening(embedder, whitening, filled)
    found = deduplicate(cells, embedder, threshold)
    _write(table, cells, found, (kept_file, removed_file, review_file))
    files = {"output": str(kept_file), "removed_file": str(removed_file), "review_file": str(review_file)}
    console.answer({"file": file, **_record(found, len(cells)), **files}, _summary(found, len(cells), files))


def _check_targets(file: str, output: str, removed: str | None, review: str | None) -> tuple[Path, Path, Path]:
    """Return the three files to write; refuse, before any work, what cannot be written or would be lost."""
    kept_file = Path(output)
    aside = ".csv" if kept_file.suffix.lower() == ".txt" else kept_file.suffix  # a text file has but one column
    targets = (
        kept_file,
        Path(removed) if removed else kept_file.with_suffix(f".removed{aside}"),
        Path(review) if review else kept_file.with_suffix(f".review{aside}"),
    )
    for number, target in enumerate(targets):
        allowed = SUFFIXES if number == 0 else SUFFIXES[:-1]
        if target.suffix.lower() not in allowed:
            raise InvalidValue(
                zh=f"写不了 {str(target)!r}，可用的后缀：{'、'.join(allowed)}。",
                en=f"Cannot write {str(target)!r}. Use one of {', '.join(allowed)}.",
            )
    places = [path.resolve() for path in (Path(file), *targets)]
    if len(set(places)) < len(places):
        listed = ", ".join(str(path) for path in (file, *targets))
        raise InvalidValue(
            zh=f"读的文件与要写的三个文件不能相同，收到：{listed}。请改名。",
            en=f"The file to read and the three to write must all differ, but are {listed}. Rename one.",
        )
    return targets


def _write(table: "Table", cells: list[str], found: "Deduplicated", targets: tuple[Path, Path, Path]) -> None:
    """Write what was removed first, so that a mishap half-way loses nothing. Rows are counted from 1."""
    from baihua.text.tables import Table, write_table

    aside = Table(table.columns, tuple(table.rows[item.row] for item in found.removed))
    added: dict[str, list[object]] = {
        "row": [item.row + 1 for item in found.removed],
        "kept_row": [item.kept_row + 1 for item in found.removed],
        "kept_text": [cells[item.kept_row] for item in found.removed],
        "reason": [item.reason for item in found.removed],
        "score": [round(item.score, 4) for item in found.removed],
    }
    for name, values in added.items():
        aside = aside.with_column(name, values)
    write_table(aside, targets[1])
    write_table(_review_table(cells, found), targets[2])
    write_table(Table(table.columns, tuple(table.rows[row] for row in found.kept)), targets[0])


def _review_table(cells: list[str], found: "Deduplicated") -> "Table":
    from baihua.text.tables import Table

    rows = tuple(
        (
            pair.other_row + 1,
            cells[pair.other_row],
            pair.row + 1,
            cells[pair.row],
            pair.difference,
            round(pair.score, 4),
        )
        for pair in found.review
    )
    return Table(("first_row", "first_text", "second_row", "second_text", "difference", "score"), rows)


def _record(found: "Deduplicated", num_rows: int) -> dict[str, Any]:
    return {
        "rows": num_rows,
        "kept": len(found.kept),
        "removed": found.counts(),
        "review": len(found.review),
        "review_left_out": found.num_review_left_out,
        "empty": found.num_empty,
        "threshold": found.threshold,
        "expected_wrong": found.expected_wrong,
    }


def _summary(found: "Deduplicated", num_rows: int, files: dict[str, str]) -> str:
    exact, normalised, near = found.counts().values()
    lines = [
        say(
            zh=f"共 {num_rows} 行（{found.num_empty} 行没有文字，留着）：留下 {len(found.kept)} 行，去掉 {len(found.removed)} 行"
            f"（一字不差 {exact}，只差写法 {normalised}，近似 {near}）；每组留下最前面的一行。",
            en=f"{num_rows} rows ({found.num_empty} without text, kept): {len(found.kept)} kept, {len(found.removed)} "
            f"removed ({exact} exact, {normalised} normalised, {near} near). Of each group the first row is kept.",
        ),
        _about_threshold(found),
        say(
            zh=f"待人看的近似对：{len(found.review)}（另有 {found.num_review_left_out} 对没有列出）",
            en=f"near pairs for you to review: {len(found.review)} (and {found.num_review_left_out} not listed)",
        ),
        say(
            zh=f"留下 → {files['output']}；去掉 → {files['removed_file']}；待看 → {files['review_file']}",
            en=f"kept → {files['output']}; removed → {files['removed_file']}; review → {files['review_file']}",
        ),
    ]
    return "\n".join(lines)


def _about_threshold(found: "Deduplicated") -> str:
    if found.threshold is None:
        return say(
            zh="近似重复没有去：文本不到 100 条，或在这份文件里重复与相关的文本分不开；要去请用 --threshold 给出余弦。",
            en="Near repetitions were not removed: there are fewer than 100 texts, or repeated ones do not stand apart from "
            "related ones here. To remove some, give a cosine with --threshold.",
        )
    if found.expected_wrong is None:
        return say(zh=f"阈值：余弦 {found.threshold:.4f}", en=f"threshold: cosine {found.threshold:.4f}")
    wrong = f"{found.expected_wrong:.2g}"
    return say(
        zh=f"阈值：余弦 {found.threshold:.4f}；整个文件里预计有 {wrong} 对并不重复的文本碰巧达到",
        en=f"threshold: cosine {found.threshold:.4f}; {wrong} pairs of texts that do not repeat each other are expected "
        "to reach it by chance in the whole file",
    )
