"""Files of public sets: what is no UTF-8, or not there, is said in one sentence."""

import pytest

from baihua.benchmarks.raw_files import open_raw
from baihua.checks import FileProblem, InvalidValue


def test_a_mark_is_no_text_and_line_ends_stay(tmp_path):
    path = tmp_path / "set.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "一\t二\r\n".encode())
    with open_raw(path) as stream:
        assert stream.read() == "一\t二\r\n"


def test_another_encoding_is_named_with_its_place(tmp_path):
    path = tmp_path / "set.txt"
    path.write_bytes(b"abc" + "退款".encode("gb18030"))
    with pytest.raises(InvalidValue, match=r"set\.txt is not UTF-8 \(near byte 3\)"), open_raw(path) as stream:
        stream.read()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileProblem, match=r"none\.txt: No such file"), open_raw(tmp_path / "none.txt"):
        pass
