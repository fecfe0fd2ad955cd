"""False-match rates against distributions whose tail is known, and their intervals against repetition."""

import json

import numpy as np
import pytest
import scipy.stats

from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.maths.cosines import cosines_of_pairs
from baihua.training.background import background_pairs
from baihua.training.false_matches import FalseMatchRate


class RandomCosines:
    """The cosine of two random unit vectors in d dimensions: (1 + cosine) / 2 is Beta((d − 1) / 2, (d − 1) / 2)."""

    def __init__(self, width):
        self.halves = scipy.stats.beta((width - 1) / 2, (width - 1) / 2)

    def sample(self, num, seed):
        return 2 * self.halves.rvs(size=num, random_state=seed) - 1

    def rate(self, score):
        return float(self.halves.sf((1 + score) / 2))

    def threshold(self, rate):
        return float(2 * self.halves.isf(rate) - 1)


@pytest.fixture(scope="module")
def normal():
    return FalseMatchRate.fit(np.random.default_rng(0).normal(0.3, 0.1, size=20_000))


@pytest.mark.parametrize("width", [16, 64, 256])
@pytest.mark.parametrize(("num", "rates"), [(2000, (0.01, 0.001)), (50_000, (0.01, 0.001, 0.0001))])
def test_thresholds_hold_their_rate_within_a_factor_of_two(width, num, rates):
    """With 2 000 scores rates below 5 % are the tail's, and 0.1 % is two scores: there it may err to the safe side."""
    truth = RandomCosines(width)
    for rate in rates:
        factors = [truth.rate(FalseMatchRate.fit(truth.sample(num, seed)).threshold(rate)) / rate for seed in range(6)]
        assert 0.5 < np.exp(np.mean(np.log(factors))) < 2
        assert max(factors) < 2
        assert min(factors) > (0.5 if rate * num >= 5 else 0.2)


def test_a_rate_ten_times_beyond_the_sample_errs_to_the_safe_side():
    """1 in 100 000 from 10 000 scores: nothing was seen there, and no threshold may be far too low."""
    truth = RandomCosines(64)
    factors = [truth.rate(FalseMatchRate.fit(truth.sample(10_000, seed)).threshold(1e-5)) / 1e-5 for seed in range(10)]
    assert max(factors) < 4
    assert np.exp(np.mean(np.log(factors))) < 1.5


def test_vectors_give_the_rates_of_the_formula():
    vectors = np.random.default_rng(0).normal(size=(2000, 32))
    pairs = background_pairs(2000, 100_000)
    found = FalseMatchRate.fit(cosines_of_pairs(vectors, pairs), pairs)
    for rate in (0.1, 0.01, 0.001, 0.0001):
        assert found.rate(RandomCosines(32).threshold(rate)) == pytest.approx(rate, rel=0.4)


@pytest.mark.parametrize("rate", [0.1, 0.01, 0.001])
def test_intervals_cover_the_truth(rate):
    """95 % intervals over 60 samples of 3 000 (the tail begins at 3.3 %): 51 or more hold it but once in 1 000 times."""
    truth = RandomCosines(64)
    score = truth.threshold(rate)
    covered = 0
    for seed in range(60):
        low, high = FalseMatchRate.fit(truth.sample(3000, seed)).interval(score)
        covered += low <= rate <= high
    assert covered >= 51


def test_pairs_that_share_texts_widen_the_interval_as_they_must():
    """Texts of many kinds, so that a sample of 100 of them sways the rate; told the pairs, the interval knows."""
    direction = np.ones(8) / np.sqrt(8)

    def draw(num, rng):
        return rng.normal(size=(num, 8)) + 2 * rng.random((num, 1)) * direction * rng.integers(0, 2, (num, 1))

    many = draw(6000, np.random.default_rng(99))
    truth = FalseMatchRate.fit(cosines_of_pairs(many, background_pairs(6000, 400_000)))
    score = truth.threshold(0.05)
    knowing = guessing = 0
    for seed in range(40):
        vectors = draw(100, np.random.default_rng(seed))
        pairs = background_pairs(100, 4950)
        scores = cosines_of_pairs(vectors, pairs)
        low, high = FalseMatchRate.fit(scores, pairs).interval(score)
        knowing += low <= 0.05 <= high
        low, high = FalseMatchRate.fit(scores).interval(score)
        guessing += low <= 0.05 <= high
    assert knowing >= 34
    assert guessing < knowing


def test_rates_fall_and_stay_between_0_and_1(normal):
    scores = np.linspace(-1, 1, 2001)
    rates = np.array([normal.rate(score) for score in scores])
    assert (np.diff(rates) <= 1e-15).all()
    assert rates[0] == 1
    assert 0 < rates[-1] < 1e-4
    assert normal.rate(1.5) == 0
    ends = np.array([normal.interval(score) for score in scores])
    assert (ends[:, 0] <= rates + 1e-12).all()
    assert (rates <= ends[:, 1] + 1e-12).all()


def test_rate_counts_scores_that_are_at_least_so_high():
    scores = np.repeat([0.1, 0.2, 0.3, 0.4], [400, 300, 200, 100])
    found = FalseMatchRate.fit(scores)
    assert [found.rate(score) for score in (0.1, 0.2, 0.3, 0.4)] == pytest.approx([1, 0.6, 0.3, 0.1])


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.003, 0.0001, 0.00001])
def test_threshold_and_rate_undo_each_other(rate, normal):
    threshold = normal.threshold(rate)
    assert normal.rate(threshold) == pytest.approx(rate, rel=1e-9)
    low, high = normal.threshold_interval(rate)
    assert low <= threshold <= high


def test_a_tail_that_would_pass_1_ends_there():
    """Scores near 1: the tail has some of its mass beyond, which counts at 1, and no threshold lies above."""
    found = FalseMatchRate.fit(1 - np.random.default_rng(0).exponential(0.05, size=5000).clip(max=1.5))
    assert found.rate(1.0) > 0
    assert found.threshold(found.rate(1.0) / 10) == 1.0
    assert found.rate(1.0000002) == found.rate(1.0)


def test_expected_matches_are_proportional_to_the_index(normal):
    assert normal.expected(0.6, 10_000) == pytest.approx(10_000 * normal.rate(0.6))
    assert normal.expected(0.6, 0) == 0


def test_json_brings_back_the_same(normal):
    again = FalseMatchRate.from_dict(json.loads(json.dumps(normal.to_dict())))
    assert again == normal
    for score in (0.2, 0.5, 0.8):
        assert again.rate(score) == normal.rate(score)
        assert again.interval(score) == normal.interval(score)


def test_one_seed_one_answer():
    scores = np.random.default_rng(1).normal(0.3, 0.1, size=1000)
    assert FalseMatchRate.fit(scores, seed=4) == FalseMatchRate.fit(scores, seed=4)
    assert FalseMatchRate.fit(scores, seed=4).interval(0.7) != FalseMatchRate.fit(scores, seed=5).interval(0.7)


def test_sentences():
    scores = np.repeat([0.1, 0.5], [1999 * 100, 100])
    found = FalseMatchRate.fit(scores)
    assert found.sentence(0.5) == "about 1 in 2 000 unrelated pairs scores this high"
    assert found.sentence(0.5, size=3000).endswith("; expected per query among 3 000 texts: 1.5")
    assert found.sentence(0.1) == "about 100 % of unrelated pairs score this high"
    assert found.sentence(1.1).startswith("fewer than 1 in 1 000 000 000 000")
    assert found.sentence(1.1, size=5).endswith("texts: < 0.01")
    set_language("zh")
    assert found.sentence(0.5, size=3000) == (
        "约每 2 000 对无关文本里有 1 对得分这么高；在 3 000 条文本里查一次，预计碰上 1.5 条"
    )


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ([], "at least 100 background scores, but received 0"),
        ([0.3], "but received 1"),
        ([0.3] * 200, "All 200 background scores are 0.3"),
        ([0.3] * 150 + [np.nan], "Item 150 of background_scores is nan"),
        ([0.3] * 150 + [7.0], "a cosine lies between -1 and 1"),
    ],
)
def test_scores_nothing_can_be_learned_from(scores, sentence):
    with pytest.raises(InvalidValue, match=sentence):
        FalseMatchRate.fit(scores)


def test_other_mistakes(normal):
    with pytest.raises(InvalidType, match="received list"):
        FalseMatchRate.fit(["高"] * 200)
    with pytest.raises(InvalidValue, match="score is NaN"):
        normal.rate(float("nan"))
    for rate in (0, 1, -0.1, float("nan")):
        with pytest.raises(InvalidValue, match="rate must lie between 0 and 1"):
            normal.threshold(rate)
    with pytest.raises(InvalidValue, match="cannot be -1"):
        normal.expected(0.5, -1)
    with pytest.raises(InvalidValue, match="shapes, scales is missing"):
        FalseMatchRate.from_dict({k: v for k, v in normal.to_dict().items() if k not in ("shapes", "scales")})
    with pytest.raises(InvalidValue, match=r"shape \(200, 2\)"):
        FalseMatchRate.fit(np.linspace(0, 1, 200), background_pairs(5, 10))
