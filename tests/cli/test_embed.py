"""``baihua embed``: one vector per row whatever the file, and the same vectors again with the saved whitening."""

import json

import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.cli.whitening import set_whitening
from baihua.tasks.embed import SentenceEmbedder
from baihua.text.tables import read_table, write_table

FILLED = [0, 2, 3, 4]  # the rows of the table whose 内容 is not blank
TOPICS = ["手机充不进电", "信用卡还款日", "外卖一直没送到", "高铁票怎么改签", "孩子发烧三十九度", "空调不制冷了"]
ENDINGS = [
    "，请问应该怎么办？",
    "，已经等了两天没有人理我。",
    "，有没有人遇到过这种情况？",
    "，我打电话也打不通，很着急。",
]


@pytest.fixture
def texts_file(tmp_path):
    """Two dozen lines, enough to measure what whitening does."""
    path = tmp_path / "texts.txt"
    lines = [topic + ending for topic in TOPICS for ending in ENDINGS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_row_keeps_its_place_in_any_kind_of_table(table_file, answer, tmp_path):
    found = answer("embed", table_file, "-o", tmp_path / "v.npy", "--encoder", "static", "--whitening", "off")
    vectors = np.load(tmp_path / "v.npy")
    assert (found["rows"], found["empty"], found["column"]) == (6, 2, "内容")
    assert vectors.dtype == np.float32
    assert vectors.shape == (6, found["width"])
    assert [row for row in range(6) if not np.isnan(vectors[row]).any()] == FILLED
    cells = read_table(table_file).column("内容")
    expected = SentenceEmbedder("static").encode([cells[row] for row in FILLED])
    np.testing.assert_allclose(vectors[FILLED], expected, atol=1e-6)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".jsonl"])
def test_a_table_out_keeps_all_columns_and_every_digit(suffix, table_file, run, tmp_path):
    words = ("embed", table_file, "--encoder", "static", "--whitening", "off", "--quiet")
    assert run(*words, "-o", tmp_path / "v.npy")[0] == 0
    assert run(*words, "-o", tmp_path / f"out{suffix}")[0] == 0
    before, after = read_table(table_file), read_table(tmp_path / f"out{suffix}")
    assert after.columns == (*before.columns, "vector")
    for column in before.columns:
        assert after.column(column) == before.column(column)
    vectors = np.load(tmp_path / "v.npy")
    for row, cell in enumerate(after.column("vector")):
        if row in FILLED:
            assert np.array_equal(np.array(json.loads(cell), dtype=np.float32), vectors[row])
        else:
            assert cell == ""


@pytest.mark.parametrize("encoder", ["static", "bundled"])
def test_a_file_embedded_whole_equals_it_line_by_line(encoder, texts_file, run, tmp_path):
    whole, line, saved = tmp_path / "v.npy", tmp_path / "line.txt", tmp_path / "v.whitening.safetensors"
    assert run("embed", texts_file, "-o", whole, "--encoder", encoder, "--whitening", 8)[0] == 0
    assert saved.is_file()
    vectors = np.load(whole)
    assert vectors.shape == (24, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for number, text in list(enumerate(texts_file.read_text(encoding="utf-8").splitlines()))[::11]:
        line.write_text(text + "\n", encoding="utf-8")
        again = ("embed", line, "-o", tmp_path / "one.npy", "--encoder", encoder, "--whitening", saved)
        assert run(*again)[0] == 0
        np.testing.assert_allclose(np.load(tmp_path / "one.npy")[0], vectors[number], atol=1e-6)


@pytest.mark.filterwarnings("ignore:24 vectors span only")  # topics and endings add up to few directions
def test_auto_keeps_a_whitening_only_where_it_measurably_helps(texts_file, answer, tmp_path):
    found = answer("embed", texts_file, "-o", tmp_path / "v.npy", "--encoder", "static")
    embedder = SentenceEmbedder("static")
    texts = texts_file.read_text(encoding="utf-8").splitlines()
    helps = embedder.fit_whitening(texts).advice.verdict == "helps"
    assert (found["whitening"] is not None) == helps
    assert (tmp_path / "v.whitening.safetensors").exists() == helps


def test_too_few_texts_to_measure_are_left_as_they_are_and_that_is_said(csv_file, run, tmp_path):
    code, out, said = run("embed", csv_file, "-o", tmp_path / "v.npy", "--encoder", "static")
    assert code == 0
    assert out.startswith("6 rows, 2 empty; 4 vectors of width")
    assert "Too few texts to measure" in said
    assert "Taking column '内容'." in said
    assert "GB18030" in said
    assert run("embed", csv_file, "-o", tmp_path / "v.npy", "--encoder", "static", "--quiet")[2] == ""


def test_both_languages_give_the_same_files_and_keys(csv_file, answer, tmp_path):
    records, vectors = [], []
    for language in ("zh", "en"):
        words = ("embed", csv_file, "-o", tmp_path / "v.csv", "--encoder", "static", "--lang", language)
        records.append(answer(*words))
        vectors.append((tmp_path / "v.csv").read_bytes())
    assert records[0] == records[1]
    assert vectors[0] == vectors[1]


def test_another_encoders_whitening_is_refused(texts_file, run, tmp_path):
    saved = tmp_path / "v.whitening.safetensors"
    assert run("embed", texts_file, "-o", tmp_path / "v.npy", "--encoder", "static", "--whitening", "full")[0] == 0
    code, out, said = run("embed", texts_file, "-o", tmp_path / "w.npy", "--encoder", "bundled", "--whitening", saved)
    assert (code, out) == (2, "")
    assert "encoder" in said.splitlines()[-1]
    assert not (tmp_path / "w.npy").exists()


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("of", "Did you mean 'off'?"),
        ("0", "--whitening must be"),
        ("K", "stand for a number"),
        ("a.safetensors", "no file"),
    ],
)
def test_what_whitening_may_be(choice, sentence):
    with pytest.raises((InvalidValue, OSError), match=sentence.replace("?", r"\?")):
        set_whitening(SentenceEmbedder("static"), choice, ["一句话", "另一句话"])


def test_mistakes_of_the_table_are_sentences(run, tmp_path):
    empty, two, blank = tmp_path / "empty.csv", tmp_path / "two.csv", tmp_path / "blank.csv"
    empty.write_bytes(b"")
    two.write_text("标题,内容\n甲,乙\n", encoding="utf-8")
    blank.write_text("编号,内容\n1,\n2,\n", encoding="utf-8")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes(range(256)) * 4)
    for words, sentence in (
        ((empty,), "empty.csv"),
        ((two,), "--text-column"),
        ((two, "--text-column", "文本"), "no column '文本'"),
        ((blank,), "holds no text (2 rows, all empty)"),
        ((binary,), "binary.csv"),
        ((tmp_path,), str(tmp_path)),
    ):
        code, out, said = run("embed", *words, "-o", tmp_path / "v.npy", "--encoder", "static", "--quiet")
        assert (code, out) == (2, "")
        assert sentence in said
        assert said.count("\n") == 1


def test_a_column_called_vector_is_kept(run, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("text,vector\n一句话,mine\n", encoding="utf-8")
    assert run("embed", table, "-o", tmp_path / "out.csv", "--encoder", "static")[0] == 0
    assert read_table(tmp_path / "out.csv").column("vector") == ["mine"]


def test_a_table_can_be_embedded_again(csv_file, run, tmp_path):
    write_table(read_table(csv_file), tmp_path / "copy.jsonl")
    assert run("embed", tmp_path / "copy.jsonl", "-o", tmp_path / "v.npy", "--encoder", "static")[0] == 0
    assert np.load(tmp_path / "v.npy").shape[0] == 6
