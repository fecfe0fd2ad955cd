import random

import pytest

from baihua.text.suspicious import is_mojibake, suspicious_kinds

REAL = [
    "手机充不进电，怎么办？",
    "一",
    "联通",
    "繁體中文也是一樣",
    "Beyoncé、café、naïve、Ünal",
    "×÷±°·€",
    "好烫烫烫！",
    "😀👨‍👩‍👧 家人",
    "第一行\n第二行\t完\r\n",
    "かな カナ 한글 Привет",
    "①②③ ㎡ ℃ №",
    "",
]


@pytest.mark.parametrize("text", REAL)
def test_what_people_write_is_not_suspicious(text):
    assert suspicious_kinds(text) == set()


@pytest.mark.parametrize("text", ["手机充不进电", "怎么退款？", "今天天气很好。", "信用卡怎么还款了", "您好，请问"])
def test_text_in_utf8_read_as_something_else_is_found(text):
    assert is_mojibake(text.encode().decode("gbk", errors="replace"))
    assert is_mojibake(text.encode().decode("gbk", errors="ignore"))
    assert is_mojibake(text.encode().decode("latin-1"))
    assert suspicious_kinds(text.encode().decode("latin-1")) == {"mojibake"}
    assert is_mojibake("Ã©tÃ© " + text)


def test_characters_in_any_order_are_hardly_ever_taken_for_mojibake():
    """The 3 755 usual characters of GB 2312; at random, from two of them on."""
    usual = [
        bytes([row, cell]).decode("gb2312")
        for row in range(0xB0, 0xD8)
        for cell in range(0xA1, 0xFF - 5 * (row == 0xD7))
    ]
    assert len(usual) == 3755
    rng = random.Random(0)
    wrong = [
        text for text in ("".join(rng.choices(usual, k=rng.randint(2, 20))) for _ in range(5000)) if is_mojibake(text)
    ]
    assert len(wrong) <= 5


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("锟斤拷锟斤拷", {"mojibake"}),
        ("烫烫烫烫烫", {"mojibake"}),
        ("退款\ufffd了", {"replacement"}),
        ("退\x00款\x1b", {"control"}),
        ("退\x85款", {"control"}),
        ("退\ue000款", {"private_use"}),
        ("退\u200b款\ufeff", {"invisible"}),
        ("\u202e退款", {"invisible"}),
        ("退\ufffd\ue123\u200b\x07", {"replacement", "private_use", "invisible", "control"}),
    ],
)
def test_each_kind_is_named(text, kinds):
    assert suspicious_kinds(text) == kinds
