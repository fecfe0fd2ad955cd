import json

import pytest
from tiny_models import CHARACTERS


@pytest.fixture
def corpus(tmp_path):
    text = CHARACTERS * 2
    lines = [text[number % len(CHARACTERS) :][:12] for number in range(3000)]
    (tmp_path / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "corpus.txt"


WORDS = ("--steps", 45, "--length", 16, "--batch-size", 8, "--device", "cpu")


def test_an_encoder_goes_on_training(masked_folder, corpus, answer, tmp_path):
    found = answer("pretrain", corpus, "-o", tmp_path / "out", "--encoder", masked_folder, *WORDS, "--mask", "span")
    assert found["tokens"] == 40 * 8 * 16  # of the last line of the log
    assert found["held_out_loss"]["after"] < found["held_out_loss"]["before"]
    assert (tmp_path / "out" / "loss.png").read_bytes().startswith(b"\x89PNG")
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in log] == [20, 40]
    vectors = tmp_path / "v.npy"
    assert answer("embed", corpus, "-o", vectors, "--encoder", tmp_path / "out", "--whitening", "off")["width"] == 16


def test_mistakes_are_one_sentence(corpus, run, tmp_path):
    code, out, said = run("pretrain", tmp_path / "nowhere.txt", "-o", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "There is no file" in said
    code, _, said = run("pretrain", corpus, "-o", tmp_path / "out", "--steps", 5, "--minutes", 1)
    assert code == 2
    assert "either in steps or in minutes" in said
    code, _, said = run("pretrain", corpus, "-o", tmp_path / "out", "--mask", "words")
    assert code == 2
    assert "Did you mean 'word'" in said
