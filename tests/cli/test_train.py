"""``baihua train embed``: a table in, a folder out that encodes as it was trained."""

import numpy as np
import pytest
from tiny_models import CHARACTERS

from baihua import SentenceEmbedder


@pytest.fixture
def texts_file(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["".join(rng.choice(list(CHARACTERS), 12)) for _ in range(60)]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_folder_holds_what_was_trained(texts_file, bert_folder, answer, tmp_path):
    words = ("train", "embed", texts_file, "-o", tmp_path / "out", "--encoder", bert_folder, "--device", "cpu")
    found = answer(*words, "--batch-size", 16, "--learning-rate", 1e-6, "--whitening", "off")
    assert (found["texts"], found["whitened"]) == (60, False)
    assert [look["step"] for look in found["looks"]] == [0, 4]
    assert found["kept_step"] in (0, 4)
    again = SentenceEmbedder.load(tmp_path / "out", device="cpu")
    assert again.encode(["怎么退款"]).shape == (1, 16)
    assert again.encoder.pooling == SentenceEmbedder(str(bert_folder), device="cpu").encoder.pooling


def test_it_says_what_was_seen(texts_file, bert_folder, run, tmp_path):
    words = ("train", "embed", texts_file, "-o", tmp_path / "out", "--encoder", bert_folder, "--whitening", "off")
    code, out, _ = run(*words, "--learning-rate", 1e-6, "--lang", "zh")
    assert code == 0
    assert "找另一半" in out
    assert "← 留下" in out


def test_too_few_texts_write_nothing(tmp_path, bert_folder, run):
    (tmp_path / "few.txt").write_text("怎么退款\n好\n", encoding="utf-8")
    code, _, said = run("train", "embed", tmp_path / "few.txt", "-o", tmp_path / "out", "--encoder", bert_folder)
    assert code == 2
    assert "at least 10 different texts" in said
    assert not (tmp_path / "out").exists()
