"""What is made of several methods' answers: rows by hand, differences over the same texts, and a recommendation."""

import numpy as np
import pytest

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.maths.proportion import paired_difference, wilson_interval
from baihua.tasks.comparing.comparison import Comparison, Trial

GOLD = ["a", "b"] * 20


def trial(method, wrong, seconds, sure=0.75, repeats=1):
    """Answers that are wrong at some places; each repeat may have its own."""
    places = wrong if isinstance(wrong, tuple) else (wrong,) * repeats
    chances = np.empty((len(places), len(GOLD), 2))
    for repeat, mine in enumerate(places):
        for row, label in enumerate(GOLD):
            right = (label == "b") != (row in mine)
            chances[repeat, row] = (1 - sure, sure) if right else (sure, 1 - sure)
    return Trial(method, chances, seconds)


def compared(*trials, problems=None):
    return Comparison(["a", "b"], GOLD, trials, problems or {}, 5)


def test_rows_are_what_one_counts():
    found = compared(trial("quick", range(8), 0.5), trial("slow", range(2), 60.0))
    best, other = found.rows
    assert (best.method, best.accuracy, best.interval) == ("slow", 38 / 40, wilson_interval(38, 40))
    assert (best.difference, best.may_be_best) == (0.0, True)
    assert (other.method, other.accuracy, other.seconds) == ("quick", 32 / 40, 0.5)
    pair = paired_difference([row >= 8 for row in range(40)], [row >= 2 for row in range(40)])
    assert (other.difference, other.low, other.high) == (pair.difference, pair.low, pair.high)
    assert other.log_loss == pytest.approx(-(32 * np.log(0.75) + 8 * np.log(0.25)) / 40)


def test_the_quickest_of_those_that_may_be_best_is_recommended():
    found = compared(trial("best", range(2), 60.0), trial("as good", range(1, 4), 5.0), trial("bad", range(20), 0.1))
    assert [row.may_be_best for row in found.rows] == [True, True, False]
    assert found.recommended.method == "as good"
    assert "differs from the most accurate, best, by -2.5 points" in found.advice
    assert "these 40 texts cannot tell the two apart" in found.advice
    set_language("zh")
    assert "与最准的 best 相差 -2.5 分" in found.advice
    only = compared(trial("best", range(2), 60.0), trial("bad", range(20), 0.1))
    assert only.recommended.method == "best"
    assert "最准" in only.advice


def test_of_equally_accurate_methods_the_lower_log_loss_is_first():
    found = compared(trial("unsure", range(2), 1.0, sure=0.6), trial("sure", range(2), 1.0, sure=0.75))
    assert [row.method for row in found.rows] == ["sure", "unsure"]


def test_repeats_bring_no_new_texts():
    once = compared(trial("one", range(6), 1.0), trial("two", range(2), 1.0))
    thrice = compared(trial("one", range(6), 1.0, repeats=3), trial("two", range(2), 1.0, repeats=3))
    for row, again in zip(once.rows, thrice.rows, strict=True):
        assert again.method == row.method
        assert again.interval == pytest.approx(row.interval)
        assert (again.difference, again.low, again.high) == pytest.approx((row.difference, row.low, row.high))
    mixed = compared(trial("one", (range(4), range(8)), 1.0), trial("two", (range(2), range(2)), 1.0))
    assert mixed.rows[1].accuracy == 34 / 40
    assert mixed.rows[1].difference == pytest.approx(-4 / 40)
    assert mixed.rows[1].interval == wilson_interval(34, 40)


def test_problems_are_kept_and_nothing_but_problems_is_refused():
    problem = InvalidValue(zh="坏了", en="broken")
    found = compared(trial("one", range(6), 1.0), problems={"two": problem})
    record = found.to_dict()
    assert record["problems"] == {"two": "broken"}
    assert (record["recommended"], record["folds"], record["texts"]) == ("one", 5, 40)
    assert record["methods"][0]["accuracy"] == 34 / 40
    with pytest.raises(InvalidValue, match="None of the methods could be trained \\(two: broken\\)"):
        compared(problems={"two": problem})
