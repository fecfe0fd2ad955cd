import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baihua.text.halves import split_in_halves


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("昨天买的手机，今天就充不进电了。", "昨天买的手机，", "今天就充不进电了。"),
        ("他说：“明天不去了。”我们只好自己去爬山", "他说：“明天不去了。”", "我们只好自己去爬山"),
        ("这到底是为什么？！没有人知道答案", "这到底是为什么？！", "没有人知道答案"),
        ("It works well. I like it.", "It works well.", "I like it."),
        ("第一段的文字\n第二段的文字", "第一段的文字", "第二段的文字"),
        ("圆周率约等于3.14159没有人记得住", "圆周率约等于", "3.14159没有人记得住"),  # a decimal point is no stop
        ("手机充不进电怎么办", "手机充不", "进电怎么办"),
        ("请问怎么安装PyTorch", "请问怎么安装", "PyTorch"),
        ("啊，这里的逗号离中间太远所以不算数", "啊，这里的逗号离", "中间太远所以不算数"),
        ("abcdefghij", "abcde", "fghij"),  # one word: cannot be avoided
    ],
)
def test_worked_examples(text, first, second):
    assert split_in_halves(f"  {text}\n") == (first, second)


@pytest.mark.parametrize("text", ["", "   ", "太短了", "一二三四五六七", "一 二 三 四 五 六 七 \n", "\u200b" * 20])
def test_too_short_a_text_has_no_halves(text):
    assert split_in_halves(text) is None


def test_eight_visible_characters_are_enough():
    assert split_in_halves("一二三四五六七八") == ("一二三四", "五六七八")


@pytest.mark.parametrize("unit", ["e\u0301", "👩\u200d💻", "👍🏽", "❤\ufe0f"])
def test_a_character_is_not_parted_from_its_marks(unit):
    first, second = split_in_halves(unit * 9)
    assert first + second == unit * 9
    assert len(first) % len(unit) == 0


def test_a_flag_keeps_its_two_letters():
    assert split_in_halves("春夏秋冬🇨🇳春夏秋冬") == ("春夏秋冬", "🇨🇳春夏秋冬")


@settings(database=None, deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("汉字。，！? .,a1é\u0301\n🍚’”"), max_size=60))
def test_halves_hold_the_whole_text_and_are_never_empty(text):
    halves = split_in_halves(text)
    if halves is None:
        return
    first, second = halves
    assert first
    assert second
    assert first == first.strip()
    assert second == second.strip()
    assert "".join((first + second).split()) == "".join(text.split())
    assert min(len(first), len(second)) >= 1


@settings(database=None, deadline=None, max_examples=100)
@given(st.text(alphabet="春夏秋冬。", min_size=8, max_size=60))
def test_a_stop_in_the_middle_half_is_where_the_cut_falls(text):
    first, second = split_in_halves(text)
    quarter = len(text) // 4
    inside = range(quarter + 1, len(text) - quarter + 1)
    if any(text[place - 1] == "。" and text[place] != "。" for place in inside):
        assert first.endswith("。")
        assert not second.startswith("。")
    else:
        assert abs(len(first) - len(second)) <= 1
