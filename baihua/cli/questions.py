"""What the verbs about questions share: their options, and the numbers of a training."""

from pathlib import Path
from typing import Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli.help import both

Output = Annotated[
    str,
    typer.Option("-o", "--output", metavar="DIR", help=both(zh="写到哪个文件夹。", en="The folder to write.")),
]
Answers = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="把答案写成表，一题一行（.csv .tsv .xlsx .jsonl）；不给则显示前 20 题。",
            en="Where to write the answers, a row for each question (.csv .tsv .xlsx .jsonl). The first 20 are shown if not given.",
        ),
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option("--epochs", metavar="N", help=both(zh="学几遍。", en="How often to go through the questions.")),
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", metavar="B", help=both(zh="每批多少。", en="How many make a batch.")),
]
LearningRate = Annotated[
    float | None,
    typer.Option("--learning-rate", metavar="R", help=both(zh="最高学习率。", en="The highest learning rate.")),
]
MaxLength = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        metavar="N",
        help=both(zh="一行最多几个词元；不给则 512。", en="Tokens of a row at most; else 512."),
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]
Checkpoints = Annotated[
    str | None,
    typer.Option(
        "--checkpoints",
        metavar="FOLDER",
        help=both(
            zh="检查点放在哪里；训练中断之后，同样的命令从那里接着来。",
            en="Where checkpoints go; after an interruption the same command goes on from there.",
        ),
    ),
]
Precision = Annotated[
    str,
    typer.Option("--dtype", metavar="float32|bfloat16", help=both(zh="计算的精度。", en="Precision to compute in.")),
]
SHOWN = 20


def given(**numbers: Any) -> dict[str, Any]:
    """Return the settings that were given on the command line."""
    return {name: value for name, value in numbers.items() if value is not None}


def check_apart(output: str, checkpoints: str | None) -> None:
    """Refuse checkpoints within the folder that is replaced in the end.

    Raises:
        InvalidValue: when they are.
    """
    if checkpoints is None:
        return
    place, target = Path(checkpoints).resolve(), Path(output).resolve()
    if target in (place, *place.parents):
        raise InvalidValue(
            zh=f"--checkpoints {checkpoints} 不能就是 -o {output} 或在它里面；请放在别处。",
            en=f"--checkpoints {checkpoints} must not be -o {output} or lie within it. Put them elsewhere.",
        )
