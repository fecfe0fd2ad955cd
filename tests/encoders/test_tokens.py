from pathlib import Path

import numpy as np
from tiny_models import write_tokenizer
from tokenizers import Tokenizer

from baihua.encoders.tokens import CHUNK_TEXTS, tokenize


def backend(folder: Path, length: int = 8) -> Tokenizer:
    write_tokenizer(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(length)
    return tokenizer


def test_batches_hold_the_ids_of_their_texts(tmp_path):
    tokenizer = backend(tmp_path)
    texts = ["好", "怎么办", "手机充不进电怎么办", "", "今天天气很好"]
    tokens = tokenize(tokenizer, texts, filler=0)
    ids, mask = tokens.batch([2, 0, 4])
    assert mask is not None
    for row, position in enumerate([2, 0, 4]):
        expected = tokenizer.encode(texts[position]).ids
        assert ids[row, : len(expected)].tolist() == expected
        assert mask[row].sum() == len(expected)
        assert not ids[row, len(expected) :].any()
    assert tokens.num_cut == 1
    assert tokens.lengths.max() == 8


def test_no_mask_without_padding(tmp_path):
    tokens = tokenize(backend(tmp_path), ["好的", "坏的"], filler=0)
    assert tokens.batch([0, 1])[1] is None


def test_a_text_without_tokens_gets_the_filler(tmp_path):
    tokenizer = backend(tmp_path)
    tokenizer.post_processor = None
    tokens = tokenize(tokenizer, ["", "好"], filler=7)
    assert tokens.ids[0] == 7
    assert tokens.lengths.tolist() == [1, 1]


def test_chunks_join_without_a_seam(tmp_path):
    tokenizer = backend(tmp_path)
    texts = ["好" * (1 + number % 5) for number in range(CHUNK_TEXTS + 3)]
    tokens = tokenize(tokenizer, texts, filler=0)
    np.testing.assert_array_equal(tokens.lengths, [3 + number % 5 for number in range(CHUNK_TEXTS + 3)])


def test_no_texts(tmp_path):
    assert tokenize(backend(tmp_path), [], filler=0).lengths.tolist() == []
