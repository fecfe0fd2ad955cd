import csv

import pytest

from baihua.text.tables import read_table

ROWS = [
    ("1", "怎么退款？", "售后"),
    ("2", "怎么退款", "退"),
    ("3", "能开发票吗", ""),
    ("4", "不能开发票吗", "票"),
    ("5", "怎么退款？", ""),
    ("6", "", "空"),
    ("7", "怎么退款呢", "近"),
]
STATIC = ("--encoder", "static", "--whitening", "off")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "问题.csv"
    with path.open("w", encoding="gb18030", newline="") as handle:
        csv.writer(handle).writerows([("编号", "内容", "备注"), *ROWS])
    return path


def test_no_row_is_lost_and_all_columns_are_kept(answer, file, tmp_path):
    found = answer("dedupe", file, "-o", tmp_path / "kept.csv", "--threshold", "0.8", *STATIC)
    kept, removed = read_table(tmp_path / "kept.csv"), read_table(tmp_path / "kept.removed.csv")
    assert kept.columns == ("编号", "内容", "备注")
    assert kept.column("编号") == ["1", "3", "4", "6"]
    assert sorted(kept.rows + tuple(row[:3] for row in removed.rows)) == sorted(ROWS)
    assert removed.column("reason") == ["normalised", "exact", "near"]
    assert removed.column("row") == ["2", "5", "7"]
    assert removed.column("kept_row") == ["1", "1", "1"]
    assert removed.column("kept_text") == ["怎么退款？"] * 3
    assert (found["rows"], found["kept"], found["empty"]) == (7, 4, 1)
    assert found["removed"] == {"exact": 1, "normalised": 1, "near": 1}


def test_traps_are_written_for_review(answer, file, tmp_path):
    answer("dedupe", file, "-o", tmp_path / "kept.xlsx", "--review", tmp_path / "r.csv", "--threshold", "0.8", *STATIC)
    review = read_table(tmp_path / "r.csv")
    places = list(
        zip(review.column("first_text"), review.column("second_text"), review.column("difference"), strict=True)
    )
    assert ("能开发票吗", "不能开发票吗", "negation") in places


def test_with_too_few_texts_it_says_that_near_ones_stay(run, file, tmp_path):
    code, out, _ = run("dedupe", file, "-o", tmp_path / "kept.csv", *STATIC)
    assert code == 0
    assert "Near repetitions were not removed" in out
    assert "7 rows (1 without text, kept): 5 kept, 2 removed (1 exact, 1 normalised, 0 near)" in out


def test_the_threshold_is_printed_with_what_it_costs(run, tmp_path):
    file = tmp_path / "lines.txt"
    words = "春夏秋冬东南西北风雨山川草木鱼鸟马牛羊米面油盐茶"
    lines = [f"{a}{b}{c}" for a in words[:8] for b in words[8:16] for c in words[16:]]
    file.write_text("\n".join(lines[::2]), encoding="utf-8")
    code, out, _ = run("dedupe", file, "-o", tmp_path / "kept.txt", "--threshold", "0.9999", *STATIC)
    assert code == 0
    assert "threshold: cosine 0.9999; " in out
    assert (tmp_path / "kept.removed.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "{file}"), "must all differ"),
        (("-o", "{folder}/kept.csv", "--removed", "{folder}/kept.csv"), "must all differ"),
        (("-o", "{folder}/kept.docx"), "Use one of .csv"),
        (("-o", "{folder}/kept.csv", "--removed", "{folder}/removed.txt"), "Use one of .csv"),
        (("-o", "{folder}/kept.csv", "--threshold", "7"), "threshold must lie above 0"),
        (("-o", "{folder}/kept.csv", "--text-column", "没有"), "no column"),
    ],
)
def test_mistakes_are_one_sentence_and_write_nothing(run, file, tmp_path, words, said):
    before = file.read_bytes()
    code, out, err = run("dedupe", file, *(word.format(file=file, folder=tmp_path) for word in words), *STATIC)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == before
