"""Two corpora compared: a planted difference is seen and located, none is seen where there is none, and nothing breaks it."""

import dataclasses
import random

import numpy as np
import pytest
import torch
from hash_encoder import HashEncoder

from baihua import SentenceEmbedder
from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.maths.energy_distance import squared_energy_distance
from baihua.tasks.compare_corpora import CorporaSettings, compare_corpora

OPENINGS = ("请问", "你好", "麻烦问下", "想知道", "急", "帮我看看", "那个")
CARD = ("信用卡怎么还款", "信用卡年费多少", "信用卡额度怎么提", "怎么注销信用卡", "信用卡账单日")
PARCEL = ("快递到哪里了", "快递几天能到", "快递丢了怎么赔", "能送上门吗", "取件码没收到")
DISTANCES = ("energy", "sliced", "sinkhorn")


def corpus(num, seed, *, parcels=0.0):
    """Questions about cards, a share of them about parcels, each with a number so that none repeats."""
    draw = random.Random(seed)
    kinds = [PARCEL if draw.random() < parcels else CARD for _ in range(num)]
    return [f"{draw.choice(OPENINGS)}{draw.choice(kind)}{draw.randrange(10**6)}" for kind in kinds]


@pytest.fixture
def embedder():
    return HashEncoder(width=64)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_difference_is_seen_and_located(embedder, distance):
    first, second = corpus(60, 1), corpus(80, 2, parcels=0.5)
    found = compare_corpora(first, second, embedder, distance=distance, num_permutations=99, most=3)
    assert found.differs
    assert found.p_value == 0.01
    assert found.distance > found.chance_high > found.chance_mean
    assert found.told_apart > 0.6
    assert len(found.second.driving) == 3
    assert all(any(part in text.text for part in PARCEL) for text in found.second.driving)
    assert all(second[text.row] == text.text for text in found.second.driving)
    assert [text.leaning for text in found.second.driving] == [
        pytest.approx(found.second.leaning[text.row]) for text in found.second.driving
    ]
    assert "快递" in found.second.keywords
    assert len({text.text for text in found.second.driving}) == 3


@pytest.mark.parametrize("distance", DISTANCES)
def test_nothing_is_seen_where_nothing_is(embedder, distance):
    found = compare_corpora(corpus(60, 9), corpus(80, 10), embedder, distance=distance, num_permutations=99)
    assert not found.differs
    assert found.distance < found.chance_high
    assert abs(found.told_apart - 0.5) < 0.1
    assert found.verdict.startswith("No difference found: p = ")


def test_the_distance_is_that_of_the_unit_vectors(embedder):
    first, second = corpus(20, 1), corpus(30, 2, parcels=1.0)
    vectors = [SentenceEmbedder(embedder).encode(texts) for texts in (first, second)]
    found = compare_corpora(first, second, embedder, num_permutations=19)
    assert found.distance == pytest.approx(squared_energy_distance(*vectors), rel=1e-6)


def test_vectors_give_what_their_texts_give(embedder):
    first, second = corpus(30, 1), corpus(40, 2, parcels=0.3)
    vectors = [SentenceEmbedder(embedder).encode(texts) for texts in (first, second)]
    of_texts = compare_corpora(first, second, SentenceEmbedder(embedder), num_permutations=99)
    for kind in (np.asarray, torch.tensor):
        found = compare_corpora(*map(kind, vectors), num_permutations=99)
        assert found.p_value == of_texts.p_value
        assert found.distance == pytest.approx(of_texts.distance, abs=1e-8)
        assert [text.row for text in found.second.driving] == [text.row for text in of_texts.second.driving]
        assert found.second.driving[0].text is None
        assert found.second.keywords == ()


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_same_texts_twice(embedder, distance):
    texts = corpus(30, 1)
    for second in (list(texts), texts[::-1]):
        found = compare_corpora(texts, second, embedder, distance=distance, num_permutations=49)
        assert found.same
        assert found.p_value == 1
        assert found.told_apart == 0.5
        assert found.verdict.startswith("Both hold the same texts")
        assert found.num_shared == 30
    assert not compare_corpora(texts, [*texts, texts[0]], embedder, num_permutations=19).same
    sampled = compare_corpora(texts, texts[::-1], embedder, num_permutations=49, settings=CorporaSettings(max_texts=9))
    assert sampled.p_value == 1


def test_texts_that_are_all_one_text(embedder):
    found = compare_corpora(["怎么退款"] * 5, ["怎么退款"] * 8, embedder, num_permutations=19)
    assert (found.distance, found.p_value, found.told_apart) == (0, 1, 0.5)
    assert found.first.driving == ()
    apart = compare_corpora(["怎么退款"] * 5, ["几点开门"] * 8, embedder, num_permutations=99)
    assert apart.p_value == 0.01
    assert [text.text for text in apart.first.driving + apart.second.driving] == ["怎么退款", "几点开门"]
    assert apart.told_apart == 1


def test_each_text_is_encoded_once_and_blank_ones_not_at_all(embedder):
    texts = ["怎么退款", "怎么退款", "", "几点开门"]
    found = compare_corpora(texts, [" ", "怎么退款", "信用卡"], embedder, num_permutations=19)
    assert embedder.num_encoded == 3
    assert (found.first.num_texts, found.first.num_blank, found.first.num_repeated) == (3, 1, 1)
    assert found.first.rows == (0, 1, 3)
    assert found.num_shared == 1
    assert found.second.num_blank == 1


def test_a_sample_is_drawn_from_the_seed_and_said(embedder):
    first, second = corpus(50, 1), corpus(20, 2)
    settings = CorporaSettings(max_texts=25, seed=3)
    found = compare_corpora(first, second, embedder, num_permutations=19, settings=settings)
    assert len(found.first.rows) == 25
    assert list(found.first.rows) == sorted(set(found.first.rows))
    assert found.second.rows == tuple(range(20))
    assert "A has 50 texts, of which 25 were drawn at random" in "\n".join(found.notes)
    assert all(first[text.row] == text.text for text in found.first.driving)
    again = compare_corpora(first, second, embedder, num_permutations=19, settings=settings)
    assert (again.first.rows, again.p_value) == (found.first.rows, found.p_value)
    other = compare_corpora(
        first, second, embedder, num_permutations=19, settings=dataclasses.replace(settings, seed=4)
    )
    assert other.first.rows != found.first.rows


def test_what_is_to_be_known_is_noted_in_both_languages(embedder):
    few = compare_corpora(["怎么退款", "几点开门"], ["信用卡", "快递", "快递"], embedder, num_permutations=99)
    repeated = compare_corpora(corpus(20, 1), corpus(20, 1)[:15] * 2, embedder, num_permutations=19)
    said = {}
    for language in ("en", "zh"):
        set_language(language)
        said[language] = "\n".join(few.notes + repeated.notes)
    assert "split in 10 ways alone" in said["en"]
    assert "只有 10 种分法" in said["zh"]
    assert "B: 15 of 30 texts repeat an earlier one" in said["en"]
    assert "30 条里有 15 条" in said["zh"]
    assert "Different texts that stand on both sides: 15" in said["en"]
    assert few.p_value >= 0.1


def test_verdicts_are_two_sentences_in_both_languages(embedder):
    found = compare_corpora(corpus(40, 1), corpus(40, 2, parcels=1.0), embedder, num_permutations=99)
    assert found.verdict.startswith("These differ more than chance explains: p = 0.01. Of a text from each")
    set_language("zh")
    assert found.verdict.startswith("两边的差别超出了偶然：p = 0.01。两边各取一条")


def test_a_name_is_an_encoder():
    assert compare_corpora(CARD, PARCEL, "static", num_permutations=99).differs


@pytest.mark.parametrize(
    ("first", "second", "more", "said"),
    [
        ([], CARD, {}, "first has 0 texts that are not blank"),
        (["信用卡"], CARD, {}, "first has 1 texts"),
        (CARD, ["", " ", "好"], {}, r"second has 1 texts that are not blank \(2 are\)"),
        (CARD, PARCEL, {"distance": "enrgy"}, "Did you mean 'energy'"),
        (CARD, PARCEL, {"num_permutations": 0}, "between 19"),
        (CARD, PARCEL, {"num_permutations": -5}, "between 19"),
        (CARD, PARCEL, {"num_permutations": 10**12}, "100000, but is 1000000000000"),
        (CARD, PARCEL, {"most": -1}, "most must not be below 0"),
        (np.ones((3, 2)), np.ones((3, 4)), {}, "different widths: 2 and 4"),
        (np.array([[1.0], [np.nan]]), np.ones((3, 1)), {}, "Row 1 of x"),
        (np.ones(5), np.ones((3, 4)), {}, "2D"),
    ],
)
def test_what_cannot_be_compared_is_said(embedder, first, second, more, said):
    with pytest.raises(InvalidValue, match=said):
        compare_corpora(first, second, embedder, **more)


def test_what_is_neither_text_nor_vectors_is_refused(embedder):
    for first, second in (("一句话", CARD), (CARD, [1, 2]), (CARD, np.ones((3, 2))), (CARD, None)):
        with pytest.raises(InvalidType):
            compare_corpora(first, second, embedder)


@pytest.mark.parametrize("more", [{"max_texts": 1}, {"seed": -1}])
def test_settings_that_cannot_be_are_refused(more):
    with pytest.raises(InvalidValue, match="must"):
        CorporaSettings(**more)
