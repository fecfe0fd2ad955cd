"""The form under which two texts count as the same, and what makes two similar texts worth a second look."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

_RUN = re.compile(r"[\W_]+")  # everything that is no letter and no digit: punctuation, spaces, symbols, marks
_LETTER = "a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff"  # Latin, Greek, Cyrillic
_WORD = re.compile(f"[{_LETTER}]+[+#]*")
_SMALL_WORDS = re.compile("一(?=[下直样樣些起定般旦会會致向切])")
_NUMBER = re.compile(r"[-+−$¥£€]?\d+(?:[^\w]+\d+)*[%‰]?|[零〇一二两兩三四五六七八九十百千万萬亿億半]+")
_NEGATIONS = {"不": "不", "没": "没", "沒": "没", "无": "无", "無": "无", "未": "未", "非": "非"}
_NEGATIONS |= {"别": "别", "別": "别", "勿": "勿"}


class Marks(NamedTuple):
    """What may not differ between two texts that say the same.

    Args:
        numbers: the numbers in their order, with sign, currency, inner marks and per cent: ``("3.5",)``, ``("三",)``.
        words: the words in Latin, Greek or Cyrillic letters, in their order.
        negations: the negating characters, sorted; 沒, 無 and 別 as 没, 无 and 别.
    """

    numbers: tuple[str, ...]
    words: tuple[str, ...]
    negations: tuple[str, ...]


def normal_form(text: str) -> str:
    """Return the form under which texts count as the same: width, case, punctuation and white space do not matter.

    The text is brought to NFKC (full-width letters and digits become ordinary ones) and case-folded. Then these go:
    punctuation (Unicode categories P*), white space (Z* and control characters, Cc), invisible characters (Cf, such
    as the zero-width space), and the signs used like punctuation (Sk such as ^, and ~). Nothing else: traditional
    characters, emoji, + and currency signs stay. Where punctuation carries a value it stays as well: any between two
    digits (3.5 is not 35, nor 10:30 1030), % and ‰ after a digit, # after a letter (C#), a hyphen before a digit that
    no letter precedes (-5). A text of punctuation alone keeps it, without white space.

    Args:
        text: any string.

    Returns:
        The form; empty only for a text without any visible character. The form of a form is itself.

    Example:
        >>> normal_form("ＡＰＰ 打不开，怎么办？？") == normal_form("app打不开怎么办")
        True
        >>> normal_form("3.5 折！"), normal_form("35折"), normal_form("……")
        ('3.5折', '35折', '...')
    """
    folded = _fold(text)
    form = _fold(_RUN.sub(_keep_values, folded))
    return form or "".join(character for character in folded if not _is_blank(character))


def marks_of(text: str) -> Marks:
    """Return what may not differ between texts that say the same, read from the text's `normal_form`.

    一 is no number in 一下, 一直, 一样 and the like. Every 不 没 无 未 非 别 勿 counts, also in words where it negates nothing
    (非常, 特别, 沉没): those only matter where the other text has not got them.

    Example:
        >>> marks_of("充１００送10，iPhone15 不能用")
        Marks(numbers=('100', '10', '15'), words=('iphone',), negations=('不',))
    """
    form = normal_form(text)
    numbers = _NUMBER.findall(_SMALL_WORDS.sub("", form))
    negations = sorted(_NEGATIONS[character] for character in form if character in _NEGATIONS)
    return Marks(tuple(numbers), tuple(_WORD.findall(form)), tuple(negations))


def risky_difference(first: str, second: str) -> str | None:
    """Say why two similar texts may not mean the same, however alike their vectors are.

    Numbers and words are compared as sequences, since 充100送10 is not 充10送100; negations by how often each occurs,
    wherever they stand, so 不去北京去上海 and 去北京不去上海 pass.

    Args:
        first: a text.
        second: the other; the order does not matter.

    Returns:
        ``"number"`` (digits or Chinese numerals), ``"word"`` (Latin, Greek or Cyrillic letters), ``"negation"``, or
        None. Texts of the same `normal_form` give None.

    Example:
        >>> risky_difference("能开发票", "不能开发票"), risky_difference("充100送10", "充1000送10")
        ('negation', 'number')
        >>> risky_difference("怎么退款", "如何退款") is None
        True
    """
    return differing_mark(marks_of(first), marks_of(second))


def differing_mark(first: Marks, second: Marks) -> str | None:
    """Return the first kind in which two `Marks` differ; see `risky_difference`."""
    if first.numbers != second.numbers:
        return "number"
    if first.words != second.words:
        return "word"
    return "negation" if first.negations != second.negations else None


def _fold(text: str) -> str:
    """NFKC and case folding; twice, because folding can give a character that NFKC takes apart (Unicode, D146)."""
    for _ in range(2):
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return text


def _keep_values(match: re.Match[str]) -> str:
    """Return what stays of a run of characters that are no letters or digits."""
    text, run = match.string, match.group()
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    if before.isdecimal() and after.isdecimal():
        seen = "".join(character for character in run if not _is_blank(character))
        return seen or (" " if any(character.isspace() for character in run) else "")
    sign = "-" if run.endswith("-") and after.isdecimal() and not _WORD.match(before) else ""
    stay = ("%‰" if before.isdecimal() else "") + ("#" if _WORD.match(before) else "")
    return "".join(character for character in run if character in stay or not _is_punctuation(character)) + sign


@cache
def _is_punctuation(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "PZ" or category in ("Cc", "Cf", "Sk") or character == "~"


@cache
def _is_blank(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "Z" or category in ("Cc", "Cf")
