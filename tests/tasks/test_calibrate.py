"""Calibration of an embedder on texts, on vectors and on labelled pairs."""

import numpy as np
import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.tasks import calibrate
from baihua.tasks.calibrate import calibrate_on_pairs, calibrate_on_texts, calibrate_on_vectors, leave_one_per_match
from baihua.tasks.embed import SentenceEmbedder

SUBJECTS = ("手机", "信用卡", "外卖", "高铁票", "空调", "快递", "花呗", "驾照")
QUESTIONS = ("怎么退", "坏了找谁", "什么时候到", "为什么这么贵", "能不能便宜点", "怎么投诉", "在哪里办")
TEXTS = [subject + question for subject in SUBJECTS for question in QUESTIONS]


@pytest.fixture(scope="module")
def embedder():
    return SentenceEmbedder("static")


def test_texts_give_what_their_vectors_give(embedder):
    assert calibrate_on_texts(embedder, TEXTS) == calibrate_on_vectors(embedder.encode(TEXTS))


def test_all_pairs_of_few_texts_are_counted(embedder):
    found = calibrate_on_texts(embedder, TEXTS)
    assert found.num_scores == 56 * 55 // 2
    cosines = embedder.similarity(TEXTS, TEXTS)[np.triu_indices(56, 1)]
    assert found.rate(0.5) == pytest.approx((cosines >= 0.5).mean(), abs=0.01)


def test_repeats_and_blanks_count_once_or_not_at_all(embedder):
    assert calibrate_on_texts(embedder, [*TEXTS, *TEXTS, "", " "]) == calibrate_on_texts(embedder, TEXTS)


def test_the_length_of_vectors_does_not_matter(embedder):
    vectors = embedder.encode(TEXTS)
    lengths = np.random.default_rng(0).uniform(0.1, 10, size=(len(TEXTS), 1))
    first, second = calibrate_on_vectors(vectors), calibrate_on_vectors(vectors * lengths)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-6)


def test_of_many_texts_some_are_taken(embedder, monkeypatch):
    monkeypatch.setattr(calibrate, "MOST_TEXTS", 20)
    assert calibrate_on_texts(embedder, TEXTS).num_scores == 190
    assert calibrate_on_texts(embedder, TEXTS, num_pairs=150).num_scores == 150


def test_labelled_pairs_give_higher_probabilities_to_likelier_matches(embedder):
    same = [(f"{a}怎么退", f"怎么退{a}呢") for a in SUBJECTS] * 4
    other = [(f"{a}怎么退", f"{b}什么时候到") for a, b in zip(SUBJECTS, SUBJECTS[1:] + SUBJECTS[:1], strict=True)] * 4
    first, second = zip(*same, *other, strict=True)
    found = calibrate_on_pairs(embedder, first, second, [1] * 32 + [0] * 32, prior=0.1)
    assert found.slope > 0
    assert (found.prior, found.share, found.num_pairs) == (0.1, 0.5, 64)


def test_one_text_is_left_of_each_group_of_matches():
    first, second = ["一", "二", "四", "五", "六"], ["二", "三", "五", "六", "四"]
    assert leave_one_per_match(first, second, [1, 1, 0, 0, 0]) == ["一", "四", "五", "六"]
    assert leave_one_per_match(first, second, [1, 1, 1, 1, 1]) == ["一", "四"]
    assert leave_one_per_match(first, second, [0] * 5) == ["一", "二", "三", "四", "五", "六"]
    assert leave_one_per_match([], [], []) == []
    with pytest.raises(InvalidValue, match="first and labels .* 5 and 1"):
        leave_one_per_match(first, second, [1])


def test_mistakes(embedder):
    with pytest.raises(InvalidValue, match="at least 100 background scores, but received 3"):
        calibrate_on_texts(embedder, TEXTS[:3])
    with pytest.raises(InvalidValue, match="at least 2 texts"):
        calibrate_on_texts(embedder, ["同一句"] * 300)
    with pytest.raises(InvalidType, match="single string"):
        calibrate_on_texts(embedder, "".join(TEXTS))
    with pytest.raises(InvalidValue, match="56 and 1"):
        calibrate_on_pairs(embedder, TEXTS, TEXTS[:1], [1] * 56)
    with pytest.raises(InvalidValue, match="same length, but received 56 and 3"):
        calibrate_on_pairs(embedder, TEXTS, TEXTS, [1, 0, 1])
