"""``baihua train``, and ``baihua train embed``: make an encoder better on one's own text."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import (
    Device,
    EncoderName,
    FirstColumn,
    LabelColumn,
    Pooling,
    Precision,
    SecondColumn,
    TextColumn,
    WhiteningChoice,
)
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column, take_pair_columns
from baihua.cli.verb import verb, verb_group
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.contrastive.guard import Look
    from baihua.tasks.contrastive.report import ContrastiveReport
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.text.tables import Table

Judged = tuple[list[str], list[str], list[float] | None]  # texts, the partner of each, and how alike they are

group = verb_group(zh="在自己的文本上训练。", en="Train on your own text.")
app.add_typer(group, name="train")

Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        help=both(
            zh="写到哪个文件夹；sentence-transformers 也能直接读。",
            en="The folder to write, which sentence-transformers loads as it is.",
        ),
    ),
]
Temperature = Annotated[
    float,
    typer.Option("--temperature", metavar="T", help=both(zh="余弦除以它。", en="What cosines are divided by.")),
]
HiddenDropout = Annotated[
    float,
    typer.Option("--hidden-dropout", metavar="P", help=both(zh="隐层的 dropout。", en="Dropout of hidden states.")),
]
AttentionDropout = Annotated[
    float,
    typer.Option("--attention-dropout", metavar="P", help=both(zh="注意力的 dropout。", en="Dropout of attention.")),
]
Sentences = Annotated[
    int,
    typer.Option(
        "--sentences",
        metavar="N",
        help=both(zh="随机取多少条不同的文本来训练。", en="How many different texts to train on, drawn at random."),
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        metavar="N",
        help=both(
            zh="看几遍；不给则文本 1 遍、句对 5 遍。", en="How often they are seen; else texts once, pairs five times."
        ),
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        metavar="B",
        help=both(
            zh="每批多少条；不给则文本 64、句对 32。", en="Texts or pairs of a batch; else 64 texts or 32 pairs."
        ),
    ),
]
Texts = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="表格（.csv .tsv .xlsx .jsonl）或一行一句的文本；给了 --pairs 就不要它。",
            en="A table (.csv .tsv .xlsx .jsonl) or text, one per line; not with --pairs.",
        ),
    ),
]
PairsFile = Annotated[
    str | None,
    typer.Option(
        "--pairs",
        metavar="FILE",
        help=both(
            zh="改用句对训练：两列文本，再有一列标签（越大越像，CoSENT）；只有两列则每对都同义（InfoNCE）。",
            en="Train on pairs instead: two columns of texts and one of labels (higher is more alike; CoSENT); where there are "
            "only two columns every pair belongs together (InfoNCE).",
        ),
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        metavar="R",
        help=both(
            zh="学习率；不给则 1e-5（宽度不到 768 的编码器 1e-4）。",
            en="The learning rate; else 1e-5, or 1e-4 for encoders narrower than 768.",
        ),
    ),
]
Chunk = Annotated[
    int | None,
    typer.Option(
        "--chunk",
        metavar="N",
        help=both(
            zh="显存不够放下一批时，每次只算多少条；结果不变。",
            en="Texts run at once where a batch does not fit into memory; the result is the same.",
        ),
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]


@verb(
    group,
    "embed",
    zh="不用标注，在自己的文本上把编码器训练得更会比较句子（SimCSE），有句对则用句对；变差了自动停下、留下最好的。",
    en="Without labels, make an encoder compare sentences better on your own text (SimCSE), or on pairs where you have them; a "
    "training that makes it worse is stopped and the best weights are kept.",
)
def embed(
    output: Output,
    file: Texts = None,
    pairs: PairsFile = None,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    text_column: TextColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    label_column: LabelColumn = None,
    temperature: Temperature = 0.05,
    hidden_dropout: HiddenDropout = 0.3,
    attention_dropout: AttentionDropout = 0.1,
    sentences: Sentences = 10_000,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    chunk: Chunk = None,
    seed: Seed = 0,
    device: Device = None,
    dtype: Precision = "float32",
) -> None:
    """Train an embedder on the texts of a file, or on the pairs of one."""
    chosen = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "chunk": chunk}
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    given |= {"precision": dtype, "seed": seed}
    texts, judged = _read(file, pairs, text_column, (first_column, second_column, label_column))
    from baihua.tasks.embed import SentenceEmbedder

    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device)
    if judged is not None:
        _fit_pairs(embedder, judged, temperature, given)
    else:
        rates = {"hidden_dropout": hidden_dropout, "attention_dropout": attention_dropout}
        _fit_texts(embedder, texts, {"temperature": temperature, **rates}, given | {"num_sentences": sentences})
    set_whitening(embedder, whitening, texts)
    embedder.save(output)
    assert embedder.contrastive_report is not None
    _report(embedder.contrastive_report, output, whitened=embedder.whitening is not None)


def _read(
    file: str | None, pairs: str | None, text_column: str | None, columns: tuple[str | None, str | None, str | None]
) -> tuple[list[str], Judged | None]:
    """Return the texts to learn from, and the pairs that they form where pairs were given.

    Raises:
        InvalidValue: when none or both are given, a column cannot be told, or a label is no number.
    """
    if (file is None) == (pairs is None):
        raise InvalidValue(
            zh="要么给一个文本文件，要么用 --pairs 给一个句对文件，二者取一。",
            en="Give either a file of texts, or one of pairs with --pairs.",
        )
    if file is not None:
        table = open_table(file)
        return [cell for cell in table.column(take_column(table, "text", text_column)) if cell.strip()], None
    judged = _take_pairs(open_table(pairs or ""), *columns)
    return [*judged[0], *judged[1]], judged


def _fit_texts(
    embedder: "SentenceEmbedder", texts: list[str], numbers: dict[str, Any], settings: dict[str, Any]
) -> None:
    from baihua.tasks.contrastive.settings import ContrastiveSettings

    embedder.fit_simcse(texts, settings=ContrastiveSettings(**settings), **numbers)


def _fit_pairs(embedder: "SentenceEmbedder", judged: Judged, temperature: float, settings: dict[str, Any]) -> None:
    from baihua.tasks.contrastive.pairs import PAIR_SETTINGS

    embedder.fit_pairs(*judged, temperature=temperature, settings=replace(PAIR_SETTINGS, **settings))


def _take_pairs(table: "Table", first: str | None, second: str | None, label: str | None) -> Judged:
    """Return the pairs of a table whose cells are filled, with their labels if it has more than two columns.

    Raises:
        InvalidValue: when a column cannot be told, or a label is no number.
    """
    columns = [*take_pair_columns(table, first, second)]
    if label is not None or len(table.columns) > 2:
        columns.append(take_column(table, "label", label))
    rows = [row for row in zip(*map(table.column, columns), strict=True) if all(cell.strip() for cell in row)]
    if len(rows) < len(table):
        left_out = len(table) - len(rows)
        console.note(say(zh=f"{left_out} 行缺格，没有用。", en=f"{left_out} rows with an empty cell are left out."))
    firsts, seconds = [row[0] for row in rows], [row[1] for row in rows]
    return firsts, seconds, [_number(row[2], columns[2]) for row in rows] if len(columns) == 3 else None


def _number(cell: str, column: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise InvalidValue(
            zh=f"{column!r} 列里有 {cell!r}；标签应是数，越大越像。请改成数，或用 --label-column 指明另一列。",
            en=f"Column {column!r} holds {cell!r}, but labels are numbers, higher for more alike. Make them numbers, or name "
            "another column with --label-column.",
        ) from error


def _report(done: "ContrastiveReport", folder: str, *, whitened: bool) -> None:
    """Show what was seen while it was trained, the kept weights marked."""
    rows = [_row(look, kept=look is done.kept) for look in done.looks]
    heads = say(
        zh="步\t找另一半\t平均余弦\t对齐\t均匀\t", en="step\tother half\taverage cosine\talignment\tuniformity\t"
    ).split("\t")
    ending = say(
        zh=f"用 {done.num_texts} 条文本训练完，写到 {folder}" + ("（带白化）。" if whitened else "。"),
        en=f"Trained on {done.num_texts} texts and written to {folder}"
        + (", with its whitening." if whitened else "."),
    )
    early = say(zh="向量变差，训练提前停止。", en="The vectors became worse, so training stopped early.")
    text = console.align([heads, *rows], right=range(5)) + "\n" + (early + "\n" if done.stopped_early else "") + ending
    kept = done.kept.step if done.kept is not None else None
    record: dict[str, Any] = {
        "output": folder,
        "texts": done.num_texts,
        "kept_step": kept,
        "stopped_early": done.stopped_early,
        "whitened": whitened,
        "looks": [
            {
                "step": look.step,
                "quality": None if look.quality is None else look.quality.value,
                "average_cosine": look.average_cosine,
                "alignment": look.alignment,
                "uniformity": look.uniformity,
            }
            for look in done.looks
        ],
    }
    console.answer(record, text)


def _row(look: "Look", *, kept: bool) -> list[str]:
    quality = "–" if look.quality is None else f"{100 * look.quality.value:.1f}"
    numbers = (look.average_cosine, look.alignment, look.uniformity)
    return [
        str(look.step),
        quality,
        *(f"{number:.3f}" for number in numbers),
        say(zh="← 留下", en="← kept") if kept else "",
    ]
