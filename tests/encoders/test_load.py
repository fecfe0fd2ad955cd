import numpy as np
import pytest

from baihua import load_encoder
from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.protocol import Encoder

PUNCTUATION = "手机充不进电，怎么办？“退款”（７天）！《书》：；、…—·～￥％＃＠＆＊＋－／＝【】「」『』"


@pytest.mark.parametrize("name", ["bundled", "static"])
def test_the_encoders_in_the_package(name):
    encoder = load_encoder(name)
    assert isinstance(encoder, Encoder)
    assert encoder.name == name
    vectors = encoder.encode(["怎么退款？", "今天天气很好"])
    assert vectors.shape == (2, encoder.width)
    assert np.isfinite(vectors).all()
    with pytest.raises(InvalidValue, match="Unknown pooling|only has pooling"):
        load_encoder(name, pooling="middle")


def test_the_bundled_encoder_reads_full_width_punctuation():
    encoder = load_encoder("bundled")
    unknown = encoder.tokenizer.unk_token_id
    ids = encoder.tokenizer(PUNCTUATION)["input_ids"]
    assert unknown not in ids
    half_width = encoder.encode(["手机充不进电,怎么办?"])
    np.testing.assert_allclose(encoder.encode(["手机充不进电，怎么办？"]), half_width, atol=1e-6)


def test_a_folder_takes_the_measured_default(bert_folder):
    encoder = load_encoder(str(bert_folder))
    assert encoder.pooling == "first_last_mean"
    assert encoder.name == "model"
    assert load_encoder(str(bert_folder), pooling="P1", max_length=9).max_length == 9


def test_bad_names(tmp_path):
    with pytest.raises(InvalidValue, match="name is empty"):
        load_encoder(" ")
    with pytest.raises(FileProblem, match=r"no config\.json"):
        load_encoder(str(tmp_path))


def test_the_bundled_encoder_takes_its_own_default():
    assert load_encoder("bundled").pooling == "embedding_last_mean"
    assert load_encoder("bundled", pooling="mean").pooling == "mean"
