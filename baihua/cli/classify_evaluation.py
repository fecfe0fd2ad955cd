"""``baihua evaluate classify``: how well a trained classifier labels the texts of a file whose labels are known."""

from typing import Annotated, Any

import typer

from baihua.cli import console
from baihua.cli.classify_check import say_unknown_labels
from baihua.cli.classify_options import Classifier
from baihua.cli.evaluate import group
from baihua.cli.help import both
from baihua.cli.label_table import accuracy_line, answered_table, confusion_table, per_label_table, percent
from baihua.cli.labelled_texts import ColumnNames, open_texts
from baihua.cli.options import Device, FirstColumn, LabelColumn, SecondColumn, TextColumn
from baihua.cli.verb import verb
from baihua.language import say

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="带标签的表，训练时没有用过；列同 train classify。",
            en="A table with labels that the training did not see; columns as in train classify.",
        ),
    ),
]


@verb(
    group,
    "classify",
    zh="训练好的分类器在带标签的表上的准确率（带区间）、各标签的精确率与召回率、混淆，以及只答有把握的会多准。",
    en="How a trained classifier does on a table with labels: accuracy with its interval, precision and recall of each label, "
    "confusions, and how accurate it is where only sure texts are answered.",
)
def evaluate_classify(
    folder: Classifier,
    file: File,
    text_column: TextColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    label_column: LabelColumn = None,
    device: Device = None,
) -> None:
    """Compare the labels a classifier gives with those that are right."""
    import numpy as np

    from baihua.tasks.any_classifier import chances_of, load_classifier, takes_pairs
    from baihua.training.answered_share import answered_shares
    from baihua.training.classification_scores import score_labels

    classifier = load_classifier(folder, device=device)
    names = ColumnNames(text_column, first_column, second_column, label_column)
    found = open_texts(file, names, pairs=takes_pairs(folder), labelled=True)
    say_unknown_labels(found, classifier.labels)
    chances = chances_of(classifier, found.texts)
    scores = score_labels(chances, classifier.labels, found.labels)
    right = np.array(classifier.labels)[chances.argmax(axis=1)] == np.array(found.labels)
    points = answered_shares(chances.max(axis=1), right)
    record: dict[str, Any] = {"accuracy": scores.accuracy, "classifier": folder, "file": file}
    record |= {"left_out": found.num_left_out, **scores.to_dict(), "answered": [point.to_dict() for point in points]}
    confusions = confusion_table(scores)
    blocks = [_first_line(scores), per_label_table(scores)]
    blocks += [confusions] if confusions else []
    blocks.append(say(zh="只答有把握的：", en="Answering only where it is sure:") + "\n" + answered_table(points))
    console.answer(record, "\n\n".join(blocks))


def _first_line(scores: Any) -> str:
    """Say accuracy and what is known of the probabilities."""
    loss = "–" if scores.log_loss is None else f"{scores.log_loss:.3f}"
    line, error, macro = accuracy_line(scores), percent(scores.calibration_error), percent(scores.macro_f1)
    return say(
        zh=f"{line}\n宏平均 F1 {macro}，对数损失 {loss}，概率的校准误差 {error}",
        en=f"{line}\nmacro F1 {macro}, log loss {loss}, calibration error of the probabilities {error}",
    )
