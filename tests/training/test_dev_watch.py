"""What all watches share: figures that count one after the other, gains of their own, and files that come back."""

import json
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from baihua.training.dev_watch import BEST, LOOKS, EpochLook, EpochWatch


@dataclass(frozen=True)
class Pace(EpochLook):
    right: float
    slow: float
    light: float


class PaceWatch(EpochWatch[Pace]):
    look_type = Pace
    least_gains = (0.0, 1.0, 0.25)

    def figures(self, look):
        return look.right, -look.slow, look.light


few = st.integers(0, 3).map(float)
trainings = st.lists(st.tuples(few, few, few), min_size=1, max_size=10)


def run(figures, patience, folder=None):
    weights = nn.Linear(1, 1)
    waiting = iter(figures)
    watch = PaceWatch(weights, lambda: next(waiting), patience, folder)
    for epoch in range(1, len(figures) + 1):
        nn.init.constant_(weights.weight, epoch)
        if not watch.look(epoch):
            break
    return watch


@settings(deadline=None, database=None)
@given(figures=trainings)
def test_the_first_figure_counts_most(figures):
    watch = run(figures, patience=99)
    ranks = [(right, -slow, light) for right, slow, light in figures]
    assert watch.looks == [Pace(epoch, *each) for epoch, each in enumerate(figures, start=1)]
    assert watch.best.epoch == ranks.index(max(ranks)) + 1
    watch.restore()
    assert watch.weights.weight.item() == watch.best.epoch


@settings(deadline=None, database=None)
@given(figures=trainings, patience=st.integers(1, 3))
def test_any_figure_that_gains_enough_keeps_it_going(figures, patience):
    watch = run(figures, patience)
    in_vain, highest = 0, list(watch.figures(watch.looks[0]))
    for look in watch.looks[1:]:
        gained = False
        for place, figure in enumerate(watch.figures(look)):
            if figure - highest[place] > watch.least_gains[place]:
                highest[place], gained = figure, True
        in_vain = 0 if gained else in_vain + 1
    assert watch.enough == (in_vain >= patience)
    assert watch.enough or len(watch.looks) == len(figures)


def test_before_any_look():
    watch = PaceWatch(nn.Linear(1, 1), lambda: (1.0, 1.0, 1.0), patience=1)
    assert not watch.enough
    watch.restore()


def test_looks_and_weights_come_back(tmp_path):
    first = run([(1, 2, 3), (2, 2, 3), (0, 0, 0)], patience=9, folder=tmp_path)
    assert json.loads((tmp_path / LOOKS).read_text(encoding="utf-8"))[0] == {
        "epoch": 1,
        "right": 1.0,
        "slow": 2.0,
        "light": 3.0,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([BEST, LOOKS])
    again = PaceWatch(nn.Linear(1, 1), lambda: (9.0, 9.0, 9.0), 9, tmp_path)
    again.go_on(0)
    assert again.looks == []
    again.go_on(2)
    assert again.looks == first.looks
    again.restore()
    assert again.weights.weight.item() == 2
    assert torch.is_tensor(again.weights.weight)


def test_a_kind_says_what_is_better():
    with pytest.raises(TypeError, match="abstract"):
        EpochWatch(nn.Linear(1, 1), lambda: (1.0,), 1)
