"""What scores mean in a library: learned from its texts, kept in its file, told with every hit."""

import sqlite3

import numpy as np
import pytest
from hash_encoder import HashEncoder

from baihua.checks import InvalidValue
from baihua.tasks.calibrate import calibrate_on_pairs, calibrate_on_texts
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index import calibration
from baihua.tasks.index.calibration import no_better_than_chance
from baihua.tasks.search import SentenceIndex

SUBJECTS = ("手机", "信用卡", "外卖", "高铁票", "空调", "快递", "花呗", "驾照", "发票", "水电费")
QUESTIONS = ("怎么退", "坏了找谁", "什么时候到", "为什么这么贵", "能不能便宜点", "怎么投诉", "在哪里办", "要多久")
TEXTS = [f"{subject}{question}{number}" for number in (1, 2) for subject in SUBJECTS for question in QUESTIONS]
PAIRS = (TEXTS[:80], [f"请问{text}" for text in TEXTS[:40]] + TEXTS[90:130], [1] * 40 + [0] * 40)


@pytest.fixture
def embedder():
    return SentenceEmbedder(HashEncoder())


@pytest.fixture
def index(tmp_path, embedder):
    with SentenceIndex.create(tmp_path / "library.db", embedder) as made:
        made.add(TEXTS)
        yield made


def test_without_a_calibration_nothing_is_said(index):
    assert index.calibration is None
    hit = index.search("手机怎么退", top_k=1)[0]
    assert (hit.expected_false, hit.probability, hit.probability_low, hit.probability_high) == (None,) * 4
    assert not no_better_than_chance([hit])


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_the_background_is_that_of_the_texts(dtype, tmp_path, embedder):
    with SentenceIndex.create(tmp_path / "other.db", embedder, dtype=dtype) as index:
        index.add(TEXTS)
        index.add(TEXTS, [{"again": 1}] * len(TEXTS))  # repeats are no unrelated pairs
        found = index.calibrate()
    expected = calibrate_on_texts(embedder, TEXTS)
    assert (found.num_documents, found.match, found.fingerprint) == (320, None, embedder.fingerprint)
    assert found.background.num_scores == expected.num_scores == 160 * 159 // 2
    tolerance = 1e-6 if dtype == "float32" else 1e-3
    np.testing.assert_allclose(found.background.scores, expected.scores, atol=tolerance)


def test_it_is_in_the_file_and_others_see_it(index, embedder):
    with SentenceIndex.open(index.path, embedder) as reader:
        assert reader.calibration is None
        found = index.calibrate(PAIRS, prior=0.2)
        assert reader.calibration == found == index.calibration
        assert found.match == calibrate_on_pairs(embedder, *PAIRS, prior=0.2)
        assert index.calibrate() == found  # what labelled pairs said stays
        again = index.calibrate(PAIRS)
        assert reader.calibration.match.prior == again.match.share == 0.5


def test_hits_say_what_their_scores_mean(index):
    found = index.calibrate(PAIRS)
    for mode in ("hybrid", "vector", "keyword"):
        for hit in index.search("手机怎么退1", mode=mode, top_k=20):
            assert hit.expected_false == pytest.approx(160 * found.background.rate(hit.score))
            assert hit.probability == found.match.probability(hit.score)
            assert (hit.probability_low, hit.probability_high) == found.match.interval(hit.score)
    many = index.search(["手机怎么退1", " "], top_k=1)
    assert many[0][0].expected_false < 0.1
    assert many[1] == []


def test_the_number_expected_is_that_of_the_texts_searched(tmp_path, embedder):
    with SentenceIndex.create(tmp_path / "other.db", embedder) as index:
        index.add(TEXTS, [{"half": "first" if row < 40 else "second"} for row in range(len(TEXTS))])
        found = index.calibrate()
        hit = index.search("手机怎么退", where={"half": "first"}, top_k=1)[0]
        assert hit.expected_false == pytest.approx(40 * found.background.rate(hit.score))


def test_a_best_hit_at_the_level_of_chance_is_known(index):
    index.calibrate()
    near = index.search("手机怎么退1", mode="vector", top_k=5)
    assert not no_better_than_chance(near)
    assert not no_better_than_chance(near[::-1])  # the best stands last
    far = index.search("zzz qqq", mode="vector", top_k=5)
    assert no_better_than_chance(far)
    assert not no_better_than_chance([])


def test_a_library_is_calibrated_when_it_is_due(tmp_path, embedder, monkeypatch):
    with SentenceIndex.create(tmp_path / "other.db", embedder) as index:
        keys = [f"k{row}" for row in range(len(TEXTS))]
        index.add(TEXTS[:99] + TEXTS[:1], keys=keys[:100])
        assert index.calibrate_if_due() is None  # 99 different texts
        monkeypatch.setattr(calibration, "FEWEST_TEXTS", 20)
        assert index.calibrate_if_due().num_documents == 100
        assert index.calibrate_if_due() is None
        index.add(TEXTS[100:], keys=keys[100:])
        assert index.calibrate_if_due() is None  # not yet twice as many
        index.add(TEXTS[:41], keys=[f"more{row}" for row in range(41)])
        assert index.calibrate_if_due().num_documents == 201
        index.delete(keys[:100])
        assert index.calibrate_if_due() is None  # 101 left of 201
        index.delete(keys[100:101])
        assert index.calibrate_if_due().num_documents == 100


def test_of_many_texts_some_are_taken(index, monkeypatch):
    monkeypatch.setattr(calibration, "MOST_TEXTS", 50)
    found = index.calibrate()
    assert (found.background.num_scores, found.num_documents) == (50 * 49 // 2, 160)


def test_a_long_text_is_one_text(tmp_path):
    embedder = SentenceEmbedder("static")
    with SentenceIndex.create(tmp_path / "other.db", embedder) as index:
        index.add([text * 200 for text in TEXTS[:20]])
        found = index.calibrate()
    assert found.background.num_scores == 190


def test_mistakes(tmp_path, embedder, index):
    with SentenceIndex.create(tmp_path / "few.db", embedder) as few:
        few.add(TEXTS[:5])
        with pytest.raises(InvalidValue, match="at least 100 background scores, but received 10"):
            few.calibrate()
        few.delete([hit.key for hit in few.search(TEXTS[0], top_k=9)])
        with pytest.raises(InvalidValue, match="at least 2 texts"):
            few.calibrate()
    with pytest.raises(InvalidValue, match="A prior goes with labelled pairs"):
        index.calibrate(prior=0.5)
    with pytest.raises(InvalidValue, match="at least 50 labelled pairs"):
        index.calibrate((TEXTS[:2], TEXTS[2:4], [0, 1]))
    index.embedder = SentenceEmbedder(HashEncoder(name="another"))
    with pytest.raises(InvalidValue, match="another encoder"):
        index.calibrate()


def test_a_damaged_calibration_is_said_and_replaced(index, embedder):
    index.calibrate()
    with sqlite3.connect(index.path) as connection:
        connection.execute("UPDATE settings SET value = '{}' WHERE name = 'calibration'")
    connection.close()
    with pytest.raises(InvalidValue, match="Calibrate again with baihua calibrate"):
        index.search("手机")
    assert index.calibrate().fingerprint == embedder.fingerprint
    assert index.search("手机", top_k=1)[0].expected_false is not None
