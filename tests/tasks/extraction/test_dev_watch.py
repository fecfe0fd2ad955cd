"""Watching on texts held aside: which weights are kept, when it is enough, and going on after a cut."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from baihua.checks import FileProblem
from baihua.tasks.extraction.dev_watch import BEST, LOOKS, DevWatch, Look

scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12)


class Training:
    """A training that says its number of epochs in its weights, and scores as it is told to."""

    def __init__(self, f1, patience=3, folder=None):
        self.weights = nn.Linear(2, 1)
        self.f1 = f1
        self.epoch = 0
        self.looked = []
        self.watch = DevWatch(self.weights, self.score, patience, folder)

    def score(self):
        self.looked.append(self.epoch)
        return self.f1[self.epoch - 1]

    def run(self, first=0, last=None):
        """Train from one epoch to another, or until it is enough; return the epochs done."""
        self.epoch = first
        while self.epoch < (last or len(self.f1)):
            self.epoch += 1
            nn.init.constant_(self.weights.weight, self.epoch)
            if not self.watch.look(self.epoch):
                break
        return self.epoch

    @property
    def weights_of(self):
        return int(self.weights.weight[0, 0])


@settings(deadline=None, database=None)
@given(f1=scores, patience=st.integers(1, 4))
def test_the_first_of_the_best_is_kept_and_patience_ends_it(f1, patience):
    training = Training(f1, patience)
    done = training.run()
    training.watch.restore()
    seen = f1[:done]
    assert training.watch.looks == [Look(epoch, score) for epoch, score in enumerate(seen, start=1)]
    assert training.watch.best == Look(seen.index(max(seen)) + 1, max(seen))
    assert training.weights_of == training.watch.best.epoch
    in_vain = done - training.watch.best.epoch if max(seen) else 0
    assert training.watch.enough == (in_vain >= patience)
    assert done == len(f1) or training.watch.enough


def test_before_anything_is_found_patience_does_not_count():
    """Large models find nothing for epochs, and then everything."""
    assert Training([0.0] * 9 + [0.1, 0.9], patience=2).run() == 11
    assert Training([0.0, 0.1, 0.1, 0.1, 0.9], patience=2).run() == 4


def test_an_epoch_is_measured_once():
    training = Training([0.5, 0.6])
    training.run()
    training.watch.look(2)
    training.watch.look(1)
    assert training.looked == [1, 2]
    assert [look.epoch for look in training.watch.looks] == [1, 2]


def test_without_a_look_nothing_is_restored():
    training = Training([0.5])
    before = training.weights.weight.detach().clone()
    training.watch.restore()
    assert torch.equal(training.weights.weight, before)
    assert not training.watch.enough


@settings(deadline=None, database=None, max_examples=60)
@given(f1=scores, patience=st.integers(1, 4), data=st.data())
def test_gone_on_with_it_ends_as_if_never_cut_off(tmp_path_factory, f1, patience, data):
    """Whatever the epoch of the last checkpoint, and however far the training had come after it."""
    folder = tmp_path_factory.mktemp("watch")
    whole = Training(f1, patience)
    done = whole.run()
    cut = data.draw(st.integers(1, done))
    checkpoint = data.draw(st.integers(0, cut))
    Training(f1, patience, folder).run(last=cut)
    again = Training(f1, patience, folder)
    again.watch.go_on(checkpoint)
    if not again.watch.enough:
        again.run(first=checkpoint)
    assert again.watch.looks == whole.watch.looks
    whole.watch.restore()
    again.watch.restore()
    assert again.weights_of == whole.weights_of
    assert again.looked == list(range(cut + 1 if checkpoint else 1, done + 1))


def test_the_weights_kept_are_always_those_of_the_best_look(tmp_path):
    """On a GPU the epochs after a checkpoint do not come out the same twice."""
    Training([0.3, 0.2, 0.9], folder=tmp_path).run()
    again = Training([0.3, 0.2, 0.1, 0.4], folder=tmp_path)
    again.watch.go_on(1)
    again.run(first=1)
    assert again.watch.best == Look(3, 0.9)
    nn.init.zeros_(again.weights.weight)
    again.watch.restore()
    assert again.weights_of == 3


def test_without_a_checkpoint_nothing_of_another_training_is_taken_over(tmp_path):
    Training([0.9, 0.9], folder=tmp_path).run()
    again = Training([0.1, 0.2], folder=tmp_path)
    again.watch.go_on(0)
    again.run()
    assert again.watch.looks == [Look(1, 0.1), Look(2, 0.2)]
    assert json.loads((tmp_path / LOOKS).read_text(encoding="utf-8"))[1] == {"epoch": 2, "f1": 0.2}


def test_a_file_of_marked_texts_is_not_written_over(tmp_path):
    """CLUENER's own folder holds a dev.json, and is where people train."""
    (tmp_path / "dev.json").write_text("precious", encoding="utf-8")
    Training([0.9], folder=tmp_path).run()
    assert (tmp_path / "dev.json").read_text(encoding="utf-8") == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([BEST, LOOKS, "dev.json"])


@pytest.mark.parametrize(
    ("name", "content"), [(LOOKS, "["), (LOOKS, "[1]"), (LOOKS, '[{"epoch": 1}]'), (BEST, "no weights"), (BEST, None)]
)
def test_damaged_files(tmp_path, name, content):
    Training([0.9], folder=tmp_path).run()
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(FileProblem, match="cannot be read .* Delete this folder and train anew"):
        Training([0.9], folder=tmp_path).watch.go_on(1)
