import numpy as np
import pytest
from transformers import AutoTokenizer

from baihua import load_encoder
from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
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


def test_plain_transformers_reads_full_width_text_with_the_bundled_tokenizer():
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED, local_files_only=True)
    tokens = tokenizer.tokenize("手机充不进电，怎么办？（急）ＡＢＣ１２３：价格￥５０")
    assert "[UNK]" not in tokens
    assert tokens[:6] == ["手", "机", "充", "不", "进", "电"]
    assert {"[unused1]", "[unused99]"} <= tokenizer.get_vocab().keys()


def test_the_weights_in_the_package_stay_small():
    sizes = [path.stat().st_size for path in BUNDLED.parent.rglob("*.safetensors")]
    assert len(sizes) == 2
    assert sum(sizes) < 16_000_000


def test_the_bundled_encoder_fills_blanks():
    model, tokenizer = open_masked_model(BUNDLED, "cpu")
    for text, character in (
        ("我们今天去[MASK]京旅游", "北"),
        ("手机充不进[MASK]，怎么办？", "电"),
        ("请问怎么申请退[MASK]", "款"),
    ):
        ids = tokenizer(text, return_tensors="pt")
        place = int((ids["input_ids"][0] == tokenizer.mask_token_id).nonzero())
        assert tokenizer.decode(model(**ids).logits[0, place].argmax()).strip() == character
