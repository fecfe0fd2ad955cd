"""Which texts to label: one of every kind, the unsure ones, never the same twice, and the same on every run."""

import itertools

import numpy as np
import pytest

from baihua import SentenceEmbedder, TextClassifier
from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.tasks.suggest import k_center, suggest_texts

CARDS = ["信用卡怎么还款", "信用卡还款日", "信用卡年费多少", "信用卡怎么办理"]
PARCELS = ["快递到哪里了", "快递几天能到", "快递丢了"]
TEXTS = [*CARDS, *PARCELS]


class Sure:
    """A classifier whose probabilities are given."""

    def __init__(self, chances):
        self.labels = ["甲", "乙", "丙"][: len(next(iter(chances.values())))]
        self.chances = chances

    def predict_proba(self, texts):
        return np.array([self.chances[text] for text in texts])


def test_one_of_every_kind_the_largest_first():
    found = suggest_texts(TEXTS, 2, encoder="static")
    assert [one.num_like_it for one in found] == [4, 3]
    assert found[0].text in CARDS
    assert found[1].text in PARCELS
    assert all(TEXTS[one.row] == one.text for one in found)


def test_repetitions_and_blanks_are_left_out():
    texts = ["", "信用卡还款日", "信用卡还款日！", " ", "快递丢了", "快递丢了", "👍"]
    found = suggest_texts(texts, 5, encoder="static")
    assert sorted(one.row for one in found) == [1, 4, 6]  # a thumb may well have a label


def test_all_there_are_come_where_more_are_wanted():
    assert sorted(one.row for one in suggest_texts(TEXTS, 100, encoder="static")) == list(range(7))
    classifier = TextClassifier("static").fit([*CARDS[:2], *PARCELS[:2]], ["卡", "卡", "递", "递"], show_progress=False)
    found = suggest_texts(TEXTS, 100, encoder="static", classifier=classifier)
    assert sorted(one.row for one in found) == list(range(7))


def test_texts_with_one_vector_fill_the_list_all_the_same():
    texts = ["钱", "錢錢", "钱，钱，钱", "水"]
    assert len({one.row for one in suggest_texts(texts, 4, encoder="static")}) == 4


def test_the_least_sure_come_first_and_sure_ones_not_at_all():
    texts = [f"第{number}条的文字" for number in range(40)]
    chances = {text: (0.5 + number / 100, 0.5 - number / 100) for number, text in enumerate(reversed(texts))}
    found = suggest_texts(texts, 3, encoder="static", classifier=Sure(chances))
    assert found[0].text == texts[-1]
    assert all(one.row >= 30 for one in found)  # the least sure quarter
    assert found[0].likeliest == (("甲", 0.5), ("乙", 0.5))


def test_sureness_is_the_lead_over_the_next_label():
    chances = {"好": (0.5, 0.49, 0.01), "坏": (0.4, 0.3, 0.3)}
    found = suggest_texts(["坏", "好"], 1, encoder="static", classifier=Sure(chances))
    assert found[0].text == "好"


def test_unsure_texts_that_are_alike_do_not_fill_the_list():
    chances = dict.fromkeys(TEXTS * 1, (0.5, 0.5))
    chances |= {f"背景{number}号": (1.0, 0.0) for number in range(30)}
    found = suggest_texts(list(chances), 2, encoder="static", classifier=Sure(chances))
    assert found[0].text in CARDS
    assert found[1].text in PARCELS


def test_k_center_leaves_nothing_far_away():
    """Twice the best there is, found by trying all."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(9, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    best = min(distances[:, list(chosen)].min(axis=1).max() for chosen in itertools.combinations(range(9), 3))
    mine = k_center(vectors, 3)
    assert distances[:, mine].min(axis=1).max() <= 2 * best + 1e-6
    assert k_center(vectors, 20)[0] == 0
    assert sorted(k_center(vectors, 20)) == list(range(9))
    assert len(set(k_center(np.ones((4, 2), dtype=np.float32), 3))) == 3


def test_it_is_the_same_on_every_run():
    assert suggest_texts(TEXTS, 3, encoder="static", seed=5) == suggest_texts(TEXTS, 3, encoder="static", seed=5)


def test_reasons_are_in_both_languages():
    typical = suggest_texts(TEXTS, 1, encoder="static")[0]
    unsure = suggest_texts(["好", "坏"], 1, encoder="static", classifier=Sure({"好": (0.4, 0.6), "坏": (1.0, 0.0)}))[0]
    assert typical.reason == "stands for 7 texts that are alike"
    assert unsure.reason == "among the least sure: 乙 0.60, 甲 0.40"
    set_language("zh")
    assert typical.reason == "代表 7 条相近的文本"
    assert unsure.reason == "较拿不准：乙 0.60, 甲 0.40"


@pytest.mark.parametrize("texts", [[], ["", " ", "\u200b\t"]])
def test_nothing_to_choose_from(texts):
    with pytest.raises(InvalidValue, match="nothing to label"):
        suggest_texts(texts, 2, encoder="static")


def test_mistakes():
    with pytest.raises(InvalidValue, match="At least 1 text"):
        suggest_texts(TEXTS, 0, encoder="static")
    with pytest.raises(InvalidType, match="single string"):
        suggest_texts("信用卡", 1, encoder="static")
    pairs = TextClassifier("static").fit([("好", "很好"), ("坏", "好")], ["同", "异"], show_progress=False)
    with pytest.raises(InvalidType, match="learned from pairs"):
        suggest_texts(TEXTS, 1, encoder="static", classifier=pairs)
    with pytest.raises(InvalidValue, match="has not been trained"):
        suggest_texts(TEXTS, 1, encoder="static", classifier=TextClassifier("static"))


def test_the_typical_text_is_the_nearest_to_the_centre():
    found = suggest_texts(PARCELS, 1, encoder="static")[0]
    vectors = SentenceEmbedder("static").encode(PARCELS)
    assert found.row == int((vectors @ vectors.sum(axis=0)).argmax())
