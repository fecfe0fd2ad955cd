import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.masking import LONGEST_SPAN, UNITS, Masking, span_start_rate

SPECIAL, CONTINUING = frozenset({0, 1, 2, 3, 4}), frozenset(range(90, 100))


def masking(**settings) -> Masking:
    return Masking(4, 100, SPECIAL, CONTINUING, **settings)


def rows(num=400, length=64) -> np.ndarray:
    ids = np.random.default_rng(0).integers(5, 100, (num, length))
    ids[:, 0], ids[:, -1] = 2, 3
    return ids


@pytest.mark.parametrize("unit", UNITS)
def test_the_share_hidden_is_the_share_asked(unit):
    ids = rows()
    _, hidden = masking(unit=unit).hide(ids, np.random.default_rng(1))
    assert hidden[:, 1:-1].mean() == pytest.approx(0.15, abs=0.01)
    assert not hidden[:, [0, -1]].any()


def test_eighty_ten_ten():
    ids = rows()
    read, hidden = masking().hide(ids, np.random.default_rng(1))
    np.testing.assert_array_equal(read[~hidden], ids[~hidden])
    inside, before = read[hidden], ids[hidden]
    assert (inside == 4).mean() == pytest.approx(0.8, abs=0.02)
    assert (inside == before).mean() == pytest.approx(0.1 + 0.1 / 95, abs=0.02)
    others = inside[(inside != 4) & (inside != before)]
    assert others.min() >= 5  # never a special token


def test_the_pieces_of_a_word_are_hidden_together():
    ids = rows()
    _, hidden = masking(unit="word").hide(ids, np.random.default_rng(1))
    continues = np.isin(ids, list(CONTINUING))
    continues[:, :2] = False  # a piece with no word before it stands alone
    np.testing.assert_array_equal(hidden[:, 1:][continues[:, 1:]], hidden[:, :-1][continues[:, 1:]])


def test_spans_are_longer_than_chance_and_never_beyond_their_limit_alone():
    ids = rows(length=2000)
    runs = {}
    for unit in ("token", "span"):
        hidden = masking(unit=unit).hide(ids, np.random.default_rng(1))[1].astype(int)
        starts = (np.diff(hidden, prepend=0, axis=1) == 1).sum()
        runs[unit] = hidden.sum() / starts
    assert runs["token"] < 1.3
    assert 3 < runs["span"] < LONGEST_SPAN


@pytest.mark.parametrize("rate", [0.01, 0.15, 0.5, 0.9])
def test_the_rate_of_starts_covers_what_it_should(rate):
    """Against a count over a long row of simulated spans."""
    rng = np.random.default_rng(0)
    covered = np.zeros(200_000, dtype=bool)
    for start in np.flatnonzero(rng.random(200_000) < span_start_rate(rate)):
        covered[start : start + min(rng.geometric(0.2), LONGEST_SPAN)] = True
    assert covered.mean() == pytest.approx(rate, abs=0.01)


def test_the_same_chance_hides_the_same(tmp_path):
    first, second = (masking().hide(rows(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])


def test_bad_settings():
    with pytest.raises(InvalidValue, match="Unknown unit 'spam'.*Did you mean 'span'"):
        masking(unit="spam")
    with pytest.raises(InvalidValue, match="must lie between 0 and 1, but received 15"):
        masking(rate=15)
