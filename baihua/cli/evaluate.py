"""``baihua evaluate``: benchmarks, as tables and as records."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue, check_choice
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import Device, Precision, SaveFolder
from baihua.cli.root import app
from baihua.cli.verb import verb, verb_group
from baihua.language import say

if TYPE_CHECKING:
    from baihua.benchmarks.sts_simcse import SimCSERow
    from baihua.benchmarks.sts_vectors import FitTexts

FIT_LINES = 10_000

group = verb_group(zh="在公开评测集或自己的文件上打分。", en="Score on public benchmarks or on your own file.")
app.add_typer(group, name="evaluate")

Sets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SET",
        help=both(zh="ATEC BQ LCQMC PAWSX STS-B；不给则全部。", en="ATEC BQ LCQMC PAWSX STS-B; all if not given."),
    ),
]
Encoders = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        metavar="NAME|FOLDER",
        help=both(
            zh="编码器，可多次给出；不给则 bundled。", en="An encoder, may be given several times; else bundled."
        ),
    ),
]
Pooling = Annotated[
    str,
    typer.Option(
        "--pooling",
        metavar="POOLING|all",
        help=both(zh="合成方式；all 为编码器会的每一种。", en="The pooling; all for every one the encoder can do."),
    ),
]
Split = Annotated[
    str,
    typer.Option(
        "--split", metavar="train|valid|test", help=both(zh="在哪一部分上打分。", en="The split to score on.")
    ),
]
FitOn = Annotated[
    str,
    typer.Option(
        "--fit-on",
        metavar="target|train|FILE",
        help=both(
            zh="白化与训练在哪些句子上学：打分的那部分、train，或一个一行一句的文件（如预训练的文本）。",
            en="The sentences that whitening and training learn from: the scored split, train, or a file with one per line, "
            "such as the text of a pre-training.",
        ),
    ),
]
Training = Annotated[
    str,
    typer.Option(
        "--training",
        metavar="off|simcse|projection",
        help=both(
            zh="打分之前先在每个集的句子上训练（SimCSE，不用标签）；projection 只训练冻结的编码器之后的一个线性层。",
            en="Train on each set's sentences first (SimCSE, without labels); projection trains one linear layer after a frozen "
            "encoder.",
        ),
    ),
]
Seeds = Annotated[
    int,
    typer.Option("--seeds", metavar="N", help=both(zh="训练几遍，种子 0 到 N−1。", en="Trainings, seeds 0 to N − 1.")),
]
MaxPairs = Annotated[
    str | None,
    typer.Option(
        "--max-pairs",
        metavar="N",
        help=both(zh="每个集最多用 N 对，均匀抽取。", en="At most N pairs of each set, evenly spread."),
    ),
]


@verb(
    group,
    "sts",
    zh="中文句对相似度五个集：原向量、白化、白化并降维的 Spearman（×100）。",
    en="Chinese sentence similarity, five sets: Spearman (×100) of raw, whitened and whitened-and-reduced vectors.",
)
def evaluate_sts_verb(
    sets: Sets = None,
    encoder: Encoders = None,
    pooling: Pooling = "all",
    split: Split = "valid",
    fit_on: FitOn = "target",
    training: Training = "off",
    seeds: Seeds = 1,
    max_pairs: MaxPairs = None,
    save: SaveFolder = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Evaluate on the sentence-similarity sets."""
    from baihua.benchmarks.sts import STS_SETS, evaluate_sts
    from baihua.benchmarks.sts_simcse import evaluate_simcse
    from baihua.benchmarks.sts_vectors import FIT_SETS
    from baihua.encoders.load import load_encoder

    _check_training(training, split, seeds)
    limit = console.whole_number("--max-pairs", max_pairs, least=2)
    learned = fit_on if fit_on in FIT_SETS else _sentences_of(fit_on)
    names, results = sets or STS_SETS, []
    for name in encoder or ["bundled"]:
        loaded = load_encoder(name, pooling="auto" if pooling == "all" else pooling, device=device, dtype=dtype)
        poolings = loaded.poolings if pooling == "all" else [loaded.pooling]
        if training == "off":
            results += evaluate_sts(loaded, names, split=split, poolings=poolings, fit_on=learned, max_pairs=limit)
            continue
        for one in poolings:
            row = _row(training, dtype, pooling=one, seeds=range(seeds), fit_on=learned, max_pairs=limit)
            results += evaluate_simcse(name, names, row, folder=save, device=device)
    if save:
        _save(results, save)
    _name_sources(results)
    console.answer({"results": [_record(result) for result in results]}, _table(results))


def _save(results: list[Any], folder: str) -> None:
    """Write what was measured; the records of a training are there already, perhaps with more seeds than asked for."""
    for result in results:
        if not result.seeds:
            result.save(folder)
    console.note(say(zh=f"{len(results)} 个数存进 {folder}。", en=f"{len(results)} numbers saved in {folder}."))


def _name_sources(results: list[Any]) -> None:
    for source in dict.fromkeys(result.source for result in results if result.source is not None):
        console.note(
            say(
                zh=f"表中的“published”出自 {source}；划分不同，只作参照。",
                en=f"The rows called published are from {source}; the splits differ, so they are for comparison only.",
            )
        )


def _check_training(training: str, split: str, seeds: int) -> None:
    """Refuse what a training cannot be asked for.

    Raises:
        InvalidValue: for another training, no seed, or another split than the one that is trained and scored on.
    """
    check_choice("training", training, ("off", "simcse", "projection"))
    if seeds < 1:
        raise InvalidValue(
            zh=f"--seeds 是训练的遍数，至少是 1，收到 {seeds}。",
            en=f"--seeds counts trainings, at least 1; received {seeds}.",
        )
    if training != "off" and split != "valid":
        raise InvalidValue(
            zh=f"--training 只在 valid 上训练和打分，收到 --split {split}。",
            en=f"--training trains and scores on valid, but received --split {split}.",
        )


def _row(training: str, dtype: str, **others: Any) -> "SimCSERow":
    from baihua.benchmarks.sts_simcse import SimCSERow
    from baihua.tasks.contrastive.settings import ContrastiveSettings

    part = "all" if training == "simcse" else "projection"
    return SimCSERow(settings=ContrastiveSettings(train=part, precision=dtype, guard_every=0), **others)


def _sentences_of(file: str) -> "FitTexts":
    """Read at most 10 000 lines of a file, evenly spread."""
    import numpy as np

    from baihua.benchmarks.archives import sha256_of
    from baihua.benchmarks.sts_vectors import FitTexts
    from baihua.text.corpus import read_lines

    path = console.existing_file(file)
    lines = list(read_lines([path]))
    places = np.linspace(0, len(lines) - 1, min(FIT_LINES, len(lines))).astype(int)
    return FitTexts(path.name, [lines[place] for place in places], f"sha256:{sha256_of(path)}")


def _record(result: Any) -> dict[str, Any]:
    return {
        "name": result.name,
        "metric": result.metric,
        "value": result.mean if math.isfinite(result.mean) else None,
        "spread": result.spread if len(result.values) > 1 else None,
        "published": result.published,
        "num_examples": result.num_examples,
        "settings": dict(result.settings),
    }


def _table(results: list[Any]) -> str:
    """Lay the scores out as the report does: ×100, a row per encoder and pooling, each cell raw / full / k."""
    from baihua.studies.report import sts_page_table

    table = sts_page_table(results, names=say(zh="编码器 合成 白化 平均", en="encoder pooling whitening mean").split())
    rows = [table.columns, *([" ".join(cell) for cell in row] for row in table.rows)]
    return console.align(rows, right=range(3, len(table.columns)))
