"""Contrastive losses against the formulas written out as loops."""

import itertools
import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from baihua.checks import InvalidValue
from baihua.nn.losses import cosent, info_nce


def pairs(num, width=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, num, width, generator=generator, dtype=torch.float64)


def by_loops(first, second, temperature, symmetric, groups, negatives=()):
    """The article's sum over both views and all sentences, one term at a time, divided by their number."""
    views = [list(first), list(second)]
    num, total, terms = len(first), 0.0, 0
    for i, a in itertools.product(range(num), range(2 if symmetric else 1)):

        def score(other, anchor=views[a][i]):
            return math.exp(float(cosine_similarity(anchor, other, dim=0)) / temperature)

        positive = score(views[1 - a][i])
        denominator = positive + sum(score(other) for other in negatives)
        for j in range(num):
            if j != i and groups[j] != groups[i]:
                denominator += score(views[1 - a][j]) + (score(views[a][j]) if symmetric else 0.0)
        total -= math.log(positive / denominator)
        terms += 1
    return total / terms


@pytest.mark.parametrize("num", [2, 3, 8])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_info_nce_is_the_formula(num, symmetric, temperature):
    first, second = pairs(num)
    expected = by_loops(first, second, temperature, symmetric, range(num))
    assert info_nce(first, second, temperature, symmetric=symmetric).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("symmetric", [True, False])
def test_repeated_texts_are_no_negatives_and_hard_negatives_are(symmetric):
    first, second = pairs(6)
    more, groups = pairs(4, seed=1)[0], torch.tensor([0, 1, 0, 2, 1, 0])
    expected = by_loops(first, second, 0.1, symmetric, groups.tolist(), more)
    found = info_nce(first, second, 0.1, symmetric=symmetric, groups=groups, negatives=more)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_known_values():
    num, width = 8, 8
    perfect = torch.eye(width)
    assert info_nce(perfect, perfect).item() == pytest.approx(math.log1p((2 * num - 2) * math.exp(-20)), abs=1e-7)
    same = torch.ones(num, width)
    assert info_nce(same, same).item() == pytest.approx(math.log(2 * num - 1), rel=1e-6)
    assert info_nce(same[:1], same[:1]).item() == 0
    assert info_nce(same, same, groups=torch.zeros(num)).item() == 0


def test_only_directions_count_and_a_common_rotation_does_not():
    first, second = pairs(6)
    rotation = torch.linalg.qr(pairs(5, seed=2)[0])[0]
    scale = torch.rand(6, 1, dtype=torch.float64) + 0.1
    torch.testing.assert_close(info_nce(first * scale, second), info_nce(first, second))
    torch.testing.assert_close(
        info_nce(first @ rotation, second @ rotation), info_nce(first, second), rtol=1e-5, atol=1e-6
    )
    order = torch.randperm(6)
    torch.testing.assert_close(info_nce(first[order], second[order]), info_nce(first, second))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_finite_with_its_gradient(dtype):
    first, second = (view.to(dtype).requires_grad_() for view in pairs(8))
    groups = torch.tensor([0, 0, 0, 0, 1, 1, 2, 3])
    with torch.autocast("cpu", torch.bfloat16):
        loss = info_nce(first, second, groups=groups)
        cosines = cosine_similarity(first, second)
        (loss + cosent(cosines, torch.arange(8))).backward()
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)
    assert torch.isfinite(first.grad).all()
    assert torch.isfinite(second.grad).all()
    expected = info_nce(first.detach().float(), second.detach().float(), groups=groups)
    torch.testing.assert_close(loss.detach(), expected)  # autocast did not take its digits


def test_cosent_is_the_formula():
    cosines, labels = pairs(7)[0][:, 0].tanh(), torch.tensor([0, 2, 1, 1, 0, 3, 2])
    total = sum(
        math.exp(20 * float(cosines[i] - cosines[j]))
        for i, j in itertools.product(range(7), repeat=2)
        if labels[j] > labels[i]
    )
    assert cosent(cosines, labels).item() == pytest.approx(math.log1p(total), rel=1e-5)
    assert cosent(cosines, torch.ones(7)).item() == 0


def test_cosent_of_a_right_order_is_small_and_pushes_a_wrong_one_right():
    labels = torch.tensor([0.0, 1.0])
    assert cosent(torch.tensor([-1.0, 1.0]), labels) < 1e-6
    cosines = torch.tensor([0.9, 0.1], requires_grad=True)
    cosent(cosines, labels).backward()
    assert cosines.grad[0] > 0 > cosines.grad[1]


def test_bad_input():
    first, second = pairs(3)
    with pytest.raises(InvalidValue, match="of one shape"):
        info_nce(first, second[:2])
    with pytest.raises(InvalidValue, match="of one shape"):
        info_nce(first[:0], second[:0])
    with pytest.raises(InvalidValue, match="temperature must be above 0"):
        info_nce(first, second, 0.0)
    with pytest.raises(InvalidValue, match="of one length"):
        cosent(torch.zeros(3), torch.zeros(2))
