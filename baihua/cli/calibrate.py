"""``baihua calibrate``: what a score means on one's own text, and which threshold to use."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.calibration_report import report
from baihua.cli.help import both
from baihua.cli.labelled_pairs import LabelledPairs, find_labelled_pairs
from baihua.cli.library import EncoderIfNotTheLibrarys, open_library, refuse_other_embedder
from baihua.cli.options import (
    Device,
    FirstColumn,
    LabelColumn,
    Pooling,
    Precision,
    SecondColumn,
    TextColumn,
    WhiteningChoice,
)
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.cli.whitening import SUFFIX, say_saved, set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.calibration_file import Calibration
    from baihua.text.tables import Table

File = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="一列文本的表，或两列文本加一列标签（1 同义，0 不同）的表；有 --db 时可以不给。",
            en="A table with a column of texts, or with two columns of texts and one of labels (1 the same, 0 not). Not "
            "needed with --db.",
        ),
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help=both(
            zh="校准这个文本库：无关文本取库里的，结果存在库里，search 会用。",
            en="Calibrate this library: unrelated texts are its own, and the result is kept in it for search.",
        ),
    ),
]
Rate = Annotated[
    str | None,
    typer.Option(
        "--rate",
        metavar="SHARE",
        help=both(
            zh="想要的误配率，如 0.001 或 0.1%：无关文本对里得分到阈值的比例。",
            en="The wished rate of false matches, such as 0.001 or 0.1%: the share of unrelated pairs at the threshold.",
        ),
    ),
]
Prior = Annotated[
    str | None,
    typer.Option(
        "--prior",
        metavar="SHARE",
        help=both(
            zh="以后要问的句对里同义的比例，如 0.05；不给则同标好的句对。",
            en="The share of matches among pairs asked about later, such as 0.05; else that of the labelled pairs.",
        ),
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help=both(zh="把校准写成 JSON。", en="Write the calibration as JSON.")
    ),
]


@verb(
    app,
    "calibrate",
    zh="量一量得分说明什么：无关文本多常得这么高、该用什么阈值；有标好的句对，还有同义的概率。",
    en="What a score means: how often unrelated texts reach it, which threshold to use, and from labelled pairs the "
    "probability of the same meaning.",
)
def calibrate(
    file: File = None,
    db: Database = None,
    rate: Rate = None,
    prior: Prior = None,
    output: Output = None,
    encoder: EncoderIfNotTheLibrarys = None,
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    text_column: TextColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    label_column: LabelColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Calibrate the scores of a file's texts, or of a library."""
    wished, stated = _share("--rate", rate), _share("--prior", prior)
    if db is not None:
        refuse_other_embedder(encoder, pooling, whitening)
        console.existing_file(db)
    elif file is None:
        raise InvalidValue(
            zh="calibrate 要一个表（FILE）或一个文本库（--db），都没有给。",
            en="calibrate takes a table (FILE) or a library (--db), and neither was given.",
        )
    table = None if file is None else open_table(file)
    columns = (first_column, second_column, label_column)
    pairs = None if table is None or text_column else find_labelled_pairs(table, *columns)
    _check_pairs_are_there(file, pairs, needed=db is not None and file is not None, prior=stated)
    if db is not None:
        found, embedding = _calibrate_library(db, pairs, stated, device, dtype)
    elif table is not None:
        texts = _texts(table, text_column) if pairs is None else [*pairs.first, *pairs.second]
        loading = (encoder or "bundled", pooling, device, dtype)
        found, embedding = _calibrate_texts(texts, pairs, stated, loading, (whitening, output))
    if output is not None:
        found.save(output)
        console.note(say(zh=f"校准写在 {output}。", en=f"The calibration is written to {output}."))
    report({"file": file, "db": db, **embedding, "output": output}, found, wished, pairs)


def _check_pairs_are_there(file: str | None, pairs: LabelledPairs | None, *, needed: bool, prior: float | None) -> None:
    """Refuse what only labelled pairs can be used for when there are none."""
    if pairs is None and prior is not None:
        where = "" if file is None else f" ({file})"
        raise InvalidValue(
            zh=f"--prior 只用于标好的句对，而这里没有{where}；请去掉它，或指明句对与标签的列。",
            en=f"--prior goes with labelled pairs, and there are none{where}. Leave it out, or name the columns of the "
            "pairs.",
        )
    if pairs is None and needed:
        raise InvalidValue(
            zh=f"{file} 里没有标好的句对；有 --db 时无关文本取库里的，请去掉 FILE，或指明句对与标签的列。",
            en=f"{file} has no labelled pairs. With --db the unrelated texts are the library's own: leave out FILE, or name "
            "the columns of the pairs and the labels.",
        )


def _calibrate_library(
    db: str, pairs: LabelledPairs | None, prior: float | None, device: str | None, dtype: str
) -> tuple["Calibration", dict[str, Any]]:
    with open_library(db, device, dtype) as library:
        found = library.calibrate(None if pairs is None else (pairs.first, pairs.second, pairs.labels), prior)
        used = {"encoder": library.settings["encoder"], "pooling": library.embedder.encoder.pooling}
    console.note(say(zh=f"校准存在 {db}。", en=f"The calibration is kept in {db}."))
    return found, used


def _calibrate_texts(
    texts: list[str],
    pairs: LabelledPairs | None,
    prior: float | None,
    loading: tuple[str, str, str | None, str],
    saving: tuple[str, str | None],
) -> tuple["Calibration", dict[str, Any]]:
    """Load the encoder, fit the whitening if wanted, and calibrate; a whitening fitted here is saved beside the output."""
    from baihua.tasks.calibrate import calibrate_on_pairs, calibrate_on_texts, leave_one_per_match
    from baihua.tasks.calibration_file import Calibration
    from baihua.tasks.embed import SentenceEmbedder

    (encoder, pooling, device, dtype), (whitening, output) = loading, saving
    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)
    fitted = set_whitening(embedder, whitening, texts)
    unrelated = texts if pairs is None else leave_one_per_match(pairs.first, pairs.second, pairs.labels)
    background = calibrate_on_texts(embedder, unrelated)
    match = None if pairs is None else calibrate_on_pairs(embedder, pairs.first, pairs.second, pairs.labels, prior)
    if fitted and embedder.whitening is not None and output is not None:
        saved = Path(output).with_suffix(SUFFIX)
        embedder.whitening.save(saved)
        say_saved(saved)
    found = Calibration(background, match, len(set(unrelated)), embedder.fingerprint)
    return found, {"encoder": encoder, "pooling": embedder.encoder.pooling}


def _share(option: str, text: str | None) -> float | None:
    """Return a share such as ``0.001`` or ``0.1%`` as a number, None for None."""
    if text is None:
        return None
    try:
        number = float(text.rstrip("%％ ")) / (100 if text.strip().endswith(("%", "％")) else 1)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise InvalidValue(
            zh=f"{option} 应是 0 与 1 之间的比例，如 0.001 或 0.1%，收到 {text!r}。",
            en=f"{option} must be a share between 0 and 1, such as 0.001 or 0.1%, but received {text!r}.",
        )
    return number


def _texts(table: "Table", name: str | None) -> list[str]:
    return [cell for cell in table.column(take_column(table, "text", name)) if cell.strip()]
