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


@pytest.fixture
def pairs(tmp_path):
    """Pairs whose label is how many characters they share, and two rows with an empty cell."""
    rng = np.random.default_rng(1)
    lines = ["句一,句二,分数", "怎么退款,,1", ",退款,0"]
    for _ in range(80):
        first = rng.choice(list(CHARACTERS), 10)
        changed = rng.random(10) < rng.random()
        second = np.where(changed, rng.choice(list(CHARACTERS), 10), first)
        lines.append(f"{''.join(first)},{''.join(second)},{1 - changed.mean():.2f}")
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_pairs_with_labels_are_learned_from(pairs, bert_folder, answer, tmp_path):
    words = ("train", "embed", "--pairs", pairs, "-o", tmp_path / "out", "--encoder", bert_folder, "--device", "cpu")
    found = answer(*words, "--label-column", "分数", "--learning-rate", 1e-3, "--whitening", "off")
    assert found["looks"][0]["quality"] is not None
    assert found["looks"][-1]["step"] == 5 * -(-72 // 32)  # five epochs of 80 pairs, less a tenth held aside
    assert SentenceEmbedder.load(tmp_path / "out", device="cpu").encode(["怎么退款"]).shape == (1, 16)


def test_two_columns_are_pairs_that_belong_together(pairs, bert_folder, run, tmp_path):
    table = tmp_path / "two.csv"
    rows = pairs.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(row.rsplit(",", 1)[0] for row in rows), encoding="utf-8")
    words = ("train", "embed", "--pairs", table, "-o", tmp_path / "out", "--encoder", bert_folder, "--whitening", "off")
    code, _, said = run(*words, "--epochs", 1, "--lang", "en")
    assert code == 0
    assert "2 rows with an empty cell are left out" in said


def test_a_file_or_pairs_and_labels_that_are_numbers(pairs, texts_file, bert_folder, run, tmp_path):
    out = ("-o", tmp_path / "out", "--encoder", bert_folder, "--lang", "en")
    code, _, said = run("train", "embed", texts_file, "--pairs", pairs, *out)
    assert (code, "either a file of texts, or one of pairs" in said) == (2, True)
    code, _, said = run("train", "embed", *out)
    assert (code, "either a file of texts, or one of pairs" in said) == (2, True)
    pairs.write_text(pairs.read_text(encoding="utf-8").replace("分数", "标签") + "\n退款,退钱,很像", encoding="utf-8")
    code, _, said = run("train", "embed", "--pairs", pairs, *out)
    assert (code, "holds '很像', but labels are numbers" in said) == (2, True)
    assert not (tmp_path / "out").exists()
