import subprocess
import sys

import numpy as np
import pytest

from baihua import load_encoder
from baihua.checks import FileProblem, InvalidValue
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


@pytest.mark.slow
def test_plain_transformers_gives_our_vectors_in_a_fresh_process(tmp_path):
    """AutoModel and AutoTokenizer know nothing of this package and read the bundled folder as it lies there."""
    lines = [f"{number}：{PUNCTUATION[number % 30 :]}" for number in range(100)]
    script = (
        "import sys, numpy, torch, transformers\n"
        "folder, out = sys.argv[1:]\n"
        "lines = sys.stdin.buffer.read().decode('utf-8').split('\\n')\n"
        "tokenizer = transformers.AutoTokenizer.from_pretrained(folder)\n"
        "model = transformers.AutoModel.from_pretrained(folder).eval()\n"
        "with torch.no_grad():\n"
        "    rows = [model(**tokenizer(t, return_tensors='pt')).last_hidden_state[0].mean(0).numpy() for t in lines]\n"
        "assert not any(tokenizer.unk_token_id in tokenizer(t)['input_ids'] for t in lines)\n"
        "numpy.save(out, numpy.stack(rows))\n"
    )
    out = tmp_path / "rows.npy"
    command = [sys.executable, "-c", script, str(BUNDLED), str(out)]
    subprocess.run(command, input="\n".join(lines).encode(), check=True, capture_output=True)
    np.testing.assert_allclose(load_encoder("bundled", pooling="mean").encode(lines), np.load(out), atol=1e-4)
