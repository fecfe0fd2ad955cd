"""``baihua index``: every row of a table is in the library, once, however often it is run."""

import csv

import pytest

from baihua.tasks.search import SentenceIndex

FILLED = 4  # rows of the table whose 内容 is not blank


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library.db"


def save(path, rows, columns=("编号", "内容", "答案")):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def test_any_kind_of_table_and_twice_changes_nothing(table_file, library, answer):
    words = ("index", table_file, "--db", library, "--encoder", "static")
    first = answer(*words)
    assert (first["added"], first["updated"], first["unchanged"], first["empty"]) == (FILLED, 0, 0, 2)
    assert (first["column"], first["size"]) == ("内容", FILLED)
    before = library.read_bytes()
    second = answer(*words[:-2])  # the encoder is in the library
    assert (second["added"], second["updated"], second["unchanged"], second["empty"]) == (0, 0, FILLED, 2)
    assert library.read_bytes() == before
    with SentenceIndex.open(library) as index:
        hit = index.search("信用卡怎么还款", top_k=1)[0]
        assert (
            hit.metadata == {"编号": "004", "对比": "", "标签": "金融", "备注": '带,逗号"与引号'}
            or hit.metadata["对比"] is None
        )


def test_rows_with_an_id_are_updated(library, run, answer, tmp_path):
    table = save(tmp_path / "t.csv", [("1", "怎么退款", "三天"), ("2", "改地址", "在设置里")])
    words = ("index", table, "--db", library, "--id-column", "编号")
    assert answer(*words, "--encoder", "static")["added"] == 2
    save(table, [("1", "如何退款", "三天"), ("2", "改地址", "不能改"), ("3", "开发票", "下单后")])
    code, out, said = run(*words)
    assert (code, out) == (0, f"1 added, 2 updated, 0 unchanged; {library} now holds 3.\n")
    assert "Adding to the library" in said
    with SentenceIndex.open(library) as index:
        assert {hit.key: (hit.text, hit.metadata["答案"]) for hit in index.search("退款", top_k=9)} == {
            "1": ("如何退款", "三天"),
            "2": ("改地址", "不能改"),
            "3": ("开发票", "下单后"),
        }


def test_the_whitening_is_in_the_library(library, run, tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text(
        "\n".join(f"{topic}{number}" for topic in ("退款", "充电", "物流") for number in range(20)), "utf-8"
    )
    assert run("index", lines, "--db", library, "--encoder", "static", "--whitening", 8)[0] == 0
    with SentenceIndex.open(library) as index:
        assert index.embedder.width == 8
        assert index.search("退款3", top_k=1)[0].text == "退款3"
    code, out, said = run("index", lines, "--db", library, "--whitening", "off")
    assert (code, "60 unchanged" in out) == (0, True)
    assert "are set when it is made" in said


def test_a_folder_as_encoder_is_found_again(library, run, bert_folder, tmp_path):
    table = save(tmp_path / "t.csv", [("1", "手机充不进电", ""), ("2", "今天天气很好", "")])
    assert run("index", table, "--db", library, "--encoder", bert_folder)[0] == 0
    assert run("search", "手机", "--db", library)[0] == 0
    assert run("index", table, "--db", library, "--encoder", bert_folder)[0] == 0


def test_mistakes_are_sentences(library, run, tmp_path):
    table = save(tmp_path / "t.csv", [("1", "怎么退款", ""), ("1", "改地址", "")])
    blank = save(tmp_path / "blank.csv", [("1", "", "")])
    words = ("--db", library, "--encoder", "static", "--quiet")
    for more, sentence in (
        ((table, "--id-column", "编号"), "two different rows"),
        ((table, "--id-column", "号"), "no column '号'"),
        ((blank,), "holds no text"),
        ((tmp_path / "none.csv",), "none.csv"),
        ((table, "--vectors", "int4"), "Unknown --vectors 'int4'"),
    ):
        code, out, said = run("index", *more, *words)
        assert (code, out) == (2, "")
        assert sentence in said
        assert said.count("\n") == 1
        assert not library.exists()
    assert run("index", table, *words)[0] == 0
    other = ("index", table, "--db", library, "--encoder", "bundled", "--quiet")
    assert "cannot change to bundled" in run(*other)[2]
    assert "no library" in run("index", table, "--db", table)[2]


def test_a_library_large_enough_is_calibrated_by_itself(library, run, answer, tmp_path):
    rows = [
        (str(number), f"{topic}的第{number}个问题", "") for number in range(40) for topic in ("退款", "充电", "物流")
    ]
    words = ("--db", library, "--encoder", "static", "--whitening", "off")
    assert answer("index", save(tmp_path / "few.csv", rows[:99]), *words)["calibrated"] is False
    code, _, said = run("index", save(tmp_path / "more.csv", rows[99:]), *words)
    assert (code, "Scores are calibrated on the library's 120 texts" in said) == (0, True)
    before = library.read_bytes()
    assert answer("index", tmp_path / "more.csv", *words)["calibrated"] is False
    assert library.read_bytes() == before
    with SentenceIndex.open(library) as index:
        assert index.calibration.num_documents == 120


def test_texts_that_cannot_be_calibrated_on_are_stored_all_the_same(library, run, tmp_path):
    rows = [(str(number), "好" * number, "") for number in range(1, 120)]  # all have one direction
    words = ("--db", library, "--encoder", "static", "--whitening", "off")
    code, out, said = run("index", save(tmp_path / "t.csv", rows), *words)
    assert (code, "119 added" in out) == (0, True)
    assert "so none is rarer than another" in said
    with SentenceIndex.open(library) as index:
        assert (len(index), index.calibration) == (119, None)


def test_rows_with_keys_and_without_do_not_mix(library, run, tmp_path):
    table = save(tmp_path / "t.csv", [("1", "怎么退款", "三天"), ("2", "改地址", "在设置里")])
    words = ("index", table, "--db", library, "--quiet")
    assert run(*words, "--encoder", "static", "--id-column", "编号")[0] == 0
    before = library.read_bytes()
    code, out, said = run(*words)
    assert (code, out, library.read_bytes() == before) == (2, "", True)
    assert "Give the same keys (--id-column" in said
    assert said.count("\n") == 1
