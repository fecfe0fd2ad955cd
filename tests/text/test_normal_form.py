import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baihua.text.normal_form import differing_mark, marks_of, normal_form, risky_difference

SAME = [
    ("手机充不进电，怎么办？", "手机充不进电 怎么办"),
    ("ＡＰＰ打不开", "app打不开！"),
    ("iPhone 15 多少钱", "IPHONE15多少钱"),
    ("充１００送１０", "充100送10。"),
    ("好的～", "好的"),
    ("看\u200b不见的\ufeff字\u00ad符", "看不见的字符"),
    ("第一行\r\n第二行\t完", "第一行第二行　完"),
    ("Wi-Fi 连不上", "wifi连不上"),
    ("100.", "100"),
    ("「退款」", "退款"),
    ("10：30 到", "10:30到"),
    ("1 . 5 折", "1.5折"),
    ("50 ％", "50%"),
    ("①号", "1号"),
    ("（＾_＾）好", "好"),
]
DIFFERENT = [
    ("3.5折", "35折"),
    ("10:30", "1030"),
    ("1-2天", "12天"),
    ("C++", "C"),
    ("C#", "C"),
    ("50%", "50"),
    ("温度-5度", "温度5度"),
    ("退款", "退货"),
    ("¥100", "$100"),
    ("好👍", "好"),
    ("漢字", "汉字"),
    ("？", "。"),
    ("2 3", "23"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_width_case_punctuation_and_space_do_not_matter(first, second):
    assert normal_form(first) == normal_form(second)
    assert risky_difference(first, second) is None


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_nothing_else_is_taken_away(first, second):
    assert normal_form(first) != normal_form(second)


def test_only_a_text_without_visible_characters_has_an_empty_form():
    assert [normal_form(text) for text in ("", " \t\u3000", "\u200b")] == ["", "", ""]
    assert normal_form("！！！") == normal_form("!! !") == "!!!"


def test_exactly_the_stated_categories_go():
    for code in itertools.chain(range(0x3000), range(0xFE00, 0x10000)):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cs" or unicodedata.normalize("NFKC", character).casefold() != character:
            continue
        goes = category[0] in "PZ" or category in ("Cc", "Cf", "Sk") or character == "~"
        assert (normal_form(f"甲{character}乙") == "甲乙") == goes, f"U+{code:04X} {category}"


# Letters with marks, digits and every mark that plays a part, more often than chance would bring them together.
tricky = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("12５aＣc不没一三-.,%#+~ \u0301\u200b"))
)


@settings(max_examples=400, deadline=None)
@given(tricky)
def test_the_form_of_a_form_is_itself(text):
    assert normal_form(normal_form(text)) == normal_form(text)


@settings(max_examples=300, deadline=None)
@given(tricky, tricky)
def test_a_risky_difference_goes_both_ways_and_never_within_one_form(first, second):
    assert risky_difference(first, second) == risky_difference(second, first)
    assert risky_difference(first, first) is None
    assert risky_difference(first, normal_form(first)) is None
    if normal_form(first) == normal_form(second):
        assert risky_difference(first, second) is None


TRAPS = [
    ("能开发票", "不能开发票", "negation"),
    ("收到货了", "没收到货", "negation"),
    ("我沒收到", "我收到", "negation"),
    ("不是不想去", "不想去", "negation"),
    ("请勿入内", "请入内", "negation"),
    ("充100送10", "充1000送10", "number"),
    ("充100送10", "充10送100", "number"),
    ("iPhone15多少钱", "iPhone14多少钱", "number"),
    ("打3.5折", "打35折", "number"),
    ("2024-01-02发货", "2024-01-03发货", "number"),
    ("三天到货", "四天到货", "number"),
    ("买一送一", "买二送一", "number"),
    ("订单BH-1008", "订单BH-1009", "number"),
    ("涨了50%", "涨了50", "number"),
    ("零下-5度", "零下5度", "number"),
    ("一年质保", "半年质保", "number"),
    ("苹果iPhone屏幕", "苹果iPad屏幕", "word"),
    ("学C语言", "学C++语言", "word"),
    ("用APP支付", "用支付", "word"),
]


@pytest.mark.parametrize(("first", "second", "kind"), TRAPS)
def test_pairs_that_say_something_else_are_named(first, second, kind):
    assert risky_difference(first, second) == risky_difference(second, first) == kind


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("帮我查一下", "帮我查下"),
        ("怎么退款", "如何退款"),
        ("充１００", "充100"),
        ("沉没了的船", "沉没的船"),
        ("沒收到", "没收到"),
    ],
)
def test_small_changes_of_wording_are_no_risk(first, second):
    assert risky_difference(first, second) is None


def test_marks_are_equal_exactly_where_there_is_no_risk():
    texts = [text for first, second, _ in TRAPS for text in (first, second)]
    for first, second in itertools.product(texts, texts):
        same = marks_of(first) == marks_of(second)
        assert (differing_mark(marks_of(first), marks_of(second)) is None) == same
