import numpy as np
import pytest
import scipy.sparse

from baihua.benchmarks.pairs import Pairs
from baihua.benchmarks.retrieval import (
    RetrievalScores,
    distinct_questions,
    nearest_others,
    partners_of,
    retrieval_scores,
)
from baihua.checks import InvalidValue


def make_pairs(rows):
    first, second, labels = zip(*rows, strict=True)
    return Pairs("toy", "valid", list(first), list(second), np.array(labels, dtype=float), 0, "toy", "0")


PAIRS = make_pairs(
    [("怎么退款", "如何退款", 1), ("怎么退款", "怎么付款", 0), ("天气好", "天气好", 1), ("a", "如何退款", 1)]
)


def brute_force(vectors, pairs):
    """Accuracy at 1 and MRR at 10 by sorting everything, one question after the other."""
    questions, partners = distinct_questions(pairs), partners_of(pairs)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)
    firsts, reciprocal = [], []
    for asked in partners:
        others = [other for other in range(len(questions)) if other != asked]
        order = sorted(others, key=lambda other: -float(unit[asked] @ unit[other]))
        ranks = [rank for rank, other in enumerate(order, start=1) if other in partners[asked]]
        firsts.append(ranks[0] == 1)
        reciprocal.append(1 / ranks[0] if ranks[0] <= 10 else 0)
    return np.mean(firsts), np.mean(reciprocal)


def random_pairs(rng, num_questions=60, num_pairs=80):
    sides = rng.integers(0, num_questions, size=(num_pairs, 2))
    return make_pairs([(f"问{a}", f"问{b}", int(rng.integers(0, 2))) for a, b in sides])


def test_partners_are_mutual_and_never_oneself():
    assert distinct_questions(PAIRS) == ["怎么退款", "天气好", "a", "如何退款", "怎么付款"]
    assert partners_of(PAIRS) == {0: {3}, 3: {0, 2}, 2: {3}}


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_sorting_everything(seed):
    rng = np.random.default_rng(seed)
    pairs = random_pairs(rng)
    vectors = rng.normal(size=(len(distinct_questions(pairs)), 8))
    found = retrieval_scores(vectors, pairs)
    assert (found.accuracy, found.mrr) == pytest.approx(brute_force(vectors, pairs))
    assert found.num_questions == len(partners_of(pairs))


def test_sparse_vectors_score_as_the_same_dense_ones():
    rng = np.random.default_rng(0)
    pairs = random_pairs(rng)
    vectors = rng.random((len(distinct_questions(pairs)), 200)) * (
        rng.random((len(distinct_questions(pairs)), 200)) < 0.3
    )
    vectors[3] = 0  # a text without any known n-gram
    assert retrieval_scores(scipy.sparse.csr_matrix(vectors), pairs) == retrieval_scores(vectors, pairs)


def test_blocks_change_nothing(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(30, 4))
    whole = nearest_others(vectors, range(30))
    monkeypatch.setattr("baihua.benchmarks.retrieval.BLOCK", 7)
    assert (nearest_others(vectors, range(30)) == whole).all()
    assert whole.shape == (30, 10)


def test_the_last_bits_of_equal_cosines_decide_nothing():
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(4, 3)), 10, axis=0)
    found = nearest_others(vectors, range(40))
    assert (nearest_others(vectors + 1e-9 * rng.normal(size=(40, 3)), range(40)) == found).all()
    assert (found[:, :9] // 10 == np.arange(40)[:, None] // 10).all()


def test_vectors_that_are_all_alike_find_no_more_than_chance():
    pairs = make_pairs([(f"问{number}", f"答{number}", 1) for number in range(500)])
    assert retrieval_scores(np.ones((1000, 2)), pairs).mrr < 0.02
    assert retrieval_scores(scipy.sparse.csr_matrix((1000, 2)), pairs).mrr < 0.02


def test_small_collections_and_scale():
    vectors = np.array([[1, 0], [0, 1], [0, 1], [1, 0.1], [1, 1]], dtype=float)
    assert nearest_others(vectors, [0]).tolist()[0][:2] == [3, 4]
    assert nearest_others(vectors * [[3], [1], [2], [9], [0.1]], [0]).shape == (1, 4)
    perfect = np.array([[1, 0], [-1, 0], [1, 0.02], [1, 0.01], [0, 1]])
    assert retrieval_scores(perfect, PAIRS) == RetrievalScores(1.0, 1.0, 3)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(InvalidValue, match="5 distinct questions, but 4 vectors"):
        retrieval_scores(np.ones((4, 2)), PAIRS)
    with pytest.raises(InvalidValue, match="nothing to ask"):
        partners_of(make_pairs([("a", "b", 0), ("c", "c", 1)]))
    with pytest.raises(InvalidValue, match="labels of toy are 0 or 1"):
        partners_of(make_pairs([("a", "b", 3.5)]))
