import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.new_folder import NewModel, count_tokens, write_new_model
from baihua.encoders.pretraining.new_model import Shape
from baihua.encoders.pretraining.pretrain import pretrain
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.encoders.pretraining.vocabulary import train_vocabulary
from baihua.training.schedules import Schedule

WANTED = NewModel(Shape(2, 16, 2, positions=64), vocabulary_size=400)


@pytest.fixture(scope="module")
def lines():
    """A rule to learn: characters always follow one another in the same order."""
    text = CHARACTERS * 2
    return [text[start : start + 12] for start in np.random.default_rng(0).integers(0, len(CHARACTERS), 4000)]


@pytest.fixture(scope="module")
def corpus(lines, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "corpus.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_plain_transformers_opens_the_folder(lines, tmp_path):
    write_new_model(tmp_path / "m", lambda: lines, WANTED)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "m")
    assert tokenizer("手机充不进电，ＡＢＣ").input_ids == tokenizer("手机充不进电,abc").input_ids
    assert tokenizer.unk_token_id not in tokenizer("手机充不进电，ＡＢＣ").input_ids
    assert tokenizer.model_max_length == 64
    batch = tokenizer("手机", "充电", return_tensors="pt")
    assert AutoModel.from_pretrained(tmp_path / "m", add_pooling_layer=False)(**batch).last_hidden_state.shape[2] == 16
    assert AutoModelForMaskedLM.from_pretrained(tmp_path / "m")(**batch).logits.shape[2] == len(tokenizer)


def test_tokens_are_counted(lines):
    tokenizer = train_vocabulary(lines, size=400)
    counts = count_tokens(lines, tokenizer)
    assert counts.sum() == sum(map(len, lines))
    assert counts[tokenizer.token_to_id("手")] == sum(line.count("手") for line in lines)


@pytest.mark.parametrize("objective", ["masked", "causal"])
def test_a_new_model_learns_the_rule(corpus, tmp_path, objective):
    settings = PretrainSettings(
        Schedule(steps=200), objective=objective, length=16, batch_size=16, optimizer="muon", learning_rate=2e-2
    )
    done = pretrain([corpus], tmp_path / "out", settings, encoder=WANTED, device="cpu")
    assert done.after.loss < done.before.loss - 0.4
    assert done.after.accuracy > done.before.accuracy
    with pytest.raises(InvalidValue, match="is no causal" if objective == "masked" else "is a causal"):
        other = PretrainSettings(
            Schedule(steps=1), length=16, objective={"masked": "causal", "causal": "masked"}[objective]
        )
        pretrain([corpus], tmp_path / "other", other, encoder=str(tmp_path / "out"), device="cpu")


def test_the_same_text_and_seed_give_the_same_model(corpus, tmp_path):
    settings = PretrainSettings(Schedule(steps=3), length=16, batch_size=4, optimizer="muon", learning_rate=1e-2)
    first = pretrain([corpus], tmp_path / "first", settings, encoder=WANTED, device="cpu")
    torch.manual_seed(9)
    again = pretrain([corpus], tmp_path / "again", settings, encoder=WANTED, device="cpu")
    assert again.after == first.after


def test_too_little_text(tmp_path):
    with pytest.raises(InvalidValue, match="nothing to learn from"):
        write_new_model(tmp_path / "m", lambda: ["好"], WANTED)
    assert not (tmp_path / "m").exists()
