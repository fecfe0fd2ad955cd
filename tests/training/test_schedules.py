import pytest

from baihua.checks import InvalidValue
from baihua.training.schedules import SHAPES, Schedule


@pytest.mark.parametrize("decay", SHAPES)
def test_the_rate_rises_to_its_height_and_ends_where_it_should(decay):
    schedule = Schedule(steps=1000, warmup=0.1, decay=decay)
    factors = [schedule.factor(step, seconds=0) for step in range(1001)]
    assert factors[0] == 0
    assert factors[100] == pytest.approx(1)
    assert factors[1000] == pytest.approx(1 if decay == "constant" else 0)
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[:101] == sorted(factors[:101])
    assert factors[100:] == sorted(factors[100:], reverse=True)


def test_minutes_do_as_steps_do():
    by_steps, by_time = Schedule(steps=600), Schedule(minutes=10)
    for share in (0, 0.05, 0.3, 0.9, 1):
        expected = by_steps.factor(round(600 * share), seconds=0)
        assert by_time.factor(0, seconds=600 * share) == pytest.approx(expected)
    assert by_time.done(0, seconds=1e9) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"steps": 1, "minutes": 1},
        {"steps": 0},
        {"minutes": -1},
        {"steps": 9, "warmup": 1},
        {"steps": 9, "decay": "step"},
    ],
)
def test_what_makes_no_sense_is_refused(settings):
    with pytest.raises(InvalidValue, match=r"length of a training|warmup is a share|Unknown decay"):
        Schedule(**settings)
