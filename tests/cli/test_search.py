"""``baihua search``: one query, a table of them, a pipe of them, and a prompt."""

import io
import json
import sys

import pytest

from baihua.tasks.search import SentenceIndex
from baihua.text.tables import Table, read_table, write_table

LIBRARY = Table(
    ("编号", "问题", "答案", "类别"),
    (
        ("a1", "怎么申请退款", "在订单页点退款", "售后"),
        ("a2", "退款多久到账", "一到三天", "售后"),
        ("a3", "手机充不进电怎么办", "换一根线试试", "故障"),
        ("a4", "iPhone15发热正常吗", "更新系统", "故障"),
        ("a5", "怎么修改收货地址", "在设置里改", "物流"),
    ),
)


@pytest.fixture
def library(tmp_path, run):
    write_table(LIBRARY, tmp_path / "faq.xlsx")
    path = tmp_path / "library.db"
    words = ("index", tmp_path / "faq.xlsx", "--db", path, "--text-column", "问题", "--encoder", "static")
    assert run(*words, "--quiet")[0] == 0
    return path


def test_one_query_lists_what_stands_beside(library, run, answer):
    code, out, _ = run("search", "退款几天到账", "--db", library, "-k", 2)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 2
    assert "退款多久到账" in lines[0]
    assert "答案: 一到三天" in lines[0]
    hits = answer("search", "退款几天到账", "--db", library)["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3, 4, 5]
    assert hits[0]["metadata"] == {"编号": "a2", "答案": "一到三天", "类别": "售后"}
    assert -1 <= hits[0]["score"] <= 1


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_modes_thresholds_and_conditions(mode, library, run, answer):
    words = ("search", "iphone", "--db", library, "--mode", mode)
    hits = answer(*words)["hits"]
    assert mode == "vector" or hits[0]["text"] == "iPhone15发热正常吗"
    found = answer(*words, "--where", "类别=售后", "--where", "类别=物流")["hits"]
    assert {hit["metadata"]["类别"] for hit in found} <= {"售后", "物流"}
    assert all(hit["score"] >= 0.2 for hit in answer(*words, "--threshold", 0.2)["hits"])
    assert run(*words, "--threshold", 1.5)[1] == "Nothing found.\n"


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl", ".tsv"])
def test_a_table_of_queries_keeps_its_columns_and_gets_those_of_the_library(suffix, library, answer, tmp_path):
    queries = Table(
        ("客户", "内容", "答案"), (("甲", "退款要等几天", "?"), ("乙", "", ""), ("丙", "手机充电没反应", "?"))
    )
    write_table(queries, tmp_path / "new.csv")
    output = tmp_path / f"matched{suffix}"
    record = answer("search", "--db", library, "--queries", tmp_path / "new.csv", "-k", 3, "-o", output)
    assert (record["rows"], record["answered"]) == (3, 2)
    table = read_table(output)
    assert table.columns == ("客户", "内容", "答案", "rank", "score", "match", "编号", "答案_2", "类别")
    assert table.column("客户") == ["甲"] * 3 + ["乙"] + ["丙"] * 3
    assert table.column("rank") == ["1", "2", "3", "", "1", "2", "3"]
    assert table.column("match")[0] == "退款多久到账"
    assert table.column("答案_2")[0] == "一到三天"
    assert table.column("答案")[:4] == ["?", "?", "?", ""]
    hits = answer("search", "手机充电没反应", "--db", library, "-k", 3)["hits"]
    assert table.column("match")[4:] == [hit["text"] for hit in hits]
    assert [float(score) for score in table.column("score")[4:]] == pytest.approx(
        [hit["score"] for hit in hits], abs=1e-6
    )


def test_queries_without_an_output_are_listed(library, run, answer, tmp_path):
    (tmp_path / "q.txt").write_text("退款\n充电\n", encoding="utf-8")
    words = ("search", "--db", library, "--queries", tmp_path / "q.txt", "-k", 1)
    assert [one["query"] for one in answer(*words)["answers"]] == ["退款", "充电"]
    assert run(*words)[1].splitlines()[-1] == "2 queries, 2 with hits, 2 hits."


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_prompt_answers_until_an_empty_line(library, run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal("退款\n充电\n\n不再读到这里\n"))
    code, out, said = run("search", "--db", library, "-k", 1)
    assert code == 0
    assert len(out.splitlines()) == 2
    assert "手机充不进电怎么办" in out
    assert said.count("> ") == 3
    assert "an empty line ends" in said


def test_a_pipe_is_answered_line_by_line(library, run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("退款\n\n充电"))
    code, out, said = run("search", "--db", library, "-k", 1, "--json")
    assert code == 0
    assert [json.loads(line)["query"] for line in out.splitlines()] == ["退款", "充电"]
    assert said == ""


def test_mistakes_are_sentences(library, run, tmp_path):
    (tmp_path / "a.txt").write_text("一句话\n", encoding="utf-8")
    for words, sentence in (
        (("退款", "--db", tmp_path / "none.db"), "There is no file"),
        (("退款", "--db", tmp_path / "a.txt"), "no library"),
        (("退款", "--db", library, "--mode", "vectors"), "Did you mean 'vector'"),
        (("退款", "--db", library, "--where", "类别"), "COLUMN=VALUE"),
        (("退款", "--db", library, "-k", 0), "top_k must be"),
        (("退款", "--db", library, "-o", "x.csv"), "--queries"),
        (("退款", "--db", library, "--queries", "x.csv"), "not both"),
        (("--db", library, "--queries", tmp_path / "a.txt", "-o", tmp_path / "x.npy"), "Unknown -o '.npy'"),
    ):
        code, out, said = run("search", *words, "--quiet")
        assert (code, out) == (2, "")
        assert sentence in said
        assert said.count("\n") == 1


def test_both_languages(library, run):
    zh, en = (
        run("search", "没有的", "--db", library, "--threshold", "1.5", "--lang", name)[1] for name in ("zh", "en")
    )
    assert (zh, en) == ("没有找到。\n", "Nothing found.\n")


SUBJECTS = ("手机", "信用卡", "外卖", "高铁票", "空调", "快递", "花呗", "驾照")
QUESTIONS = ("怎么退", "坏了找谁", "什么时候到", "为什么这么贵", "能不能便宜点", "怎么投诉", "在哪里办")


@pytest.fixture
def calibrated(tmp_path, run):
    """A library of 56 texts in two groups, calibrated."""
    rows = [(f"{a}{b}", "前" if a in SUBJECTS[:2] else "后") for a in SUBJECTS for b in QUESTIONS]
    write_table(Table(("问题", "组"), tuple(rows)), tmp_path / "many.csv")
    path = tmp_path / "calibrated.db"
    words = ("--db", path, "--quiet")
    assert run("index", tmp_path / "many.csv", *words, "--encoder", "static", "--whitening", "off")[0] == 0
    assert run("calibrate", *words)[0] == 0
    return path


def test_every_score_comes_with_what_it_means(calibrated, run, answer):
    found = answer("search", "手机怎么退", "--db", calibrated, "-k", 3)
    assert found["no_better_than_chance"] is False
    with SentenceIndex.open(calibrated) as index:
        background = index.calibration.background
    assert [hit["expected_false"] for hit in found["hits"]] == [
        pytest.approx(56 * background.rate(hit["score"])) for hit in found["hits"]
    ]
    assert "probability" not in found["hits"][0]
    hit = answer("search", "手机怎么退", "--db", calibrated, "-k", 1, "--where", "组=前")["hits"][0]
    assert hit["expected_false"] == pytest.approx(14 * background.rate(hit["score"]))
    code, out, said = run("search", "手机怎么退", "--db", calibrated, "-k", 3)
    lines = out.splitlines()
    assert (code, len(lines)) == (0, 4)
    assert lines[0].split("  ")[-3:] == ["score", "expected false", "text"]
    assert lines[1].split()[0] == "1"
    assert "It is no probability." in said


def test_a_best_hit_no_better_than_chance_is_said(calibrated, run, answer):
    assert answer("search", "zzz", "--db", calibrated, "-k", 3)["no_better_than_chance"] is True
    for language, sentence in (("en", "no hit is better than chance"), ("zh", "没有一条好过巧合")):
        out = run("search", "zzz", "--db", calibrated, "-k", 3, "--lang", language)[1]
        assert sentence in out.splitlines()[-1]
    assert run("search", "zzz", "--db", calibrated, "--threshold", 1.5)[1] == "Nothing found.\n"


def test_a_table_of_queries_says_what_scores_mean(calibrated, answer, tmp_path):
    (tmp_path / "q.txt").write_text("手机怎么退\n\nzzz\n", encoding="utf-8")
    words = ("search", "--db", calibrated, "--queries", tmp_path / "q.txt", "-k", 2)
    assert answer(*words, "-o", tmp_path / "out.csv")["no_better_than_chance"] == 1
    table = read_table(tmp_path / "out.csv")
    assert table.columns == ("text", "rank", "score", "expected_false", "match", "组")
    expected = [hit["expected_false"] for one in answer(*words)["answers"] for hit in one["hits"]]
    cells = table.column("expected_false")
    assert cells[2] == ""
    assert [float(cell) for cell in cells if cell] == pytest.approx(expected, rel=1e-5)


def test_without_a_calibration_nothing_is_added(library, answer, tmp_path):
    found = answer("search", "退款", "--db", library)
    assert "no_better_than_chance" not in found
    assert "expected_false" not in found["hits"][0]
