"""A handful of labelled texts drawn from many, again and again: how much of a score is the luck of the draw.

The samples of a number are drawn text by text in the order of a checksum, so that they are the same on every machine and in
whatever order a file has its lines, and a larger sample holds the smaller one of the same number.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from baihua.benchmarks.classification import read_labelled
from baihua.checks import InvalidValue, check_same_length


@dataclass(frozen=True)
class FewShotTexts:
    """What samples are drawn from, and what is scored.

    Args:
        name: the set.
        train: texts to draw from, all different.
        train_labels: the label of each.
        dev: texts to score, all different, and none of them among those to draw from.
        dev_labels: the label of each.
        data: the file that was read, with its sha256.
    """

    name: str
    train: list[str]
    train_labels: list[str]
    dev: list[str]
    dev_labels: list[str]
    data: Mapping[str, str]


def read_few_shot(name: str = "waimai_10k") -> FewShotTexts:
    """Read the train and dev splits of a set, each text once.

    Texts are the same whatever white space stands around them. One that comes with two labels is left out, and so is a dev text
    that stands in the train split too.

    Args:
        name: a set of `baihua.benchmarks.classification.CLASSIFICATION_SETS`.

    Raises:
        InvalidValue: for an unknown set or a broken file.
        FileProblem: when the file is not on this machine, saying how to get it.
    """
    train, dev = (read_labelled(name, split) for split in ("train", "dev"))
    drawn = _distinct(train.texts, train.labels, set())
    scored = _distinct(dev.texts, dev.labels, {text.strip() for text in train.texts})
    data = {part.file: f"sha256:{part.revision}" for part in (train, dev)}
    return FewShotTexts(train.name, list(drawn), list(drawn.values()), list(scored), list(scored.values()), data)


def _distinct(texts: Sequence[str], labels: Sequence[str], seen: set[str]) -> dict[str, str]:
    """Return text and label of each text that is not blank, not seen, and has one label alone, in the order of the first."""
    found: dict[str, set[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        found.setdefault(text.strip(), set()).add(label)
    return {text: next(iter(mine)) for text, mine in found.items() if text and len(mine) == 1 and text not in seen}


def draw_sample(texts: Sequence[str], labels: Sequence[str], per_label: int, seed: int) -> tuple[list[str], list[str]]:
    """Draw so many texts of each label.

    Args:
        texts: all different.
        labels: the label of each.
        per_label: how many of each label.
        seed: the number of the sample. With the same one a larger sample holds the smaller.

    Returns:
        The texts, in the order they came in, and their labels.

    Raises:
        InvalidValue: when a label has fewer texts than that, or lengths differ.

    Example:
        >>> draw_sample(["好吃", "难吃", "真香", "太慢"], ["好", "坏", "好", "坏"], 1, seed=2)
        (['难吃', '真香'], ['坏', '好'])
    """
    check_same_length(texts, labels, ("texts", "labels"))
    counts = Counter(labels)
    rarest = min(counts, key=lambda label: counts[label], default="")
    if per_label < 1 or counts[rarest] < per_label:
        raise InvalidValue(
            zh=f"每类要抽 {per_label} 条，标签 {rarest!r} 有 {counts[rarest]} 条；请取 1 到 {counts[rarest]}。",
            en=f"{per_label} texts are to be drawn of each label, but {rarest!r} has {counts[rarest]}. Choose from 1 to "
            f"{counts[rarest]}.",
        )
    ranks = {
        place: hashlib.sha256(f"{seed}\n{text}".encode(errors="surrogatepass")).digest()
        for place, text in enumerate(texts)
    }
    chosen: list[int] = []
    for label in counts:
        mine = [place for place, other in enumerate(labels) if other == label]
        chosen += sorted(mine, key=ranks.__getitem__)[:per_label]
    chosen.sort()
    return [texts[place] for place in chosen], [labels[place] for place in chosen]
