import codecs
import csv
import datetime
import io
import json
import time
import zipfile

import numpy as np
import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baihua.checks import FileProblem, InvalidValue
from baihua.language import set_language
from baihua.text.tables import Table, read_table, write_table

# Five columns, with empty cells and with line breaks, quotes, commas and tabs inside cells.
CUSTOMERS = Table(
    ("编号", "内容", "类别", "城市", "备注"),
    (
        ("007", "手机充不进电，\n怎么办？", "售后", "北京", ""),
        ("008", '客服说“稍等”，又说"马上"', "", "上海", "等了,三天"),
        ("009", "", "咨询", "", "第一行\n\n第三行"),
        ("010", "𠮷野家的饭很好吃🍚", "评价", "龘县", "制\t表符"),
        ("011", "  前后有空格  ", "", "", ""),
    ),
)
EDGES = ["=1+1", "#N/A", "_x000D_", "_x4E2D_", "00123", "1e5", "TRUE", "2024-01-01", "\r", "\r\n", "\n", " \n "]
EDGES += ["'", '"', '""', ";", ",", "\\", "\u2028", "\x85"]


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def as_text(table: Table, delimiter: str) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows([table.columns, *table.rows])
    return stream.getvalue()


def as_workbook(table: Table) -> bytes:
    workbook = openpyxl.Workbook()
    for row in (table.columns, *table.rows):
        workbook.active.append([value or None for value in row])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


FORMS = {
    "gb18030.csv": as_text(CUSTOMERS, ",").encode("gb18030"),
    "semicolons.CSV": as_text(CUSTOMERS, ";").encode("utf-8"),
    "tabs.csv": as_text(CUSTOMERS, "\t").encode("utf-8-sig"),
    "utf16.tsv": codecs.BOM_UTF16_LE + as_text(CUSTOMERS, "\t").encode("utf-16-le"),
    "unicode-text.txt": codecs.BOM_UTF16_LE + as_text(CUSTOMERS, "\t").encode("utf-16-le"),
    "big-endian.tab": codecs.BOM_UTF16_BE + as_text(CUSTOMERS, "\t").encode("utf-16-be"),
    "book.xlsx": as_workbook(CUSTOMERS),
    "lines.jsonl": "\n".join(
        json.dumps(dict(zip(CUSTOMERS.columns, row, strict=True))) for row in CUSTOMERS.rows
    ).encode(),
    "array.json": json.dumps([dict(zip(CUSTOMERS.columns, row, strict=True)) for row in CUSTOMERS.rows]).encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_one_table_in_every_form_is_the_same_table(tmp_path, name):
    (tmp_path / name).write_bytes(FORMS[name])
    table = read_table(tmp_path / name)
    assert table == CUSTOMERS
    assert table.column("内容") == [row[1] for row in CUSTOMERS.rows]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".tab", ".xlsx", ".jsonl", ".ndjson", ".CSV"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    write_table(CUSTOMERS, tmp_path / f"out{suffix}")
    assert read_table(tmp_path / f"out{suffix}") == CUSTOMERS


CELLS = st.one_of(
    st.sampled_from(EDGES),
    st.text(alphabet=st.sampled_from("汉𠮷🍚,;\t\n\r\"' =_xa0"), max_size=6),
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=4),
)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".jsonl"])
@settings(database=None, deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), names=st.sampled_from(["a b", "a;c b", 'a"c b\td'])
)
@example(rows=[("x\ty\nz", "1")], names="a b")  # each line of it has one tab
def test_any_cells_survive_a_round_trip(tmp_path_factory, suffix, rows, names):
    path = tmp_path_factory.mktemp("round") / f"table{suffix}"
    # A filled last cell, since a workbook has no rows below the last filled one.
    table = Table((*names.split(" "), "end"), tuple((*row, "end") for row in rows))
    write_table(table, path)
    assert read_table(path) == table


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@settings(database=None, deadline=None, max_examples=40)
@given(texts=st.lists(CELLS, min_size=1, max_size=5))
def test_one_column_with_empty_cells_survives_a_round_trip(tmp_path_factory, suffix, texts):
    path = tmp_path_factory.mktemp("column") / f"table{suffix}"
    table = Table(("内容",), tuple((text,) for text in texts))
    write_table(table, path)
    assert read_table(path) == table


def test_the_encoding_is_said_in_both_languages(tmp_path):
    path = tmp_path / "旧.csv"
    path.write_bytes("内容,标签\n很好,1\n".encode("gbk"))
    assert read_table(path).encoding == "gb18030"
    assert read_table(path).notes == ("旧.csv is read as GB18030.",)
    set_language("zh")
    assert read_table(path).notes == ("旧.csv 读作 GB18030。",)


def test_tables_are_equal_by_their_cells_alone():
    assert Table(("a",), (("1",),), "gb18030", ("said",)) == Table(("a",), (("1",),))
    assert Table(("a",), (("1",),)) != Table(("b",), (("1",),))
    assert len(CUSTOMERS) == 5


def test_a_table_is_whole():
    with pytest.raises(InvalidValue, match="row 2 has 1 cells"):
        Table(("a", "b"), (("1", "2"), ("3",)))
    with pytest.raises(InvalidValue, match="different names, but received a, a"):
        Table(("a", "a"), ())
    with pytest.raises(InvalidValue, match=r"no column '内客'.*Did you mean '内容'"):
        CUSTOMERS.column("内客")


def test_cells_become_text_as_a_spreadsheet_shows_them():
    values = ["007", None, 3, 3.0, 2.5, float("nan"), True, ["猫", {"a": 1}], datetime.date(2024, 5, 1)]
    table = Table(("值",), tuple((value,) for value in values))
    assert table.column("值") == ["007", "", "3", "3", "2.5", "", "True", '["猫", {"a": 1}]', "2024-05-01"]


def test_a_new_column_overwrites_nothing():
    table = Table(("text", "similarity"), (("a", "1"), ("b", "2")))
    twice = table.with_column("similarity", np.array([0.3, 0.5], dtype=np.float32)).with_column("similarity", [1, 2])
    assert twice.columns == ("text", "similarity", "similarity_2", "similarity_3")
    assert twice.rows == (("a", "1", 0.3, 1), ("b", "2", 0.5, 2))
    assert type(twice.rows[0][2]) is float
    with pytest.raises(InvalidValue, match="same length, but received 1 and 2"):
        table.with_column("x", [1])


# --- text, one per line


def test_empty_lines_of_a_text_are_empty_rows(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("一\r\n\r\n二\x0b\u2028还是二\n\n".encode())
    table = read_table(path)
    assert table.columns == ("text",)
    assert table.column("text") == ["一", "", "二\x0b\u2028还是二", ""]
    write_table(table, tmp_path / "b.txt")
    assert read_table(tmp_path / "b.txt") == table


def test_any_other_suffix_is_one_text_per_line(tmp_path):
    (tmp_path / "corpus.log").write_text("一\n二", encoding="utf-8")
    assert read_table(tmp_path / "corpus.log").rows == (("一",), ("二",))


def test_a_txt_with_even_tabs_is_a_table_and_that_is_said(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text('内容\t标签\n他说"好\t1\n不行"\t0\n', encoding="utf-8")
    table = read_table(path)
    assert table.rows == (('他说"好', "1"), ('不行"', "0"))
    assert "tab-separated table with the columns 内容, 标签" in table.notes[-1]


def test_a_first_row_that_cannot_be_a_header_is_data(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("怎么还款\t如何还款\t1\n怎么还款\t几点下班\t0\n", encoding="utf-8")
    table = read_table(path)
    assert table.columns == ("column_1", "column_2", "column_3")
    assert table.rows == (("怎么还款", "如何还款", "1"), ("怎么还款", "几点下班", "0"))
    path.write_text("一样\t一样\n甲\t乙\n", encoding="utf-8")
    assert read_table(path).rows == (("一样", "一样"), ("甲", "乙"))
    # The first line of a .csv or .tsv is always its header, but a doubtful one is said.
    (tmp_path / "pairs.tsv").write_text("甲\t1\n乙\t0\n", encoding="utf-8")
    table = read_table(tmp_path / "pairs.tsv")
    assert table.columns == ("甲", "1")
    assert "one is the number 1; if that line is data" in table.notes[-1]


@pytest.mark.parametrize("text", ["有\t制表符\n没有\n", "一\t二\n三\t四\t五\n", "一\t二\n\n三\t四\n", "只有\t一行\n"])
def test_a_txt_with_uneven_tabs_is_lines(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert read_table(path).column("text") == text.rstrip("\n").split("\n")


# --- delimited


def test_a_tsv_without_quoting_keeps_one_row_per_line(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text('sentence1\tsentence2\tlabel\n"苹果\t梨\t0\n香蕉"\t桃"子\t1\n"整格"\t""\t1\n', encoding="utf-8")
    assert read_table(path).rows == (('"苹果', "梨", "0"), ('香蕉"', '桃"子', "1"), ("整格", "", "1"))


def test_short_rows_are_filled_and_empty_surplus_is_dropped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n\na,b,c\n1\n\n1,2,3,,\n4,5,6\n\n\n", encoding="utf-8")
    table = read_table(path)
    assert table.rows == (("1", "", ""), ("", "", ""), ("1", "2", "3"), ("4", "5", "6"))
    assert table.notes[-1] == "Rows shorter than the header, whose missing cells are read as empty: 1."


def test_a_row_longer_than_the_header_names_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"两\n行",2\n3,4,5\n', encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"Line 4 of a\.csv has 3 cells, but the header has 2"):
        read_table(path)
    set_language("zh")
    with pytest.raises(InvalidValue, match=r"a\.csv 第 4 行有 3 个单元格，表头只有 2 列"):
        read_table(path)


@pytest.mark.parametrize("row", ['"没有关上,1\n继续,2\n', '"关早了"了,1\n'])
def test_quotes_that_do_not_match_name_the_line_they_begin_on(tmp_path, row):
    path = tmp_path / "a.csv"
    path.write_text(f"a,b\n0,0\n{row}", encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"quotes of a\.csv do not match from line 3"):
        read_table(path)
    set_language("zh")
    with pytest.raises(InvalidValue, match="从第 3 行起引号不配对"):
        read_table(path)


def test_repeated_and_missing_names_are_mended_and_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("内容,内容, ,内容_2\n1,2,3,4\n", encoding="utf-8")
    table = read_table(path)
    assert table.columns == ("内容", "内容_3", "column_3", "内容_2")
    assert "column 2 → 内容_3, column 3 → column_3" in table.notes[-1]


def test_a_cell_of_a_million_characters_is_read(tmp_path):
    path = tmp_path / "long.csv"
    long = "长" * 1_000_000
    path.write_text(f'编号,内容\n1,"{long}"\n', encoding="utf-8")
    assert read_table(path).rows == (("1", long),)


def test_two_hundred_thousand_rows_are_quick(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("编号,内容,标签\n" + "1,手机充不进电怎么办,售后\n" * 200_000, encoding="utf-8")
    start = time.process_time()
    assert len(read_table(path)) == 200_000
    assert time.process_time() - start < 5  # about half a second on an idle core


# --- workbooks


def save(workbook, path):
    workbook.save(path)
    workbook.close()


def test_numbers_and_dates_of_a_workbook_stay_what_they_are(tmp_path):
    day, moment = datetime.datetime(2024, 5, 1), datetime.datetime(2024, 5, 1, 12, 30)
    rows = ((1, 2.5, True, day, "x"), (3, 0.1, False, moment, 7), ("", "", "", "", -1))
    table = Table(("a", "b", "c", "d", "e"), rows)
    write_table(table, tmp_path / "a.xlsx")
    back = read_table(tmp_path / "a.xlsx")
    assert back == table
    assert [type(value) for value in back.rows[1]] == [int, float, bool, datetime.datetime, int]


def test_a_formula_without_a_stored_value_is_empty_and_text_is_never_a_formula(tmp_path):
    workbook = openpyxl.Workbook()
    for row in (["内容", "和"], ["甲", "=1+1"]):
        workbook.active.append(row)
    save(workbook, tmp_path / "formula.xlsx")
    assert read_table(tmp_path / "formula.xlsx").rows == (("甲", ""),)
    write_table(Table(("内容",), (("=1+1",), ("#N/A",))), tmp_path / "text.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "text.xlsx").active
    assert [(cell.value, cell.data_type) for cell in sheet["A"][1:]] == [("=1+1", "s"), ("#N/A", "s")]


def test_the_first_visible_sheet_is_read_without_the_emptiness_around_it(tmp_path):
    workbook = openpyxl.Workbook()
    hidden, shown = workbook.active, workbook.create_sheet("评论")
    hidden.sheet_state = "hidden"
    hidden.append(["不该读到"])
    for row in ([], ["内容", None, None], ["甲", "多", None], [], ["乙"], [None]):
        shown.append(row)
    shown["F9"].number_format = "0.00"
    workbook.active = 1
    save(workbook, tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert table.columns == ("内容", "column_2")
    assert table.rows == (("甲", "多"), ("", ""), ("乙", ""))
    assert table.notes[0] == "a.xlsx has 2 sheets; only the first, 评论, is read."


def test_a_workbook_that_understates_its_size_is_read_whole(tmp_path):
    source = io.BytesIO(as_workbook(CUSTOMERS))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'<dimension ref="A1:E6"', b'<dimension ref="A1"'))
    assert read_table(tmp_path / "a.xlsx") == CUSTOMERS


def test_what_a_workbook_cannot_hold_is_said(tmp_path):
    path = tmp_path / "a.xlsx"
    with pytest.warns(UserWarning, match=r"Control characters .* cells changed: 1"):
        write_table(Table(("a",), (("铃\x07声\ufffe",), ("好",))), path)
    assert read_table(path).rows == (("铃声",), ("好",))
    with pytest.raises(InvalidValue, match=r"row 2, column 'a' has 32768 characters.*use \.csv"):
        write_table(Table(("a",), (("长" * 32_768,),)), path)
    with pytest.raises(InvalidValue, match="has 40000 characters"):
        write_table(Table(("a",), (("🍚" * 20_000,),)), path)
    with pytest.raises(InvalidValue, match="has 32774 characters"):  # a carriage return takes seven
        write_table(Table(("a",), (("长" * 32_767 + "\r",),)), path)
    assert read_table(path).rows == (("铃声",), ("好",))  # the mistakes left it alone
    write_table(Table(("a",), (("长" * 32_767,),)), path)
    assert read_table(path).rows == (("长" * 32_767,),)


def test_long_whole_numbers_are_written_as_text(tmp_path):
    write_table(Table(("证件号",), ((110101199001011234,), (10**15 - 1,))), tmp_path / "a.xlsx")
    assert read_table(tmp_path / "a.xlsx").rows == (("110101199001011234",), (10**15 - 1,))


@pytest.mark.parametrize("data", [as_workbook(CUSTOMERS)[:-800], b"PK\x03\x04 nothing", b"a,b\n1,2", b"<html>"])
def test_a_damaged_workbook_is_one_sentence(tmp_path, data):
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(FileProblem, match=r"^a\.xlsx (cannot be read as|is not an) \.xlsx"):
        read_table(path)
    set_language("zh")
    with pytest.raises(FileProblem, match=r"另存为.*\.xlsx。$"):
        read_table(path)


def test_an_old_workbook_says_to_save_it_anew(tmp_path):
    for name in ("a.xls", "a.xlsx", "a.csv"):
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
        with pytest.raises(FileProblem, match=r"save it as \.xlsx"):
            read_table(tmp_path / name)


# --- JSON Lines


def test_keys_are_joined_and_values_kept(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "甲", "n": 1}\n\n{"spans": [[0, 1]], "text": null}\n"一句话"\n', encoding="utf-8")
    table = read_table(path)
    assert table.columns == ("text", "n", "spans")
    assert table.rows == (("甲", 1, None), (None, None, [[0, 1]]), ("一句话", None, None))
    assert table.column("text") == ["甲", "", "一句话"]
    write_table(table, tmp_path / "b.jsonl")
    assert read_table(tmp_path / "b.jsonl") == table
    assert '"n": null' in (tmp_path / "b.jsonl").read_text(encoding="utf-8")


def test_null_is_an_empty_cell_elsewhere_and_nan_is_null(tmp_path):
    table = Table(("a", "b"), ((None, 0.5), ("", float("nan"))))
    write_table(table, tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv").rows == (("", "0.5"), ("", ""))
    write_table(table, tmp_path / "a.jsonl")
    assert read_table(tmp_path / "a.jsonl").rows == ((None, 0.5), ("", None))


def test_half_a_character_is_replaced_and_said(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "\\ud83d\\ude00 好"}\n{"text": "断\\ud83d"}\n', encoding="utf-8")
    table = read_table(path)
    assert table.column("text") == ["😀 好", "断\ufffd"]
    assert table.notes[-1].startswith("Rows with incomplete characters")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": ', "is not valid JSON \\(.*, column 10\\)"),
        ("[1, 2]", "is an array"),
        ("3", "is a number"),
        ("null", "is null"),
    ],
)
def test_a_bad_line_names_its_number(tmp_path, line, said):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"text": "甲"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(InvalidValue, match=f"Line 2 of a.jsonl {said}"):
        read_table(path)
    set_language("zh")
    with pytest.raises(InvalidValue, match=r"a\.jsonl 第 2 行"):
        read_table(path)


# --- files without rows, and files that cannot be written


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx", "a.jsonl", "a.txt"])
def test_an_empty_file_is_said(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(InvalidValue, match="is empty"):
        read_table(tmp_path / name)
    set_language("zh")
    with pytest.raises(InvalidValue, match="是空文件"):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "编号,内容\n\n"), ("a.tsv", "编号\t内容"), ("a.csv", "\n\n"), ("a.jsonl", "\n")]
)
def test_a_table_without_rows_is_said(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidValue, match="has no rows"):
        read_table(tmp_path / name)
    save(openpyxl.Workbook(), tmp_path / "a.xlsx")
    set_language("zh")
    with pytest.raises(InvalidValue, match="没有数据行"):
        read_table(tmp_path / "a.xlsx")


def test_a_missing_file_is_said(tmp_path):
    write_table(CUSTOMERS, tmp_path / "客户评论.xlsx")
    with pytest.raises(FileProblem, match=r"Did you mean 客户评论\.xlsx"):
        read_table(tmp_path / "客户评价.xlsx")


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    with pytest.raises(InvalidValue, match=r"suffix '\.xls' .*\.csv, \.tsv, \.tab, \.xlsx, \.jsonl, \.ndjson, \.txt"):
        write_table(CUSTOMERS, tmp_path / "out.xls")
    set_language("zh")
    with pytest.raises(InvalidValue, match=r"可用的后缀：\.csv"):
        write_table(CUSTOMERS, tmp_path / "out")


def test_a_txt_takes_one_column_of_single_lines(tmp_path):
    with pytest.raises(InvalidValue, match="this table has 5 columns"):
        write_table(CUSTOMERS, tmp_path / "out.txt")
    with pytest.raises(InvalidValue, match="Text 2 has a line break"):
        write_table(Table(("a",), (("好",), ("两\n行",))), tmp_path / "out.txt")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.csv"
    write_table(Table(("a",), (("旧",),)), path)
    with pytest.raises(InvalidValue, match="lone surrogate"):
        write_table(Table(("a",), (("\ud83d",),)), path)
    assert read_table(path).rows == (("旧",),)
    assert [item.name for item in tmp_path.iterdir()] == ["a.csv"]
    with pytest.raises(FileProblem, match="Cannot write"):
        write_table(CUSTOMERS, path / "below-a-file.csv")


def test_csv_opens_in_excel_as_chinese(tmp_path):
    write_table(CUSTOMERS, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(codecs.BOM_UTF8)
