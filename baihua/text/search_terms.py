"""What a text is found by: Chinese characters and pairs of them, words and codes, and parts of words.

Every character is folded by itself (compatibility forms, case and accents), so that a string inside a text stays a
string inside the folded text. From that follows the promise of keyword search: whatever part of a text is typed, if
it holds a letter, a digit or a Chinese character, then its characters, pairs and parts of words are those of the text.

Terms are written in letters and digits only (UTF-16 in hexadecimal behind one letter of kind), so a full-text engine
never sees a quote, an operator or a wildcard that a user typed.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# Up to here scripts put spaces between words (Latin, Greek, Cyrillic, Hebrew, Arabic); beyond it every letter counts
# by itself, as in Chinese, Japanese, Korean and Thai.
_LAST_OF_WORDS = 0x08FF
_IN_WORD = r"(?:(?![\u0900-\U0010ffff_])\w)"
_RUN = re.compile(_IN_WORD + "+")
_CODE = re.compile(rf"{_IN_WORD}+(?:[-_./+#%&@:'’]{_IN_WORD}+)*[+#%]*")
_PIECE = re.compile(r"[^\W\d_]+|\d+|\w")
_CHARACTERS = re.compile(r"(?:(?![\x00-\u08ff])[^\W_])+")
_SYMBOL = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff]")  # arrows, dingbats, emoji
GRAM = 3
MOST_QUERY_TERMS = 400  # of a query of any length; a text that holds the query holds its first 400 terms too


class QueryTerms(NamedTuple):
    """What to look for.

    Args:
        sure: terms that every text containing the query has.
        likely: whole words and codes, which a text containing the query may only have as part of longer ones.
    """

    sure: list[str]
    likely: list[str]


def index_terms(text: str) -> tuple[str, str]:
    """Return the terms that a text is stored under, separated by spaces.

    Args:
        text: any string.

    Returns:
        The whole terms (characters, pairs of neighbours, words, codes and their pieces), each as often as it stands
        in the text; and the parts: for each letter of a word, the three letters that begin there.

    Example:
        >>> [_decoded(term) for term in index_terms("退款 C++")[0].split()]
        ['退', '款', '退款', 'c', 'c++']
        >>> [_decoded(term) for term in index_terms("iPhone")[1].split()]
        ['iph', 'pho', 'hon', 'one', 'ne', 'e']
    """
    whole: list[str] = []
    parts: list[str] = []
    for folded in _forms(text):
        whole += (_encoded("w", term) for term in (*_character_terms(folded), *_word_terms(folded)))
        for run in _RUN.findall(folded):
            parts += (_encoded("p", run[start : start + GRAM]) for start in range(len(run)))
    return " ".join(whole), " ".join(parts)


def query_terms(text: str) -> QueryTerms:
    """Return the terms of a query as full-text expressions, each once; a trailing ``*`` asks for any ending.

    Args:
        text: any string at all; nothing in it is syntax.

    Returns:
        Terms that every text containing ``text`` has, and terms that it may have, at most 400 of each. Both are empty
        when there is no letter, digit, Chinese character or emoji in it.

    Example:
        >>> [_decoded(term) for term in query_terms("退款 C++").sure]
        ['退', '款', '退款', 'c*']
        >>> [_decoded(term) for term in query_terms("退款 C++").likely]
        ['c', 'c++']
        >>> query_terms('"*,')
        QueryTerms(sure=[], likely=[])
    """
    sure: dict[str, None] = {}
    likely: dict[str, None] = {}
    for folded in _forms(text[: 4 * MOST_QUERY_TERMS]):
        sure.update((_encoded("w", term), None) for term in _character_terms(folded))
        likely.update((_encoded("w", term), None) for term in _word_terms(folded))
        for run in _RUN.findall(folded):
            if len(run) < GRAM:
                sure[_encoded("p", run) + "*"] = None
            for start in range(len(run) - GRAM + 1):
                sure[_encoded("p", run[start : start + GRAM])] = None
    return QueryTerms(list(sure)[:MOST_QUERY_TERMS], list(likely)[:MOST_QUERY_TERMS])


def fold(text: str) -> str:
    """Return a text without differences of width, case, compatibility form or accent, character by character.

    Example:
        >>> fold("ＡＢＣ１２ Café ㎏ 𠮷㈱ガ")
        'abc12 cafe kg 𠮷(株)ガ'
    """
    return text.translate(_FOLDS)


class _Folds(dict[int, str]):
    """The folded form of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


_FOLDS = _Folds()


def _fold_character(character: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    in_words = all(ord(letter) <= _LAST_OF_WORDS for letter in plain if letter.isalnum())
    if not in_words:
        plain = unicodedata.normalize("NFC", plain)  # one Hangul syllable, one kana with its voicing mark
    kept = "".join(letter for letter in plain if unicodedata.category(letter)[0] != "M")
    if character.isalnum() and not any(map(str.isalnum, kept)):
        return character.casefold()  # a letter that is nothing but a mark, such as the half-width ﾞ
    return kept


def _forms(text: str) -> list[str]:
    """The folded text; and where characters of the text belong together (が as か and a mark), folded as one."""
    folded = fold(text)
    composed = fold(unicodedata.normalize("NFKC", text))
    return [folded] if composed == folded else [folded, composed]


def _character_terms(folded: str) -> Iterator[str]:
    """Characters and pairs of neighbours: part of a text has no others than the text has."""
    for run in _CHARACTERS.findall(folded):
        yield from run
        yield from (run[start : start + 2] for start in range(len(run) - 1))
    yield from _SYMBOL.findall(folded)


def _word_terms(folded: str) -> Iterator[str]:
    """Words, codes and their pieces: where part of a text begins or ends within a word, it has others than the text."""
    for run in _RUN.findall(folded):
        yield run
        pieces = _PIECE.findall(run)
        if len(pieces) > 1:
            yield from pieces
    yield from (code for code in _CODE.findall(folded) if not _RUN.fullmatch(code))


@lru_cache(maxsize=100_000)
def _encoded(kind: str, term: str) -> str:
    return kind + term.encode("utf-16-be", "surrogatepass").hex()


def _decoded(term: str) -> str:
    """Return a term as it reads, for whoever looks into an index."""
    letters, star = (term[1:-1], "*") if term.endswith("*") else (term[1:], "")
    return bytes.fromhex(letters).decode("utf-16-be", "surrogatepass") + star
