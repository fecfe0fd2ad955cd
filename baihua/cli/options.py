"""The options that several verbs share."""

from typing import Annotated

import typer

from baihua.cli.help import both

TableFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="表格（.csv .tsv .xlsx .jsonl）或一行一句的文本。",
            en="A table (.csv .tsv .xlsx .jsonl) or text, one per line.",
        ),
    ),
]
EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder",
        metavar="NAME|FOLDER",
        help=both(
            zh="编码器：bundled（随包自带）、static（不用神经网络、最快）、文件夹，或 Hugging Face 上的名字。",
            en="The encoder: bundled (comes with the package), static (no neural network, fastest), a folder, "
            "or a name on Hugging Face.",
        ),
    ),
]
Pooling = Annotated[
    str,
    typer.Option(
        "--pooling",
        metavar="POOLING",
        help=both(
            zh="字的向量怎样合成句的向量：auto、cls、pooler、mean、max、first_last_mean、embedding_last_mean、last。",
            en="How token vectors become the text's: auto, cls, pooler, mean, max, first_last_mean, embedding_last_mean, last.",
        ),
    ),
]
WhiteningChoice = Annotated[
    str,
    typer.Option(
        "--whitening",
        metavar="auto|off|full|K|FILE",
        help=both(
            zh="白化：auto（在这些文本上试，有用才用）、off、full（保留全部维数）、K（只留 K 维），或存好的白化文件。",
            en="Whitening: auto (tried on these texts, kept only if it helps), off, full (every component kept), "
            "K (K components kept), or a saved whitening file.",
        ),
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help=both(zh="在哪里算：cpu、cuda……不给则自动。", en="Where to compute: cpu, cuda, … Chosen if not given."),
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="float32|bfloat16",
        help=both(zh="计算的精度；存下的向量总是 float32。", en="Precision to compute in; saved vectors are float32."),
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        metavar="COLUMN",
        help=both(
            zh="文本在哪一列；不给则按列名猜并说明。", en="The column with the text; guessed and said if not given."
        ),
    ),
]
FirstColumn = Annotated[
    str | None,
    typer.Option("--first-column", metavar="COLUMN", help=both(zh="第一句的列。", en="The first text's column.")),
]
SecondColumn = Annotated[
    str | None,
    typer.Option("--second-column", metavar="COLUMN", help=both(zh="第二句的列。", en="The second text's column.")),
]
LabelColumn = Annotated[
    str | None,
    typer.Option("--label-column", metavar="COLUMN", help=both(zh="标签在哪一列。", en="The column with the labels.")),
]
ResultsFolder = Annotated[
    str,
    typer.Option("--results", metavar="FOLDER", help=both(zh="结果文件夹。", en="The folder with the results.")),
]
SaveFolder = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="FOLDER",
        help=both(zh="把每个数存成 JSON，放进这个文件夹。", en="Save every number as JSON in this folder."),
    ),
]
