import numpy as np
import pytest

from baihua.text.keywords import fragments, keywords_of_groups, log_odds, terms_of


def test_terms_are_runs_of_characters_and_whole_latin_words():
    assert terms_of("ＡＰＰ闪退，C++ 好") == {"app", "闪退", "c++"}
    assert terms_of("信用卡") == {"信用", "用卡", "信用卡"}
    assert terms_of("一，2，3") == set()


def test_the_score_is_the_formula_by_hand():
    # 3 of 4 texts of the group and 1 of 6 others have the term: log(3.5 · 5.5 / (1.5 · 1.5)) over its error.
    expected = np.log(3.5 * 5.5 / (1.5 * 1.5)) / np.sqrt(1 / 3.5 + 1 / 1.5 + 1 / 1.5 + 1 / 5.5)
    assert log_odds(np.array([[3, 1]]), np.array([4, 6]))[0] == pytest.approx(expected)
    both_ways = log_odds(np.array([[3, 1], [1, 3]]), np.array([5, 5]))
    assert both_ways[0] == pytest.approx(-both_ways[1])


def test_words_that_all_groups_share_are_no_keywords():
    texts = ["请问快递到哪了", "请问快递几天到", "请问账单在哪看", "请问账单怎么查"]
    found = keywords_of_groups(texts, [0, 0, 1, 1])
    assert ["快递" in words[0] for words in found] == [True, False]
    assert ["账单" in words[0] for words in found] == [False, True]
    assert not any("请问" in words for words in found)


def test_a_longer_term_takes_the_place_of_its_pieces():
    texts = ["信用卡还款", "还信用卡", "信用卡额度", "天气很好", "天气不错"]
    words = keywords_of_groups(texts, [0, 0, 0, 1, 1])[0]
    assert words[0] == "信用卡"
    assert not {"信用", "用卡"} & set(words)


def test_a_piece_that_two_words_share_is_no_keyword():
    praise = [word + rest for word in ("速度", "态度") for rest in ("很好", "很快", "很棒", "真棒", "差")]
    assert fragments(praise, {"速度", "态度", "度很"}) == {"度很"}
    others = ["饭菜太咸", "味道一般", "分量不足", "包装破了", "没有餐具", "汤都洒了"]
    words = keywords_of_groups([*praise, *others], [0] * len(praise) + [1] * len(others))[0]
    assert {"速度", "态度"} <= {word[:2] for word in words}
    assert "度很" not in words


def test_characters_that_meet_by_chance_are_no_keyword():
    """Of four characters every pair stands in five texts; 电话 in five, and its characters nowhere else."""
    texts = [first + second for first in "的了好快" for second in "的了好快"] * 5 + ["电话"] * 5
    assert fragments(texts, {"的好", "了快", "电话"}) == {"的好", "了快"}
    # 了快: 5 places of 170 characters, 40 of each part; log(5 · 170 / 40²) is below 0, which is chance.
    assert fragments(texts[:3], {"的好", "了快"}) == set()  # too few to tell


def test_a_word_that_two_others_go_before_stays_if_it_also_stands_first():
    banks = ["打电话", "接电话", "打电话问", "电话占线", "电话没人接", "接电话慢"]
    words = keywords_of_groups([*banks, "饭菜太咸", "味道一般", "分量不足"], [0] * 6 + [1] * 3)[0]
    assert words[0] == "电话"


def test_a_group_without_terms_and_no_groups_at_all():
    assert keywords_of_groups(["123", "快递到哪了"], [0, 1])[0] == []
    assert keywords_of_groups([], []) == []
