import math

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS

from baihua.benchmarks.masked_characters import (
    MAX_CHARACTERS,
    cost_of_unknown,
    hide_characters,
    is_chinese,
    score_masked_characters,
)
from baihua.checks import InvalidValue
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED

LINES = ["手机充不进电，怎么办？", "今天天气真好abc", "我是在中国的人", "no Chinese here", "", "要退款的生"]


@pytest.fixture
def tiny(masked_folder):
    return open_masked_model(masked_folder, device="cpu")


def one_by_one(model, tokenizer, lines, rate, seed):
    """Every line by itself, token by token, without padding."""
    losses, right = [], 0
    for line in hide_characters(lines, rate, seed):
        ids = tokenizer(tokenizer.mask_token.join(line.pieces), return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logs = model(input_ids=ids).logits[0].double().log_softmax(dim=-1)
        masked = [place for place, token in enumerate(ids[0].tolist()) if token == tokenizer.mask_token_id]
        for place, character in zip(masked, line.characters, strict=True):
            token = tokenizer.get_vocab().get(character)
            if token is None:
                lacking = sum(chr(code) not in tokenizer.get_vocab() for code in range(0x4E00, 0xA000))
                losses.append(-float(logs[place, tokenizer.unk_token_id]) + math.log(lacking))
            else:
                losses.append(-float(logs[place, token]))
                right += int(logs[place].argmax()) == token
    return np.mean(losses), right / len(losses), len(losses)


def test_pieces_and_hidden_characters_make_the_text_again():
    for line in hide_characters(LINES * 20, rate=0.4):
        joined = "".join(a + b for a, b in zip(line.pieces, (*line.characters, ""), strict=True))
        assert joined in LINES
        assert all(map(is_chinese, line.characters))


def test_the_choice_depends_on_text_rate_and_seed_alone():
    assert hide_characters(LINES) == hide_characters(tuple(LINES))
    assert hide_characters(LINES, seed=1) != hide_characters(LINES, seed=2)
    lines = ["今天天气很好，手机充不进电" * 20] * 200
    hidden = hide_characters(lines, rate=0.15)
    chinese = sum(map(is_chinese, lines[0][:MAX_CHARACTERS])) * len(lines)
    assert sum(len(line.characters) for line in hidden) / chinese == pytest.approx(0.15, abs=0.01)
    assert all(sum(map(len, line.pieces)) + len(line.characters) == MAX_CHARACTERS for line in hidden)


def test_the_score_is_that_of_guessing_one_line_after_the_other(tiny):
    model, tokenizer = tiny
    lines = [*LINES, "手机坏了，鹦鹉也会退款"] * 5  # two characters the tiny vocabulary lacks
    score = score_masked_characters(model, tokenizer, lines, rate=0.4, seed=3)
    loss, accuracy, number = one_by_one(model, tokenizer, lines, rate=0.4, seed=3)
    assert score.loss == pytest.approx(loss, abs=1e-4)
    assert score.bits == pytest.approx(loss / math.log(2), abs=1e-4)
    assert (score.accuracy, score.num_characters) == (accuracy, number)
    assert score.num_unknown > 0


def test_a_model_that_knows_nothing_pays_for_every_token(tiny):
    model, tokenizer = tiny
    with torch.no_grad():
        for parameter in model.cls.parameters():
            parameter.zero_()  # also the word vectors, which are shared
    score = score_masked_characters(model, tokenizer, ["手机充不进电"] * 9)
    assert score.bits == pytest.approx(math.log2(100), abs=1e-5)
    unknown = score_masked_characters(model, tokenizer, ["鹦鹉"] * 30)
    assert (unknown.num_unknown, unknown.accuracy) == (unknown.num_characters, 0)
    known = sum(map(is_chinese, set(CHARACTERS)))
    assert unknown.bits == pytest.approx(math.log2(100) + math.log2(20992 - known), abs=1e-5)
    assert cost_of_unknown(tokenizer.get_vocab()) == pytest.approx(math.log(20992 - known))


def test_what_the_length_cuts_off_is_not_asked():
    """The tokenizer writes an ellipsis as three dots, so that the end of this line has no place in 128 tokens."""
    model, tokenizer = open_masked_model(BUNDLED, device="cpu")
    line = "手机" * 20 + "…" * 40 + "天气" * 23
    [hidden] = hide_characters([line], rate=0.5)
    assert len(line) == MAX_CHARACTERS
    seen = score_masked_characters(model, tokenizer, [line], rate=0.5).num_characters
    assert seen == sum(character in "手机" for character in hidden.characters) < len(hidden.characters)


def test_the_bundled_encoder_knows_more_than_nothing():
    model, tokenizer = open_masked_model(BUNDLED, device="cpu")
    score = score_masked_characters(model, tokenizer, ["我们今天去北京旅游，天气很好。", "手机充不进电，怎么办？"] * 4)
    assert score.bits < math.log2(8000)
    assert score.accuracy > 0
    assert score.num_unknown == 0


def test_what_cannot_be_scored_is_refused(tiny):
    model, tokenizer = tiny
    with pytest.raises(InvalidValue, match="Not one Chinese character"):
        score_masked_characters(model, tokenizer, ["english", "[MASK]手机"])
    with pytest.raises(InvalidValue, match="must lie between 0 and 1"):
        score_masked_characters(model, tokenizer, LINES, rate=1.5)
    tokenizer.mask_token = None
    with pytest.raises(InvalidValue, match="no mask token"):
        score_masked_characters(model, tokenizer, LINES)
