"""Training an extraction model: gone on with after a cut it ends the same, and it leaves the encoder as it should."""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from tiny_models import make_bert
from torch import nn

from baihua.encoders.load import load_encoder
from baihua.tasks.extraction.dev_watch import LOOKS, DevWatch, Look
from baihua.tasks.extraction.model import ExtractionModel, batch_of, make_head
from baihua.tasks.extraction.predicting import entities_of, find_spans
from baihua.tasks.extraction.rows import make_rows, num_batches
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings
from baihua.tasks.extraction.training import report_of, train_model
from baihua.tasks.extraction.windows import make_windows
from baihua.tasks.seeded import seeded
from baihua.text.entities import Entity
from baihua.training.span_metrics import score_entities

TYPES = ["人", "地"]
TEXTS = ["我在中国上学", "他们来大国", "今天的天气很好", "好的中年人", "你们在中国", "我"]
ENTITIES = [
    [Entity(0, 1, "人"), Entity(2, 4, "地")],
    [Entity(0, 2, "人"), Entity(3, 5, "地")],
    [],
    [Entity(2, 5, "人")],
    [Entity(0, 2, "人"), Entity(3, 5, "地")],
    [Entity(0, 1, "人")],
]
QUICK = ExtractionSettings(epochs=5, batch_size=2, learning_rate=1e-2, dropout=0.2, patience=9, save_every=0)
PER_EPOCH = 3


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


class Trainee:
    """A tiny model, its rows, and a watch whose scores are real; it may be killed on the way."""

    def __init__(self, encoder_folder, *, folder=None, watched=False, head="global_pointer", seed=0):
        encoder = load_encoder(str(encoder_folder), device="cpu")
        windows = make_windows(encoder.backend(), TEXTS, encoder.max_length, 6)
        self.rows = make_rows(windows, ENTITIES, TYPES, 6)
        with seeded(seed):
            made = make_head(head, 16, len(TYPES), ExtractionSettings(max_width=6))
        self.model = ExtractionModel(encoder.model, made)
        self.folder = folder
        self.steps = 0
        self.kill_at_step = self.kill_at_look = None
        self.watch = DevWatch(self.model, self.score, 9, folder) if watched else None
        self.model.register_forward_pre_hook(self.count)

    def count(self, *_):
        self.steps += 1
        if self.steps == self.kill_at_step:
            raise Killed

    def score(self):
        """A figure that tells any two sets of weights apart, so that looks show whether they were taken at the same ones."""
        if self.kill_at_look == len(self.watch.looks) + 1:
            raise Killed
        total = sum(float(parameter.detach().double().sum()) for parameter in self.model.parameters())
        return abs(total) % 1

    def train(self, settings=QUICK, seed=0, drawn=0):
        with seeded(seed):
            torch.rand(drawn)  # what a checkpoint brings is the state of the generator, not only its seed
            return train_model(self.model, self.rows, settings, self.watch, folder=self.folder, show_progress=False)

    def weights(self):
        return {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}


def check_same(one, other):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(other[name], tensor, atol=1e-6, rtol=0)


@pytest.fixture(scope="module")
def uninterrupted(bert_folder):
    """Weights, looks and log of trainings that nobody cut off, with a watch and without."""
    done = {}
    for watched in (False, True):
        trainee = Trainee(bert_folder, watched=watched)
        log = trainee.train()
        done[watched] = trainee.weights(), trainee.watch and trainee.watch.looks, log
    return done


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("step", [2, PER_EPOCH + 1, 2 * PER_EPOCH + 2, 5 * PER_EPOCH])
def test_killed_and_gone_on_with_equals_uninterrupted(bert_folder, tmp_path, uninterrupted, watched, step):
    cut = Trainee(bert_folder, folder=tmp_path, watched=watched)
    cut.kill_at_step = step
    with pytest.raises(Killed):
        cut.train()
    again = Trainee(bert_folder, folder=tmp_path, watched=watched)
    log = again.train(drawn=7)
    assert again.steps == 5 * PER_EPOCH - (step - 1)
    weights, looks, expected = uninterrupted[watched]
    check_same(weights, again.weights())
    assert [line["loss"] for line in log] == pytest.approx([line["loss"] for line in expected], abs=1e-6)
    if watched:
        assert [look.epoch for look in again.watch.looks] == [1, 2, 3, 4, 5]
        assert [look.f1 for look in again.watch.looks] == pytest.approx([look.f1 for look in looks], abs=1e-6)


@pytest.mark.parametrize("look", [1, 2, 5])
def test_killed_while_it_looks(bert_folder, tmp_path, uninterrupted, look):
    """The checkpoint is at the end of an epoch whose look was never taken: it is taken first."""
    cut = Trainee(bert_folder, folder=tmp_path, watched=True)
    cut.kill_at_look = look
    with pytest.raises(Killed):
        cut.train()
    again = Trainee(bert_folder, folder=tmp_path, watched=True)
    again.train(drawn=7)
    weights, looks, _ = uninterrupted[True]
    check_same(weights, again.weights())
    assert [one.epoch for one in again.watch.looks] == [1, 2, 3, 4, 5]
    assert [one.f1 for one in again.watch.looks] == pytest.approx([one.f1 for one in looks], abs=1e-6)


def test_killed_epochs_after_the_last_checkpoint(bert_folder, tmp_path, uninterrupted):
    """The looks after it are kept, and with them the weights of the best."""
    early = Trainee(bert_folder, folder=tmp_path, watched=True)
    early.kill_at_step = PER_EPOCH + 3
    with pytest.raises(Killed):
        early.train()
    later = Trainee(bert_folder, folder=tmp_path, watched=True)
    later.kill_at_look = 4
    with pytest.raises(Killed):
        later.train(replace(QUICK, save_every=1e9))
    assert len(json.loads((tmp_path / LOOKS).read_text(encoding="utf-8"))) == 3
    again = Trainee(bert_folder, folder=tmp_path, watched=True)
    again.train()
    assert again.steps == 4 * PER_EPOCH - 2
    check_same(uninterrupted[True][0], again.weights())
    assert [one.epoch for one in again.watch.looks] == [1, 2, 3, 4, 5]


def test_what_is_done_is_not_done_again(bert_folder, tmp_path, uninterrupted):
    Trainee(bert_folder, folder=tmp_path, watched=True).train()
    again = Trainee(bert_folder, folder=tmp_path, watched=True)
    again.kill_at_look = 6
    again.train()
    assert again.steps == 0
    check_same(uninterrupted[True][0], again.weights())


def test_a_fresh_training_in_the_folder_of_another_starts_anew(bert_folder, tmp_path):
    """Its looks are there, but no checkpoint: whoever deleted that wants to train again."""
    (tmp_path / LOOKS).write_text(json.dumps([{"epoch": 1, "f1": 1.0}]), encoding="utf-8")
    trainee = Trainee(bert_folder, folder=tmp_path, watched=True)
    trainee.train()
    assert trainee.steps == 5 * PER_EPOCH
    assert all(look.f1 < 1 for look in trainee.watch.looks)


def test_patience_ends_it_and_the_best_weights_come_back(bert_folder):
    trainee = Trainee(bert_folder)
    seen = []

    def falling():
        seen.append(trainee.weights())
        return 1 / len(seen)

    trainee.watch = DevWatch(trainee.model, falling, patience=2)
    log = trainee.train()
    assert trainee.steps == 3 * PER_EPOCH
    assert trainee.watch.looks == [Look(1, 1.0), Look(2, 0.5), Look(3, pytest.approx(1 / 3))]
    check_same(seen[0], trainee.weights())
    report = report_of(trainee.rows, QUICK, trainee.watch, log, (6, 9, 2))
    assert (report.kept, report.stopped_early, len(report.looks)) == (Look(1, 1.0), True, 3)


@pytest.mark.parametrize("head", HEADS)
def test_the_loss_falls_and_the_model_finds_what_it_was_taught(tmp_path, head):
    folder = tmp_path / "wide"
    make_bert(folder, hidden_size=16, num_hidden_layers=1)
    trainee = Trainee(folder, head=head)
    log = trainee.train(ExtractionSettings(epochs=150, batch_size=6, learning_rate=1e-2, dropout=0.0))
    assert log[-1]["loss"] < log[0]["loss"] / 10
    assert [line["items"] for line in log] == [6 * line["step"] for line in log]
    least = [trainee.model.head.default_threshold] * 2
    found = entities_of(find_spans(trainee.model, trainee.rows.windows, least), len(TEXTS), TYPES, "nested")
    assert score_entities(found, ENTITIES).f1 == 1


def test_the_encoder_is_left_as_it_was_but_for_its_weights(bert_folder):
    trainee = Trainee(bert_folder)
    rates = {name: module.p for name, module in trainee.model.named_modules() if isinstance(module, nn.Dropout)}
    before = trainee.weights()
    seen = set()
    layer = trainee.model.encoder.encoder.layer[0].output.dropout
    layer.register_forward_pre_hook(lambda module, _: seen.add((module.p, module.training)))
    trainee.train()
    assert seen == {(QUICK.dropout, True)}
    assert rates == {name: module.p for name, module in trainee.model.named_modules() if isinstance(module, nn.Dropout)}
    assert not trainee.model.training
    assert all(parameter.requires_grad for parameter in trainee.model.parameters())
    changed = {name for name, tensor in trainee.weights().items() if not torch.equal(tensor, before[name])}
    pooler = {name for name in before if ".pooler." in name}
    assert pooler
    assert not changed & pooler
    assert {name for name in before if "embeddings.weight" in name or "layer.2" in name or "head." in name} & changed


def test_a_kill_leaves_dropout_as_it_was(bert_folder):
    trainee = Trainee(bert_folder)
    rates = [module.p for module in trainee.model.modules() if isinstance(module, nn.Dropout)]
    trainee.kill_at_step = 3
    with pytest.raises(Killed):
        trainee.train()
    assert rates == [module.p for module in trainee.model.modules() if isinstance(module, nn.Dropout)]
    assert all(parameter.requires_grad for parameter in trainee.model.parameters())


def test_an_encoder_without_dropout_is_trained_too(bert_folder):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    trainee = Trainee(bert_folder)
    trainee.model.encoder = transformers.LlamaModel(transformers.LlamaConfig(vocab_size=100, **sizes))
    assert not any(isinstance(module, nn.Dropout) for module in trainee.model.modules())
    losses = [line["loss"] for line in trainee.train(replace(QUICK, epochs=20))]
    assert losses[-1] < losses[0]


def test_the_seed_decides_order_and_dropout(bert_folder):
    trained = []
    for order, noise in ((0, 0), (0, 0), (1, 0), (0, 1)):
        trainee = Trainee(bert_folder)
        trainee.train(replace(QUICK, epochs=1, seed=order), seed=noise)
        trained.append(trainee.weights()["head.projection.weight"])
    assert torch.equal(trained[0], trained[1])
    assert not torch.equal(trained[0], trained[2])
    assert not torch.equal(trained[0], trained[3])


def test_the_report_counts(bert_folder):
    trainee = Trainee(bert_folder)
    assert num_batches(trainee.rows, QUICK.batch_size) == PER_EPOCH
    report = report_of(trainee.rows, QUICK, None, [{"step": 20}], (6, 8, 2))
    assert (report.num_texts, report.num_entities, report.num_lost, report.num_covered) == (6, 8, 0, 2)
    assert (report.log, report.looks, report.kept, report.stopped_early) == ([{"step": 20}], [], None, False)


@pytest.mark.parametrize("head", HEADS)
def test_the_loss_of_a_batch_is_the_mean_of_its_windows(bert_folder, head):
    trainee = Trainee(bert_folder, head=head)
    trainee.model.eval()
    windows, marked = trainee.rows.windows, trainee.rows.marked
    with torch.no_grad():
        together = trainee.model(batch_of(windows, marked))
        alone = [trainee.model(batch_of([window], [mine])) for window, mine in zip(windows, marked, strict=True)]
    torch.testing.assert_close(together, torch.stack(alone).mean(), rtol=1e-4, atol=1e-5)
