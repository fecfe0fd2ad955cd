import itertools
import json
import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from baihua.checks import InvalidValue
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

TRUE_WEIGHTS = torch.tensor([1.0, -2.0, 3.0])


class Regression(nn.Module):
    """Squared error of a linear model, with dropout so that a resume has random numbers to get right."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.linear = nn.Linear(3, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return (self.linear(self.dropout(batch)).squeeze(1) - batch @ TRUE_WEIGHTS).square().mean()


def batches(start: int):
    """The same endless batches whenever asked."""
    for number in itertools.count(start):
        yield torch.randn(8, 3, generator=torch.Generator().manual_seed(number))


def settings(steps: int, **others) -> FitSettings:
    return FitSettings(Schedule(steps=steps), **({"learning_rate": 0.1, "weight_decay": 0.0, "log_every": 5} | others))


def test_it_learns_what_there_is_to_learn():
    loss = Regression()
    log = fit(loss, batches, settings(300))
    torch.testing.assert_close(loss.linear.weight.detach()[0], TRUE_WEIGHTS, atol=1e-2, rtol=0)
    assert log[-1]["loss"] < 1e-3 < log[0]["loss"]
    assert [line["step"] for line in log] == list(range(5, 301, 5))
    assert log[-1]["items"] == 300 * 8


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


@pytest.mark.parametrize("kill_at", [7, 12, 33])
def test_killed_and_resumed_equals_uninterrupted(tmp_path, kill_at):
    whole = Regression(dropout=0.3)
    torch.manual_seed(0)
    expected = fit(whole, batches, settings(40, accumulation=2))

    def cut_off(start):
        for number, batch in enumerate(batches(start)):
            if number == 2 * kill_at:
                raise Killed
            yield batch

    half_way = Regression(dropout=0.3)
    torch.manual_seed(0)
    with pytest.raises(Killed):
        fit(half_way, cut_off, settings(40, accumulation=2, save_every=-1), folder=tmp_path)
    resumed = Regression(dropout=0.3)
    torch.manual_seed(0)
    torch.rand(7)  # the state of the generator comes from the checkpoint
    log = fit(resumed, batches, settings(40, accumulation=2), folder=tmp_path)
    assert log[-1]["loss"] == pytest.approx(expected[-1]["loss"], abs=1e-6)
    torch.testing.assert_close(resumed.linear.weight, whole.linear.weight, atol=1e-6, rtol=0)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines] == list(range(5, 41, 5))
    assert [line["loss"] for line in lines] == pytest.approx([line["loss"] for line in expected], abs=1e-6)


OTHERS = {"learning_rate": 0.5, "accumulation": 2, "precision": "bfloat16", "rate_factors": {"linear.": 2.0}}


@pytest.mark.parametrize("name", ["steps", "seed", *OTHERS])
def test_a_checkpoint_of_other_numbers_is_refused(tmp_path, name):
    first, second = Regression(), Regression()
    torch.manual_seed(1)
    fit(first, batches, settings(5), folder=tmp_path)
    before = (tmp_path / "checkpoint" / "state.json").read_bytes()
    torch.manual_seed(2 if name == "seed" else 1)
    asked = settings(6 if name == "steps" else 5, **({name: OTHERS[name]} if name in OTHERS else {}))
    with pytest.raises(InvalidValue, match=f"is of another training: it has {name}="):
        fit(second, batches, asked, folder=tmp_path)
    assert (tmp_path / "checkpoint" / "state.json").read_bytes() == before


def test_a_training_by_time_may_be_given_more_of_it(tmp_path):
    fit(Regression(), batches, replace(settings(5), schedule=Schedule(minutes=1e-9)), folder=tmp_path)
    longer = replace(settings(5), schedule=Schedule(minutes=0.002), log_every=1, save_every=1.0)
    assert fit(Regression(), batches, longer, folder=tmp_path)


def test_accumulated_batches_are_one_large_batch():
    def doubled(start):
        stream = batches(2 * start)
        while True:
            yield torch.cat([next(stream), next(stream)])

    first, second = Regression(), Regression()
    fit(first, batches, settings(20, accumulation=2))
    fit(second, doubled, settings(20))
    torch.testing.assert_close(first.linear.weight, second.linear.weight, atol=1e-5, rtol=0)


def test_batches_that_end_end_the_training():
    log = fit(Regression(), lambda start: itertools.islice(batches(start), 12), settings(100))
    assert [line["step"] for line in log] == [5, 10]


def test_a_length_in_minutes():
    started = time.monotonic()
    fit(Regression(), batches, FitSettings(Schedule(minutes=0.01)))
    assert 0.6 <= time.monotonic() - started < 10


def test_gradients_are_shortened_and_biases_do_not_decay():
    loss = Regression()
    before = [parameter.detach().clone() for parameter in loss.parameters()]
    frozen = settings(3, weight_decay=1.0, max_norm=1e-30)
    fit(loss, batches, frozen)
    weight, bias = loss.parameters()
    torch.testing.assert_close(bias, before[1], atol=1e-3, rtol=0)
    assert (weight.abs() < before[0].abs()).all()


def test_bfloat16_learns_too():
    loss = Regression()
    fit(loss, batches, settings(200, precision="bfloat16"))
    torch.testing.assert_close(loss.linear.weight.detach()[0], TRUE_WEIGHTS, atol=0.1, rtol=0)


def test_a_loss_that_runs_away_is_said(tmp_path):
    def spoiled(start):
        for number, batch in enumerate(batches(start)):
            yield batch * (float("nan") if number > 6 else 1)

    with pytest.raises(InvalidValue, match="The loss became nan at step 10"):
        fit(Regression(), spoiled, settings(20), folder=tmp_path)
    with pytest.raises(InvalidValue, match="Unknown precision 'float61'"):
        fit(Regression(), batches, settings(20, precision="float61"))


def test_a_part_may_move_faster_than_the_rest():
    moved = {}
    for factor in (1.0, 7.0):
        loss = Regression()
        before = loss.linear.bias.detach().clone(), loss.linear.weight.detach().clone()
        fit(loss, batches, settings(1, rate_factors={"linear.bias": factor}))
        moved[factor] = [
            abs(new - old).max().item() for new, old in zip((loss.linear.bias, loss.linear.weight), before, strict=True)
        ]
    assert moved[7.0][0] == pytest.approx(7 * moved[1.0][0], rel=1e-4)
    assert moved[7.0][1] == pytest.approx(moved[1.0][1], rel=1e-6)


def test_a_loss_that_runs_away_between_two_lines_is_not_saved(tmp_path):
    """A checkpoint of weights that are no numbers would be gone on with for ever."""

    def rotten(start):
        for number, batch in enumerate(batches(start), start=start):
            yield batch * (float("nan") if number == 11 else 1)

    with pytest.raises(InvalidValue, match="The loss became nan at step 12"):
        fit(Regression(), rotten, settings(13, log_every=100, save_every=0), folder=tmp_path)
    model = Regression()
    fit(model, batches, settings(13, log_every=100), folder=tmp_path)  # from step 11 on, where all was well
    assert torch.isfinite(model.linear.weight).all()
