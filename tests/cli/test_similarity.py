"""``baihua similarity``: two texts, or the pairs of a table in line with its rows."""

import numpy as np
import pytest

from baihua.tasks.embed import SentenceEmbedder
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
