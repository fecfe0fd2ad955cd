"""What is said about labelled texts before a classifier learns from them."""

from collections import Counter, defaultdict

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.labelled_texts import TableOfTexts, say_labels
from baihua.language import say

SHOWN = 5  # labels listed


def check_training_texts(train: TableOfTexts, held: TableOfTexts | None) -> None:
    """Say how many texts there are of each label, and what a training on them would stumble over.

    Args:
        train: what is to be learned.
        held: texts held aside, or None.

    Raises:
        InvalidValue: when there is only one label.
    """
    say_labels(train)
    counts = Counter(train.labels)
    if len(counts) < 2:
        label = next(iter(counts))
        raise InvalidValue(
            zh=f"{train.path} 的 {len(train.rows)} 条文本都是同一个标签 {label!r}，没有什么可分；请给出至少两种标签的文本。",
            en=f"All {len(train.rows)} texts of {train.path} have the label {label!r}, so there is nothing to tell apart. Give "
            "texts of two labels at least.",
        )
    once = sorted(label for label, count in counts.items() if count == 1)
    if once:
        console.note(
            say(
                zh=f"只有一条文本的标签 {len(once)} 个（{_listed(once)}），学到的多半是那一条的字面；请每个标签给两条以上。",
                en=f"Labels with a single text: {len(once)} ({_listed(once)}). Little but its wording can be learned of it; give "
                "two texts of each label or more.",
            )
        )
    _say_conflicts(train)
    if held is not None:
        say_labels(held)
        _say_about_dev(train, held)


def say_unknown_labels(found: TableOfTexts, known: list[str]) -> None:
    """Say which labels of a file a classifier has never learned: all their texts count as wrong."""
    unknown = Counter(label for label in found.labels if label not in known).most_common()
    if unknown:
        listed = _listed([f"{label} {count}" for label, count in unknown])
        console.note(
            say(
                zh=f"{found.path} 里分类器没有学过的标签，都算错：{listed}。",
                en=f"Labels of {found.path} that the classifier never learned, all counted as wrong: {listed}.",
            )
        )


def _say_conflicts(train: TableOfTexts) -> None:
    labels: dict[object, set[str]] = defaultdict(set)
    for text, label in zip(train.texts, train.labels, strict=True):
        labels[text].add(label)
    conflicts = [text for text, mine in labels.items() if len(mine) > 1]
    if conflicts:
        first = str(conflicts[0])[:40]
        console.note(
            say(
                zh=f"{train.path} 里同样的文本有不同标签的：{len(conflicts)} 种，如 {first!r}。",
                en=f"Texts of {train.path} that come with different labels: {len(conflicts)}, such as {first!r}.",
            )
        )


def _say_about_dev(train: TableOfTexts, held: TableOfTexts) -> None:
    say_unknown_labels(held, sorted(set(train.labels)))
    learned = {*train.texts}
    leaked = sum(text in learned for text in held.texts)
    if leaked:
        total = len(held.rows)
        console.note(
            say(
                zh=f"{held.path} 的 {total} 条文本里有 {leaked} 条训练集里也有，在它上面的分数会偏高；请先去掉。",
                en=f"{leaked} of the {total} texts of {held.path} are also learned from, so that scores on it are too high. Remove "
                "them first.",
            )
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
