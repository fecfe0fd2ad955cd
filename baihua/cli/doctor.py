"""``baihua doctor``: what is wrong with a file of training texts, in one table."""

from typing import TYPE_CHECKING, Annotated

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both, spoken
from baihua.cli.options import EncoderName, TextColumn
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.finding import Finding
    from baihua.text.tables import Table

WORDS = {
    "empty": both(zh="没有文字的行", en="rows without text"),
    "repeated": both(zh="与前面一字不差的行", en="rows that repeat an earlier one exactly"),
    "same_form": both(zh="只差全半角、大小写、标点的行", en="rows that repeat one but for width, case, punctuation"),
    "missing_labels": both(zh="没有标签的行", en="rows without a label"),
    "label_conflicts": both(zh="同一文本、不同标签的行", en="rows of one text under different labels"),
    "label_spellings": both(zh="标签写法不一的行", en="rows with another spelling of a label"),
    "full_width": both(zh="含全角字母或数字的行", en="rows with full-width letters or digits"),
    "replacement": both(zh="含替换符 U+FFFD 的行", en="rows with replacement characters (U+FFFD)"),
    "mojibake": both(zh="乱码的行（编码读错）", en="wrongly decoded rows"),
    "control": both(zh="含控制字符的行", en="rows with control characters"),
    "private_use": both(zh="含私用区字符的行", en="rows with private-use characters"),
    "invisible": both(zh="含看不见的字符的行", en="rows with invisible characters"),
    "traditional": both(zh="只有繁体才用的字", en="characters of traditional writing only"),
    "too_long": both(zh="超过编码器上限的行", en="rows longer than the encoder reads"),
    "longest": both(zh="最长一行的词元数", en="tokens of the longest row"),
    "unknown": both(zh="编码器不认识的词元", en="tokens unknown to the encoder"),
    "leaked": both(zh="训练集里也有的行", en="rows that are also training rows"),
    "leaked_conflicts": both(zh="训练集里标签不同的行", en="rows labelled otherwise in training"),
}

File = Annotated[
    str,
    typer.Argument(metavar="FILE", help=both(zh="训练用的表或文本。", en="The table or text to train on.")),
]
Dev = Annotated[
    str | None,
    typer.Argument(
        metavar="[DEV]",
        help=both(zh="留作验证的表，与训练集比对。", en="The table held aside, compared with the first."),
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="COLUMN",
        help=both(
            zh="标签在哪一列；不给则按列名猜，没有就不查标签。",
            en="The column with the labels; guessed if not given, and without one labels are not looked at.",
        ),
    ),
]


@verb(
    app,
    "doctor",
    zh="训练之前检查数据：空行、重复、标签冲突、验证集泄漏、过长、乱码；会误导训练时退出码为 1。",
    en="Check data before training: empty, repeated, conflicting, leaked, too long, garbled. Exit code 1 when training "
    "on it would mislead.",
)
def doctor(
    file: File,
    dev: Dev = None,
    encoder: EncoderName = "bundled",
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
) -> None:
    """Examine a file, and one held aside."""
    tables = [open_table(path) for path in (file, dev) if path is not None]
    columns = [take_column(table, "text", text_column) for table in tables]
    texts = [table.column(column) for table, column in zip(tables, columns, strict=True)]
    labels = [_labels(table, column, label_column) for table, column in zip(tables, columns, strict=True)]
    from baihua.encoders.load import load_encoder
    from baihua.tasks.doctor import as_records, examine

    dev_texts, dev_labels = (texts[1], labels[1]) if dev is not None else (None, None)
    findings = examine(texts[0], labels[0], dev_texts, dev_labels, load_encoder(encoder))
    serious = [finding for finding in findings if finding.serious]
    files = [
        {"file": path, "encoding": table.encoding, "rows": len(table), "labels": kind is not None}
        for path, table, kind in zip((file, dev), tables, labels, strict=False)
    ]
    record = {"files": files, "findings": as_records(findings), "serious": bool(serious)}
    console.answer(record, "\n".join([_table(findings, tables), _verdict(serious)]))
    if serious:
        raise typer.Exit(1)


def _labels(table: "Table", text_column: str, name: str | None) -> list[str] | None:
    try:
        column = take_column(table, "label", name)
    except InvalidValue:
        if name is not None:
            raise
        console.note(
            say(
                zh="没有找到（唯一的）标签列，不查标签；要查请用 --label-column 指明。",
                en="No single column of labels was found, so labels are not looked at. Name one with --label-column.",
            )
        )
        return None
    return table.column(column) if column != text_column else None


def _table(findings: "list[Finding]", tables: "list[Table]") -> str:
    """Lay the findings out, one per line; what is serious is marked."""
    from baihua.text.encodings import encoding_name

    names = {"train": say(zh="训练", en="train"), "dev": say(zh="验证", en="dev")}
    rows = [say(zh=" |文件|查什么|个数|占比|例子", en=" |file|what|count|share|example").split("|")]
    for where, table in zip(names, tables, strict=False):
        what = say(zh=f"读作 {encoding_name(table.encoding)} 的行", en=f"rows, read as {encoding_name(table.encoding)}")
        rows.append(["", names[where], what, str(len(table)), "", ""])
    for finding in findings:
        share = "" if finding.share is None else f"{100 * finding.share:.2f} %"
        mark = "!!" if finding.serious else ""
        example = " ".join(finding.examples) if finding.of != "rows" and finding.share is not None else _first(finding)
        what = spoken(WORDS[finding.name])
        rows.append([mark, names[finding.where], what, str(finding.count), share, _shorten(example)])
    return console.align(rows, right=[3, 4])


def _first(finding: "Finding") -> str:
    return finding.examples[0] if finding.count and finding.examples else ""


def _verdict(serious: "list[Finding]") -> str:
    if not serious:
        return say(zh="没有发现会误导训练的问题。", en="Nothing here would mislead a training.")
    names = list(dict.fromkeys(spoken(WORDS[finding.name]) for finding in serious))
    return say(zh=f"用它训练会被误导：{'、'.join(names)}。", en=f"Training on this would mislead: {', '.join(names)}.")


def _shorten(text: str) -> str:
    line = "".join(character if character.isprintable() else " " for character in text).strip()
    return line if len(line) <= 24 else line[:23] + "…"
