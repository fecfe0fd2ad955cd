"""AdaFactor against its formulas in fifty digits, against transformers where both do the same, and inside the training loop."""

import copy
import itertools
import math

import mpmath
import pytest
import torch
from torch import nn

from baihua.checks import InvalidType, InvalidValue
from baihua.training.adafactor import AdaFactor
from baihua.training.checkpoints import Counters, load_checkpoint, save_checkpoint
from baihua.training.fit import FitSettings, fit
from baihua.training.optimizers import make_optimizer
from baihua.training.schedules import Schedule


def root_mean_square(values):
    return mpmath.sqrt(mpmath.fsum(value**2 for value in values) / len(values))


def oracle(start, gradients, rates, beta1=0.9, scale_first=False):
    """The formulas, entry by entry in fifty digits; ``scale_first`` averages steps that have their scale already."""
    with mpmath.workdps(50):
        weights = [mpmath.mpf(value) for value in start]
        squares, means = [mpmath.mpf(0)] * len(weights), [mpmath.mpf(0)] * len(weights)
        for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
            beta2 = 1 - mpmath.mpf(step) ** mpmath.mpf("-0.8")
            tiny, g = mpmath.mpf("1e-30"), [mpmath.mpf(value) for value in gradient]
            squares = [beta2 * old + (1 - beta2) * (new**2 + tiny) for old, new in zip(squares, g, strict=True)]
            update = [new / mpmath.sqrt(square + tiny) for new, square in zip(g, squares, strict=True)]
            clip = max(mpmath.mpf(1), root_mean_square(update))
            size = rate * max(root_mean_square(weights), mpmath.mpf("1e-3"))
            before, after = (size, 1) if scale_first else (1, size)
            means = [
                beta1 * mean + (1 - mpmath.mpf(beta1)) * before * u / clip
                for mean, u in zip(means, update, strict=True)
            ]
            weights = [weight - after * mean for weight, mean in zip(weights, means, strict=True)]
        return torch.tensor([float(weight) for weight in weights], dtype=torch.float64)


def after_steps(optimizer, weight, gradients, rates):
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 2), ()])
@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-6, 0.0])  # the last two lie below the smallest scale
@pytest.mark.parametrize("beta1", [0.9, 0.0])
def test_steps_are_the_formulas(shape, size, beta1):
    start = size * torch.randn(shape, dtype=torch.float64)
    # Gradients that grow, so that updates are clipped, then vanish, then are smaller than what is added to their squares.
    sizes = [1.0, 3.0, 20.0, 0.0, 1e-4, 1e-16, 2.0, 1.0]
    gradients = [one * torch.randn(shape, dtype=torch.float64) for one in sizes]
    rates = [5e-4, 5e-4, 1e-2, 1e-2, 0.0, 3e-3, 0.3, 0.3]
    weight = nn.Parameter(start.clone())
    found = after_steps(AdaFactor([weight], beta1=beta1), weight, gradients, rates)
    rows = [gradient.flatten().tolist() for gradient in gradients]
    expected = oracle(start.flatten().tolist(), rows, rates, beta1).reshape(shape)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-18)


def test_a_step_worked_by_hand():
    """θ = (3, 4): RMS √12.5. At t = 1 the second moment forgets everything: u = (1, −1), m = (0.1, −0.1)."""
    weight = nn.Parameter(torch.tensor([3.0, 4.0], dtype=torch.float64))
    weight.grad = torch.tensor([0.2, -50.0], dtype=torch.float64)
    optimizer = AdaFactor([weight])
    optimizer.step()
    move = 5e-4 * math.sqrt(12.5) * 0.1
    torch.testing.assert_close(weight.data, torch.tensor([3 - move, 4 + move], dtype=torch.float64))
    # At t = 2 it forgets 2^−0.8 of it. The first gradient is 3 times as large; √((1 − f) + 9f) < 3, so |u| is above 1.
    weight.grad = torch.tensor([0.6, -50.0], dtype=torch.float64)
    forgotten = 2**-0.8
    first = 3 / math.sqrt(1 - forgotten + 9 * forgotten)
    clip = math.sqrt((first**2 + 1) / 2)
    scale = math.sqrt(((3 - move) ** 2 + (4 + move) ** 2) / 2)
    means = 0.9 * 0.1 + 0.1 * first / clip, -0.9 * 0.1 - 0.1 / clip
    expected = [old - 5e-4 * scale * mean for old, mean in zip((3 - move, 4 + move), means, strict=True)]
    optimizer.step()
    torch.testing.assert_close(weight.data, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("size", [1.0, 0.04])
def test_the_step_relative_to_the_weights_is_the_rate_where_every_update_is_1(size):
    weight = nn.Parameter(size * torch.randn(400, dtype=torch.float64))
    before = weight.detach().clone()
    weight.grad = torch.randn(400, dtype=torch.float64)
    optimizer = AdaFactor([weight], lr=5e-4, beta1=0.0)
    optimizer.step()  # at t = 1 an update is the sign of its gradient
    moved = weight.detach() - before
    assert (moved.norm() / before.norm()).item() == pytest.approx(5e-4, rel=1e-12)
    assert moved.abs().min().item() == pytest.approx(moved.abs().max().item(), rel=1e-9)


def test_what_starts_at_zero_moves_by_a_thousandth_of_the_rate():
    weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    weight.grad = torch.tensor([1.0, -2.0, 0.0], dtype=torch.float64)
    AdaFactor([weight], lr=5e-4, beta1=0.0).step()
    torch.testing.assert_close(weight.data, torch.tensor([-5e-7, 5e-7, 0.0], dtype=torch.float64))


def test_what_is_added_to_squares_counts_twice():
    """A gradient of 1e-15, whose square is what is added: once where it is remembered, once under the root."""
    weight = nn.Parameter(torch.ones(2, dtype=torch.float64))
    weight.grad = torch.tensor([1e-15, 0.0], dtype=torch.float64)
    AdaFactor([weight], lr=0.3, beta1=0.0).step()
    torch.testing.assert_close(weight.data, torch.tensor([1 - 0.3 / math.sqrt(3), 1.0], dtype=torch.float64))


def hugging_face(weight, rate, beta1):
    from transformers.optimization import Adafactor

    return Adafactor([weight], lr=rate, scale_parameter=True, relative_step=False, warmup_init=False, beta1=beta1)


def test_without_a_mean_vectors_move_as_in_transformers():
    start = torch.randn(11, dtype=torch.float64)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    mine, peer = AdaFactor([ours], lr=0.02, beta1=0.0), hugging_face(theirs, 0.02, None)
    for step in range(12):
        ours.grad = (1 + step) * torch.randn(11, dtype=torch.float64)
        theirs.grad = ours.grad.clone()
        mine.step()
        peer.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)


def test_with_a_mean_transformers_scales_first_and_averages_then():
    """Equal at the first step and as long as rate and RMS(θ) stay; after that each is its own order of the two."""
    start = torch.randn(11, dtype=torch.float64)
    gradients = [torch.randn(11, dtype=torch.float64) for _ in range(8)]
    rates = [0.05, 0.04, 0.03, 0.05, 0.01, 0.02, 0.01, 0.03]
    for num in (1, 8):
        ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
        mine = after_steps(AdaFactor([ours]), ours, gradients[:num], rates[:num])
        other = after_steps(hugging_face(theirs, 0.05, 0.9), theirs, gradients[:num], rates[:num])
        rows = [gradient.tolist() for gradient in gradients[:num]]
        torch.testing.assert_close(mine, oracle(start.tolist(), rows, rates[:num]), rtol=1e-13, atol=0)
        scaled_first = oracle(start.tolist(), rows, rates[:num], scale_first=True)
        torch.testing.assert_close(other, scaled_first, rtol=1e-13, atol=0)
        assert ((mine - other).abs().max() < 1e-14) == (num == 1)


def test_with_one_rate_the_two_orders_differ_by_little():
    """RMS(θ) hardly changes within the ten steps that the mean remembers."""
    start = torch.randn(50, dtype=torch.float64)
    gradients = [torch.randn(50, dtype=torch.float64) for _ in range(30)]
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    mine = after_steps(AdaFactor([ours]), ours, gradients, [5e-4] * 30)
    other = after_steps(hugging_face(theirs, 5e-4, 0.9), theirs, gradients, [5e-4] * 30)
    assert 0 < (mine - other).norm() < 1e-2 * (mine - start).norm()


@pytest.mark.parametrize("rank_one", [True, False])
def test_transformers_factors_matrices_and_this_does_not(rank_one):
    """At the first step both are one where the squares are rows times columns; else only ours is the sign."""
    gradient = torch.randn(4, 6, dtype=torch.float64)
    if rank_one:
        gradient = gradient[:, :1] * gradient[:1]
    ours, theirs = (nn.Parameter(torch.ones(4, 6, dtype=torch.float64)) for _ in range(2))
    mine = after_steps(AdaFactor([ours], beta1=0.0), ours, [gradient], [0.01])
    other = after_steps(hugging_face(theirs, 0.01, None), theirs, [gradient], [0.01])
    torch.testing.assert_close(mine, 1 - 0.01 * gradient.sign())
    assert torch.allclose(mine, other, rtol=1e-12, atol=0) == rank_one


TRUE_WEIGHTS = torch.tensor([1.0, -2.0, 3.0])


class Regression(nn.Module):
    """Squared error of a linear model."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.linear = nn.Linear(3, 1)

    def forward(self, batch):
        return (self.linear(batch).squeeze(1) - batch @ TRUE_WEIGHTS).square().mean()


def batches(start, rows=8):
    for number in itertools.count(start):
        parts = [
            torch.randn(8, 3, generator=torch.Generator().manual_seed(rows // 8 * number + i)) for i in range(rows // 8)
        ]
        yield torch.cat(parts)


def settings(steps, **others):
    schedule = Schedule(steps=steps, warmup=0, decay="constant")
    chosen = {"schedule": schedule, "learning_rate": 0.02, "optimizer": "adafactor", "max_norm": math.inf}
    return FitSettings(**(chosen | others))


def test_it_learns_what_there_is_to_learn():
    loss = Regression()
    fit(loss, batches, settings(600))
    torch.testing.assert_close(loss.linear.weight.detach()[0], TRUE_WEIGHTS, atol=0.05, rtol=0)


@pytest.mark.parametrize("accumulation", [2, 4])
def test_accumulated_batches_are_one_large_batch(accumulation):
    first, second = Regression(), Regression()
    fit(first, batches, settings(20, accumulation=accumulation))
    fit(second, lambda start: batches(start, rows=8 * accumulation), settings(20))
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


@pytest.mark.parametrize("schedule", [Schedule(steps=15, warmup=0.3), Schedule(steps=15, warmup=0, decay="constant")])
def test_the_schedule_multiplies_the_rate(schedule):
    trained, by_hand = Regression(), Regression()
    fit(trained, batches, settings(15, schedule=schedule))
    optimizer = make_optimizer(by_hand, "adafactor", 0.02, weight_decay=0.5)
    for step, batch in zip(range(1, 16), batches(0), strict=False):
        optimizer.param_groups[0]["lr"] = 0.02 * schedule.factor(step, 0)
        optimizer.zero_grad()
        by_hand(batch).backward()
        optimizer.step()
    for one, other in zip(trained.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-7, rtol=0)


def test_a_part_may_move_faster_than_the_rest():
    moved = {}
    for factor in (1.0, 7.0):
        loss = Regression()
        before = [parameter.detach().clone() for parameter in loss.parameters()]
        fit(loss, batches, settings(1, rate_factors={"linear.bias": factor}))
        moved[factor] = [(new - old).abs().max().item() for new, old in zip(loss.parameters(), before, strict=True)]
    assert moved[7.0][1] == pytest.approx(7 * moved[1.0][1], rel=1e-3)
    assert moved[7.0][0] == pytest.approx(moved[1.0][0], rel=1e-6)


def test_all_trained_parameters_are_in_one_group_without_decay():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    model[0].bias.requires_grad_(False)
    [group] = make_optimizer(model, "adafactor", 1e-3, weight_decay=0.1).param_groups
    assert (len(group["params"]), group["lr"], group["beta1"]) == (3, 1e-3, 0.9)
    assert "weight_decay" not in group


def parameters_and_gradients(dtype, seed=5):
    generator = torch.Generator().manual_seed(seed)
    weights = [nn.Parameter(torch.randn(shape, generator=generator).to(dtype)) for shape in ((4, 3), (5,), (2,))]
    gradients = [
        [torch.randn(weight.shape, generator=generator).to(dtype) for weight in weights[:2]] for _ in range(10)
    ]
    groups = [{"params": weights[:1]}, {"params": weights[1:], "lr": 0.05, "beta1": 0.5}]
    return weights, gradients, AdaFactor(groups, lr=0.01)


def take(optimizer, weights, gradients):
    for row in gradients:
        for weight, gradient in zip(weights[:2], row, strict=True):  # the third never has one
            weight.grad = gradient.clone()
        optimizer.step()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("through_a_file", [True, False])
def test_a_state_put_back_goes_on_exactly(tmp_path, dtype, through_a_file):
    weights, gradients, optimizer = parameters_and_gradients(dtype)
    take(optimizer, weights, gradients[:4])
    others, _, fresh = parameters_and_gradients(dtype, seed=6)
    if through_a_file:
        save_checkpoint(tmp_path / "c", nn.ParameterList(weights), optimizer, Counters())
        load_checkpoint(tmp_path / "c", nn.ParameterList(others), fresh)
    else:
        saved = copy.deepcopy((optimizer.state_dict(), [weight.detach() for weight in weights]))
        fresh.load_state_dict(saved[0])
        for other, weight in zip(others, saved[1], strict=True):
            other.data.copy_(weight)
    take(optimizer, weights, gradients[4:])
    take(fresh, others, gradients[4:])
    for one, other in zip(weights, others, strict=True):
        assert torch.equal(one, other)
    assert [group["lr"] for group in fresh.param_groups] == [0.01, 0.05]
    assert weights[2] not in optimizer.state


def test_a_state_put_back_shares_no_memory_with_what_it_came_from():
    weights, gradients, optimizer = parameters_and_gradients(torch.float32)
    take(optimizer, weights, gradients[:2])
    saved = optimizer.state_dict()
    before = copy.deepcopy(saved["state"][0]["mean"])
    others, _, fresh = parameters_and_gradients(torch.float32)
    fresh.load_state_dict(saved)
    take(fresh, others, gradients[2:])
    assert torch.equal(saved["state"][0]["mean"], before)


def test_groups_have_settings_of_their_own():
    weights, gradients, optimizer = parameters_and_gradients(torch.float64)
    starts = [weight.detach().clone() for weight in weights]
    take(optimizer, weights, gradients)
    for number, (rate, beta1) in enumerate([(0.01, 0.9), (0.05, 0.5)]):
        rows = [row[number].flatten().tolist() for row in gradients]
        expected = oracle(starts[number].flatten().tolist(), rows, [rate] * 10, beta1)
        torch.testing.assert_close(weights[number].detach().flatten(), expected, rtol=1e-12, atol=0)
    assert torch.equal(weights[2], starts[2])


def test_bfloat16_weights_have_a_float32_state_and_the_steps_of_float32():
    start, gradient = torch.randn(64).bfloat16(), torch.randn(64).bfloat16()
    narrow, wide = nn.Parameter(start.clone()), nn.Parameter(start.float())
    optimizer = AdaFactor([narrow], lr=0.5)
    after_steps(optimizer, narrow, [gradient], [0.5])
    after_steps(AdaFactor([wide], lr=0.5), wide, [gradient.float()], [0.5])
    assert {value.dtype for value in optimizer.state[narrow].values()} == {torch.float32}
    torch.testing.assert_close(narrow.float(), wide, rtol=2**-8, atol=2**-8)


def test_small_steps_are_rounded_away_in_bfloat16():
    for dtype, moves in ((torch.bfloat16, False), (torch.float32, True)):
        weight = nn.Parameter(torch.ones(4, dtype=dtype))
        after_steps(AdaFactor([weight]), weight, [torch.ones(4, dtype=dtype)] * 20, [5e-4] * 20)
        assert (weight != 1).all().item() == moves


def test_a_closure_is_called_with_gradients_on():
    weight = nn.Parameter(torch.ones(2, 2))
    optimizer = AdaFactor([weight])

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert weight.square().sum().item() < 4.0


def test_no_entries_and_no_gradients_are_no_trouble():
    empty, still, zero = nn.Parameter(torch.zeros(0, 3)), nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    empty.grad, zero.grad = torch.zeros(0, 3), torch.zeros(2)
    optimizer = AdaFactor([empty, still, zero], lr=0.5)
    optimizer.step()
    assert (still == 1).all()
    assert (zero == 1).all()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    optimizer.step()


def test_mistakes_are_said():
    table, weight = nn.Embedding(5, 2, sparse=True), nn.Parameter(torch.ones(2))
    (table(torch.tensor([1, 3])).sum() + weight.sum()).backward()
    with pytest.raises(InvalidType, match="takes no sparse gradients"):
        AdaFactor([weight, *table.parameters()]).step()
    assert (weight == 1).all()
    with pytest.raises(InvalidValue, match=r"a beta1 in \[0, 1\), but received 0.1 and 1"):
        AdaFactor([weight], lr=0.1, beta1=1)
    for wrong in (-1e-3, float("nan")):
        with pytest.raises(InvalidValue, match="takes an lr of at least 0"):
            AdaFactor([{"params": [weight], "lr": wrong}])
    with pytest.raises(InvalidValue, match="Unknown optimizer 'adafaktor'.*Did you mean 'adafactor'"):
        make_optimizer(table, "adafaktor", 0.1, 0.0)
