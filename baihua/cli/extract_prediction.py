"""``baihua predict extract``: the entities of every text of a file."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue, check_choice
from baihua.cli import console
from baihua.cli.extraction import Extractor, load_extractor
from baihua.cli.help import both
from baihua.cli.marked_listing import listing
from baihua.cli.options import Device, TextColumn
from baihua.cli.predict import group
from baihua.cli.texts_to_mark import TextsToMark, open_texts_to_mark
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.entities import Entity

DIGITS = 6  # of a probability in a file: what float32 scores give
LINES, TABLES, PAGE = (".jsonl", ".ndjson"), (".csv", ".tsv", ".xlsx"), ".html"

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="表格（.csv .tsv .xlsx .jsonl）、一行一条的文本，或标注过的文件（只取其文本）。",
            en="A table (.csv .tsv .xlsx .jsonl), text with one per line, or a marked file, of which only the texts are used.",
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
            zh="写到哪里，每行输入一行：.jsonl 加一项 entities，.csv .tsv .xlsx 加 entities 与 marked 两列，.html 是彩色的一页；"
            "不给则显示前 20 条。",
            en="Where to write, a row for each row: .jsonl adds entities, .csv .tsv .xlsx the columns entities and marked, and "
            ".html is a page in colour. The first 20 are shown if not given.",
        ),
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="jsonl|cluener|cmeee|doccano|label_studio|bio|bioes|bmes",
        help=both(
            zh="-o 写成哪种标注格式；不给则看后缀。",
            en="The format that -o is written in; told by its suffix if not given.",
        ),
    ),
]


@verb(
    group,
    "extract",
    zh="用训练好的实体抽取器标注每条文本里的实体，直接显示，或写成 JSON Lines、表格、网页与各种标注格式。",
    en="Mark the entities of every text with a trained extractor: shown, or written as JSON Lines, a table, a page or any of "
    "the usual formats.",
)
def predict_extract(
    folder: Extractor,
    file: File,
    output: Output = None,
    format_: Format = None,
    text_column: TextColumn = None,
    device: Device = None,
) -> None:
    """Find the entities of a file's texts."""
    kind = _check_target(file, output, format_)
    given = open_texts_to_mark(file, text_column)
    extractor = load_extractor(folder, device)
    found = extractor.predict(given.texts)
    record: dict[str, Any] = {"extractor": folder, "file": file, "texts": len(given.texts), "output": output}
    counts = Counter(entity.type for mine in found for entity in mine)
    record |= {"entities": counts.total(), "types": dict(counts)}
    if output is None:
        marked = [{"text": text, "entities": _plain(mine)} for text, mine in zip(given.texts, found, strict=True)]
        shown = listing(given.texts, found, extractor.entity_types)
        console.answer({**record, "marked": marked}, "\n".join([*shown, _summary(given.texts, counts)]))
        return
    _write(given, found, Path(output), kind)
    written = say(zh=f"写到 {output}", en=f" Written to {output}")
    console.answer(record, _summary(given.texts, counts) + written)


def _check_target(file: str, output: str | None, format_: str | None) -> str:
    """Return the format to write; refuse, before any work, what cannot be written or would be lost.

    Raises:
        InvalidValue: for an unknown format or suffix, two that do not go together, or the file that is read.
    """
    from baihua.text.entity_files import FORMATS

    chosen = None if format_ is None else check_choice("--format", format_, (*FORMATS, "conll"))
    if output is None:
        if chosen is not None:
            raise InvalidValue(
                zh=f"--format {chosen} 与 -o 一起用；请用 -o 给出写到哪个文件。",
                en=f"--format {chosen} goes with -o. Name the file to write with -o.",
            )
        return ""
    suffix = Path(output).suffix.lower()
    if Path(output).resolve() == Path(file).resolve():
        raise InvalidValue(
            zh=f"-o 不能是要读的文件 {file} 本身；请换一个名字。",
            en=f"-o must not be {file}, the file that is read. Choose another name.",
        )
    if chosen is None and suffix not in (*LINES, *TABLES, PAGE):
        raise InvalidValue(
            zh=f"看不出 {output!r} 要写成什么：后缀可用 {'、'.join((*LINES, *TABLES, PAGE))}，否则请用 --format 指明格式。",
            en=f"Cannot tell how to write {output!r}. Use one of {', '.join((*LINES, *TABLES, PAGE))}, or name a format with "
            "--format.",
        )
    if chosen is not None and suffix in (*TABLES, PAGE):
        raise InvalidValue(
            zh=f"--format {chosen} 写不成 {suffix}；请换一个后缀（如 .jsonl、.json、.txt），或去掉 --format。",
            en=f"--format {chosen} cannot be written as {suffix}. Choose another suffix, such as .jsonl, .json or .txt, or leave "
            "out --format.",
        )
    return suffix if chosen in (None, "jsonl") and suffix in (*LINES, *TABLES, PAGE) else chosen or ""


def _write(given: TextsToMark, found: "list[list[Entity]]", target: Path, kind: str) -> None:
    """Write what was found, as the suffix or the format of `_check_target` says."""
    from baihua.files import write_text
    from baihua.text.marked_text import entities_html, mark_inline
    from baihua.text.tables import write_table

    if kind == PAGE:
        write_text(target, entities_html(given.texts, found))
    elif kind in LINES:
        write_table(given.with_text().with_column("entities", [_plain(mine) for mine in found]), target)
    elif kind in TABLES:
        marked = [mark_inline(text, mine) for text, mine in zip(given.texts, found, strict=True)]
        named = [_plain(mine, text) for text, mine in zip(given.texts, found, strict=True)]
        write_table(given.table.with_column("entities", named).with_column("marked", marked), target)
    else:
        _write_format(given, found, target, kind)


def _write_format(given: TextsToMark, found: "list[list[Entity]]", target: Path, kind: str) -> None:
    from baihua.text.entities import EntityTexts, choose_overlaps
    from baihua.text.entity_files import write_entity_file
    from baihua.text.entity_tags import SCHEMES

    written = found
    if kind in (*SCHEMES, "conll"):
        written = [choose_overlaps(mine, "flat") for mine in found]
        left_out = sum(map(len, found)) - sum(map(len, written))
        if left_out:
            console.note(
                say(
                    zh=f"{kind} 每个字只有一个标签，有 {left_out} 个实体与更可能的重叠，没有写出；要全部请写成 .jsonl。",
                    en=f"{kind} has one tag for each character, so entities that overlap more probable ones were not written: "
                    f"{left_out}. Write .jsonl to have them all.",
                )
            )
    for remark in write_entity_file(target, EntityTexts(given.texts, written), kind):
        console.note(remark)


def _plain(entities: "list[Entity]", text: str | None = None) -> list[dict[str, Any]]:
    """Return entities for JSON; with the text, what each says as well."""
    return [
        {
            **({} if text is None else {"text": text[entity.start : entity.end]}),
            "start": entity.start,
            "end": entity.end,
            "type": entity.type,
            "score": round(entity.score, DIGITS),
        }
        for entity in entities
    ]


def _summary(texts: list[str], counts: Counter[str]) -> str:
    listed = ", ".join(f"{name} {count}" for name, count in counts.most_common())
    return say(
        zh=f"{len(texts)} 条文本，{counts.total()} 个实体" + (f"：{listed}。" if listed else "。"),
        en=f"Texts: {len(texts)}, entities: {counts.total()}" + (f" ({listed})." if listed else "."),
    )
