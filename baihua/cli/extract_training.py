"""``baihua train extract``: learn to find entities from marked texts."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import FileProblem, InvalidValue, check_choice
from baihua.cli.extract_report import report
from baihua.cli.extraction import Annotator, num_entities, open_entities
from baihua.cli.extraction_check import check_overlap_of_files, check_training_file
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName
from baihua.cli.train import group
from baihua.cli.verb import verb

if TYPE_CHECKING:
    from baihua.tasks.extract import EntityExtractor
    from baihua.tasks.extraction.settings import ExtractionSettings
    from baihua.text.entity_files import EntityFile
    from baihua.training.span_metrics import SpanScores

File = Annotated[
    str,
    typer.Argument(
        metavar="TRAIN",
        help=both(
            zh='标注了实体的文件，格式由内容认出：JSON Lines {"text", "entities": [{"start", "end", "type"}]}、CLUENER、CMeEE、'
            "CoNLL（BIO、BIOES、BMES）、doccano、Label Studio。",
            en='A file with marked entities, of a format found in it: JSON Lines {"text", "entities": [{"start", "end", "type"}]}, '
            "CLUENER, CMeEE, CoNLL (BIO, BIOES, BMES), doccano, Label Studio.",
        ),
    ),
]
Dev = Annotated[
    str | None,
    typer.Option(
        "--dev",
        metavar="FILE",
        help=both(
            zh="留作验证的文件：每遍之后打分，留下最好的一遍，不再变好就停。",
            en="A file held aside: scored after each epoch, the best epoch is kept, and training stops when it gets no better.",
        ),
    ),
]
Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        help=both(zh="抽取器写到哪个文件夹。", en="The folder to write the extractor to."),
    ),
]
Head = Annotated[
    str,
    typer.Option(
        "--head",
        metavar="egp|gp|crf",
        help=both(
            zh="egp（efficient_global_pointer）与 gp（global_pointer）能学嵌套的实体；crf 只学最外层的。",
            en="egp (efficient_global_pointer) and gp (global_pointer) learn entities that nest; crf the outermost only.",
        ),
    ),
]
Overlap = Annotated[
    str,
    typer.Option(
        "--overlap",
        metavar="nested|no_crossing|flat",
        help=both(
            zh="找到的实体怎样共处：nested 全给，no_crossing 可以嵌套、不可交叉，flat 不可有共同的字。",
            en="How entities found may lie: nested gives all, no_crossing lets one lie within another but not across its edge, "
            "flat lets no two share a character.",
        ),
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option("--epochs", metavar="N", help=both(zh="最多学几遍；不给则 10。", en="Epochs at most; else 10.")),
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", metavar="B", help=both(zh="每批几段；不给则 16。", en="Texts of a batch; else 16.")),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        metavar="R",
        help=both(
            zh="最高学习率；不给则 2e-5（宽度不到 768 的编码器 5e-4）。",
            en="The highest learning rate; else 2e-5, or 5e-4 for encoders narrower than 768.",
        ),
    ),
]
MaxWidth = Annotated[
    int | None,
    typer.Option(
        "--max-width",
        metavar="N",
        help=both(
            zh="实体最多几个词元；不给则 64。crf 不受限。",
            en="Tokens of the widest entity; else 64. Of no effect on crf.",
        ),
    ),
]
MaxLength = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        metavar="N",
        help=both(
            zh="训练时一段最多几个词元，更长的文本切成几段；不给则 256。",
            en="Tokens of a piece in training, longer texts being cut into several; else 256.",
        ),
    ),
]
Tune = Annotated[
    bool,
    typer.Option(
        "--tune-thresholds",
        help=both(
            zh="训练之后在 --dev 上给每种类型调阈值。", en="After training, set a threshold for each type on --dev."
        ),
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]
Precision = Annotated[
    str,
    typer.Option("--dtype", metavar="float32|bfloat16", help=both(zh="计算的精度。", en="Precision to compute in.")),
]
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


@verb(
    group,
    "extract",
    zh="从标注过的文本学会找实体（人名、地点、症状……），可以嵌套；先检查数据，再训练，写成一个文件夹。",
    en="Learn to find entities (names, places, symptoms, …), nested or not, from marked texts: the data is checked first, and "
    "the result is a folder.",
)
def train_extract(
    file: File,
    output: Output,
    dev: Dev = None,
    head: Head = "efficient_global_pointer",
    encoder: EncoderName = "bundled",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    max_width: MaxWidth = None,
    max_length: MaxLength = None,
    overlap: Overlap = "nested",
    tune_thresholds: Tune = False,
    annotator: Annotator = None,
    checkpoints: Checkpoints = None,
    seed: Seed = 0,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Train an extractor on a marked file."""
    numbers = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    numbers |= {"max_width": max_width, "max_length": max_length}
    settings = _settings({name: value for name, value in numbers.items() if value is not None}, seed, dtype)
    _check_choices(head, overlap, dev, tune_thresholds)
    _check_places(output, checkpoints)
    files = [open_entities(path, annotator) for path in (file, dev) if path is not None]
    from baihua.tasks.extract import EntityExtractor

    extractor = EntityExtractor(encoder, head, overlap=overlap, settings=settings, device=device)
    problems = check_training_file(file, files[0].texts, extractor)
    if dev is not None:
        check_overlap_of_files(files[0].texts, files[1].texts, dev)
    started = time.monotonic()
    scores = _fit(extractor, files, checkpoints, tune=tune_thresholds)
    extractor.save(output)
    record: dict[str, Any] = {"output": output, "checkpoints": checkpoints, "train": _about(file, files[0])}
    record |= {"dev": None if dev is None else _about(dev, files[1]), "problems": problems}
    record |= {"seconds": round(time.monotonic() - started, 1)}
    report(record, extractor, scores, tuned=tune_thresholds)


def _settings(chosen: dict[str, Any], seed: int, dtype: str) -> "ExtractionSettings":
    from baihua.tasks.extraction.settings import ExtractionSettings

    return ExtractionSettings(**chosen, seed=seed, precision=dtype)


def _check_choices(head: str, overlap: str, dev: str | None, tune_thresholds: bool) -> None:
    """Refuse, before anything is read or loaded, what there is not."""
    from baihua.tasks.extraction.settings import HEADS
    from baihua.text.entities import OVERLAPS

    check_choice("--head", head, (*HEADS, "egp", "gp"))
    check_choice("--overlap", overlap, OVERLAPS)
    if tune_thresholds and dev is None:
        raise InvalidValue(
            zh="--tune-thresholds 要在没有学过的文本上调，请用 --dev 给出验证文件。",
            en="--tune-thresholds needs texts that were not learned from. Give a file held aside with --dev.",
        )


def _check_places(output: str, checkpoints: str | None) -> None:
    """Refuse, before hours of training, a folder that could not be written in the end."""
    from baihua.tasks.extraction.file import check_free

    target = Path(output).absolute()
    check_free(output)
    above = next(folder for folder in target.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise FileProblem(
            zh=f"写不进 {output}：{above} 不是可写的文件夹；请换一个地方。",
            en=f"Cannot write {output}: {above} is no folder that you may write to. Choose another place.",
        )
    if checkpoints is not None and target.resolve() in (
        Path(checkpoints).resolve(),
        *Path(checkpoints).resolve().parents,
    ):
        raise InvalidValue(
            zh=f"--checkpoints {checkpoints} 不能就是 -o {output} 或在它里面，否则写抽取器时会被换掉；请放在别处。",
            en=f"--checkpoints {checkpoints} must not be -o {output} or lie within it, since writing the extractor replaces that "
            "folder. Put them elsewhere.",
        )


def _fit(
    extractor: "EntityExtractor", files: "list[EntityFile]", checkpoints: str | None, *, tune: bool
) -> "SpanScores | None":
    """Train, and return the scores on dev; thresholds are tuned after that, since they would flatter them."""
    train, *others = (found.texts for found in files)
    held = (others[0].texts, others[0].entities) if others else None
    extractor.fit(train.texts, train.entities, dev=held, folder=checkpoints)
    scores = None if held is None else extractor.evaluate(*held)
    if tune and held is not None:
        extractor.tune_thresholds(*held)
    return scores


def _about(path: str, found: "EntityFile") -> dict[str, Any]:
    texts = found.texts
    return {
        "file": path,
        "format": found.format,
        "texts": len(texts.texts),
        "entities": num_entities(texts),
        "types": texts.types,
        "left_out": len(found.left_out),
    }
