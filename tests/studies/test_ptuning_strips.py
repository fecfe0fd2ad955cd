"""Strips: a row per way in the order given, a point per sample."""

import numpy as np
from matplotlib.image import imread

from baihua.studies.ptuning.strips import strips


def ink(path):
    """Where something coloured is drawn: rows and columns of the picture."""
    picture = imread(path)[..., :3]
    return np.argwhere(picture.max(axis=-1) - picture.min(axis=-1) > 0.2)


def test_the_first_row_is_at_the_top_and_larger_values_stand_further_right(tmp_path):
    words = {"x_label": "accuracy", "title": ""}
    both = ink(strips({"a": [10.0], "b": [90.0]}, tmp_path / "both.png", **words))
    upper = both[both[:, 0] < both[:, 0].mean()]
    lower = both[both[:, 0] > both[:, 0].mean()]
    assert upper[:, 1].mean() < lower[:, 1].mean()


def test_equal_values_stay_apart(tmp_path):
    words = {"x_label": "accuracy", "title": "白 🥡"}
    one = ink(strips({"a": [50.0], "b": [40.0, 60.0]}, tmp_path / "one.png", **words))
    three = ink(strips({"a": [50.0] * 3, "b": [40.0, 60.0]}, tmp_path / "three.png", **words))
    assert len(three) > len(one)
