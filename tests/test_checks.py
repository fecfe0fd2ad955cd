import numpy as np
import pytest

from baihua.checks import (
    FileProblem,
    InvalidType,
    InvalidValue,
    MissingPackage,
    Mistake,
    check_choice,
    check_same_length,
    check_texts,
    need_package,
)
from baihua.language import language, set_language


def test_a_mistake_is_said_in_the_language_of_the_moment():
    mistake = InvalidValue(zh="太小", en="too small")
    set_language("zh")
    assert str(mistake) == "太小"
    set_language("en")
    assert str(mistake) == "too small"


@pytest.mark.parametrize(
    ("kind", "usual"),
    [(InvalidValue, ValueError), (InvalidType, TypeError), (FileProblem, OSError), (MissingPackage, ImportError)],
)
def test_mistakes_are_caught_as_the_usual_exceptions(kind, usual):
    with pytest.raises(usual, match="no") as caught:
        raise kind(zh="不", en="no")
    assert isinstance(caught.value, Mistake)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"BAIHUA_LANG": "zh", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_environment(monkeypatch, variables, expected):
    for name in ("BAIHUA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    set_language(None)
    assert language() == expected


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="'zh' or 'en'"):
        set_language("fr")


def test_the_nearest_choice_is_named():
    with pytest.raises(
        InvalidValue, match=r"Unknown pooling 'men'\. Expected one of 'cls', 'mean'\. Did you mean 'mean'"
    ):
        check_choice("pooling", "men", ["cls", "mean"])
    with pytest.raises(InvalidValue, match=r"Did you mean 'first_last_mean'"):
        check_choice("pooling", "first-last-av", ["cls"], {"first-last-avg": "first_last_mean"})
    assert check_choice("pooling", "P1", ["cls"], {"P1": "cls"}) == "cls"


@pytest.mark.parametrize("container", [list, tuple, np.array, iter])
def test_any_sequence_of_strings(container):
    texts = check_texts(container(["一", "二"]))
    assert texts == ["一", "二"]
    assert all(type(text) is str for text in texts)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("一句", "single string"),
        (b"bytes", "single string"),
        (5, "received int"),
        (["一", None], "Item 1 of texts is not a string but NoneType"),
        ([3], "Item 0 of texts is not a string but int"),
    ],
)
def test_other_things_are_refused(texts, message):
    with pytest.raises(InvalidType, match=message):
        check_texts(texts)


def test_half_a_character_is_refused():
    with pytest.raises(InvalidValue, match="Item 1 of texts holds half a character"):
        check_texts(["好", "\ud83d"])


def test_lengths():
    with pytest.raises(InvalidValue, match="texts and labels must have the same length, but received 1 and 2"):
        check_same_length([1], [1, 2], ("texts", "labels"))


def test_a_missing_package_comes_with_the_command():
    with pytest.raises(MissingPackage, match=r"pip install 'baihua\[plot\]'"):
        need_package("no_such_package_at_all", "plot")
