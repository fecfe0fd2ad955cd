"""The small plots: written whole, in the right format, and never with boxes for letters."""

import sys

import numpy as np
import pytest

from baihua.checks import InvalidValue, MissingPackage
from baihua.language import set_language
from baihua.studies import plots

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LABELS = {"x_label": "size", "y_label": "score", "title": "title"}


@pytest.fixture(autouse=True)
def _language_again():
    yield
    set_language(None)


def test_histograms_take_arrays_of_any_shape_and_rounding_above_one(tmp_path):
    before, after = np.full((3, 4), 1 + 1e-7, dtype=np.float32), np.linspace(-1, 1, 7)
    path = plots.cosine_histograms(before, after, tmp_path / "deep" / "cosines.png", title="cosines")
    assert path.read_bytes().startswith(PNG_SIGNATURE)


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", PNG_SIGNATURE)])
def test_suffix_names_the_format(tmp_path, suffix, start):
    path = plots.curves([16, 32, 64], {"a": [1, 2, float("nan")]}, tmp_path / f"plot.{suffix}", log_x=True, **LABELS)
    assert path.read_bytes().startswith(start)


def test_unknown_suffix_leaves_no_file(tmp_path):
    with pytest.raises(InvalidValue, match="bmpp"):
        plots.curves([1, 2], {"a": [1, 2]}, tmp_path / "plot.bmpp", **LABELS)
    assert list(tmp_path.iterdir()) == []


def test_series_of_another_length_is_refused(tmp_path):
    set_language("en")
    with pytest.raises(InvalidValue, match="3 and 2"):
        plots.curves([1, 2, 3], {"a": [1, 2]}, tmp_path / "plot.png", **LABELS)


def test_without_a_chinese_font_labels_are_english_and_chinese_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "CHINESE_FONTS", ("No such font",))
    set_language("zh")
    assert plots.chinese_font() is None
    assert plots.label(zh="分数", en="score") == "score"
    # A missing shape would be a warning of matplotlib's, and warnings are errors here.
    plots.curves([1, 2], {"白化 k=64": [1, 2], "白化": [2, 1]}, tmp_path / "plot.png", **{**LABELS, "title": "白化 😀"})


def test_with_a_chinese_font_labels_follow_the_language(monkeypatch):
    monkeypatch.setattr(plots, "CHINESE_FONTS", ("No such font", "DejaVu Serif"))
    assert plots.chinese_font() == "DejaVu Serif"
    set_language("zh")
    assert plots.label(zh="分数", en="score") == "分数"
    set_language("en")
    assert plots.label(zh="分数", en="score") == "score"


def test_without_matplotlib_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackage, match=r"baihua\[plot\]"):
        plots.chinese_font()
