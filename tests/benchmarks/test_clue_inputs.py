"""What records look like to a model: spans marked in both orders, keywords, passages, choices."""

import pytest

from baihua.benchmarks.clue_inputs import join_keywords, join_passage, mark_spans, pad_choices


@pytest.mark.parametrize(
    ("text", "noun", "pronoun"),
    [
        ("小明见到老王，他很高兴。", "小明", "他"),
        ("他笑了，小明哭了。", "小明", "他"),
        ("_甲_说[它]好，它是书。", "书", "它"),  # marks that stand in the text already
        ("猫它", "猫", "它"),
    ],
)
def test_marks_stand_around_both_spans_and_nothing_else_changes(text, noun, pronoun):
    places = [(text.rindex(word), text.rindex(word) + len(word)) for word in (noun, pronoun)]
    marked, spans = mark_spans(text, *places)
    assert [marked[start:end] for start, end in spans] == [noun, pronoun]
    assert [marked[start - 1] + marked[end] for start, end in spans] == ["__", "[]"]
    marks = {start - 1 for start, _ in spans} | {end for _, end in spans}
    assert "".join(character for place, character in enumerate(marked) if place not in marks) == text


def test_the_article_s_own_code_gives_the_same():
    text, (s1, e1), (s2, e2) = "第0天，小明见到老王，他很高兴。", (4, 6), (11, 12)
    expected = text[:s1] + "_" + text[s1:e1] + "_" + text[e1:s2] + "[" + text[s2:e2] + "]" + text[e2:]
    assert mark_spans(text, (s1, e1), (s2, e2))[0] == expected


def test_keywords_passages_and_choices():
    assert join_keywords(["水稻"]) == "水稻"
    assert join_passage(["男：去吗？", "女：去。", "男：好。"]) == "男：去吗？||女：去。||男：好。"
    assert pad_choices(["去", "不去"]) == ("去", "不去", "无效答案", "无效答案")
    assert pad_choices(["一", "二", "三", "四"]) == ("一", "二", "三", "四")
    assert pad_choices(["①②", "①③", "②③", "①②③", "都不对"]) == ("①②", "①③", "②③", "①②③")
