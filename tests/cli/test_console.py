"""What a verb prints: columns that line up, one JSON object, notes that can be silenced."""

import json
import subprocess
import sys
import warnings

import pytest
from rich.cells import cell_len

from baihua.checks import FileProblem, InvalidValue
from baihua.cli import console
from baihua.cli.help import both, spoken, wrap
from baihua.language import set_language


@pytest.fixture(autouse=True)
def console_as_before():
    set_language("en")
    yield
    set_language(None)
    console.configure(as_json=False, quiet=False)


def test_columns_line_up_whatever_the_width_of_the_characters():
    lines = console.align([("集", "分"), ("STS-B", "74.1"), ("中文测试集", "8")], right=[1]).splitlines()
    assert {cell_len(line) for line in lines} == {16}
    assert lines[1] == "STS-B       74.1"


def test_json_is_one_object_and_nothing_else(capsys):
    console.configure(as_json=True, quiet=False)
    console.answer({"text": "你好", "value": 0.5, "none": None}, "for people")
    assert json.loads(capsys.readouterr().out) == {"text": "你好", "value": 0.5, "none": None}
    with pytest.raises(ValueError, match="JSON compliant"):
        console.answer({"value": float("nan")}, "")


def test_notes_are_single_lines_on_standard_error_and_quiet_leaves_them_out(capsys):
    console.note("one\ntwo")
    console.configure(as_json=False, quiet=True)
    console.note("three")
    console.complain("a mistake is said all the same")
    assert capsys.readouterr() == ("", "one two\na mistake is said all the same\n")


def test_warnings_of_the_package_become_notes(capsys):
    with console.warnings_as_notes():
        code = compile("import warnings\nwarnings.warn('长文本被截断')", str(console._PACKAGE_FOLDER / "x.py"), "exec")
        exec(code, {"__name__": "baihua.x"})
    assert capsys.readouterr().err == "长文本被截断\n"


def test_warnings_of_other_packages_stay_warnings():
    with pytest.warns(UserWarning, match="elsewhere"), console.warnings_as_notes():
        warnings.warn("elsewhere", stacklevel=1)


def test_whole_numbers():
    assert console.whole_number("--claim", None) is None
    assert console.whole_number("--claim", "12") == 12
    for text in ("0", "-1", "1.5", "一二", ""):
        with pytest.raises(InvalidValue, match="--claim must be a whole number of at least 1"):
            console.whole_number("--claim", text)


def test_a_file_has_to_be_there(tmp_path):
    with pytest.raises(FileProblem, match=r"no file '.*missing.csv'"):
        console.existing_file(str(tmp_path / "missing.csv"))
    with pytest.raises(FileProblem):
        console.existing_file(str(tmp_path))


def test_help_is_held_in_both_languages():
    text = both(zh="中文", en="English")
    assert spoken(text) == "English"
    set_language("zh")
    assert spoken(text) == "中文"
    assert spoken("only one") == "only one"
    assert spoken(None) == ""


def test_wrapped_lines_fit_keep_every_character_and_begin_with_no_closing_punctuation():
    text = "白话 baihua 读作 bái huà，意思是大白话（人人看得懂）；--encoder NAME|FOLDER 选编码器。"
    for width in range(14, 60):
        lines = wrap(text, width)
        assert all(cell_len(line) <= width for line in lines if len(line.split()) > 1)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[0] in "，；。）" for line in lines)


def test_a_pipe_that_closed_takes_no_more_output():
    code = "from baihua.cli import console; console.forget_output(); print('x' * 100_000)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
