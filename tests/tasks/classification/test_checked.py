"""What comes into a classifier, in whatever form people have it, and what is refused with its place."""

import numpy as np
import pandas as pd
import pytest
import torch

from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.tasks.classification.checked import (
    check_dev,
    check_examples,
    check_inputs,
    check_labels,
    check_same_kind,
    check_training,
    is_blank,
)

TABLE = pd.DataFrame({"a": ["你好", "再见"], "b": ["您好", "拜拜"]}, index=[7, 3])


@pytest.mark.parametrize(
    "texts",
    [
        ["你好", "再见"],
        ("你好", "再见"),
        np.array(["你好", "再见"]),
        TABLE["a"],
        iter(["你好", "再见"]),
        TABLE["a"].array,
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_single_texts_in_any_sequence(texts):
    assert check_inputs(texts) == [("你好",), ("再见",)]


@pytest.mark.parametrize(
    "texts",
    [
        [("你好", "您好"), ("再见", "拜拜")],
        (["你好", "您好"], ["再见", "拜拜"]),
        np.array([["你好", "您好"], ["再见", "拜拜"]]),
        TABLE,
        TABLE[["a", "b"]].to_numpy(),
        pd.Series([("你好", "您好"), ("再见", "拜拜")]),
        zip(TABLE["a"], TABLE["b"], strict=True),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_pairs_in_any_sequence(texts):
    assert check_inputs(texts) == [("你好", "您好"), ("再见", "拜拜")]


def test_nothing_is_no_mistake_here():
    assert check_inputs([]) == check_inputs(np.array([])) == []


def test_half_a_character_is_mended():
    assert check_inputs(["a\ud83d", "b"]) == [("a\ufffd",), ("b",)]
    assert check_inputs([("a\ud83d", "b")]) == [("a\ufffd", "b")]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("你好", "received a single string"),
        (b"abc", "received a single string"),
        (5, "received int"),
        (None, "received NoneType"),
        (["你好", None], "Item 1 of texts is not a string but NoneType"),
        (["你好", float("nan")], "Item 1 of texts is not a string but float"),
        (pd.Series(["你好", None]), "Item 1 of texts is not a string"),
        ([5, "你好"], "Item 0 of texts is not a string but int"),
        (["你好", ("a", "b")], "Item 0 of texts is one text, but item 1 is several"),
        ([("a", "b"), "你好"], "item 1 is no pair of strings: '你好'"),
        ([("a", "b"), ("a",)], "item 1 is no pair of strings"),
        ([("a", "b"), ("a", "b", "c")], "item 1 is no pair of strings"),
        ([("a", None)], "item 0 is no pair of strings"),
        ([["你好"]], "item 0 is no pair of strings"),
        (TABLE[["a"]], "item 0 is no pair of strings"),
    ],
)
def test_what_are_no_texts(texts, message):
    with pytest.raises(InvalidType, match=message):
        check_inputs(texts)


def test_labels_of_all_kinds_become_strings():
    labels = ["好", 1, np.int64(2), 3.0, np.float32(4), True, np.bool_(False), np.str_("坏"), torch.tensor(5), 0.5]
    assert check_labels(labels) == ["好", "1", "2", "3", "4", "True", "False", "坏", "5", "0.5"]


@pytest.mark.parametrize(
    "labels",
    [
        [1, 0],
        np.array([1, 0]),
        np.array([1.0, 0.0]),
        pd.Series([1, 0], index=[5, 9]),
        pd.Series([1, 0], dtype="Int64"),
        pd.Series(["1", "0"], dtype="category"),
        torch.tensor([1, 0]),
        (str(number) for number in (1, 0)),
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_labels_in_any_sequence(labels):
    assert check_labels(labels) == ["1", "0"]


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, "", " \n", np.float32("nan")], ids=repr)
def test_a_missing_label_is_named_with_its_place(missing):
    with pytest.raises(InvalidValue, match="Item 1 of labels is no label"):
        check_labels(["好", missing])
    set_language("zh")
    with pytest.raises(InvalidValue, match="labels 的第 1 项（从 0 数）没有标签"):
        check_labels(["好", missing])


def test_a_column_with_a_gap():
    with pytest.raises(InvalidValue, match="Item 2 of labels is no label but nan"):
        check_labels(pd.Series([1, 0, None]))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("好坏", "must be a sequence with a label for each text, but received str"),
        (5, "but received int"),
        (None, "but received NoneType"),
        (["好", ["坏"]], "Item 1 of labels cannot be a label, being list"),
        (["好", b"x"], "Item 1 of labels cannot be a label, being bytes"),
        ([("a",)], "Item 0 of labels cannot be a label, being tuple"),
        ([2j], "Item 0 of labels cannot be a label, being complex"),
        (np.array([[1], [2]]), "Item 0 of labels cannot be a label, being ndarray"),
    ],
)
def test_what_are_no_labels(labels, message):
    with pytest.raises(InvalidType, match=message):
        check_labels(labels)


def test_half_a_character_is_no_label():
    with pytest.raises(InvalidValue, match="Item 0 of labels holds half a character"):
        check_labels(["\ud83d"])


def test_texts_and_labels_of_other_lengths():
    with pytest.raises(InvalidValue, match="texts and labels must have the same length, but received 2 and 1"):
        check_examples(["a", "b"], [1])


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ([], [], "The 0 training texts have 0 different labels"),
        (["a", "b"], ["x", "x"], "The 2 training texts have 1 different labels"),
        (["a", " ", "\n"], ["x", "y", "y"], "All 2 training texts of the label 'y' are blank"),
        ([("a", "b"), ("", " ")], ["x", "y"], "All 1 training texts of the label 'y' are blank"),
    ],
)
def test_nothing_to_learn(texts, labels, message):
    with pytest.raises(InvalidValue, match=message):
        check_training(texts, labels)


def test_blank_texts_are_allowed_beside_others():
    texts, labels = check_training(["a", "", "b"], [1, 1, 2])
    assert [is_blank(text) for text in texts] == [False, True, False]
    assert labels == ["1", "1", "2"]


def test_a_pair_is_blank_when_both_halves_are():
    assert [is_blank(text) for text in [(" ", "\u3000"), ("", "a"), ("a", ""), ("\t",)]] == [True, False, False, True]


def test_dev():
    assert check_dev(None, ["1"], pairs=False) is None
    assert check_dev((["a"], [1]), ["1", "2"], pairs=False) == ([("a",)], ["1"])
    assert check_dev([["a", "b"], [1, 3]], ["1", "2"], pairs=False) == ([("a",), ("b",)], ["1", "3"])


@pytest.mark.parametrize(
    ("dev", "kind", "message"),
    [
        ("ab", InvalidType, r"must be a pair \(texts, labels\), but received str"),
        ((["a"],), InvalidType, r"must be a pair \(texts, labels\)"),
        (("a", [1]), InvalidType, r"dev\[0\] must be a sequence of strings"),
        ((["a"], "1"), InvalidType, r"dev\[1\] must be a sequence with a label for each text"),
        ((["a"], [1, 2]), InvalidValue, r"dev\[0\] and dev\[1\] must have the same length"),
        ((["a"], [None]), InvalidValue, r"Item 0 of dev\[1\] is no label"),
        ((["a"], [3]), InvalidValue, "None of the 1 texts of dev has a label that training has"),
        (([], []), InvalidValue, "None of the 0 texts of dev"),
        (([("a", "b")], [1]), InvalidType, r"learned from single texts, but dev\[0\] holds pairs"),
    ],
)
def test_what_is_no_dev(dev, kind, message):
    with pytest.raises(kind, match=message):
        check_dev(dev, ["1", "2"], pairs=False)


def test_pairs_and_single_texts_do_not_mix():
    check_same_kind([], pairs=True)
    check_same_kind([("a", "b")], pairs=True)
    with pytest.raises(InvalidType, match="learned from pairs of texts, but texts holds single texts"):
        check_same_kind([("a",)], pairs=True)
