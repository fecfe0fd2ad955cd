"""The threshold beside a classifier comes back as it was, and a damaged one is refused."""

import json

import pytest

from baihua.checks import InvalidValue
from baihua.tasks.classification.answer_threshold import (
    THRESHOLD_FILE,
    AnswerThreshold,
    read_threshold,
    write_threshold,
)

FOUND = AnswerThreshold(0.1 + 0.2, 9, 10, 12)


def test_it_comes_back_to_the_last_bit(tmp_path):
    assert read_threshold(tmp_path) is None
    write_threshold(tmp_path, FOUND)
    assert read_threshold(tmp_path) == FOUND


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "{", '"0.5"', "null", json.dumps({**vars(FOUND), "threshold": 2}), json.dumps({"threshold": 0.5})],
)
def test_what_makes_no_sense_is_refused(content, tmp_path):
    (tmp_path / THRESHOLD_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(InvalidValue, match="makes no sense"):
        read_threshold(tmp_path)


def test_a_threshold_that_is_no_number_is_refused(tmp_path):
    (tmp_path / THRESHOLD_FILE).write_text(json.dumps({**vars(FOUND), "threshold": "hoch"}), encoding="utf-8")
    with pytest.raises(InvalidValue, match="makes no sense"):
        read_threshold(tmp_path)
