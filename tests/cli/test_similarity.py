"""``baihua similarity``: two texts, or the pairs of a table in line with its rows."""

import numpy as np
import pytest

from baihua.tasks.calibration_file import Calibration
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.search import SentenceIndex
from baihua.text.tables import read_table

PAIRED = [0, 2, 4]  # the rows of the table with both sides filled


def test_two_texts(run, answer):
    first, second = "手机充不进电", "手机没法充电了"
    expected = float(SentenceEmbedder("static").similarity_pairwise([first], [second])[0])
    assert run("similarity", first, second, "--encoder", "static")[1] == f"{expected:.4f}\n"
    assert answer("similarity", first, second, "--encoder", "static")["similarity"] == pytest.approx(expected, abs=1e-6)
    assert answer("similarity", first, first, "--encoder", "static")["similarity"] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_pairs_of_a_table_keep_their_rows(suffix, table_file, answer, tmp_path):
    words = ("--first-column", "内容", "--second-column", "对比", "--encoder", "static")
    found = answer("similarity", table_file, "-o", tmp_path / f"out{suffix}", *words)
    assert (found["rows"], found["empty"]) == (6, 3)
    assert [row for row, value in enumerate(found["similarities"]) if value is not None] == PAIRED
    before, after = read_table(table_file), read_table(tmp_path / f"out{suffix}")
    assert after.columns == (*before.columns, "similarity")
    for column in before.columns:
        assert after.column(column) == before.column(column)
    cells = after.column("similarity")
    first, second = before.column("内容"), before.column("对比")
    expected = SentenceEmbedder("static").similarity_pairwise(
        [first[row] for row in PAIRED], [second[row] for row in PAIRED]
    )
    np.testing.assert_allclose([float(cells[row]) for row in PAIRED], expected, atol=1e-6)
    assert [cells[row] for row in (1, 3, 5)] == ["", "", ""]


def test_the_two_columns_of_a_table_of_pairs_are_guessed(run, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("句子1,句子2,标签\n怎么退款,如何退钱,1\n怎么退款,,0\n", encoding="utf-8")
    code, out, said = run("similarity", pairs, "--encoder", "static")
    assert code == 0
    assert "2 pairs, 1 with an empty cell" in out
    assert out.splitlines()[-2].split()[1:] == ["怎么退款", "如何退钱"]
    assert out.splitlines()[-1].startswith("     –")
    assert "'句子1'" in said
    assert "'句子2'" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["只有一条"], "takes two texts"),
        (["一", "二", "三"], "received 3"),
        (["一", " "], "not empty"),
        (["一", "二", "-o", "out.csv"], "-o goes with a table"),
        (["一", "二", "--encoder", "no/such-folder/here"], "no/such-folder/here"),
        (["一", "二", "--pooling", "men", "--encoder", "static"], "received 'men'"),
    ],
)
def test_mistakes(words, sentence, run):
    code, out, said = run("similarity", *words, "--quiet")
    assert (code, out) == (2, "")
    assert sentence in said
    assert said.count("\n") == 1


def test_one_column_cannot_be_both_sides(csv_file, run):
    code, _, said = run("similarity", csv_file, "--first-column", "内容", "--second-column", "内容")
    assert code == 2
    assert "Name two with --first-column and --second-column" in said


TEXTS = [
    f"{a}{b}"
    for a in ("手机", "信用卡", "外卖", "高铁票", "空调", "快递")
    for b in ("怎么退", "坏了找谁", "多久到", "贵吗")
]


@pytest.fixture
def library(tmp_path):
    """A calibrated library with a whitening, so that the embedder is one that options alone do not give."""
    embedder = SentenceEmbedder("static").fit_whitening(TEXTS, 8)
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add(TEXTS)
        pairs = (TEXTS * 4, [f"请问{text}" for text in TEXTS] * 2 + (TEXTS[4:] + TEXTS[:4]) * 2, [1] * 48 + [0] * 48)
        index.calibrate(pairs).save(tmp_path / "calibration.json")
        embedder.whitening.save(tmp_path / "calibration.whitening.safetensors")
    return tmp_path / "library.db"


def test_a_library_says_what_a_similarity_means(library, run, answer):
    with SentenceIndex.open(library) as index:
        known, embedder = index.calibration, index.embedder
    first, second = "手机怎么退", "怎么退手机呢"
    value = float(embedder.similarity_pairwise([first], [second])[0])
    found = answer("similarity", first, second, "--db", library)
    assert found["similarity"] == pytest.approx(value, abs=1e-6)
    assert {name: found[name] for name in known.explain(value)} == pytest.approx(known.explain(value), rel=1e-3)
    lines = run("similarity", first, second, "--db", library)[1].splitlines()
    assert lines == [f"{value:.4f}", *known.sentences(value)]
    assert "probability of the same meaning" in lines[2]


def test_a_calibration_file_says_the_same(library, answer, run):
    file, whitening = (library.with_name(name) for name in ("calibration.json", "calibration.whitening.safetensors"))
    words = ("similarity", "手机怎么退", "怎么退手机呢")
    with_file = ("--encoder", "static", "--whitening", whitening, "--calibration", file)
    found, same = answer(*words, *with_file), answer(*words, "--db", library)
    assert found == pytest.approx(same)
    assert {*Calibration.load(file).explain(0.5)} < {*found}
    code, out, said = run(*words, "--encoder", "static", "--calibration", file, "--quiet")
    assert (code, out) == (2, "")
    assert "made with another encoder, pooling or whitening" in said


def test_a_table_gets_further_columns(library, answer, run, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("句子1,句子2\n手机怎么退,怎么退手机\n手机怎么退,\n外卖贵吗,驾照\n", encoding="utf-8")
    words = ("similarity", pairs, "--db", library)
    found = answer(*words, "-o", tmp_path / "out.csv")
    table = read_table(tmp_path / "out.csv")
    more = ("false_match_rate", "probability", "probability_low", "probability_high")
    assert table.columns == ("句子1", "句子2", "similarity", *more)
    for name in more:
        assert found[name][1] is None
        assert table.column(name)[1] == ""
        assert [float(table.column(name)[row]) for row in (0, 2)] == pytest.approx(
            [found[name][row] for row in (0, 2)], rel=1e-5
        )
    code, out, said = run(*words)
    assert code == 0
    assert out.splitlines()[2].split("  ")[:2] == ["similarity", "false match rate"]
    assert len(out.splitlines()) == 6
    assert "It is no probability" in said


def test_a_library_without_a_calibration_says_how_to_get_one(tmp_path, run):
    with SentenceIndex.create(tmp_path / "new.db", SentenceEmbedder("static")) as index:
        index.add(TEXTS)
    code, out, said = run("similarity", "手机", "空调", "--db", tmp_path / "new.db")
    assert (code, len(out.splitlines())) == (0, 1)
    assert f"baihua calibrate --db {tmp_path / 'new.db'}" in said


def test_mistakes_about_what_to_compare_with(library, run, tmp_path):
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    file = library.with_name("calibration.json")
    for words, sentence in (
        (("--db", library, "--calibration", file), "not both"),
        (("--db", library, "--encoder", "static"), "Leave out --encoder."),
        (("--db", tmp_path / "none.db"), "There is no file"),
        (("--calibration", tmp_path / "none.json"), "There is no file"),
        (("--calibration", tmp_path / "bad.json", "--encoder", "static"), "is no calibration"),
    ):
        code, out, said = run("similarity", "手机", "空调", *words, "--quiet")
        assert (code, out) == (2, "")
        assert sentence in said
        assert said.count("\n") == 1
