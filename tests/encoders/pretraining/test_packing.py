from itertools import islice

import numpy as np
import pytest
from tiny_models import write_tokenizer
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.packing import packed_rows, shuffled_batches, stored_rows

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
    rows = np.arange(100)[:, None]
    batches = shuffled_batches(rows, 10, seed=0)
    rounds = [np.concatenate(list(islice(batches, 10))).ravel().tolist() for _ in range(2)]
    for one in rounds:
        assert sorted(one) == list(range(100))
    assert rounds[0] != rounds[1]


@pytest.mark.parametrize("batch_size", [3, 7, 25])
def test_the_same_batches_wherever_one_starts(batch_size):
    rows = np.arange(10)[:, None]
    whole = list(islice(shuffled_batches(rows, batch_size, seed=3), 20))
    assert all(batch.shape == (batch_size, 1) for batch in whole)
    counts = np.bincount(np.concatenate(whole).ravel())
    assert counts.max() - counts.min() <= 1
    for start in range(20):
        later = list(islice(shuffled_batches(rows, batch_size, seed=3, start=start), 20 - start))
        np.testing.assert_array_equal(np.stack(later), np.stack(whole[start:]))


def test_stored_rows_are_written_once_and_a_short_training_sees_the_whole_text(tmp_path):
    rows = [np.full(4, number) for number in range(1000)]
    stored = stored_rows(tmp_path / "rows", lambda: iter(rows), 4, np.dtype(np.uint16))
    np.testing.assert_array_equal(stored, np.stack(rows))
    np.testing.assert_array_equal(stored_rows(tmp_path / "rows", list, 4, np.dtype(np.uint16)), stored)
    some = np.concatenate(list(islice(shuffled_batches(stored, 10, seed=0), 10)))[:, 0]
    assert abs(some.mean() - 499.5) < 4 * 1000 / np.sqrt(12 * 100)


def test_too_little_text(tmp_path):
    with pytest.raises(InvalidValue, match="does not fill a single row"):
        stored_rows(tmp_path / "rows", lambda: iter([]), 2, np.dtype(np.uint16))
