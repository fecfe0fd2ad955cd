"""``baihua pretrain``: train an encoder on one's own text, a new one or one there is."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baihua.checks import MissingPackage
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, Precision
from baihua.cli.root import app
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.encoders.pretraining.pretrain import Pretrained

Corpus = Annotated[
    list[str],
    typer.Argument(
        metavar="CORPUS…",
        help=both(
            zh="UTF-8 文本，一行一段，可以用 .xz 或 .gz 压缩。",
            en="UTF-8 text, one paragraph a line, plain or compressed as .xz or .gz.",
        ),
    ),
]
Output = Annotated[
    str,
    typer.Option("-o", "--output", metavar="DIR", help=both(zh="模型写到哪里。", en="Where the model goes.")),
]
Encoder = Annotated[
    str,
    typer.Option(
        "--encoder",
        metavar="NAME|FOLDER|new",
        help=both(
            zh="从哪个模型接着训练（要有语言模型头）；new 则从这些文本做出词表与初始权重，从头训练。",
            en="The model to go on from (it needs a language-model head), or new: make a vocabulary and first weights "
            "from the text and train from the start.",
        ),
    ),
]
Objective = Annotated[
    str,
    typer.Option(
        "--objective",
        metavar="masked|replaced|causal",
        help=both(
            zh="猜被遮住的词元，或再辨认哪些词元被猜错换掉（每步时间加倍），或猜下一个。",
            en="Guess hidden tokens; or tell as well which tokens the guesses replaced (twice the time a step); or guess the next one.",
        ),
    ),
]
Layers = Annotated[
    int, typer.Option("--layers", metavar="N", help=both(zh="新模型的层数。", en="Layers of a new model."))
]
Width = Annotated[int, typer.Option("--width", metavar="D", help=both(zh="新模型的宽度。", en="Width of a new model."))]
VocabularySize = Annotated[
    int,
    typer.Option("--vocabulary-size", metavar="V", help=both(zh="新模型的词表大小。", en="Vocabulary of a new model.")),
]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", metavar="M", help=both(zh="训练多少分钟。", en="How many minutes to train.")),
]
Steps = Annotated[
    int | None, typer.Option("--steps", metavar="N", help=both(zh="或训练多少步。", en="Or how many steps."))
]
Length = Annotated[int, typer.Option("--length", metavar="L", help=both(zh="每行多少个词元。", en="Tokens of a row."))]
BatchSize = Annotated[
    int, typer.Option("--batch-size", metavar="B", help=both(zh="每批多少行。", en="Rows of a batch."))
]
LearningRate = Annotated[
    float, typer.Option("--learning-rate", metavar="R", help=both(zh="最高学习率。", en="The highest learning rate."))
]
Optimizer = Annotated[
    str,
    typer.Option(
        "--optimizer",
        metavar="adamw|muon",
        help=both(
            zh="优化器；从头训练时 muon 更省词元，宜用学习率 3e-3。",
            en="The optimizer; muon needs fewer tokens for a new model, at a learning rate of about 3e-3.",
        ),
    ),
]
Decay = Annotated[
    str,
    typer.Option(
        "--decay",
        metavar="linear|cosine|constant",
        help=both(
            zh="预热之后学习率怎样走；还要接着训练时用 constant。",
            en="How the learning rate moves after the warm-up; constant when more training will follow.",
        ),
    ),
]
Unit = Annotated[
    str,
    typer.Option(
        "--mask",
        metavar="token|word|span",
        help=both(zh="一起遮住什么：词元、整词或一段。", en="What is hidden together: a token, a word or a span."),
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]


@verb(
    app,
    "pretrain",
    zh="用自己的文本预训练一个编码器：从头，或接着已有的（领域自适应）；断了可以接着来。",
    en="Pre-train an encoder on your own text, from the start or going on with one there is; after an interruption "
    "it goes on where it stopped.",
)
def pretrain(
    corpus: Corpus,
    output: Output,
    encoder: Encoder = "bundled",
    objective: Objective = "masked",
    layers: Layers = 4,
    width: Width = 256,
    vocabulary_size: VocabularySize = 8000,
    minutes: Minutes = None,
    steps: Steps = None,
    length: Length = 128,
    batch_size: BatchSize = 16,
    optimizer: Optimizer = "adamw",
    learning_rate: LearningRate = 3e-4,
    decay: Decay = "linear",
    mask: Unit = "token",
    seed: Seed = 0,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Train, and say how much better held-out text is guessed."""
    for file in corpus:
        console.existing_file(file)
    from baihua.encoders.pretraining.new_folder import NewModel
    from baihua.encoders.pretraining.new_model import Shape
    from baihua.encoders.pretraining.pretrain import pretrain as run
    from baihua.encoders.pretraining.settings import PretrainSettings
    from baihua.training.schedules import Schedule

    schedule = Schedule(steps=steps, minutes=10.0 if minutes is None and steps is None else minutes, decay=decay)
    settings = PretrainSettings(schedule, objective, length, batch_size, optimizer, learning_rate, mask)
    settings = replace(settings, precision=dtype, seed=seed)
    new = NewModel(Shape(layers, width), vocabulary_size)
    console.note(
        say(
            zh="先把文本切成行、写在模型旁边（约每分钟 60 MB），再开始训练。",
            en="First the text is packed into rows beside the model (about 60 MB a minute), then it is trained on.",
        )
    )
    done = run(corpus, Path(output), settings, encoder=new if encoder == "new" else encoder, device=device)
    _report(done)


def _draw(done: "Pretrained") -> None:
    """Draw the loss against the tokens seen, where a plot can be drawn."""
    from baihua.studies.plots import curves, label

    if len(done.log) < 2:
        return
    try:
        curves(
            [line["items"] for line in done.log],
            {label(zh="训练损失", en="training loss"): [line["loss"] for line in done.log]},
            done.folder / "loss.png",
            x_label=label(zh="词元数", en="tokens seen"),
            y_label=label(zh="损失（nat）", en="loss (nats)"),
            title=label(zh="预训练", en="Pre-training"),
        )
    except MissingPackage as missing:
        console.note(say(zh=f"没有画图：{missing.zh}", en=f"No plot: {missing.en}"))


def _report(done: "Pretrained") -> None:
    _draw(done)
    items = int(done.log[-1]["items"]) if done.log else 0
    record = {
        "folder": str(done.folder),
        "tokens": items,
        "held_out_loss": {"before": done.before.loss, "after": done.after.loss},
        "held_out_accuracy": {"before": done.before.accuracy, "after": done.after.accuracy},
        "held_out_tokens": done.after.num_hidden,
    }
    text = say(
        zh=f"训练了 {items} 个词元；留出文本上（{done.after.num_hidden} 个被遮词元）损失 {done.before.loss:.3f} → "
        f"{done.after.loss:.3f}，猜对 {done.before.accuracy:.1%} → {done.after.accuracy:.1%}。模型写在 {done.folder}",
        en=f"Trained on {items} tokens; on held-out text ({done.after.num_hidden} hidden tokens) the loss went "
        f"{done.before.loss:.3f} → {done.after.loss:.3f}, right guesses {done.before.accuracy:.1%} → "
        f"{done.after.accuracy:.1%}. The model is in {done.folder}",
    )
    console.answer(record, text)
