"""``baihua embed``: a table of texts in, one vector per row out."""

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
from baihua.cli.whitening import SUFFIX, say_saved, set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.text.tables import Table

Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="写到哪里：.npy 是 float32 矩阵；.csv .tsv .xlsx .jsonl 是原表加一列 vector。",
            en="Where to write: .npy is a float32 matrix; .csv .tsv .xlsx .jsonl is the table with a column vector.",
        ),
    ),
]
COLUMN = "vector"


@verb(
    app,
    "embed",
    zh="给表里的每条文本求句向量，长度为 1；白化有用才用，并存在向量旁边。",
    en="Turn every text of a table into a vector of unit length; whitening is kept if it helps, and saved beside it.",
)
def embed(
    file: TableFile,
    output: Output,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    text_column: TextColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Embed the texts of a file."""
    target = _check_target(output)
    table = open_table(file)
    column = take_column(table, "text", text_column)
    cells = table.column(column)
    texts = _filled(cells, column)
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.tasks.table_rows import apply_to_cells

    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)
    fitted = set_whitening(embedder, whitening, texts)
    vectors, num_empty = apply_to_cells(embedder.encode, cells)
    _write(target, table, vectors, embedder.width)
    saved = None
    if fitted and embedder.whitening is not None:
        saved = target.with_suffix(SUFFIX)
        embedder.whitening.save(saved)
        say_saved(saved)
    record = {"file": file, "output": str(target), "rows": len(cells), "empty": num_empty, "column": column}
    used = str(saved) if saved else whitening if embedder.whitening is not None else None
    _report({**record, "encoder": encoder, "pooling": embedder.encoder.pooling, "whitening": used}, embedder.width)


def _check_target(output: str) -> Path:
    """Refuse a kind of file that cannot be written before any work is done."""
    target = Path(output)
    kinds = (".npy", ".csv", ".tsv", ".xlsx", ".jsonl")
    if target.suffix.lower() not in kinds:
        raise InvalidValue(
            zh=f"向量可写成 {'、'.join(kinds)}，收到 {output!r}。",
            en=f"Vectors are written as {', '.join(kinds)}, but received {output!r}.",
        )
    return target


def _filled(cells: list[str], column: str) -> list[str]:
    texts = [cell for cell in cells if cell.strip()]
    if not texts:
        raise InvalidValue(
            zh=f"{column!r} 列里没有文本（{len(cells)} 行全空）。请用 --text-column 指定另一列。",
            en=f"Column {column!r} holds no text ({len(cells)} rows, all empty). Name another with --text-column.",
        )
    return texts


def _write(target: Path, table: "Table", vectors: list[Any], width: int) -> None:
    import numpy as np

    from baihua.files import replacing
    from baihua.text.tables import write_table

    if target.suffix.lower() == ".npy":
        empty = np.full(width, np.nan, dtype=np.float32)
        matrix = np.stack([empty if vector is None else vector for vector in vectors]).astype(np.float32)
        with replacing(target) as temporary, temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(matrix))
            file.write(matrix.data)  # np.save would say of a full disk only how many bytes it wrote
    else:
        cells = [None if vector is None else _shortest(vector) for vector in vectors]
        write_table(table.with_column(COLUMN, cells), target)


def _shortest(vector: Any) -> list[float]:
    """Return the numbers with the digits a float32 has and no more; they read back as the same float32."""
    return [float(str(number)) for number in vector]


def _report(record: dict[str, Any], width: int) -> None:
    num_vectors = record["rows"] - record["empty"]
    text = say(
        zh=f"共 {record['rows']} 行，{record['empty']} 行为空；{num_vectors} 个 {width} 维向量写到 {record['output']}",
        en=f"{record['rows']} rows, {record['empty']} empty; {num_vectors} vectors of width {width} "
        f"written to {record['output']}",
    )
    console.answer({**record, "width": width}, text)
