from itertools import islice

import numpy as np
import pytest
from tiny_models import write_tokenizer
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.packing import packed_rows, shuffled_batches

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


def test_every_round_has_every_row_once_in_another_order():
    stream = [np.array([number]) for number in range(100)]
    batches = shuffled_batches(lambda: iter(stream), 10, seed=0)
    rounds = [np.concatenate(list(islice(batches, 10))).ravel().tolist() for _ in range(2)]
    for one in rounds:
        assert sorted(one) == list(range(100))
    assert rounds[0] != rounds[1]
    again = shuffled_batches(lambda: iter(stream), 10, seed=0)
    assert np.concatenate(list(islice(again, 10))).ravel().tolist() == rounds[0]


def test_too_little_text():
    with pytest.raises(InvalidValue, match="does not fill a single row"):
        next(shuffled_batches(lambda: iter([]), 2, seed=0))
