"""``baihua predict classify``: the label of every text of a file, and how probable it is."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.classify_options import Classifier
from baihua.cli.help import both
from baihua.cli.labelled_texts import ColumnNames, TableOfTexts, open_texts
from baihua.cli.options import Device, FirstColumn, SecondColumn, TableFile, TextColumn
from baihua.cli.predict import group
from baihua.cli.table_output import check_table_output, shorten
from baihua.cli.verb import verb
from baihua.language import say

DIGITS = 6  # of a probability in a file
MOST_TEXTS = 20  # on the screen
USUAL_CONFIDENCE = 0.5

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="写到哪里：原表加上 label 与 probability 两列（.csv .tsv .xlsx .jsonl）；不给则显示前 20 条。",
            en="Where to write the table with the columns label and probability (.csv .tsv .xlsx .jsonl); the first 20 rows are "
            "shown if not given.",
        ),
    ),
]
Other = Annotated[
    str | None,
    typer.Option(
        "--other",
        metavar="NAME",
        help=both(
            zh="没把握的文本不给标签，写成 NAME，如 --other 其他。",
            en="Leave texts that the classifier is not sure about without a label, and write NAME for them, such as --other other.",
        ),
    ),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        metavar="P",
        help=both(
            zh="与 --other 一起用：概率不到 P 就算没把握；不给则用训练时在 --dev 上定的。",
            en="With --other: below a probability of P it is not sure; else as settled on --dev when it was trained.",
        ),
    ),
]


@dataclass(frozen=True)
class Reserve:
    """When to give no label.

    Args:
        name: what is written instead.
        threshold: below this probability.
    """

    name: str
    threshold: float


@dataclass(frozen=True)
class Answers:
    """What is answered, in line with the rows of a table; None for rows without a text.

    Args:
        labels: the labels, or the name that stands for none.
        chances: the probability of the likeliest label.
    """

    labels: list[str | None]
    chances: list[float | None]


@verb(
    group,
    "classify",
    zh="用训练好的分类器给每行文本（或文本对）一个标签和它的概率，显示，或写成表格；没把握的可以留作“其他”。",
    en="Give each text, or pair of texts, a label and its probability with a trained classifier: shown, or written as a table; "
    "those it is not sure about may be left aside.",
)
def predict_classify(
    folder: Classifier,
    file: TableFile,
    output: Output = None,
    other: Other = None,
    min_confidence: MinConfidence = None,
    text_column: TextColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    device: Device = None,
) -> None:
    """Label a file's texts."""
    _check(file, output, other, min_confidence)
    from baihua.tasks.any_classifier import chances_of, load_classifier, takes_pairs
    from baihua.text.tables import write_table

    classifier = load_classifier(folder, device=device)
    names = ColumnNames(text_column, first_column, second_column)
    found = open_texts(file, names, pairs=takes_pairs(folder), labelled=False)
    reserve = None if other is None else Reserve(other, _confidence(folder, min_confidence))
    answers = _answers(found, chances_of(classifier, found.texts), classifier.labels, reserve)
    if output is not None:
        table = found.table.with_column("label", answers.labels)
        write_table(table.with_column("probability", answers.chances), output)
    record: dict[str, Any] = {"classifier": folder, "file": file, "rows": len(found.table), "texts": len(found.rows)}
    record |= {"empty": found.num_left_out, "output": output}
    record |= {"other": None if reserve is None else vars(reserve)}
    _answer(record, found, answers)


def _check(file: str, output: str | None, other: str | None, min_confidence: float | None) -> None:
    """Refuse, before any work, what cannot be written, would be lost, or does not go together.

    Raises:
        InvalidValue: for an unknown suffix, the file that is read, no --other, or what is no probability.
    """
    check_table_output(file, output)
    if min_confidence is not None and other is None:
        raise InvalidValue(
            zh="--min-confidence 要与 --other 一起用，例如 --other 其他。",
            en="--min-confidence goes with --other, such as --other other.",
        )
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise InvalidValue(
            zh=f"--min-confidence 应在 0 与 1 之间，收到 {min_confidence}。",
            en=f"--min-confidence must lie between 0 and 1, but received {min_confidence}.",
        )


def _confidence(folder: str, given: float | None) -> float:
    """Return from which probability on a label is given, and say where that comes from."""
    from baihua.tasks.classification.answer_threshold import read_threshold

    if given is not None:
        return given
    found = read_threshold(folder)
    if found is None:
        console.note(
            say(
                zh=f"训练时没有 --dev，不知道多有把握才算数，暂取 {USUAL_CONFIDENCE}；请用 --min-confidence 指明，"
                "或带 --dev 重新训练。",
                en=f"It was trained without --dev, so how sure is sure enough is not known, and {USUAL_CONFIDENCE} is taken. Name "
                "another with --min-confidence, or train again with --dev.",
            )
        )
        return USUAL_CONFIDENCE
    bar, num = f"{found.threshold:.3f}", found.num_texts
    console.note(
        say(
            zh=f"概率不到 {bar} 的不给标签：训练时在 {num} 条验证文本上定的。",
            en=f"Below a probability of {bar} no label is given, as settled on {num} texts of --dev in training.",
        )
    )
    return found.threshold


def _answers(found: TableOfTexts, chances: Any, known: list[str], reserve: Reserve | None) -> Answers:
    labels: list[str | None] = [None] * len(found.table)
    highest: list[float | None] = [None] * len(found.table)
    for row, mine in zip(found.rows, chances, strict=True):
        place = int(mine.argmax())
        sure = reserve is None or mine[place] >= reserve.threshold
        labels[row] = known[place] if sure or reserve is None else reserve.name
        highest[row] = round(float(mine[place]), DIGITS)
    return Answers(labels, highest)


def _answer(record: dict[str, Any], found: TableOfTexts, answers: Answers) -> None:
    """Say how often each label was given; without a file to write, show the rows, in JSON all of them."""
    counts = Counter(label for label in answers.labels if label is not None)
    record |= {"labels": dict(counts.most_common())}
    listed = ", ".join(f"{label} {count}" for label, count in counts.most_common(20))
    summary = say(
        zh=f"{len(found.rows)} 条：{listed}。"
        + (f"{found.num_left_out} 行没有文本，没有标签。" if found.num_left_out else ""),
        en=f"Texts: {len(found.rows)} ({listed})."
        + (f" Rows without a text, left without a label: {found.num_left_out}." if found.num_left_out else ""),
    )
    output = record["output"]
    if output is not None:
        console.answer(record, summary + say(zh=f"写到 {output}", en=f" Written to {output}"))
        return
    texts, rows = found.texts, found.rows
    record |= {
        "answers": [
            {"row": row, "text": text, "label": answers.labels[row], "probability": answers.chances[row]}
            for row, text in zip(rows, texts, strict=True)
        ]
    }
    heads = say(zh="标签\t概率\t文本", en="label\tprobability\ttext").split("\t")
    shown = [
        [str(answers.labels[row]), f"{answers.chances[row]:.3f}", shorten(text)]
        for row, text in zip(rows[:MOST_TEXTS], texts, strict=False)
    ]
    lines = [console.align([heads, *shown], right=[1])]
    if len(rows) > MOST_TEXTS:
        more = len(rows) - MOST_TEXTS
        lines.append(
            say(
                zh=f"……另有 {more} 条没有显示；用 -o FILE.xlsx 或 -o FILE.csv 写出全部。",
                en=f"… and {more} more texts. Write all of them with -o FILE.xlsx or -o FILE.csv.",
            )
        )
    console.answer(record, "\n".join([*lines, summary]))
