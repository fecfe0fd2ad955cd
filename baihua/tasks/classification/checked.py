"""What a user gives to a classifier, checked: texts or pairs of texts, and a label for each."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from baihua.checks import InvalidType, InvalidValue, check_same_length, check_texts
from baihua.tasks.extraction.checked import readable_texts

Text = tuple[str, ...]  # one string, or the two of a pair
Texts = Sequence[str] | Sequence[Sequence[str]]
Labels = Sequence[Any]
Examples = tuple[list[Text], list[str]]


def check_inputs(texts: Texts, argument: str = "texts") -> list[Text]:
    r"""Return texts as tuples of one string each, or of two where they are pairs.

    Half a character, which no encoding can hold, becomes U+FFFD.

    Args:
        texts: any sequence of strings, or of pairs (tuples, lists, rows of an array or a table) of two strings.
        argument: the argument's name, for the message.

    Raises:
        InvalidType: for a single string, something that cannot be gone through, an item that is neither a string nor a pair
            of strings, or single texts and pairs side by side, naming the position.

    Example:
        >>> check_inputs(["你好", "再见"]), check_inputs([["你好", "您好"]])
        ([('你好',), ('再见',)], [('你好', '您好')])
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        return [(text,) for text in check_texts(texts, argument)]
    to_rows = getattr(texts, "to_numpy", None)  # gone through as it is, a table gives its headers
    items: list[Any] = list(texts if to_rows is None else to_rows())
    if not items or not _is_row(items[0]):
        _refuse_pairs(items, argument)
        return [(text,) for text in readable_texts(items, argument)]
    for place, item in enumerate(items):
        if not _is_row(item) or len(item) != 2 or not all(isinstance(half, str) for half in item):
            raise InvalidType(
                zh=f"{argument} 是成对的文本，第 {place} 项（从 0 数）却不是一对字符串：{item!r:.60}。请每项都给两个字符串。",
                en=f"{argument} holds pairs, but item {place} is no pair of strings: {item!r:.60}. Give two strings each time.",
            )
    halves = [readable_texts([item[side] for item in items], argument) for side in (0, 1)]
    return list(zip(*halves, strict=True))


def _is_row(item: object) -> bool:
    return isinstance(item, (tuple, list, np.ndarray))


def _refuse_pairs(items: list[Any], argument: str) -> None:
    place = next((place for place, item in enumerate(items) if _is_row(item)), None)
    if place is not None:
        raise InvalidType(
            zh=f"{argument} 的第 0 项是一条文本，第 {place} 项（从 0 数）却是一组：{items[place]!r:.60}。请全给单条，或全给成对的文本。",
            en=f"Item 0 of {argument} is one text, but item {place} is several: {items[place]!r:.60}. Give single texts "
            "throughout, or pairs throughout.",
        )


def check_labels(labels: Labels, argument: str = "labels") -> list[str]:
    """Return labels as strings.

    Args:
        labels: strings, whole numbers, truth values, or numpy's and torch's kinds of them, in any sequence. A number with a
            fraction of 0, which is how tables write whole numbers beside empty cells, loses it: 1.0 is the label "1".
        argument: the argument's name, for the message.

    Raises:
        InvalidType: for a single string, or a label of another kind, naming its position.
        InvalidValue: for a label that is missing (NaN, None, blank), naming its position.

    Example:
        >>> check_labels(["好评", 1, 2.0, np.int64(3), True])
        ['好评', '1', '2', '3', 'True']
    """
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        kind = type(labels).__name__
        raise InvalidType(
            zh=f"{argument} 应是每条文本一个标签的序列，收到的是 {kind}；请写成 ['好评', '差评'] 的样子。",
            en=f"{argument} must be a sequence with a label for each text, but received {kind}. Write it like ['good', 'bad'].",
        )
    return check_texts([_as_label(label, place, argument) for place, label in enumerate(labels)], argument)


def _as_label(label: Any, place: int, argument: str) -> str:
    if hasattr(label, "item") and getattr(label, "ndim", None) == 0:
        label = label.item()  # numpy's and torch's scalars
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    missing = label is None or type(label).__name__ in ("NAType", "NaTType")
    if missing or (isinstance(label, float) and math.isnan(label)) or (isinstance(label, str) and not label.strip()):
        raise InvalidValue(
            zh=f"{argument} 的第 {place} 项（从 0 数）没有标签，是 {label!r}；请补上，或去掉这一条。",
            en=f"Item {place} of {argument} is no label but {label!r}. Fill it in, or leave this text out.",
        )
    if not isinstance(label, (str, int, float)):
        kind = type(label).__name__
        raise InvalidType(
            zh=f"{argument} 的第 {place} 项（从 0 数）不能作标签，是 {kind}：{label!r:.40}。请转成字符串。",
            en=f"Item {place} of {argument} cannot be a label, being {kind}: {label!r:.40}. Convert it to a string.",
        )
    return str(label)


def check_examples(texts: Texts, labels: Labels, names: tuple[str, str] = ("texts", "labels")) -> Examples:
    """Return texts and the label of each.

    Raises:
        InvalidType, InvalidValue: as `check_inputs` and `check_labels`, and when there are more or fewer labels than texts.
    """
    given, answers = check_inputs(texts, names[0]), check_labels(labels, names[1])
    check_same_length(given, answers, names)
    return given, answers


def check_training(texts: Texts, labels: Labels) -> Examples:
    """Return the texts to learn from and the label of each.

    Raises:
        InvalidType, InvalidValue: as `check_examples`, and for no texts, fewer than two labels, or a label all of whose texts
            are blank.
    """
    given, answers = check_examples(texts, labels)
    counts = Counter(answers)
    if len(counts) < 2:
        raise InvalidValue(
            zh=f"{len(given)} 条训练文本只有 {len(counts)} 种标签，没有什么可分；至少要两种。",
            en=f"The {len(given)} training texts have {len(counts)} different labels, so there is nothing to tell apart. Give at "
            "least two.",
        )
    readable = {answer for text, answer in zip(given, answers, strict=True) if not is_blank(text)}
    empty = sorted(set(counts) - readable)
    if empty:
        raise InvalidValue(
            zh=f"标签 {empty[0]!r} 的 {counts[empty[0]]} 条训练文本全是空白，无从学起；请给它至少一条有字的文本，或去掉这个标签。",
            en=f"All {counts[empty[0]]} training texts of the label {empty[0]!r} are blank. Give it a text with something in it, or "
            "leave this label out.",
        )
    return given, answers


def check_dev(dev: tuple[Texts, Labels] | None, known: Sequence[str], *, pairs: bool) -> Examples | None:
    """Return the texts held aside and their labels, or None where there are none.

    Args:
        dev: texts and labels.
        known: the labels of training.
        pairs: whether training has pairs of texts.

    Raises:
        InvalidType: for what is no pair of texts and labels, or for pairs where there should be single texts.
        InvalidValue: when lengths differ, or no text has a label of training.
    """
    if dev is None:
        return None
    if not isinstance(dev, (tuple, list)) or len(dev) != 2:
        raise InvalidType(
            zh=f"dev 应是（texts, labels）两项，收到的是 {type(dev).__name__}。",
            en=f"dev must be a pair (texts, labels), but received {type(dev).__name__}.",
        )
    given, answers = check_examples(dev[0], dev[1], ("dev[0]", "dev[1]"))
    check_same_kind(given, pairs=pairs, argument="dev[0]")
    if not set(answers) & set(known):
        raise InvalidValue(
            zh=f"dev 的 {len(given)} 条文本没有一条的标签在训练里出现过，量不出好坏；请检查标签的写法，或不给 dev。",
            en=f"None of the {len(given)} texts of dev has a label that training has, so they cannot tell good from bad. Check how "
            "the labels are written, or leave dev out.",
        )
    return given, answers


def check_same_kind(texts: Sequence[Text], *, pairs: bool, argument: str = "texts") -> None:
    """Refuse pairs where a classifier has learned from single texts, and the other way round.

    Raises:
        InvalidType: when the kinds differ.
    """
    if not texts or (len(texts[0]) == 2) == pairs:
        return
    if pairs:
        raise InvalidType(
            zh=f"这个分类器学的是成对的文本，{argument} 却是单条文本；请每项给两个字符串。",
            en=f"This classifier has learned from pairs of texts, but {argument} holds single texts. Give two strings each time.",
        )
    raise InvalidType(
        zh=f"这个分类器学的是单条文本，{argument} 却是成对的文本；请每项给一个字符串。",
        en=f"This classifier has learned from single texts, but {argument} holds pairs. Give one string each time.",
    )


def is_blank(text: Text) -> bool:
    """Whether a text, or both of a pair, are nothing but white space."""
    return not any(half.strip() for half in text)
