"""Characters that nobody typed: traces of wrong decoding, controls, private use, and what cannot be seen."""

import re
import unicodedata

# 锟斤拷 is U+FFFD twice, written as UTF-8 and read as GBK; 烫 and 屯 are memory never written to, read as GBK.
# 锛 銆 鈥 begin ，。” of UTF-8 when read as GBK, and stand in no other text.
_FAMOUS = re.compile("锟斤|斤拷|烫烫烫烫|屯屯屯屯|[锛銆鈥]")
_BYTES_OF_CP1252 = {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in b"\x81\x8d\x8f\x90\x9d"
}
_AS_LATIN = re.compile("[\u0080-\u00ff" + "".join(_BYTES_OF_CP1252) + "]{2,}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_SEEN_CONTROLS = "\t\n\r"
KINDS = ("replacement", "mojibake", "control", "private_use", "invisible")


def suspicious_kinds(text: str) -> set[str]:
    r"""Return what is suspicious about a text.

    Args:
        text: any string.

    Returns:
        Any of ``"replacement"`` (U+FFFD, written where bytes could not be decoded), ``"mojibake"`` (UTF-8 read as GBK or
        as Latin-1, 锟斤拷), ``"control"`` (control characters other than tab and line ends), ``"private_use"``
        (characters of one font alone) and ``"invisible"`` (zero-width spaces, soft hyphens, direction marks, byte order
        marks within a text; the joiner inside an emoji is none).

    Example:
        >>> sorted(suspicious_kinds("锟斤拷\u200b")), suspicious_kinds("手机充不进电\n😀")
        (['invisible', 'mojibake'], set())
        >>> suspicious_kinds("怎么退款".encode().decode("latin-1"))
        {'mojibake'}
    """
    kinds = {kind for kind in map(_kind_of, set(text)) if kind is not None}
    if is_mojibake(text):
        return kinds - {"control"} | {"mojibake"}  # the controls are bytes of the wrong decoding
    return kinds


def is_mojibake(text: str) -> bool:
    """Say whether a text is Chinese in UTF-8 that was read as GBK or Latin-1, or holds one of the well-known traces.

    Example:
        >>> is_mojibake("手机充不进电".encode().decode("gbk")), is_mojibake("手机充不进电")
        (True, False)
    """
    if text.isascii():
        return False
    return bool(_FAMOUS.search(text)) or _was_read_as_gbk(text) or any(map(_was_read_as_latin, _AS_LATIN.findall(text)))


def _was_read_as_gbk(text: str) -> bool:
    """Undo the wrong reading, with gaps where it lost bytes, and see whether half of it or more becomes Chinese.

    The bytes of Chinese text in GBK form a Chinese character of UTF-8 by chance about once in a hundred.
    """
    data = text.replace("\ufffd", " ").encode("gb18030", errors="replace")
    meant = _CHINESE.findall(data.decode("utf-8", errors="replace"))
    return len(meant) >= 2 and 3 * len(meant) >= 0.5 * sum(byte >= 0x80 for byte in data)


def _was_read_as_latin(run: str) -> bool:
    meant_bytes = bytes(_BYTES_OF_CP1252.get(character, ord(character) & 0xFF) for character in run)
    try:
        return bool(meant_bytes.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _kind_of(character: str) -> str | None:
    if character.isascii() and character >= " " and character != "\x7f":
        return None
    if character == "\ufffd":
        return "replacement"
    category = unicodedata.category(character)
    if category == "Cc":
        return None if character in _SEEN_CONTROLS else "control"
    if category == "Co":
        return "private_use"
    return "invisible" if category == "Cf" and character != "\u200d" else None
