"""Running a verb in this process, and one table as people save it in three ways."""

import csv
import json

import openpyxl
import pytest

from baihua.__main__ import main
from baihua.cli import console
from baihua.language import set_language

COLUMNS = ("编号", "内容", "对比", "标签", "备注")
ROWS = (
    ("001", "手机充不进电怎么办", "手机没法充电了怎么办", "售后", ""),
    ("002", "", "今天天气怎么样", "其他", "空格子"),
    ("003", "第一行，说的是退款\n第二行，说的是退货", "怎么退款退货", "售后", "单元格里有换行"),
    ("004", "信用卡怎么还款", "", "金融", '带,逗号"与引号'),
    ("005", "花呗𠮷祥如何还款😀", "花呗怎么还款", "金融", ""),
    ("006", " ", "", "", ""),
)


@pytest.fixture
def run(capsys, monkeypatch):
    """Return a function that runs a command line in this process: words to (exit code, output, what was said)."""
    monkeypatch.setenv("BAIHUA_LANG", "en")

    def run_words(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    yield run_words
    set_language(None)
    console.configure(as_json=False, quiet=False)


@pytest.fixture
def answer(run):
    """Return a function that runs a verb with ``--json`` and returns its one object."""

    def run_words(*words):
        code, out, said = run(*words, "--json")
        assert code == 0, said
        assert out.endswith("\n")
        return json.loads(out)

    return run_words


def save_gb18030_csv(folder):
    path = folder / "table.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    return path


def save_utf16_tabs(folder):
    path = folder / "table.tsv"
    with path.open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([COLUMNS, *ROWS])
    return path


def save_workbook(folder):
    path = folder / "table.xlsx"
    book = openpyxl.Workbook()
    for row in (COLUMNS, *ROWS):
        book.active.append(row)
    book.save(path)
    return path


@pytest.fixture(params=[save_gb18030_csv, save_utf16_tabs, save_workbook], ids=["gb18030", "utf16", "xlsx"])
def table_file(request, tmp_path):
    """The table in one of three forms."""
    return request.param(tmp_path)


@pytest.fixture
def csv_file(tmp_path):
    """The table as GB18030 CSV."""
    return save_gb18030_csv(tmp_path)
