import numpy as np
import pytest

from baihua.text.keywords import keywords_of_groups, log_odds, terms_of


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


def test_a_group_without_terms_and_no_groups_at_all():
    assert keywords_of_groups(["123", "快递到哪了"], [0, 1])[0] == []
    assert keywords_of_groups([], []) == []
