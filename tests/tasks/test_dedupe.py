import random

import numpy as np
import pytest

from baihua import SentenceEmbedder
from baihua.checks import InvalidType, InvalidValue
from baihua.tasks import first_kept, near_pairs
from baihua.tasks.dedupe import deduplicate
from baihua.text.normal_form import normal_form, risky_difference

PARTS = (
    ("我", "你", "客服", "快递员"),
    ("没收到", "收到", "找不到", "想退", "想换"),
    ("手机", "iPhone14", "iPhone15", "充电器", "那3件衣服", "那三件衣服", "发票"),
    ("怎么办", "怎么办？", "，怎么办呢", "如何处理", ""),
)


class ByCharacter:
    """Vectors that count characters, hashed: alike texts have alike vectors, without any model."""

    def encode(self, texts):
        vectors = np.zeros((len(texts), 64))
        for row, text in enumerate(texts):
            for character in normal_form(text):
                vectors[row, ord(character) * 7919 % 64] += 1
        return vectors


def some_texts(num, seed=0):
    rng = random.Random(seed)
    return ["".join(rng.choice(part) for part in PARTS) for _ in range(num)]


def greedy_by_hand(texts, vectors, threshold):
    """The rule, word for word, over all pairs: row -> the kept row that stands for it."""
    scores = vectors @ vectors.T
    keepers = {}
    for row, text in enumerate(texts):
        kept = [other for other in range(row) if keepers[other] == other]
        same = [other for other in kept if normal_form(texts[other]) == normal_form(text)]
        near = [k for k in kept if scores[row, k] >= threshold and risky_difference(text, texts[k]) is None]
        copies = [other for other in range(row) if texts[other] == text]
        if copies:
            keepers[row] = keepers[copies[0]]
        elif same:
            keepers[row] = same[0]
        else:
            keepers[row] = min(near, key=lambda other: (-scores[row, other].round(6), other)) if near else row
    return keepers


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("block", [16, 2048])
@pytest.mark.parametrize("threshold", [0.6, 0.85, 0.95])
def test_it_is_the_rule_applied_to_all_pairs(threshold, block, monkeypatch):
    monkeypatch.setattr(near_pairs, "BLOCK", block)
    monkeypatch.setattr(first_kept, "BLOCK", block)
    texts = some_texts(200)
    vectors = unit(ByCharacter().encode(texts))
    found = deduplicate(texts, ByCharacter(), threshold)
    expected = greedy_by_hand(texts, vectors, threshold)
    assert found.kept == [row for row, keeper in expected.items() if keeper == row]
    assert {item.row: item.kept_row for item in found.removed} == {r: k for r, k in expected.items() if r != k}
    kept = found.kept
    scores = vectors @ vectors.T
    odd = {(a, b) for a in kept for b in kept if b < a and scores[a, b] >= threshold}
    listed = {(pair.row, pair.other_row) for pair in found.review}
    assert listed <= odd
    assert len(listed) + found.num_review_left_out == len(odd)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_and_every_removal_stands_by_itself(seed):
    texts = [*some_texts(150, seed), "", " ", "…"]
    found = deduplicate(texts, ByCharacter(), 0.8)
    vectors = ByCharacter().encode([text if text.strip() else "空" for text in texts])
    scores = unit(vectors) @ unit(vectors).T
    assert sorted([*found.kept, *(item.row for item in found.removed)]) == list(range(len(texts)))
    forms = [normal_form(texts[row]) for row in found.kept if normal_form(texts[row])]
    assert len(set(forms)) == len(forms)
    for item in found.removed:
        assert item.kept_row in found.kept
        assert item.kept_row < item.row
        pair = texts[item.row], texts[item.kept_row]
        assert risky_difference(*pair) is None
        if item.reason == "near":
            assert item.score >= 0.8
            assert scores[item.row, item.kept_row] == pytest.approx(item.score, abs=1e-5)
        else:
            assert normal_form(pair[0]) == normal_form(pair[1])
            assert (item.reason == "exact") == (pair[0] == pair[1])
            assert item.score == 1
    for pair in found.review:
        assert {pair.row, pair.other_row} <= set(found.kept)
        assert risky_difference(texts[pair.row], texts[pair.other_row]) == pair.difference
    assert {row for group in found.clusters for row in group.removed_rows} == {item.row for item in found.removed}
    assert found.num_empty == 2


def test_there_are_no_chains():
    angles = np.radians([0, 20, 40])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    class Fan:
        def encode(self, texts):
            return vectors

    found = deduplicate(["甲", "乙", "丙"], Fan(), np.cos(np.radians(25)))  # 丙 is near 乙 alone, and 乙 is not kept
    assert found.kept == [0, 2]


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ("能开发票吗", "不能开发票吗", "negation"),
        ("充100送10活动还有吗", "充1000送10活动还有吗", "number"),
        ("iPhone15 什么时候发货", "iPhone14 什么时候发货", "number"),
        ("iPhone 什么时候发货", "iPad 什么时候发货", "word"),
    ],
)
def test_traps_are_listed_for_review_and_never_removed(first, second, difference):
    class AllAlike:
        def encode(self, texts):
            return np.ones((len(texts), 4))

    for texts in ([first, second], [second, first]):
        found = deduplicate(texts, AllAlike(), 0.5)
        assert found.kept == [0, 1]
        assert [(pair.other_row, pair.row, pair.difference) for pair in found.review] == [(0, 1, difference)]
    one = deduplicate([first, first.replace("1", "１")], AllAlike(), 0.5)
    assert [item.reason for item in one.removed] in (["exact"], ["normalised"])


def test_the_order_decides_which_text_is_kept_but_not_which_forms():
    class NothingIsNear:
        def encode(self, texts):
            return np.eye(len(texts))

    texts = some_texts(300)
    shuffled = random.Random(1).sample(texts, len(texts))
    one, other = (deduplicate(rows, NothingIsNear(), 0.5) for rows in (texts, shuffled))
    forms = {normal_form(texts[row]) for row in one.kept}
    assert forms == {normal_form(shuffled[row]) for row in other.kept} == {normal_form(text) for text in texts}
    assert [texts[row] for row in one.kept] != [shuffled[row] for row in other.kept]


def test_rows_added_at_the_end_change_nothing_before_them():
    texts = some_texts(120)
    whole, part = deduplicate(texts, ByCharacter(), 0.8), deduplicate(texts[:70], ByCharacter(), 0.8)
    assert part.kept == [row for row in whole.kept if row < 70]
    assert part.removed == [item for item in whole.removed if item.row < 70]


def test_copies_of_a_text_that_falls_for_being_near_fall_with_it():
    class Near:
        def encode(self, texts):
            return unit(np.array([[1.0, 0.1 * (text != "怎么退款")] for text in texts]))

    found = deduplicate(["怎么退款", "如何退款", "如何退款", "如何退款！"], Near(), 0.9)
    assert [(item.row, item.kept_row, item.reason) for item in found.removed] == [
        (1, 0, "near"),
        (2, 0, "near"),
        (3, 0, "near"),
    ]


def planted_texts():
    """300 texts with next to nothing in common, and after them 20 of them with one character more."""
    rng = np.random.default_rng(0)
    characters = [chr(code) for code in range(0x5000, 0x6000)]
    base = ["".join(rng.choice(characters, size=20)) for _ in range(300)]
    return base, [text + "呢" for text in base[:20]]


def test_the_threshold_found_separates_planted_pairs_from_chance():
    base, again = planted_texts()
    found = deduplicate([*base, *again], SpreadOut())
    assert found.threshold is not None
    assert found.expected_wrong < 1
    assert [(item.row, item.kept_row) for item in found.removed] == [(300 + row, row) for row in range(20)]
    without = deduplicate(base, SpreadOut())
    assert without.removed == []
    assert without.threshold == pytest.approx(found.threshold, abs=0.1)


class SpreadOut:
    """Each character has a random direction of its own; a text is their sum."""

    def encode(self, texts):
        directions = np.random.default_rng(1).normal(size=(0x2000, 64))
        return np.stack([directions[[ord(c) - 0x4E00 for c in text]].sum(axis=0) for text in texts])


def test_where_related_texts_run_into_repeated_ones_nothing_near_is_removed():
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("甲乙丙丁戊己"), size=8)) for _ in range(400)]
    found = deduplicate(texts, ByCharacter())
    assert found.threshold is None
    assert found.counts()["near"] == 0


def test_too_few_texts_for_a_threshold_are_still_compared_by_form():
    found = deduplicate(["怎么退款", "怎么退款？", "到哪了"], ByCharacter())
    assert (found.threshold, found.expected_wrong, found.kept) == (None, None, [0, 2])


def test_a_real_encoder_will_do():
    found = deduplicate(["手机充不进电", "手机充不进电呢", "信用卡怎么还款"], SentenceEmbedder("static"), 0.8)
    assert found.kept == [0, 2]


def test_nothing_and_only_empty_texts():
    assert deduplicate([], ByCharacter()).kept == []
    found = deduplicate(["", " ", ""], ByCharacter())
    assert (found.kept, found.num_empty) == ([0, 1, 2], 3)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan"), float("inf")])
def test_a_threshold_that_is_no_cosine_is_refused(threshold):
    with pytest.raises(InvalidValue, match="threshold must lie above 0"):
        deduplicate(["甲", "乙"], ByCharacter(), threshold)


def test_bad_input_is_said_in_one_sentence():
    with pytest.raises(InvalidType, match="single string"):
        deduplicate("怎么退款", ByCharacter())
    with pytest.raises(InvalidType, match="Item 1 of texts"):
        deduplicate(["怎么退款", None], ByCharacter())

    class Broken:
        def encode(self, texts):
            return np.full((len(texts), 2), np.nan)

    with pytest.raises(InvalidValue, match="row 0"):
        deduplicate(["甲", "乙"], Broken())
