"""Terms: made of letters and digits only, and those of a part are among those of the whole."""

import re
import sys
import unicodedata

import numpy as np
import pytest

from baihua.text.search_terms import MOST_QUERY_TERMS, fold, index_terms, query_terms


def matches(query, text):
    """Whether the terms of a query, as full text reads them, find a text."""
    terms = " ".join(index_terms(text)).split()
    wanted = [*query_terms(query).sure, *query_terms(query).likely]
    return any(
        any(term.startswith(one[:-1]) for term in terms) if one.endswith("*") else one in terms for one in wanted
    )


def has_all_sure_terms(query, text):
    terms = " ".join(index_terms(text)).split()
    return all(
        any(term.startswith(one[:-1]) for term in terms) if one.endswith("*") else one in terms
        for one in query_terms(query).sure
    )


def random_text(rng, length):
    ranges = ((0, 0x250), (0x250, 0x3000), (0x3000, 0xA000), (0xA000, 0x10000), (0x10000, 0x20000), (0x20000, 0x110000))
    return "".join(chr(rng.integers(*ranges[rng.integers(len(ranges))])) for _ in range(length))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("退", "怎么申请退款"),
        ("退款", "怎么申请退款"),
        ("iPhone15", "新买的ｉＰｈｏｎｅ１５发热"),
        ("iphone", "iPhone15发热"),
        ("15", "iPhone15发热"),
        ("h", "iPhone15发热"),
        ("BENCH-100821", "工单BENCH-100821未处理"),
        ("100821", "工单BENCH-100821未处理"),
        ("0082", "工单BENCH-100821未处理"),
        ("C++", "学c++还是Java"),
        ("50%", "打折５０％"),
        ("cafe", "CAFÉ"),
        ("é", "cafe\u0301"),
        ("e", "caf\u00e9"),
        ("が", "か\u3099んばる"),
        ("か", "がんばる か"),
        ("한국", unicodedata.normalize("NFD", "한국어")),
        ("ελλ", "ΕΛΛΑΔΑ"),
        ("москва", "в Москва́х"),
        ("ﾞ", "ﾃﾞﾄﾞ"),
        ("①", "第1步"),
        ("㎏", "5kg"),
        ("𠮷", "𠮷野家"),
        ("😀", "好😀"),
        ("ß", "STRASSE"),
        ("İ", "istanbul"),
    ],
)
def test_what_finds_what(query, text):
    assert matches(query, text)


@pytest.mark.parametrize(
    "query", ['"a, *', "NEAR(a, b)", "a AND b OR NOT c", "列:值", "a*", "-退", "{a}", "a\0b", "'", "\ud83d"]
)
def test_no_character_of_a_query_reaches_the_full_text_engine(query):
    for term in (*query_terms(query).sure, *query_terms(query).likely):
        assert re.fullmatch(r"[wp][0-9a-f]+\*?", term)
    for column in index_terms(query):
        assert re.fullmatch(r"(?:[wp][0-9a-f]+ ?)*", column)


def test_terms_of_a_part_are_terms_of_the_whole():
    rng = np.random.default_rng(0)
    for _ in range(1000):
        whole = random_text(rng, 12)
        start, stop = sorted(rng.integers(0, 13, 2))
        part = whole[start:stop]
        if unicodedata.normalize("NFKC", part) == part:  # else its composed form need not be part of the whole's
            assert has_all_sure_terms(part, whole), (part, whole)
        if any(map(str.isalnum, part)):
            assert matches(part, whole), (part, whole)


def test_letters_and_digits_of_all_of_unicode_have_a_term():
    for code in (*range(0x3400), *range(0x3400, sys.maxunicode + 1, 11)):  # a fair part of the large blocks
        if chr(code).isalnum():
            assert query_terms(chr(code)).sure, hex(code)


def test_folding_goes_character_by_character():
    rng = np.random.default_rng(1)
    for _ in range(300):
        first, second = random_text(rng, 5), random_text(rng, 5)
        assert fold(first + second) == fold(first) + fold(second)


def test_the_same_word_in_other_width_and_case_has_the_same_terms():
    assert index_terms("ＩＰＨＯＮＥ１５ 退款") == index_terms("iphone15 退款")
    assert index_terms("C++") != index_terms("C")


def test_a_long_query_is_searched_by_its_beginning():
    text = "".join(map(chr, range(0x4E00, 0x9000)))
    terms = query_terms(text)
    assert len(terms.sure) == MOST_QUERY_TERMS
    assert has_all_sure_terms(text, text)
