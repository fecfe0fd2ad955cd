"""The numbers of each training are those of the specification, and reach the optimizer."""

import math

import pytest

from baihua.benchmarks.clue_settings import NAMES, settings_of
from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.checks import InvalidValue


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", CLUE_TASKS)
def test_every_task_has_numbers(task, name):
    found = settings_of(task, name)
    assert found.max_length in (64, 128, 256, 512)
    assert found.epochs >= 2
    assert found.fit_settings(768, 100).schedule.steps == 100 // found.accumulation


def test_the_articles():
    assert all(settings_of(task).optimizer == "adafactor" for task in CLUE_TASKS)
    assert all(settings_of(task).learning_rate == 5e-4 for task in CLUE_TASKS)
    assert {task: settings_of(task).epochs for task in ("TNEWS", "WSC", "CHID")} == {"TNEWS": 10, "WSC": 30, "CHID": 5}
    for task, numbers in {
        "CMRC2018": (512, 16, 2),
        "CHID": (64, 12, 2),
        "C3": (512, 4, 4),
        "CLUENER": (256, 32, 1),
    }.items():
        found = settings_of(task)
        assert (found.max_length, found.batch_size, found.accumulation) == numbers
    numbers = settings_of("AFQMC").fit_settings(312, 50)
    assert (numbers.optimizer, numbers.max_norm, numbers.weight_decay) == ("adafactor", math.inf, 0.0)
    assert (numbers.schedule.warmup, numbers.schedule.decay, numbers.learning_rate) == (0.0, "constant", 5e-4)


def test_narrow_encoders_step_farther_with_adamw_alone():
    assert settings_of("CSL", "official").rate(768) == 1e-5
    assert settings_of("CSL", "official").rate(312) == pytest.approx(5e-5)
    assert settings_of("CSL").rate(312) == settings_of("CSL").rate(768)


def test_unknown_names():
    with pytest.raises(InvalidValue, match="Did you mean 'official'"):
        settings_of("TNEWS", "oficial")
    with pytest.raises(InvalidValue, match="TNEWS"):
        settings_of("TNEW")
