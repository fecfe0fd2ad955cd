"""``baihua index``: a table of texts into a library that can be searched, again and again as the table changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue, Mistake
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.library import LibraryFile, open_library
from baihua.cli.options import Device, Pooling, Precision, TextColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.search import SentenceIndex
    from baihua.text.tables import Table

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="表格（.csv .tsv .xlsx .jsonl）或一行一句的文本；文本列之外的列作为元数据存下。",
            en="A table (.csv .tsv .xlsx .jsonl) or text, one per line; the columns beside the text are stored with it.",
        ),
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option(
        "--id-column",
        metavar="COLUMN",
        help=both(
            zh="用哪一列认出同一行，以便更新；不给则文本与其他列都相同才算同一行。",
            en="The column that tells rows apart, so that they can be updated; without it a row is its text and all "
            "its other columns.",
        ),
    ),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME|FOLDER",
        help=both(
            zh="新建库时用的编码器，默认 bundled；已有的库用它自己的。",
            en="The encoder of a new library, bundled if not given; a library already there keeps its own.",
        ),
    ),
]
StoredAs = Annotated[
    str,
    typer.Option(
        "--vectors",
        metavar="float32|float16|int8",
        help=both(
            zh="新建库时向量怎样存：float16 文件小一半，int8 内存只要四分之一。",
            en="How a new library stores vectors: float16 halves the file, int8 takes a quarter of the memory.",
        ),
    ),
]


@verb(
    app,
    "index",
    zh="把表里的文本存进一个库（一个文件），供 search 搜索；再运行一次只处理新增与改动的行。",
    en="Put the texts of a table into a library (one file) for search; run again, it takes only what is new or changed.",
)
def index(
    file: File,
    db: LibraryFile,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    encoder: Encoder = None,
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    vectors: StoredAs = "float32",
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Index a file."""
    table = open_table(file)
    column = take_column(table, "text", text_column)
    texts = table.column(column)
    keys = None if id_column is None else table.column(take_column(table, "id", id_column))
    _check_texts(texts, column)
    is_new = not Path(db).is_file()
    if is_new:
        library = _new_library(db, (encoder or "bundled", pooling, device, dtype), whitening, vectors, texts)
    else:
        library = open_library(db, device, dtype)
        _say_what_is_kept(library, encoder, (pooling, whitening, vectors) != ("auto", "auto", "float32"))
    try:
        done = library.add(texts, _other_columns(table, column), keys)
    except BaseException:
        library.close()
        if is_new:  # a mistake leaves no empty library behind
            Path(db).unlink(missing_ok=True)
        raise
    with library:
        record = {"file": file, "db": db, "column": column, "rows": len(texts), **vars(done), "size": len(library)}
        _report({**record, "calibrated": _calibrate_if_due(library)})


def _check_texts(texts: list[str], column: str) -> None:
    if not any(text.strip() for text in texts):
        raise InvalidValue(
            zh=f"{column!r} 列里没有文本（{len(texts)} 行全空）。请用 --text-column 指定另一列。",
            en=f"Column {column!r} holds no text ({len(texts)} rows, all empty). Name another with --text-column.",
        )


def _new_library(
    db: str, loading: tuple[str, str, str | None, str], whitening: str, vectors: str, texts: list[str]
) -> "SentenceIndex":
    """Load the encoder, fit the whitening if wanted, and make an empty library that knows both."""
    from baihua.checks import check_choice
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.tasks.index.vectors import DTYPES
    from baihua.tasks.search import SentenceIndex

    check_choice("--vectors", vectors, DTYPES)
    name, pooling, device, dtype = loading
    embedder = SentenceEmbedder(name, pooling=pooling, device=device, dtype=dtype)
    set_whitening(embedder, whitening, [text for text in texts if text.strip()])
    lasting = str(Path(name).resolve()) if Path(name).is_dir() else name
    return SentenceIndex.create(db, embedder, dtype=vectors, encoder_name=lasting)


def _say_what_is_kept(library: "SentenceIndex", encoder: str | None, other_settings: bool) -> None:
    """Refuse another encoder than the library's, and say that other settings are its own too."""
    own = str(library.settings["encoder"])
    if encoder is not None and own not in (encoder, str(Path(encoder).resolve())):
        library.close()
        raise InvalidValue(
            zh=f"{library.path} 是用编码器 {own} 建立的，不能换成 {encoder}；请不写 --encoder，或换一个文件名新建。",
            en=f"{library.path} was made with the encoder {own} and cannot change to {encoder}. Leave out --encoder, or "
            "make a new library under another name.",
        )
    shown = say(zh="有白化", en="whitened") if library.embedder.whitening else say(zh="无白化", en="not whitened")
    console.note(
        say(
            zh=f"加到已有的库 {library.path}：编码器 {own}，{library.embedder.encoder.pooling}，{shown}，"
            f"{library.embedder.width} 维。",
            en=f"Adding to the library {library.path}: encoder {own}, {library.embedder.encoder.pooling}, {shown}, width "
            f"{library.embedder.width}.",
        )
    )
    if other_settings:
        console.note(
            say(
                zh="库的池化、白化与存法在新建时定下，这里的 --pooling、--whitening 与 --vectors 不起作用。",
                en="Pooling, whitening and storage of a library are set when it is made; --pooling, --whitening and --vectors "
                "are ignored.",
            )
        )


def _other_columns(table: "Table", text_column: str) -> list[dict[str, object]]:
    """Return what stands beside each text, by column."""
    return [
        {name: cell for name, cell in zip(table.columns, row, strict=True) if name != text_column} for row in table.rows
    ]


def _calibrate_if_due(library: "SentenceIndex") -> bool:
    """Learn what scores mean where that is not known yet (about a second), and say so; the texts are saved already."""
    try:
        found = library.calibrate_if_due()
    except Mistake as error:
        console.note(str(error))
        return False
    if found is not None:
        console.note(
            say(
                zh=f"用库里的 {found.num_documents} 条文本校准了得分：search 会说明每个得分的含义。",
                en=f"Scores are calibrated on the library's {found.num_documents} texts: search now says what each means.",
            )
        )
    return found is not None


def _report(record: dict[str, Any]) -> None:
    empty = say(zh=f"，{record['empty']} 行为空，略过", en=f", {record['empty']} empty and left out")
    text = say(
        zh=f"新增 {record['added']}，更新 {record['updated']}，未变 {record['unchanged']}",
        en=f"{record['added']} added, {record['updated']} updated, {record['unchanged']} unchanged",
    )
    total = say(zh=f"；{record['db']} 现有 {record['size']} 条。", en=f"; {record['db']} now holds {record['size']}.")
    console.answer(record, text + (empty if record["empty"] else "") + total)
