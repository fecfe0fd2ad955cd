"""``baihua calibrate``: what a score means on one's own text, and which threshold to use."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.labelled_pairs import LabelledPairs, find_labelled_pairs
from baihua.cli.options import Device, EncoderName, Pooling, Precision, TextColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.similarity import FirstColumn, SecondColumn
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.files import write_text
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.text.tables import Table
    from baihua.training.calibration import MatchCalibration
    from baihua.training.false_matches import FalseMatchRate

RATES = (0.1, 0.01, 0.001, 0.0001)

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="一列文本的表，或两列文本加一列标签（1 同义，0 不同）的表。",
            en="A table with a column of texts, or with two columns of texts and one of labels (1 the same, 0 not).",
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
LabelColumn = Annotated[
    str | None,
    typer.Option("--label-column", metavar="COLUMN", help=both(zh="标签在哪一列。", en="The column with the labels.")),
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
    file: File,
    rate: Rate = None,
    prior: Prior = None,
    output: Output = None,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "auto",
    text_column: TextColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    label_column: LabelColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Calibrate the scores of a file's texts."""
    wished, stated = _share("--rate", rate), _share("--prior", prior)
    table = open_table(file)
    pairs = None if text_column else find_labelled_pairs(table, first_column, second_column, label_column)
    texts = _texts(table, text_column) if pairs is None else [*pairs.first, *pairs.second]
    if pairs is None and stated is not None:
        raise InvalidValue(
            zh=f"--prior 只用于标好的句对，而 {file} 里没有；请去掉它，或指明句对与标签的列。",
            en=f"--prior goes with labelled pairs, and {file} has none. Leave it out, or name the columns of the pairs.",
        )
    from baihua.tasks.calibrate import calibrate_on_pairs, calibrate_on_texts, leave_one_per_match
    from baihua.tasks.embed import SentenceEmbedder

    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)
    set_whitening(embedder, whitening, texts)
    unrelated = texts if pairs is None else leave_one_per_match(pairs.first, pairs.second, pairs.labels)
    background = calibrate_on_texts(embedder, unrelated)
    match = None if pairs is None else calibrate_on_pairs(embedder, pairs.first, pairs.second, pairs.labels, stated)
    if output is not None:
        _save(output, embedder, background, match)
    record = {"file": file, "encoder": encoder, "pooling": embedder.encoder.pooling, "texts": len(set(unrelated))}
    _report({**record, "output": output}, background, match, wished, pairs)


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


def _save(
    output: str, embedder: "SentenceEmbedder", background: "FalseMatchRate", match: "MatchCalibration | None"
) -> None:
    record = {
        "kind": "calibration",
        "fingerprint": embedder.fingerprint,
        "false_match_rate": background.to_dict(),
        "match_calibration": None if match is None else match.to_dict(),
    }
    write_text(output, json.dumps(record, indent=1, allow_nan=False) + "\n")
    console.note(say(zh=f"校准写在 {output}。", en=f"The calibration is written to {output}."))


def _report(
    record: dict[str, Any],
    background: "FalseMatchRate",
    match: "MatchCalibration | None",
    wished: float | None,
    pairs: LabelledPairs | None,
) -> None:
    rates = sorted({*RATES, *([] if wished is None else [wished])}, reverse=True)
    thresholds = [_threshold(background, rate) for rate in rates]
    lines = [_background_text(record["texts"], background, thresholds)]
    if wished is not None:
        found = next(row for row in thresholds if row["rate"] == wished)
        record["rate"], record["threshold"] = wished, found["threshold"]
        score, said = f"{found['threshold']:.4f}", background.sentence(found["threshold"])
        lines.append(say(zh=f"阈值 {score}：{said}。", en=f"Threshold {score}: {said}."))
    if match is not None and pairs is not None:
        lines.append(_match_text(match, pairs))
    record |= {"background_pairs": background.num_scores, "thresholds": thresholds}
    record["match_calibration"] = None if match is None else match.to_dict()
    console.answer(record, "\n".join(lines))


def _threshold(background: "FalseMatchRate", rate: float) -> dict[str, float]:
    low, high = background.threshold_interval(rate)
    return {"rate": rate, "threshold": background.threshold(rate), "low": low, "high": high}


def _background_text(num_texts: int, background: "FalseMatchRate", thresholds: list[dict[str, float]]) -> str:
    rows = [(say(zh="误配率", en="rate"), say(zh="阈值", en="threshold"), say(zh="95 % 区间", en="95 % interval"))]
    for row in thresholds:
        rows.append((_percent(row["rate"]), f"{row['threshold']:.4f}", f"{row['low']:.4f} … {row['high']:.4f}"))
    lines = [
        say(
            zh=f"{num_texts} 条不同的文本，随机取 {background.num_scores} 对当作无关：",
            en=f"{num_texts} different texts, {background.num_scores} random pairs of them taken as unrelated:",
        ),
        console.align(rows, right=[0, 1]),
    ]
    if background.rate(1.0) > thresholds[-1]["rate"]:
        said = background.sentence(1.0)
        lines.append(
            say(
                zh=f"再高的阈值也不够：得分 1 时，{said}。",
                en=f"No threshold is high enough for the last: at 1, {said}.",
            )
        )
    return "\n".join(lines)


def _match_text(match: "MatchCalibration", pairs: LabelledPairs) -> str:
    rows = [(say(zh="预测", en="predicted"), say(zh="实际", en="observed"), say(zh="对数", en="pairs"))]
    rows += [(_percent(item.predicted), _percent(item.observed), str(item.count)) for item in match.reliability]
    error, brier, base = (
        f"{value:.3f}" for value in (match.calibration_error, match.brier, match.share * (1 - match.share))
    )
    share, prior = _percent(match.share), _percent(match.prior)
    return "\n".join(
        [
            "",
            say(
                zh=f"{match.num_pairs} 对标好的句对（另有 {pairs.num_left_out} 行缺文本或标签），其中 {share} 同义；"
                f"概率按所问的对里 {prior} 同义给出。没参与学习的句对上：",
                en=f"{match.num_pairs} labelled pairs ({pairs.num_left_out} more rows lack a text or label), {share} of the "
                f"same meaning; probabilities are for pairs of which {prior} match. On pairs held out:",
            ),
            console.align(rows, right=[0, 1, 2]),
            say(
                zh=f"期望校准误差 {error}，Brier 分 {brier}（总猜平均是 {base}）",
                en=f"expected calibration error {error}, Brier score {brier} ({base} for always saying the share)",
            ),
        ]
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %" if share < 0.01 else f"{100 * share:.1f} %".replace(".0 %", " %")
