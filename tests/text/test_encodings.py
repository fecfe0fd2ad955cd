import codecs
import gzip
import io
import pickle
import zipfile

import pytest

from baihua.checks import FileProblem, InvalidValue
from baihua.language import set_language
from baihua.text.encodings import decode, encoding_name, read_bytes, split_lines

TEXT = "编号\t内容\n1\t手机充不进电，怎么办？\n2\t𠮷野家 🍚\n"


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode("utf-8"), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32-le"),
        (TEXT.encode("gb18030"), "gb18030"),
        (b"plain ascii", "utf-8"),
    ],
)
def test_every_encoding_is_found_and_read_whole(data, encoding):
    text, found = decode(data, "file.txt")
    assert found == encoding
    assert text == ("plain ascii" if data == b"plain ascii" else TEXT)


@pytest.mark.parametrize("encoding", ["gb2312", "gbk"])
def test_the_older_chinese_encodings_are_parts_of_gb18030(encoding):
    assert decode("类别：新闻".encode(encoding), "old.csv") == ("类别：新闻", "gb18030")


def test_the_environments_encoding_plays_no_part(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    monkeypatch.setenv("LC_ALL", "C")
    assert decode("你好".encode(), "a.txt") == ("你好", "utf-8")


def test_a_text_cut_within_its_last_character_is_never_read_as_nonsense():
    data = TEXT.rstrip("\n").encode()
    cut = data[:-1]
    with pytest.raises(FileProblem, match=rf"should be UTF-8, but the character at byte {len(data) - 4} \(line 3\)"):
        decode(cut, "cut.tsv")
    # Two bytes less would even be valid GB18030.
    chinese = "编号,内容\n1,手机充不进电怎么办".encode()[:-1]
    assert chinese.decode("gb18030")
    with pytest.raises(FileProblem, match=f"byte {len(chinese) - 2}"):
        decode(chinese, "cut.csv")


def test_damage_in_the_middle_names_the_byte_and_the_line():
    data = bytearray("第一行的文字\n第二行的文字\n".encode())
    data[22] = 0xFF
    with pytest.raises(FileProblem, match=r"byte 22 \(line 2\)"):
        decode(bytes(data), "damaged.txt")


def test_a_utf16_text_cut_in_half_a_character_names_the_byte():
    data = codecs.BOM_UTF16_LE + "你好".encode("utf-16-le")
    with pytest.raises(FileProblem, match="UTF-16 LE, but the character at byte 4"):
        decode(data[:-1], "cut.txt")


def test_gb18030_cut_short_is_refused():
    data = "手机充不进电".encode("gb18030")[:-1]
    with pytest.raises(FileProblem, match="no GB18030 at byte 10"):
        decode(data, "cut.txt")


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("a.txt", "a")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7 ...", "is a PDF file"),
        (b"\x89PNG\r\n\x1a\n....", "is a PNG file"),
        (gzip.compress("你好".encode()), "is a gzip file"),
        (pickle.dumps({"a": [1.0]}), "is a pickle file"),
        (archive(), "zip archive.*rename it to .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "save it as .xlsx"),
        ("你好世界".encode("utf-16-le") + "a".encode("utf-16-le"), "NUL byte near byte 9"),
        (bytes(range(1, 256)) * 3, "is not a text or table"),
        ("résumé — élève, garçon".encode("latin-1", "replace"), "is not a text or table|does not look like GB18030"),
        ("的是不我一在人有這個學生們要到中國來，大家對於電腦的使用".encode("big5"), "such as Big5"),
    ],
)
def test_what_is_no_text_is_refused_by_name(data, said):
    with pytest.raises(FileProblem, match=said):
        decode(data, "thing.csv")
    set_language("zh")
    with pytest.raises(FileProblem, match=r"thing\.csv.*(不是|旧版)"):
        decode(data, "thing.csv")


def test_a_mark_alone_is_an_empty_text():
    assert decode(codecs.BOM_UTF8, "a.txt") == ("", "utf-8-sig")


def test_files_that_cannot_be_read_say_why(tmp_path):
    (tmp_path / "comments.csv").write_bytes(b"a")
    with pytest.raises(FileProblem, match=r"no file .*coments\.csv\. Did you mean comments\.csv\?"):
        read_bytes(tmp_path / "coments.csv")
    with pytest.raises(FileProblem, match=r"folder .*nowhere does not exist"):
        read_bytes(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(FileProblem, match="is a folder"):
        read_bytes(tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InvalidValue, match="empty"):
        read_bytes(tmp_path / "empty.csv")
    set_language("zh")
    with pytest.raises(FileProblem, match=r"找不到文件.*您要的是 comments\.csv 吗"):
        read_bytes(tmp_path / "coments.csv")
    with pytest.raises(FileProblem, match="是文件夹"):
        read_bytes(tmp_path)


def test_lines_end_only_at_line_ends():
    inside = "\x0b\x0c\x1c\x85\u2028\u2029"
    assert split_lines(f"一{inside}\r\n\r二\n\n") == [f"一{inside}", "", "二", ""]
    assert split_lines("") == []
    assert split_lines("\n") == [""]
    assert split_lines("没有换行") == ["没有换行"]


def test_encodings_are_named_as_people_say_them():
    assert encoding_name("utf-16-be") == "UTF-16 BE"
    assert encoding_name("utf-8-sig") == "UTF-8 with mark (BOM)"
    set_language("zh")
    assert encoding_name("utf-8-sig") == "带标记（BOM）的 UTF-8"
