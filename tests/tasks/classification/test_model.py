"""The model against transformers: what it pools, which token types it sees, and that neighbours in a batch do not matter."""

import numpy as np
import pytest
import torch
import transformers
from tiny_models import make_bert
from torch import nn

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.classification.model import ClassificationModel, logits_of
from baihua.tasks.classification.rows import batch_of, make_rows

PAIRS = [("手机很好", "天气"), ("好", "我们在中国"), ("今天天气", "好")]
TEXTS = [("手机很好",), ("好",), ("今天天气很好，我们上学",), ("我",), ("天气很好",)]


@pytest.fixture
def encoder(bert_folder):
    return load_encoder(str(bert_folder), device="cpu")


def made(encoder, pooling="mean", dropout=0.0, num_labels=3):
    torch.manual_seed(0)
    return ClassificationModel(encoder.model, pooling, num_labels, dropout).eval()


@pytest.mark.parametrize("pooling", ["cls", "mean", "max"])
def test_logits_by_hand(encoder, pooling):
    model, rows = made(encoder, pooling), make_rows(encoder, TEXTS)
    logits = logits_of(model, rows)
    for row, ids in enumerate(rows.ids):
        with torch.no_grad():
            states = encoder.model(input_ids=torch.tensor([ids])).last_hidden_state[0]
        pooled = {"cls": states[0], "mean": states.mean(dim=0), "max": states.amax(dim=0)}[pooling]
        expected = (model.head.weight @ pooled + model.head.bias).detach().numpy()
        np.testing.assert_allclose(logits[row], expected, atol=1e-5)


def test_a_pair_has_its_token_types():
    """As transformers reads [CLS] a [SEP] b [SEP], the second half of type 1."""
    encoder = load_encoder("bundled", device="cpu")
    model, rows = made(encoder), make_rows(encoder, PAIRS)
    logits = logits_of(model, rows)
    for row, pair in enumerate(PAIRS):
        inputs = encoder.tokenizer(*pair, return_tensors="pt", return_token_type_ids=True)
        assert inputs["token_type_ids"].max() == 1
        with torch.no_grad():
            states = encoder.model(**inputs).last_hidden_state[0].mean(dim=0)
        np.testing.assert_allclose(logits[row], (model.head.weight @ states + model.head.bias).detach(), atol=1e-5)
    rows.types[0][:] = [0] * len(rows.types[0])
    assert abs(logits_of(model, rows)[0] - logits[0]).max() > 1e-4


def test_a_model_without_token_types(tmp_path, encoder):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    llama = transformers.LlamaModel(transformers.LlamaConfig(vocab_size=100, **sizes)).eval()
    make_bert(tmp_path / "one", type_vocab_size=1)
    roberta = load_encoder(str(tmp_path / "one"), device="cpu").model
    for transformer in (llama, roberta):
        model = ClassificationModel(transformer, "mean", 2, 0.0)
        assert not model.has_types
        assert logits_of(model, make_rows(encoder, PAIRS)).shape == (3, 2)


def test_neighbours_do_not_matter(encoder):
    model, rows = made(encoder), make_rows(encoder, TEXTS)
    together = logits_of(model, rows)
    for place, text in enumerate(TEXTS):
        np.testing.assert_allclose(logits_of(model, make_rows(encoder, [text]))[0], together[place], atol=1e-5)


def test_the_loss_is_the_mean_cross_entropy(encoder):
    model, rows = made(encoder), make_rows(encoder, TEXTS)
    answers = np.array([0, 2, 1, 1, 0])
    loss = float(model(batch_of(rows, range(5), answers)).detach())
    logits = logits_of(model, rows)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert loss == pytest.approx(-np.log(chances[np.arange(5), answers]).mean(), abs=1e-5)


def test_dropout_is_off_for_predictions_and_on_again_after(encoder):
    model = made(encoder, dropout=0.9).train()
    rows = make_rows(encoder, TEXTS)
    assert np.array_equal(logits_of(model, rows), logits_of(model, rows))
    assert model.training
    batch = batch_of(rows, [0])
    assert not torch.equal(model.logits(batch), model.logits(batch))


def test_progress_and_no_texts(encoder):
    model, done = made(encoder), []
    logits_of(model, make_rows(encoder, TEXTS), advance=done.append)
    assert sum(done) == len(TEXTS)
    assert logits_of(model, make_rows(encoder, [])).shape == (0, 3)


def test_half_precision_is_near(encoder):
    model, rows = made(encoder), make_rows(encoder, TEXTS)
    exact, near = logits_of(model, rows), logits_of(model, rows, precision="bfloat16")
    assert 0 < np.abs(near - exact).max() < 0.2


def test_what_is_no_number_is_refused(encoder):
    model = made(encoder)
    nn.init.constant_(model.head.bias, torch.nan)
    with pytest.raises(InvalidValue, match="infinite or NaN"):
        logits_of(model, make_rows(encoder, TEXTS))
