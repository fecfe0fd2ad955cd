"""The factored sum over spans against the sum of all their exponentials, at every size, with its gradient."""

import math

import pytest
import torch

from baihua.nn.span_sums import Sides, log_one_plus_sums


def sides_of(size, length=70, types=2, head_size=4):
    """Sides whose scores are normal with about the given size; the second text ends early."""
    generator = torch.Generator().manual_seed(3)
    root = (size / 3 / math.sqrt(head_size)) ** 0.5
    query, key = (root * torch.randn(2, length, head_size, generator=generator) for _ in "qk")
    first, last = (size / 3 * torch.randn(2, length, types, generator=generator) for _ in "fl")
    for side in (first, last):
        side[1, length // 2 :] = -torch.inf
    return Sides(query, key, first, last)


def brute_force(sides, wanted, max_width):
    scores = (sides.query @ sides.key.transpose(1, 2))[:, None]
    scores = scores + sides.first.transpose(1, 2)[..., None] + sides.last.transpose(1, 2)[:, :, None]
    places = torch.arange(scores.shape[-1])
    widths = places - places[:, None] + 1
    kept = ((widths >= 1) & (widths <= (max_width or len(places)))).expand_as(scores).clone()
    kept[tuple(wanted.T)] = False
    terms = torch.where(kept, scores, -torch.inf).flatten(2)
    return torch.logsumexp(torch.cat([torch.zeros_like(terms[..., :1]), terms], dim=-1), dim=-1)


@pytest.mark.parametrize("max_width", [None, 5, 65])
@pytest.mark.parametrize("size", [0.0, 1.0, 20.0, 40.0, 150.0, 900.0])
def test_value_and_gradient_hold_at_every_size(size, max_width):
    """Up to e^60 in float32, beyond in float64, beyond that densely: value and gradient agree with float64 throughout."""
    sides = sides_of(size)
    wanted = torch.tensor([[0, 0, 1, 2], [0, 0, 1, 3], [0, 1, 1, 2], [1, 1, 0, 1], [0, 1, 66, 69]])
    precise = Sides(*(side.double().requires_grad_() for side in sides))
    parts = Sides(*(side.clone().requires_grad_() for side in sides))
    expected = brute_force(precise, wanted, max_width)
    found = log_one_plus_sums(parts, wanted, max_width)
    torch.testing.assert_close(found.double(), expected, rtol=3e-6, atol=3e-6)
    upstream = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    gradients = torch.autograd.grad(found, parts, upstream), torch.autograd.grad(expected, precise, upstream.double())
    for mine, theirs in zip(*gradients, strict=True):
        largest = theirs.abs().amax().clamp(min=1.0)
        assert torch.isfinite(mine).all()
        torch.testing.assert_close(mine.double() / largest, theirs / largest, rtol=1e-4, atol=1e-4)


def test_in_float64_value_and_gradient_are_exact():
    precise = Sides(*(side.double().requires_grad_() for side in sides_of(3.0, length=130)))
    wanted = torch.tensor([[0, 0, 63, 64], [0, 0, 63, 70], [0, 1, 64, 64], [1, 0, 5, 9]])
    found, expected = log_one_plus_sums(precise, wanted, 20), brute_force(precise, wanted, 20)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    gradients = (torch.autograd.grad(value.sum(), precise) for value in (found, expected))
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_a_wanted_span_far_above_the_others_does_not_drown_them():
    """Taking e^30 off a sum that holds it would leave no digit of the rest in float32."""
    query, key, none = (
        torch.tensor([[[30.0], [0.0], [0.0]]]),
        torch.tensor([[[0.0], [1.0], [0.0]]]),
        torch.zeros(1, 3, 1),
    )
    found = log_one_plus_sums(Sides(query, key, none, none), torch.tensor([[0, 0, 0, 1]]), None)
    assert found.item() == pytest.approx(math.log(6), abs=1e-6)  # 5 others at 0, and the 1


def test_texts_without_tokens_have_no_sum():
    none = torch.full((2, 3, 1), -torch.inf, requires_grad=True)
    sides = Sides(torch.zeros(2, 3, 4), torch.zeros(2, 3, 4), none, none)
    found = log_one_plus_sums(sides, torch.empty(0, 4, dtype=torch.long), None)
    assert found.tolist() == [[0.0], [0.0]]
    assert torch.isfinite(torch.autograd.grad(found.sum(), none)[0]).all()
