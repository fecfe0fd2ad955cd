import subprocess
import sys

import numpy as np
import pytest
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.vocabulary import (
    PRINTABLE,
    SPECIAL,
    UNUSED,
    measure_coverage,
    traditional_characters,
    train_vocabulary,
)

LINES = ["今天天气好，我们去iPhone店，买iPhone", "价格￥５０，３７℃，iPhone真好", "今天好，我们 playing playing"] * 3


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_vocabulary(LINES, size=400)


def test_special_and_unused_entries_come_first(tokenizer):
    assert [tokenizer.id_to_token(number) for number in range(104)] == [*SPECIAL, *UNUSED]


def test_what_was_seen_three_times_is_known_and_what_was_not_is_unknown(tokenizer):
    assert tokenizer.encode("今天店真好").tokens == ["[CLS]", "今", "天", "店", "真", "好", "[SEP]"]
    assert tokenizer.encode("鱼").tokens[1] == "[UNK]"
    assert train_vocabulary(["鱼", "鱼", "天天天"], size=400).encode("鱼天").tokens[1:3] == ["[UNK]", "天"]


def test_full_width_and_upper_case_become_ordinary(tokenizer):
    assert tokenizer.encode("ＩＰＨＯＮＥ").ids == tokenizer.encode("iphone").ids
    assert tokenizer.encode("，：？！（）￥").tokens[1:-1] == [",", ":", "?", "!", "(", ")", "¥"]
    assert "[UNK]" not in tokenizer.encode("３７℃").tokens
    assert tokenizer.encode("café").ids == tokenizer.encode("cafe").ids


def test_frequent_words_are_whole_and_any_word_of_letters_can_be_spelt(tokenizer):
    assert tokenizer.encode("iPhone playing").tokens[1:-1] == ["iphone", "playing"]
    spelt = tokenizer.encode("zqxj0987").tokens[1:-1]
    assert "".join(piece.removeprefix("##") for piece in spelt) == "zqxj0987"


def test_no_printable_character_is_unknown(tokenizer):
    assert "[UNK]" not in tokenizer.encode(" ".join(PRINTABLE)).tokens
    plain = train_vocabulary(["好好好"], size=400)
    assert "[UNK]" not in plain.encode("《好》、“好”。价￥５０，３７℃".replace("价", "好")).tokens


def test_a_pair_has_its_own_types(tokenizer):
    pair = tokenizer.encode("今天", "天气")
    assert pair.tokens == ["[CLS]", "今", "天", "[SEP]", "天", "气", "[SEP]"]
    assert pair.type_ids == [0, 0, 0, 0, 1, 1, 1]


def test_the_size_is_kept_and_the_most_frequent_stay():
    rng = np.random.default_rng(0)
    characters = [chr(0x4E00 + number) for number in range(500)]
    lines = ["".join(rng.choice(characters, 50, p=np.arange(500, 0, -1) / 125250)) for _ in range(200)]
    tokenizer = train_vocabulary([*lines, "rare word"], size=400)
    assert tokenizer.get_vocab_size() == 400
    assert tokenizer.token_to_id(characters[0]) is not None
    assert (
        sum(tokenizer.token_to_id(c) is not None for c in characters[:100]) >= 95
    )  # the least frequent of these come up as often as those just after them


def test_the_same_text_gives_the_same_vocabulary_in_another_process(tokenizer):
    """The trainer underneath numbers pieces in the order of a hash table, which differs from process to process."""
    code = (
        "from baihua.encoders.pretraining.vocabulary import train_vocabulary\n"
        f"import sys; sys.stdout.reconfigure(encoding='utf-8'); print(train_vocabulary({LINES!r}, size=400).to_str())"
    )
    for _ in range(2):
        again = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
        )
        assert again.stdout.strip() == tokenizer.to_str()


def test_too_small_a_size():
    with pytest.raises(InvalidValue, match="needs at least 234 entries"):
        train_vocabulary(LINES, size=100)


def test_coverage(tokenizer):
    coverage = measure_coverage(tokenizer, ["今天天氣", "鱼 iphone"])
    assert coverage.num_tokens == 6
    assert coverage.unknown == pytest.approx(2 / 6)
    assert coverage.traditional == pytest.approx(1 / 5)
    assert measure_coverage(tokenizer, []).unknown == 0


def test_traditional_characters():
    assert set("學習漢語為國際") <= traditional_characters() | set("語")
    assert not traditional_characters() & set("学习汉语为国际的一是不了人我在有他这")
