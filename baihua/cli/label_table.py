"""How well labels were given, as tables: fractions as percentages beside the counts they come from."""

from typing import TYPE_CHECKING

from baihua.cli import console
from baihua.language import say

if TYPE_CHECKING:
    from baihua.training.answered_share import AnsweredShare
    from baihua.training.classification_scores import ClassificationScores

MOST_CONFUSIONS = 10


def percent(share: float) -> str:
    """Return a fraction as a percentage with one digit after the point."""
    return f"{100 * share:.1f}"


def accuracy_line(scores: "ClassificationScores") -> str:
    """Return accuracy, its interval, and the counts, as a sentence."""
    low, high = map(percent, scores.interval)
    return say(
        zh=f"准确率 {percent(scores.accuracy)}（95 % 区间 {low} … {high}），{scores.num_texts} 条里对了 {scores.num_right} 条",
        en=f"accuracy {percent(scores.accuracy)} (95 % interval {low} … {high}), {scores.num_right} of {scores.num_texts} right",
    )


def per_label_table(scores: "ClassificationScores") -> str:
    """Return precision, recall and F1 of each label."""
    heads = say(
        zh="标签\t精确率\t召回率\tF1\t对\t给出\t应有", en="label\tprecision\trecall\tF1\tright\tgiven\tgold"
    ).split("\t")
    rows = [
        [
            name,
            *map(percent, (counts.precision, counts.recall, counts.f1)),
            f"{counts.right:g}",
            str(counts.found),
            str(counts.gold),
        ]
        for name, counts in scores.per_label.items()
    ]
    return console.align([heads, *rows], right=range(1, 7))


def confusion_table(scores: "ClassificationScores") -> str:
    """Return what was most often taken for what; empty when nothing was."""
    counted = [
        (count, scores.labels[row], scores.labels[column])
        for row, counts in enumerate(scores.confusion)
        for column, count in enumerate(counts)
        if count and row != column
    ]
    if not counted:
        return ""
    largest = sorted(counted, key=lambda item: -item[0])[:MOST_CONFUSIONS]
    heads = say(zh="应是\t当成了\t条数", en="is\ttaken for\ttexts").split("\t")
    table = console.align([heads, *([gold, given, str(count)] for count, gold, given in largest)], right=[2])
    more = len(counted) - len(largest)
    return table + (say(zh=f"\n另有 {more} 种。", en=f"\nAnd {more} more kinds.") if more else "")


def answered_table(points: "tuple[AnsweredShare, ...]") -> str:
    """Return how accuracy rises as only the surer texts are answered."""
    heads = say(
        zh="概率不低于\t作答的占\t其中对的\t95 % 区间", en="probability from\tanswered\taccuracy\t95 % interval"
    ).split("\t")
    rows = [
        [
            f"{point.threshold:.3f}",
            percent(point.share),
            percent(point.accuracy),
            " … ".join(f"{percent(end):>5}" for end in point.interval),
        ]
        for point in points
    ]
    return console.align([heads, *rows], right=(0, 1, 2))
