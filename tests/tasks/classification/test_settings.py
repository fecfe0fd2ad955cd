"""Settings that make no sense are refused by name; the learning rate goes by the encoder's width."""

import pytest

from baihua.checks import InvalidValue
from baihua.tasks.classification.settings import ClassificationSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, but received 0"),
        ({"least_steps": 0}, "least_steps must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"max_length": 7}, "max_length must be at least 8"),
        ({"patience": 0}, "patience must be at least 1"),
        ({"num_pairs": 1}, "num_pairs must be at least 2"),
        ({"save_every": -1}, "save_every must be at least 0"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"dropout": 1.0}, "dropout must lie from 0 to below 1"),
        ({"dropout": float("nan")}, "dropout must lie"),
        ({"head_rate": 0.0}, "head_rate must be above 0"),
        ({"learning_rate": 1.0}, "learning_rate must lie between 0 and 1"),
        ({"learning_rate": float("nan")}, "learning_rate must lie"),
        ({"precision": "float16"}, "Unknown precision 'float16'"),
        ({"pooling": "first"}, "Unknown pooling 'first'"),
    ],
)
def test_what_makes_no_sense(changes, message):
    with pytest.raises(InvalidValue, match=message):
        ClassificationSettings(**changes)


def test_the_rate_goes_by_the_width():
    usual = ClassificationSettings()
    assert (usual.rate(256), usual.rate(768), usual.rate(1024)) == (1e-4, 2e-5, 2e-5)
    assert ClassificationSettings(learning_rate=3e-3).rate(768) == 3e-3


def test_none_means_no_limit():
    assert ClassificationSettings(max_length=None, num_pairs=None, learning_rate=None).max_length is None
