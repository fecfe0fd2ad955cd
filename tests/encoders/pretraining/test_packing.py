from itertools import islice

import numpy as np
import pytest
from tiny_models import write_tokenizer
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.packing import packed_rows, stored_rows
from baihua.training.shuffled import shuffled_places

LINES = ["今天天气很好", "怎么退款", "手机充不进电"] * 400


def backend(folder) -> Tokenizer:
    write_tokenizer(folder)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def test_rows_hold_the_text_from_end_to_end(tmp_path):
    tokenizer = backend(tmp_path)
    rows = np.stack(list(packed_rows(LINES, tokenizer, 16, (2, 3))))
    assert rows.shape[1] == 16
    assert (rows[:, 0] == 2).all()
    assert (rows[:, -1] == 3).all()
    expected = [number for line in LINES for number in [*tokenizer.encode(line, add_special_tokens=False).ids, 3]]
    inside = rows[:, 1:-1].ravel().tolist()
    assert inside == expected[: len(inside)]
    assert len(expected) - len(inside) < 14


def test_stored_rows_are_written_once_and_a_short_training_sees_the_whole_text(tmp_path):
    rows = [np.full(4, number) for number in range(1000)]
    stored = stored_rows(tmp_path / "rows", lambda: iter(rows), 4, np.dtype(np.uint16))
    np.testing.assert_array_equal(stored, np.stack(rows))
    np.testing.assert_array_equal(stored_rows(tmp_path / "rows", list, 4, np.dtype(np.uint16)), stored)
    places = np.concatenate(list(islice(shuffled_places(len(stored), 10, seed=0), 10)))
    some = stored[places][:, 0]
    assert abs(some.mean() - 499.5) < 4 * 1000 / np.sqrt(12 * 100)


def test_too_little_text(tmp_path):
    with pytest.raises(InvalidValue, match="does not fill a single row"):
        stored_rows(tmp_path / "rows", lambda: iter([]), 2, np.dtype(np.uint16))
