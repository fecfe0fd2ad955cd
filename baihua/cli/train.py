"""``baihua train``: make an encoder better on one's own text."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, Pooling, Precision, TableFile, TextColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb, verb_group
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.contrastive.guard import Look
    from baihua.tasks.contrastive.report import ContrastiveReport

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
Epochs = Annotated[int, typer.Option("--epochs", metavar="N", help=both(zh="看几遍。", en="How often they are seen."))]
BatchSize = Annotated[
    int, typer.Option("--batch-size", metavar="B", help=both(zh="每批多少条。", en="Texts of a batch."))
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
    zh="不用标注，在自己的文本上把编码器训练得更会比较句子（SimCSE），变差了自动停下、留下最好的。",
    en="Without labels, make an encoder compare sentences better on your own text (SimCSE); a training that makes it worse "
    "is stopped and the best weights are kept.",
)
def embed(
    file: TableFile,
    output: Output,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    text_column: TextColumn = None,
    temperature: Temperature = 0.05,
    hidden_dropout: HiddenDropout = 0.3,
    attention_dropout: AttentionDropout = 0.1,
    sentences: Sentences = 10_000,
    epochs: Epochs = 1,
    batch_size: BatchSize = 64,
    learning_rate: LearningRate = None,
    chunk: Chunk = None,
    seed: Seed = 0,
    device: Device = None,
    dtype: Precision = "float32",
) -> None:
    """Train an embedder on the texts of a file."""
    table = open_table(file)
    texts = [cell for cell in table.column(take_column(table, "text", text_column)) if cell.strip()]
    from baihua.tasks.contrastive.settings import ContrastiveSettings
    from baihua.tasks.embed import SentenceEmbedder

    settings = ContrastiveSettings(
        sentences, epochs, batch_size, learning_rate, chunk=chunk, precision=dtype, seed=seed
    )
    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device)
    embedder.fit_simcse(
        texts,
        temperature=temperature,
        hidden_dropout=hidden_dropout,
        attention_dropout=attention_dropout,
        settings=settings,
    )
    set_whitening(embedder, whitening, texts)
    embedder.save(output)
    assert embedder.contrastive_report is not None
    _report(embedder.contrastive_report, output, whitened=embedder.whitening is not None)


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
