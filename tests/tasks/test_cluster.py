import numpy as np
import pytest

from baihua import SentenceEmbedder
from baihua.checks import InvalidType, InvalidValue
from baihua.tasks.cluster import cluster, spherical_k_means

TOPICS = {
    "信用卡": ("怎么还款", "还款日是哪天", "额度多少", "年费多少", "怎么注销"),
    "快递": ("到哪了", "几天能到", "丢了怎么办", "能送上门吗", "单号查不到"),
    "天气": ("今天怎么样", "明天下雨吗", "周末热不热", "会不会刮风", "什么时候降温"),
}
TEXTS = [topic + rest for topic, rests in TOPICS.items() for rest in rests]


def by_topic(texts):
    """One direction per topic, and a little of another for each text."""
    vectors = np.zeros((len(texts), 40))
    for row, text in enumerate(texts):
        vectors[row, [topic in text for topic in TOPICS].index(True)] = 1
        vectors[row, 3 + row] = 0.3
    return vectors


class ByTopic:
    encode = staticmethod(by_topic)


def test_the_planted_groups_are_found_with_their_keywords():
    found = cluster(TEXTS, ByTopic(), 3)
    assert sorted(group.rows for group in found.groups) == [tuple(range(s, s + 5)) for s in (0, 5, 10)]
    for group in found.groups:
        topic = list(TOPICS)[group.rows[0] // 5]
        assert group.keywords[0] == topic
        assert group.typical_row in group.rows


@pytest.mark.parametrize("seed", range(3))
def test_each_vector_belongs_to_the_nearest_centre_and_centres_point_along_their_sum(seed):
    vectors = np.random.default_rng(seed).normal(size=(300, 6))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    labels, centres = spherical_k_means(vectors, 7, seed=seed)
    np.testing.assert_array_equal((vectors @ centres.T).argmax(axis=1), labels)
    for number, centre in enumerate(centres):
        total = vectors[labels == number].sum(axis=0)
        np.testing.assert_allclose(centre, total / np.linalg.norm(total), atol=1e-5)


def test_groups_cover_every_text_once_and_the_largest_comes_first():
    texts = [*TEXTS, "", "天气好", "天气", " "]
    found = cluster(texts, ByTopic(), 4)
    rows = [row for group in found.groups for row in group.rows]
    assert sorted(rows) == [row for row, text in enumerate(texts) if text.strip()]
    sizes = [len(group.rows) for group in found.groups]
    assert sizes == sorted(sizes, reverse=True)
    for number, group in enumerate(found.groups):
        assert all(found.groups_of_rows[row] == number for row in group.rows)
        best = max(group.rows, key=lambda row: found.scores[row])
        assert found.scores[group.typical_row] == found.scores[best]
    assert [found.groups_of_rows[15], found.scores[18]] == [None, None]


def test_the_same_call_gives_the_same_groups():
    embedder = SentenceEmbedder("static")
    assert cluster(TEXTS, embedder, 4) == cluster(TEXTS, embedder, 4)


@pytest.mark.parametrize(("num", "groups"), [(2, 2), (8, 2), (50, 5), (4000, 30)])
def test_without_a_number_the_rule_decides(num, groups):
    class Own:
        def encode(self, texts):
            return np.random.default_rng(0).normal(size=(len(texts), 8))

    found = cluster([f"第{number}句" for number in range(num)], Own())
    assert len(found.groups) == groups


def test_texts_of_one_vector_give_fewer_groups():
    class AllAlike:
        def encode(self, texts):
            return np.ones((len(texts), 4))

    assert len(cluster(TEXTS, AllAlike(), 3).groups) == 1


def test_bad_input():
    with pytest.raises(InvalidValue, match="between 1 and 15"):
        cluster(TEXTS, ByTopic(), 16)
    with pytest.raises(InvalidValue, match="between 1 and 15"):
        cluster(TEXTS, ByTopic(), 0)
    with pytest.raises(InvalidValue, match="at least two different texts"):
        cluster(["退款", "退款！", ""], ByTopic())
    with pytest.raises(InvalidType, match="single string"):
        cluster("退款", ByTopic())
