"""Dealing texts out to folds, so that each is judged by a classifier that learned from the other folds alone."""

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.tasks.classification.checked import Text

Integers = npt.NDArray[np.int64]


def num_folds_for(texts: Sequence[Text], answers: Sequence[str], wanted: int) -> int:
    """Return how many folds there can be, and warn where they are fewer than wanted.

    Args:
        texts: the texts.
        answers: the label of each.
        wanted: how many folds there are to be.

    Returns:
        As many as wanted, or as the rarest label has different texts.

    Raises:
        InvalidValue: for fewer than two folds, or a label with fewer than two different texts, which cannot be both learned
            and held out.

    Example:
        >>> num_folds_for([("好",), ("坏",), ("很好",), ("很坏",)], ["+", "-", "+", "-"], 2)
        2
    """
    if wanted < 2:
        raise InvalidValue(
            zh=f"至少要分 2 份，收到 {wanted}。", en=f"At least 2 folds are needed, but received {wanted}."
        )
    different: dict[str, set[Text]] = {}
    for text, answer in zip(texts, answers, strict=True):
        different.setdefault(answer, set()).add(text)
    rarest, least = min(((label, len(mine)) for label, mine in different.items()), key=lambda item: (item[1], item[0]))
    if least < 2:
        raise InvalidValue(
            zh=f"标签 {rarest!r} 只有 {least} 条不同的文本，不能既学又考；请给它至少两条，或去掉这个标签。",
            en=f"The label {rarest!r} has {least} different text, which cannot be both learned from and held out. Give it two at "
            "least, or leave this label out.",
        )
    if least < wanted:
        warnings.warn(
            say(
                zh=f"标签 {rarest!r} 只有 {least} 条不同的文本，所以只分 {least} 份，不是 {wanted} 份。",
                en=f"The label {rarest!r} has {least} different texts, so there are {least} folds instead of {wanted}.",
            ),
            stacklevel=3,
        )
    return min(wanted, least)


def deal_folds(texts: Sequence[Text], answers: Sequence[str], num_folds: int, seed: Sequence[int]) -> Integers:
    """Deal texts out to folds, those of each label as evenly as can be.

    Equal texts are in one fold, so that none is held out and learned at once. Where they have different labels, the label that
    comes first in order says which.

    Args:
        texts: the texts.
        answers: the label of each.
        num_folds: see `num_folds_for`.
        seed: of the dealing.

    Returns:
        The fold of each text, from 0.

    Example:
        >>> deal_folds([("好",), ("坏",), ("很好",), ("很坏",)], ["+", "-", "+", "-"], 2, [0]).tolist()
        [0, 0, 1, 1]
    """
    rng = np.random.default_rng(seed)
    fold_of: dict[Text, int] = {}
    for label in sorted(set(answers)):
        mine = sorted({text for text, answer in zip(texts, answers, strict=True) if answer == label} - set(fold_of))
        start = len(fold_of)  # goes on where the label before ended, so that folds are of one size
        for number, place in enumerate(rng.permutation(len(mine)).tolist()):
            fold_of[mine[place]] = (start + number) % num_folds
    return np.array([fold_of[text] for text in texts], dtype=np.int64)
