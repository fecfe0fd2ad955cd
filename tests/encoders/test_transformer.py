import warnings

import numpy as np
import pytest
import torch
from tiny_models import make_bert

from baihua.checks import InvalidType, InvalidValue
from baihua.encoders.checkpoint import open_checkpoint
from baihua.encoders.pooling import POOLINGS
from baihua.encoders.transformer import TransformerEncoder, num_positions

TEXTS = ["手机充不进电怎么办", "好", "", "今天天气很好。", "好", "如何退款？", "我们说的是中国人"]


def encoder(folder, pooling="mean", **settings) -> TransformerEncoder:
    return TransformerEncoder(open_checkpoint(folder, "cpu"), "tiny", pooling, **settings)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_vectors_equal_those_of_transformers_one_text_at_a_time(bert_folder, pooling):
    """The oracle: the plain model, each text alone, pooled by hand."""
    import transformers

    model = transformers.AutoModel.from_pretrained(bert_folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(bert_folder)
    vectors = encoder(bert_folder, pooling).encode(TEXTS)
    assert vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        with torch.no_grad():
            output = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
            embedded, first, last = output.hidden_states[0][0], output.hidden_states[1][0], output.last_hidden_state[0]
            expected = {
                "cls": last[0],
                "pooler": model.pooler.dense(last[0]),
                "pooler_tanh": output.pooler_output[0],
                "mean": last.mean(0),
                "max": last.max(0).values,
                "first_last_mean": (first.mean(0) + last.mean(0)) / 2,
                "embedding_last_mean": (embedded.mean(0) + last.mean(0)) / 2,
                "last": last[-1],
            }[pooling]
        np.testing.assert_allclose(vector, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_all_poolings_come_from_one_pass(bert_folder):
    together = encoder(bert_folder).encode_poolings(TEXTS, POOLINGS)
    for pooling in POOLINGS:
        np.testing.assert_allclose(together[pooling], encoder(bert_folder, pooling).encode(TEXTS), atol=1e-6)


def test_order_and_company_do_not_matter(bert_folder):
    tiny = encoder(bert_folder)
    whole = tiny.encode(TEXTS)
    np.testing.assert_allclose(tiny.encode(TEXTS[::-1])[::-1], whole, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([tiny.encode([text]) for text in TEXTS]), whole, atol=1e-5)


def test_a_checkpoint_without_pooler_refuses_it(masked_folder):
    tiny = encoder(masked_folder)
    assert "pooler" not in tiny.poolings
    with pytest.raises(InvalidValue, match="no pooler weights"):
        tiny.encode_poolings(TEXTS, ["pooler"])
    with pytest.raises(InvalidValue, match="no pooler weights"):
        encoder(masked_folder, "pooler_tanh")


def test_the_articles_names_are_understood(bert_folder):
    assert encoder(bert_folder, "first-last-avg").pooling == "first_last_mean"
    assert encoder(bert_folder, "P2").pooling == "pooler"
    with pytest.raises(InvalidValue, match="Did you mean 'mean'"):
        encoder(bert_folder, "meen")


def test_truncation_is_said_once_and_counted(bert_folder):
    tiny = encoder(bert_folder, max_length=6)
    with pytest.warns(UserWarning, match="4 of 6 distinct texts are longer than 6 tokens") as caught:
        vectors = tiny.encode(TEXTS)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(tiny.encode(["手机充不"])[0], vectors[0], atol=1e-5)


@pytest.mark.parametrize("length", [0, 2, 33])
def test_an_impossible_length_is_refused(bert_folder, length):
    with pytest.raises(InvalidValue, match="between 3 and 32"):
        encoder(bert_folder, max_length=length)


def test_the_tokenizer_is_left_as_it_was(bert_folder):
    tiny = encoder(bert_folder, max_length=4)
    with pytest.warns(UserWarning, match="longer than 4"):
        tiny.encode(["今天天气很好"])
    assert len(tiny.tokenizer("今天天气很好")["input_ids"]) == 8


@pytest.mark.filterwarnings("ignore:This processor has no bfloat16")
def test_bfloat16_is_close_and_returned_as_float32(bert_folder):
    plain, half = encoder(bert_folder).encode(TEXTS), encoder(bert_folder, dtype="bfloat16").encode(TEXTS)
    assert half.dtype == np.float32
    assert not np.array_equal(plain, half)
    cosines = (plain * half).sum(1) / np.linalg.norm(plain, axis=1) / np.linalg.norm(half, axis=1)
    assert cosines.min() > 0.99


def test_emulated_bfloat16_is_said(bert_folder, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    with pytest.warns(UserWarning, match="emulates it, several times slower"):
        encoder(bert_folder, dtype="bfloat16")


def test_the_fingerprint_follows_what_decides_the_vectors(bert_folder, tmp_path):
    base = encoder(bert_folder).fingerprint()
    assert encoder(bert_folder).fingerprint() == base
    assert encoder(bert_folder, "cls").fingerprint() != base
    assert encoder(bert_folder, max_length=9).fingerprint() != base
    changed = encoder(bert_folder)
    with torch.no_grad():
        next(changed.model.parameters())[0, 0] += 1e-3
    assert changed.fingerprint() != base


def test_bad_texts(bert_folder):
    tiny = encoder(bert_folder)
    assert tiny.encode([]).shape == (0, 16)
    with pytest.raises(InvalidType, match="single string"):
        tiny.encode("好")
    with pytest.raises(InvalidType, match="Item 1 of texts is not a string but float"):
        tiny.encode(["好", float("nan")])


def test_a_million_characters(bert_folder):
    with pytest.warns(UserWarning, match="1 of 2 distinct texts"):
        assert np.isfinite(encoder(bert_folder).encode(["好" * 1_000_000, "好"])).all()


def test_roberta_loses_positions_to_its_padding(tmp_path):
    import transformers

    config = transformers.RobertaConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, max_position_embeddings=34
    )
    assert num_positions(transformers.RobertaModel(config)) == 32


def test_each_load_is_a_module_of_its_own(tmp_path):
    make_bert(tmp_path / "m")
    first, second = encoder(tmp_path / "m"), encoder(tmp_path / "m")
    with torch.no_grad():
        next(first.model.parameters()).zero_()
    assert next(second.model.parameters()).abs().sum() > 0
