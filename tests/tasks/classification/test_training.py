"""Fine-tuning: how long it is, that after a cut it ends the same, and that it leaves the encoder as it should."""

import json
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tasks.labelled_texts import BY_LABEL, LABELS, TEXTS
from torch import nn

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.classification.dev_watch import LOOKS, DevWatch, Look
from baihua.tasks.classification.model import ClassificationModel, logits_of
from baihua.tasks.classification.rows import epoch_batches, make_rows
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classification.training import MOST_LOOKS, Course, Lessons, train_model
from baihua.tasks.seeded import seeded

NAMES = sorted(BY_LABEL)
ANSWERS = np.array([NAMES.index(label) for label in LABELS])
QUICK = ClassificationSettings(
    epochs=5, least_steps=1, batch_size=4, learning_rate=1e-2, dropout=0.2, patience=9, save_every=0
)
PER_EPOCH = 3


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


class Trainee:
    """A tiny model, its rows, and a watch whose figures tell any two sets of weights apart; it may be killed on the way."""

    def __init__(self, encoder_folder, *, folder=None, watched=False, seed=0, patience=9):
        encoder = load_encoder(str(encoder_folder), device="cpu")
        self.rows = make_rows(encoder, [(text,) for text in TEXTS])
        with seeded(seed):
            self.model = ClassificationModel(encoder.model, "mean", len(NAMES), 0.2)
        self.folder = folder
        self.steps = 0
        self.kill_at_step = self.kill_at_look = None
        self.watch = DevWatch(self.model, self.score, patience, folder) if watched else None
        self.model.register_forward_pre_hook(self.count)

    def count(self, *_):
        self.steps += 1
        if self.steps == self.kill_at_step:
            raise Killed

    def score(self):
        if self.kill_at_look == len(self.watch.looks) + 1:
            raise Killed
        total = sum(float(parameter.detach().double().sum()) for parameter in self.model.parameters())
        return abs(total) % 1, 1.0

    def train(self, settings=QUICK, seed=0, drawn=0):
        with seeded(seed):
            torch.rand(drawn)  # what a checkpoint brings is the state of the generator, not only its seed
            batches_of = partial(epoch_batches, self.rows, ANSWERS, settings.batch_size, settings.seed)
            lessons = Lessons(len(self.rows), batches_of)
            return train_model(self.model, lessons, settings, self.watch, folder=self.folder, show_progress=False)

    def weights(self):
        return {name: tensor.clone() for name, tensor in self.model.state_dict().items()}


def check_same(one, other):
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], atol=1e-6, rtol=0)


@pytest.fixture(scope="module")
def uninterrupted(small_folder):
    """Weights, looks and log of trainings that nothing came between, with a watch and without."""
    found = {}
    for watched in (False, True):
        trainee = Trainee(small_folder, watched=watched)
        log = trainee.train()
        found[watched] = trainee.weights(), trainee.watch.looks if watched else [], log
        assert trainee.steps == 5 * PER_EPOCH
    return found


@hypothesis_settings(deadline=None, database=None)
@given(num=st.integers(1, 5000), epochs=st.integers(1, 30), least=st.integers(1, 500), batch=st.integers(1, 64))
def test_how_long_it_is(num, epochs, least, batch):
    settings = ClassificationSettings(epochs=epochs, least_steps=least, batch_size=batch)
    course = Course.of(num, settings)
    assert course.per_epoch == math.ceil(num / batch)
    assert course.epochs >= epochs
    assert course.steps >= least
    assert course.epochs == epochs or course.steps - course.per_epoch < least  # no longer than needed
    looks = [epoch for epoch in range(course.epochs + 1) if course.looks_after(epoch)]
    assert looks[-1] == course.epochs
    assert len(looks) <= 2 * MOST_LOOKS
    assert min(MOST_LOOKS, course.epochs) <= len(looks)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("step", [2, PER_EPOCH, PER_EPOCH + 1, 3 * PER_EPOCH + 2, 5 * PER_EPOCH])
def test_gone_on_with_after_a_cut_it_ends_the_same(small_folder, tmp_path, uninterrupted, watched, step):
    cut = Trainee(small_folder, folder=tmp_path, watched=watched)
    cut.kill_at_step = step
    with pytest.raises(Killed):
        cut.train()
    again = Trainee(small_folder, folder=tmp_path, watched=watched)
    again.train(drawn=7)
    weights, looks, log = uninterrupted[watched]
    check_same(weights, again.weights())
    if watched:
        assert [look.epoch for look in again.watch.looks] == [1, 2, 3, 4, 5]
        assert [look.accuracy for look in again.watch.looks] == pytest.approx([one.accuracy for one in looks], abs=1e-6)
    assert [line["step"] for line in log] == []  # of fewer steps than there are between lines


@pytest.mark.parametrize("look", [1, 3, 5])
def test_cut_off_while_it_looks(small_folder, tmp_path, uninterrupted, look):
    cut = Trainee(small_folder, folder=tmp_path, watched=True)
    cut.kill_at_look = look
    with pytest.raises(Killed):
        cut.train()
    again = Trainee(small_folder, folder=tmp_path, watched=True)
    again.train(drawn=7)
    check_same(uninterrupted[True][0], again.weights())
    assert [one.epoch for one in again.watch.looks] == [1, 2, 3, 4, 5]


def test_what_is_done_is_not_done_again(small_folder, tmp_path, uninterrupted):
    Trainee(small_folder, folder=tmp_path, watched=True).train()
    again = Trainee(small_folder, folder=tmp_path, watched=True)
    again.kill_at_look = 6
    again.train()
    assert again.steps == 0
    check_same(uninterrupted[True][0], again.weights())


def test_a_fresh_training_in_the_folder_of_another_starts_anew(small_folder, tmp_path):
    (tmp_path / LOOKS).write_text(json.dumps([{"epoch": 1, "accuracy": 1.0, "loss": 0.0}]), encoding="utf-8")
    trainee = Trainee(small_folder, folder=tmp_path, watched=True)
    trainee.train()
    assert trainee.steps == 5 * PER_EPOCH
    assert all(look.accuracy < 1 for look in trainee.watch.looks)


def test_patience_ends_it_and_the_best_weights_come_back(small_folder):
    trainee = Trainee(small_folder)
    seen = []

    def falling():
        seen.append(trainee.weights())
        return 1 / len(seen), float(len(seen))

    trainee.watch = DevWatch(trainee.model, falling, patience=2)
    trainee.train()
    assert trainee.steps == 3 * PER_EPOCH
    assert trainee.watch.looks == [Look(1, 1.0, 1.0), Look(2, 0.5, 2.0), Look(3, pytest.approx(1 / 3), 3.0)]
    check_same(seen[0], trainee.weights())


def test_of_many_short_epochs_only_some_are_looked_at(small_folder):
    trainee = Trainee(small_folder, watched=True, patience=100)
    trainee.train(replace(QUICK, least_steps=60 * PER_EPOCH))
    assert trainee.steps == 60 * PER_EPOCH
    assert [look.epoch for look in trainee.watch.looks] == list(range(3, 61, 3))


def test_the_loss_falls_and_the_model_knows_what_it_was_taught(small_folder):
    trainee = Trainee(small_folder)
    log = trainee.train(replace(QUICK, least_steps=120, dropout=0.0))
    assert log[-1]["loss"] < log[0]["loss"] / 5
    assert log[-1]["items"] == 40 * len(TEXTS)
    assert (logits_of(trainee.model, trainee.rows).argmax(axis=1) == ANSWERS).all()


def test_the_encoder_is_left_as_it_was_but_for_its_weights(small_folder):
    trainee = Trainee(small_folder)
    rates = {name: module.p for name, module in trainee.model.named_modules() if isinstance(module, nn.Dropout)}
    before, seen = trainee.weights(), set()
    layer = trainee.model.encoder.encoder.layer[0].output.dropout
    layer.register_forward_pre_hook(lambda module, _: seen.add((module.p, module.training)))
    trainee.train()
    assert seen == {(QUICK.dropout, True)}
    assert rates == {name: module.p for name, module in trainee.model.named_modules() if isinstance(module, nn.Dropout)}
    assert not trainee.model.training
    assert all(parameter.requires_grad for parameter in trainee.model.parameters())
    changed = {name for name, tensor in trainee.weights().items() if not torch.equal(tensor, before[name])}
    assert not [name for name in changed if ".pooler." in name]
    assert {"head.weight", "head.bias", "encoder.embeddings.word_embeddings.weight"} <= changed


def test_an_encoder_without_dropout_is_trained_too(small_folder):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    trainee = Trainee(small_folder)
    trainee.model = ClassificationModel(
        transformers.LlamaModel(transformers.LlamaConfig(vocab_size=100, **sizes)), "mean", 3, 0.1
    )
    losses = [line["loss"] for line in trainee.train(replace(QUICK, epochs=20))]
    assert losses[-1] < losses[0]


def test_the_head_moves_faster(small_folder):
    moved = []
    for rate in (1.0, 5.0):
        trainee = Trainee(small_folder)
        before = trainee.weights()["head.weight"]
        trainee.train(replace(QUICK, epochs=1, head_rate=rate))
        moved.append(float((trainee.weights()["head.weight"] - before).norm()))
    assert moved[1] > 2 * moved[0]


def test_the_seed_decides_order_and_dropout(small_folder):
    trained = []
    for order, noise in ((0, 0), (0, 0), (1, 0), (0, 1)):
        trainee = Trainee(small_folder)
        trainee.train(replace(QUICK, epochs=1, seed=order), seed=noise)
        trained.append(trainee.weights()["head.weight"])
    assert torch.equal(trained[0], trained[1])
    assert not torch.equal(trained[0], trained[2])
    assert not torch.equal(trained[0], trained[3])


def test_a_training_that_diverges_is_refused(small_folder):
    trainee = Trainee(small_folder)
    with torch.no_grad():
        trainee.model.encoder.embeddings.word_embeddings.weight.mul_(torch.inf)
    with pytest.raises(InvalidValue, match="Training has diverged"):
        trainee.train(replace(QUICK, epochs=1))
