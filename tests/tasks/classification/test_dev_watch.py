"""Watching on texts held aside: which weights are kept, when it is enough, and going on after a cut."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from baihua.checks import FileProblem
from baihua.tasks.classification.dev_watch import BEST, LOOKS, DevWatch, Look

figures = st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.75]), st.sampled_from([0.1, 0.7, 1.3, 2.9]))
trainings = st.lists(figures, min_size=1, max_size=12)


class Training:
    """A training that says its number of epochs in its weights, and scores as it is told to."""

    def __init__(self, figures, patience=3, folder=None):
        self.weights = nn.Linear(2, 1)
        self.figures = figures
        self.epoch = 0
        self.looked = []
        self.watch = DevWatch(self.weights, self.score, patience, folder)

    def score(self):
        self.looked.append(self.epoch)
        return self.figures[self.epoch - 1]

    def run(self, first=0, last=None):
        """Train from one epoch to another, or until it is enough; return the epochs done."""
        self.epoch = first
        while self.epoch < (last or len(self.figures)):
            self.epoch += 1
            nn.init.constant_(self.weights.weight, self.epoch)
            if not self.watch.look(self.epoch):
                break
        return self.epoch

    @property
    def weights_of(self):
        return int(self.weights.weight[0, 0])


@settings(deadline=None, database=None)
@given(figures=trainings, patience=st.integers(1, 4))
def test_the_best_is_kept_and_patience_ends_it(figures, patience):
    training = Training(figures, patience)
    done = training.run()
    training.watch.restore()
    seen = figures[:done]
    most = max(accuracy for accuracy, _ in seen)
    least = min(loss for accuracy, loss in seen if accuracy == most)
    best = training.watch.best
    assert (best.accuracy, best.loss) == (most, least)
    assert best.epoch == seen.index((most, least)) + 1
    assert training.weights_of == best.epoch
    assert done == len(figures) or training.watch.enough


def gained(figures):
    """The number of the last look that brought a better accuracy or a lower loss."""
    last = 0
    for number in range(1, len(figures)):
        before = figures[:number]
        better = figures[number][0] > max(accuracy for accuracy, _ in before)
        lower = figures[number][1] < min(loss for _, loss in before)
        last = number if better or lower else last
    return last


@settings(deadline=None, database=None)
@given(figures=trainings, patience=st.integers(1, 4))
def test_it_goes_on_as_long_as_something_gets_better(figures, patience):
    training = Training(figures, patience)
    done = training.run()
    in_vain = [number - gained(figures[: number + 1]) for number in range(done)]
    assert all(number < patience for number in in_vain[:-1])
    assert training.watch.enough == (in_vain[-1] >= patience)


def test_many_labels_none_right_yet_but_the_loss_falls():
    assert Training([(0.01, 4.7 - 0.1 * epoch) for epoch in range(9)], patience=2).run() == 9
    assert Training([(0.5, 1.0)] * 9, patience=2).run() == 3


def test_a_loss_that_hardly_falls_is_not_lower():
    """A model that is right throughout gets surer for ever; but many small steps are one large one."""
    assert Training([(1.0, 1e-3 / 2**epoch) for epoch in range(9)], patience=2).run() == 3
    assert Training([(0.5, 1.0 - 6e-4 * epoch) for epoch in range(9)], patience=2).run() == 9


def test_a_look_is_taken_once():
    training = Training([(0.5, 1.0), (0.6, 1.0)])
    training.run()
    training.watch.look(2)
    training.watch.look(1)
    assert training.looked == [1, 2]


def test_without_a_look_nothing_is_restored():
    training = Training([(0.5, 1.0)])
    before = training.weights.weight.detach().clone()
    training.watch.restore()
    assert torch.equal(training.weights.weight, before)
    assert not training.watch.enough


@settings(deadline=None, database=None, max_examples=25)
@given(figures=trainings, cut=st.integers(1, 12), back=st.integers(0, 3))
def test_gone_on_with_after_a_cut_it_ends_the_same(tmp_path_factory, figures, cut, back):
    """Its last checkpoint may lie some epochs before its last look."""
    folder = tmp_path_factory.mktemp("watch")
    whole = Training(figures)
    whole.run()
    first = Training(figures, folder=folder)
    done = first.run(last=min(cut, len(figures)))
    again = Training(figures, folder=folder)
    start = max(done - back, 0)
    again.watch.go_on(start)
    if not start:
        again.run()
    elif not again.watch.enough:
        again.run(first=start)
    again.watch.restore()
    whole.watch.restore()
    assert again.watch.looks == whole.watch.looks
    assert again.weights_of == whole.weights_of


def test_a_fresh_training_reads_nothing(tmp_path):
    (tmp_path / LOOKS).write_text(json.dumps([{"epoch": 1, "accuracy": 1.0, "loss": 0.0}]), encoding="utf-8")
    training = Training([(0.5, 1.0)], folder=tmp_path)
    training.watch.go_on(0)
    assert training.watch.looks == []


@pytest.mark.parametrize(
    ("name", "content"),
    [(LOOKS, b"{"), (LOOKS, b"[1]"), (LOOKS, b'[{"epoch": 1, "accuracy": 1}]'), (LOOKS, b"\xff"), (BEST, b"x" * 9)],
)
def test_what_cannot_be_read_is_said(tmp_path, name, content):
    Training([(0.5, 1.0)], folder=tmp_path).run()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileProblem, match="cannot be read") as mistake:
        Training([(0.5, 1.0)], folder=tmp_path).watch.go_on(1)
    assert str(tmp_path) in mistake.value.zh


def test_best_weights_that_are_gone(tmp_path):
    Training([(0.5, 1.0)], folder=tmp_path).run()
    (tmp_path / BEST).unlink()
    with pytest.raises(FileProblem, match="cannot be read"):
        Training([(0.5, 1.0)], folder=tmp_path).watch.go_on(1)


def test_looks_are_plain(tmp_path):
    Training([(0.5, 1.25), (0.75, 1.5)], folder=tmp_path).run()
    looks = json.loads((tmp_path / LOOKS).read_text(encoding="utf-8"))
    assert looks == [{"epoch": 1, "accuracy": 0.5, "loss": 1.25}, {"epoch": 2, "accuracy": 0.75, "loss": 1.5}]
    assert Look(**looks[0]) == Look(1, 0.5, 1.25)
