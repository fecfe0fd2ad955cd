"""``baihua suggest``: rows to label, those that have a label left alone, with a reason beside each."""

import pytest

from baihua import TextClassifier
from baihua.tasks.any_classifier import save_classifier
from baihua.text.tables import read_table

LINES = [
    "信用卡怎么还款",
    "信用卡还款日",
    "信用卡年费多少",
    "",
    "快递到哪里了",
    "快递几天能到",
    "快递丢了",
    "快递丢了！",
]
STATIC = ("--encoder", "static")


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    texts, labels = ["信用卡", "还款", "快递", "到哪里了"], ["卡", "卡", "递", "递"]
    made = TextClassifier("static").fit(texts, labels, show_progress=False)
    return save_classifier(made, tmp_path_factory.mktemp("classifier") / "topics")


def test_what_stands_for_many_is_shown(lines, run, answer):
    code, out, _ = run("suggest", lines, "--num", 2, *STATIC)
    assert code == 0
    assert out.splitlines()[0].split() == ["reason", "text"]
    assert len(out.splitlines()) == 3
    assert out.count("stands for 3 texts that are alike") == 2
    found = answer("suggest", lines, "--num", 2, *STATIC)
    assert {one["text"][:2] for one in found["suggestions"]} == {"信用", "快递"}
    assert all(LINES[one["row"]] == one["text"] for one in found["suggestions"])
    assert "代表 3 条相近的文本" in run("suggest", lines, "--num", 2, *STATIC, "--lang", "zh")[1]


def test_what_a_classifier_is_unsure_of_is_written(lines, trained, run, tmp_path):
    words = ("suggest", lines, "--classifier", trained, "--num", 3, "-o", tmp_path / "next.xlsx", *STATIC)
    code, out, _ = run(*words)
    assert code == 0
    assert out == f"Texts chosen: 3. Written to {tmp_path / 'next.xlsx'}\n"
    table = read_table(tmp_path / "next.xlsx")
    assert table.columns == ("text", "reason")
    assert set(table.column("text")) < set(LINES)
    assert all(reason.startswith("among the least sure: ") for reason in table.column("reason"))


def test_fewer_than_wanted_is_said(lines, run, tmp_path):
    code, out, _ = run("suggest", lines, *STATIC)
    assert code == 0
    assert "There are only 6 different texts, fewer than 20." in out
    assert "不同的文本只有 6 条" in run("suggest", lines, *STATIC, "--lang", "zh", "-o", tmp_path / "a.csv")[1]


def test_rows_with_a_label_are_left_alone(answer, run, tmp_path):
    path = tmp_path / "half.csv"
    labels = ["卡", "卡", "", "", "递", "", "", ""]
    rows = "\n".join(f"{number},{text},{label}" for number, (text, label) in enumerate(zip(LINES, labels, strict=True)))
    path.write_text("编号,内容,标签\n" + rows, encoding="utf-8")
    found = answer("suggest", path, *STATIC, "-o", tmp_path / "next.csv")
    assert found["unlabelled"] == 5
    assert sorted(one["row"] for one in found["suggestions"]) == [2, 5, 6]
    assert sorted(read_table(tmp_path / "next.csv").column("编号")) == ["2", "5", "6"]
    assert "Rows with a label in column '标签' are not chosen: 3." in run("suggest", path, *STATIC)[2]
    full = tmp_path / "full.csv"
    full.write_text("内容,类型\n信用卡,甲\n快递,乙\n", encoding="utf-8")
    assert answer("suggest", full, *STATIC)["unlabelled"] == 2
    code, _, said = run("suggest", full, *STATIC, "--label-column", "类型")
    assert code == 2
    assert "Every row has a label in column '类型'" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing.csv",), "There is no file missing.csv"),
        (("lines.txt", "--num", "0"), "--num must be a whole number of at least 1"),
        (("lines.txt", "--num", "many"), "--num must be a whole number"),
        (("lines.txt", "-o", "lines.txt"), "Cannot tell what table"),
        (("table.csv", "-o", "./table.csv"), "the file that is read"),
        (("lines.txt", "--classifier", "."), ". holds no classifier"),
        (("lines.txt", "--label-column", "标签"), "has no column '标签'"),
        (("table.csv",), "Several columns could hold the texts"),
        (("blank.txt",), "nothing to label"),
        (("empty.txt",), "is empty"),
    ],
)
@pytest.mark.usefixtures("lines")
def test_mistakes(words, sentence, run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text("标题,正文\n好,坏\n", encoding="utf-8")
    (tmp_path / "blank.txt").write_text(" \n \n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    code, out, said = run("suggest", *words, *STATIC, "--quiet")
    assert (code, out) == (2, "")
    assert sentence in said
    assert said.count("\n") == 1
