"""Texts and pairs as tokens: as transformers has them, cut where they are too long, in batches that are always the same."""

import numpy as np
import pytest
import torch
import transformers
from tokenizers import processors

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.classification.rows import Rows, batch_of, epoch_batches, make_rows, num_batches

TEXTS = [("手机很好",), ("天气",), ("",), ("今天天气很好，我们在手机上学会怎么退款。" * 3,)]
PAIRS = [
    ("手机很好", "天气"),
    ("", "好"),
    ("今天天气很好" * 9, "我们在中国"),
    ("我们在中国", "今天天气很好" * 9),
    ("好" * 40, "坏" * 41),
]


@pytest.fixture(scope="module")
def bundled():
    return load_encoder("bundled", device="cpu")


@pytest.fixture
def tiny(bert_folder):
    """The tiny encoder, whose tokenizer knows nothing of pairs."""
    return load_encoder(str(bert_folder), device="cpu")


def of_transformers(encoder, texts, max_length):
    """Ids and token types as transformers' own tokenizer makes them."""
    options = {"truncation": "longest_first", "max_length": max_length, "return_token_type_ids": True}
    made = [encoder.tokenizer(*text, **options) for text in texts]
    return [one["input_ids"] for one in made], [one["token_type_ids"] for one in made]


@pytest.mark.parametrize("texts", [TEXTS, PAIRS], ids=["single", "pairs"])
@pytest.mark.parametrize("max_length", [8, 21, 512])
def test_as_transformers_has_it(bundled, texts, max_length):
    rows = make_rows(bundled, texts, max_length)
    ids, types = of_transformers(bundled, texts, max_length)
    assert rows.ids == ids
    assert rows.types == types


def test_a_pair_whose_second_half_is_empty(bundled):
    """transformers itself takes it for a single text; here it stays a pair, as in training."""
    (one,), (pair,) = make_rows(bundled, [("好",)]).ids, make_rows(bundled, [("好", "")]).ids
    assert pair == [*one, one[-1]]


def test_how_many_were_cut(bundled):
    assert make_rows(bundled, PAIRS, 24).num_cut == 3
    assert make_rows(bundled, PAIRS).num_cut == 0
    assert make_rows(bundled, TEXTS, 8).num_cut == 1


def test_a_tokenizer_that_knows_no_pairs(tiny):
    """It has its separator between them, and around them what it puts around one."""
    sep, cls = tiny.tokenizer.sep_token_id, tiny.tokenizer.cls_token_id
    (one,), (other,) = make_rows(tiny, [("手机",)]).ids, make_rows(tiny, [("好",)]).ids
    (pair,) = make_rows(tiny, [("手机", "好")]).ids
    assert one[0] == cls
    assert pair == [*one[:-1], sep, *other[1:]]


def test_a_tokenizer_that_has_no_types_for_pairs(tiny):
    """RoBERTa's kind: two separators, and all types 0."""
    ids = {"<s>": 2, "</s>": 3}
    tiny.backend().post_processor = processors.RobertaProcessing(("</s>", 3), ("<s>", 2), trim_offsets=False)
    (pair,) = make_rows(tiny, [("手机", "好")]).ids
    assert pair[0] == ids["<s>"]
    assert pair[3:5] == [ids["</s>"]] * 2
    assert set(make_rows(tiny, [("手机", "好")]).types[0]) == {0}


def test_what_a_text_spells_is_plain_characters(bundled):
    (ids,) = make_rows(bundled, [("好[SEP][MASK]坏",)]).ids
    special = {bundled.tokenizer.sep_token_id, bundled.tokenizer.mask_token_id, bundled.tokenizer.cls_token_id}
    assert not special & set(ids[1:-1])


def test_no_more_than_the_encoder_takes(tiny):
    rows = make_rows(tiny, [("好" * 100,), ("好",)], 1000)
    assert rows.lengths == [32, 3]
    assert rows.num_cut == 1


def test_no_texts():
    assert len(make_rows(None, [])) == 0


def test_no_room_for_a_pair(bert_folder):
    encoder = load_encoder(str(bert_folder), device="cpu", max_length=4)
    assert make_rows(encoder, [("好",)]).lengths == [3]
    with pytest.raises(InvalidValue, match="Of 4 tokens, special ones take 3, which leaves none for the text"):
        make_rows(encoder, [("好", "坏")])


def test_texts_side_by_side(bundled):
    rows = make_rows(bundled, PAIRS[:3])
    batch = batch_of(rows, [2, 0], np.array([5, 6, 7]))
    assert batch["answers"].tolist() == [7, 5]
    for row, place in enumerate((2, 0)):
        length = len(rows.ids[place])
        assert batch["mask"][row].sum() == length
        assert batch["ids"][row, :length].tolist() == rows.ids[place]
        assert batch["types"][row, :length].tolist() == rows.types[place]
        assert not batch["ids"][row, length:].any()
    model = transformers.AutoModel.from_config(bundled.model.config).eval()
    model(input_ids=batch["ids"], attention_mask=batch["mask"], token_type_ids=batch["types"])
    assert "answers" not in batch_of(rows, [0])


def numbered(lengths):
    """Rows of the given lengths that say their number."""
    return Rows([[number] * length for number, length in enumerate(lengths)], [[0] * length for length in lengths], 0)


@pytest.mark.parametrize(("num", "batch_size"), [(1, 4), (7, 3), (32, 16), (33, 16), (1000, 8)])
def test_every_text_once_an_epoch(num, batch_size):
    rows = numbered(np.random.default_rng(0).integers(1, 30, num))
    answers = np.arange(num)
    epochs = [list(epoch_batches(rows, answers, batch_size, 0, epoch)) for epoch in (0, 1)]
    for batches in epochs:
        assert len(batches) == num_batches(rows, batch_size)
        seen = torch.cat([batch["answers"] for batch in batches])
        assert sorted(seen.tolist()) == list(range(num))
        assert all((batch["ids"][:, 0] == batch["answers"]).all() for batch in batches)
    again = list(epoch_batches(rows, answers, batch_size, 0, 0))
    assert all(torch.equal(one["ids"], other["ids"]) for one, other in zip(epochs[0], again, strict=True))
    if num > 1:
        others = torch.cat([batch["answers"] for batch in epoch_batches(rows, answers, batch_size, 1, 0)])
        assert others.tolist() != torch.cat([batch["answers"] for batch in again]).tolist()


def test_few_texts_meet_other_neighbours_each_epoch():
    """By length alone, the short half would always be one batch and the long half the other."""
    rows = numbered(range(1, 33))
    firsts = set()
    for epoch in range(5):
        batch = next(epoch_batches(rows, np.arange(32), 16, 0, epoch))
        firsts.add(tuple(sorted(batch["answers"].tolist())))
        assert len(set(batch["answers"].tolist()) & set(range(16))) in range(3, 14)
    assert len(firsts) == 5


def test_many_texts_stand_beside_some_as_long():
    lengths = np.random.default_rng(0).integers(1, 200, 4000)
    batches = list(epoch_batches(numbered(lengths), np.arange(4000), 16, 0, 0))
    held = sum(batch["ids"].numel() for batch in batches)
    assert held < 1.1 * lengths.sum()
