"""What ``baihua calibrate`` answers: thresholds for rates of false matches, and how reliable the probabilities are."""

from typing import TYPE_CHECKING, Any

from baihua.cli import console
from baihua.cli.labelled_pairs import LabelledPairs
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.calibration_file import Calibration
    from baihua.training.calibration import MatchCalibration
    from baihua.training.false_matches import FalseMatchRate

RATES = (0.1, 0.01, 0.001, 0.0001)


def report(
    record: dict[str, Any], calibration: "Calibration", wished: float | None, pairs: LabelledPairs | None
) -> None:
    """Print the answer.

    Args:
        record: what the verb says of its files and its encoder.
        calibration: what was learned.
        wished: a rate the user wants a threshold for; None for none.
        pairs: the labelled pairs of this run; without any, what earlier ones said may be there all the same.
    """
    background, match = calibration.background, calibration.match
    rates = sorted({*RATES, *([] if wished is None else [wished])}, reverse=True)
    thresholds = [_threshold(background, rate) for rate in rates]
    lines = [_background_text(calibration, thresholds)]
    record |= {"texts": calibration.num_documents, "background_pairs": background.num_scores, "thresholds": thresholds}
    if wished is not None:
        found = background.threshold(wished)
        record |= {"rate": wished, "threshold": found}
        said = background.sentence(found)
        lines.append(say(zh=f"阈值 {found:.4f}：{said}。", en=f"Threshold {found:.4f}: {said}."))
    if match is not None:
        lines += ["", _match_text(match, pairs)]
    record["match_calibration"] = None if match is None else match.to_dict()
    console.answer(record, "\n".join(lines))


def _threshold(background: "FalseMatchRate", rate: float) -> dict[str, float]:
    low, high = background.threshold_interval(rate)
    return {"rate": rate, "threshold": background.threshold(rate), "low": low, "high": high}


def _background_text(calibration: "Calibration", thresholds: list[dict[str, float]]) -> str:
    background = calibration.background
    rows = [(say(zh="误配率", en="rate"), say(zh="阈值", en="threshold"), say(zh="95 % 区间", en="95 % interval"))]
    for row in thresholds:
        rows.append((_percent(row["rate"]), f"{row['threshold']:.4f}", f"{row['low']:.4f} … {row['high']:.4f}"))
    lines = [
        say(
            zh=f"{calibration.num_documents} 条文本，随机取 {background.num_scores} 对不同的当作无关：",
            en=f"{calibration.num_documents} texts, {background.num_scores} random pairs of different ones taken as "
            "unrelated:",
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


def _match_text(match: "MatchCalibration", pairs: LabelledPairs | None) -> str:
    rows = [(say(zh="预测", en="predicted"), say(zh="实际", en="observed"), say(zh="对数", en="pairs"))]
    rows += [(_percent(item.predicted), _percent(item.observed), str(item.count)) for item in match.reliability]
    error, brier, base = (
        f"{value:.3f}" for value in (match.calibration_error, match.brier, match.share * (1 - match.share))
    )
    share, prior = _percent(match.share), _percent(match.prior)
    if pairs is None:
        aside = say(zh="（以前校准时给的）", en=" (given when calibrated before)")
    else:
        aside = say(
            zh=f"（另有 {pairs.num_left_out} 行缺文本或标签）",
            en=f" ({pairs.num_left_out} more rows lack a text or label)",
        )
    return "\n".join(
        [
            say(
                zh=f"{match.num_pairs} 对标好的句对{aside}，其中 {share} 同义；"
                f"概率按所问的对里 {prior} 同义给出。没参与学习的句对上：",
                en=f"{match.num_pairs} labelled pairs{aside}, {share} of the same meaning; probabilities are for pairs of "
                f"which {prior} match. On pairs held out:",
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
