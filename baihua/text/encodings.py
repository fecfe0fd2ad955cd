"""Bytes to text, with the encoding found rather than assumed.

A mark at the start decides; without one the bytes are UTF-8 if they are valid UTF-8, else GB18030 (which contains
GBK and GB2312). Decoding is strict: a file that is neither is refused with the byte where it goes wrong, instead of
being read as nonsense. The locale's encoding plays no part.
"""

import codecs
import difflib
import re
from pathlib import Path

from baihua.checks import FileProblem, InvalidValue
from baihua.language import say

# The mark of UTF-32 LE begins with that of UTF-16 LE, so it is tried first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
BINARY_STARTS = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"\x93NUMPY\x01", "NumPy"),
    (b"\x93NUMPY\x02", "NumPy"),
    *((b"\x80" + bytes([protocol]), "pickle") for protocol in range(2, 6)),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_LINE_END = re.compile("\r\n|\r")


def read_bytes(path: str | Path) -> bytes:
    """Return a file's bytes, or say what is wrong with it.

    Args:
        path: the file.

    Raises:
        FileProblem: when it is missing (naming a file of nearly the same name beside it), a folder, or unreadable.
        InvalidValue: when it is empty.
    """
    place = Path(path)
    if place.is_dir():
        raise FileProblem(
            zh=f"{place} 是文件夹；请给出其中一个文件。",
            en=f"{place} is a folder; name a file in it.",
        )
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        raise _missing(place) from None
    except OSError as error:
        raise FileProblem(
            zh=f"读不了 {place}：{error.strerror or error}。请检查文件是否存在、是否有权限读取。",
            en=f"Cannot read {place}: {error.strerror or error}. Check that it exists and that you may read it.",
        ) from error
    if not data:
        raise InvalidValue(
            zh=f"{place} 是空文件（0 字节）；请给出有内容的文件。",
            en=f"{place} is empty (0 bytes); give a file with something in it.",
        )
    return data


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Find the encoding of some bytes and return the text with it.

    Args:
        data: the bytes of a text file.
        name: the file's name, for the messages.

    Returns:
        The text without its mark, and Python's name of the encoding: ``"utf-8"``, ``"utf-8-sig"`` (with mark),
        ``"utf-16-le"``, ``"utf-16-be"``, ``"utf-32-le"``, ``"utf-32-be"`` or ``"gb18030"``.

    Raises:
        FileProblem: when the bytes are no text (naming what they are, where that is known) or break off within a
            character, naming the byte (counted from 0) and the line.

    Example:
        >>> decode("类别".encode("gbk"), "old.csv")
        ('类别', 'gb18030')
    """
    _refuse_binary(data, name)
    for mark, encoding, codec in MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(codec)
            except UnicodeDecodeError as error:
                raise _broken(data, name, encoding_name(encoding), len(mark) + error.start) from error
            break
    else:
        text, encoding = _decode_without_mark(data, name)
    if "\x00" in text:
        raise _has_nul(name, data.find(b"\x00"))
    return text.lstrip("\ufeff"), encoding


def encoding_name(encoding: str) -> str:
    """Return the name of an encoding as people say it, in the current language.

    Example:
        >>> encoding_name("gb18030")
        'GB18030'
    """
    if encoding == "utf-8-sig":
        return say(zh="带标记（BOM）的 UTF-8", en="UTF-8 with mark (BOM)")
    return {"utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE"}.get(encoding, encoding.upper())


def split_lines(text: str) -> list[str]:
    r"""Split at line ends (``\n``, ``\r\n``, ``\r``) and nowhere else.

    `str.splitlines` also splits at U+2028, form feeds and others, which occur inside texts copied from the web and
    would put every later line out of step. The line end that closes the text does not begin another line.

    Example:
        >>> split_lines("一\r\n\n二\u2028三\n")
        ['一', '', '二\u2028三']
    """
    lines = _LINE_END.sub("\n", text).split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def _decode_without_mark(data: bytes, name: str) -> tuple[str, str]:
    if b"\x00" in data:
        raise _has_nul(name, data.find(b"\x00"))
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        broken = error
    if _was_utf8(data, broken):
        raise _broken(data, name, "UTF-8", broken.start)
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise FileProblem(
            zh=f"{name} 不是文本或表格：按 UTF-8 读在第 {broken.start} 字节出错，按 GB18030 读在第 {error.start} "
            f"字节（第 {_line(data, error.start)} 行）出错。若是文本，请另存为 UTF-8。",
            en=f"{name} is not a text or table: it is no UTF-8 at byte {broken.start} and no GB18030 at byte "
            f"{error.start} (line {_line(data, error.start)}). If it is a text, save it as UTF-8.",
        ) from error
    _refuse_nonsense(text, name)
    return text, "gb18030"


def _was_utf8(data: bytes, error: UnicodeDecodeError) -> bool:
    """Say whether bytes that are not valid UTF-8 nevertheless were meant as UTF-8.

    Chinese text in UTF-8 that is cut short or damaged is often valid GB18030 by chance, and would be read as
    nonsense. Text in GB18030 has next to no run of valid UTF-8 in it, so a few valid characters settle it.
    """
    needed = 1 if error.end == len(data) and error.reason == "unexpected end of data" else 4
    before = data[: error.start].decode("utf-8")
    return sum(1 for _, _ in zip(_NOT_ASCII.finditer(before), range(needed), strict=False)) == needed


def _refuse_nonsense(text: str, name: str) -> None:
    """Refuse what GB18030 decodes but nobody wrote, such as Big5 or a compressed file.

    Both give control characters and characters of private use, which real text has next to none of.
    """
    sample = text[:100_000]
    odd = len(_CONTROL.findall(sample))
    of = len(_NOT_ASCII.findall(sample)) + odd
    odd += len(_PRIVATE_USE.findall(sample))
    if odd > 0.02 * of:
        raise FileProblem(
            zh=f"{name} 不是 UTF-8，也不像 GB18030 文本（{of} 个非 ASCII 字符中有 {odd} 个不会出现在文本里）；"
            "若是 Big5 等其他编码的文本，请另存为 UTF-8。",
            en=f"{name} is not UTF-8 and does not look like GB18030 text either ({odd} of {of} characters outside "
            "ASCII never occur in text); if it is text in another encoding such as Big5, save it as UTF-8.",
        )


def _refuse_binary(data: bytes, name: str) -> None:
    if data.startswith(OLD_EXCEL):
        raise FileProblem(
            zh=f"{name} 是旧版 Excel（.xls）或加了密码的工作簿，读不了；请在 Excel 或 WPS 里另存为不带密码的 .xlsx。",
            en=f"{name} is an old Excel file (.xls) or has a password, which cannot be read; save it as .xlsx without "
            "a password.",
        )
    if data.startswith(ZIP):
        raise FileProblem(
            zh=f"{name} 是 zip 压缩包，不是文本；若是 Excel 工作簿，请把后缀改成 .xlsx，否则请先解压。",
            en=f"{name} is a zip archive, not text; if it is an Excel workbook, rename it to .xlsx, else unpack it first.",
        )
    for start, kind in BINARY_STARTS:
        if data.startswith(start):
            raise FileProblem(
                zh=f"{name} 是 {kind} 文件，不是文本或表格；请给出 .csv、.tsv、.xlsx、.jsonl 或 .txt 文件。",
                en=f"{name} is a {kind} file, not a text or table; give a .csv, .tsv, .xlsx, .jsonl or .txt file.",
            )


def _has_nul(name: str, position: int) -> FileProblem:
    return FileProblem(
        zh=f"{name} 不是文本或表格：第 {position} 字节附近有空字节（NUL）。若是不带标记的 UTF-16 文本，请另存为 UTF-8。",
        en=f"{name} is not a text or table: there is a NUL byte near byte {position}. If it is UTF-16 text without a "
        "mark, save it as UTF-8.",
    )


def _broken(data: bytes, name: str, encoding: str, position: int) -> FileProblem:
    line = _line(data, position)
    return FileProblem(
        zh=f"{name} 应是 {encoding}，但第 {position} 字节（第 {line} 行）处的字符不完整或已损坏，文件可能被截断；"
        "请重新导出或另存为 UTF-8。",
        en=f"{name} should be {encoding}, but the character at byte {position} (line {line}) is incomplete or damaged; "
        "the file may be cut short. Export it again or save it as UTF-8.",
    )


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _missing(place: Path) -> FileProblem:
    folder = place.parent
    if not folder.is_dir():
        return FileProblem(
            zh=f"找不到文件 {place}：没有文件夹 {folder}。请检查路径。",
            en=f"There is no file {place}: the folder {folder} does not exist. Check the path.",
        )
    try:
        names = [item.name for item in folder.iterdir() if item.is_file()]
    except OSError:
        names = []
    near = difflib.get_close_matches(place.name, names, n=1, cutoff=0.6)
    return FileProblem(
        zh=f"找不到文件 {place}。" + (f"您要的是 {near[0]} 吗？" if near else "请检查路径。"),
        en=f"There is no file {place}. " + (f"Did you mean {near[0]}?" if near else "Check the path."),
    )
