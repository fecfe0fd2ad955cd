"""Critics between two sets that stay: bounds that hold, and distances known in closed form."""

import math

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.nn.wgan import CriticKind
from baihua.training.adversarial import AdversarialSettings
from baihua.training.static_critic import train_critic

SETTINGS = AdversarialSettings(steps=300, hidden=32, critic_rate=5e-3)


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_c_transform_is_a_lower_bound_that_comes_near():
    found = train_critic(
        points(300, 2), points(300, 2, seed=1) + 2, CriticKind("c_transform", "none"), SETTINGS, seeds=(0, 1)
    )
    for estimate, exact in zip(found.estimate, found.exact, strict=True):
        assert 0.95 * exact < estimate <= exact + 1e-5


def test_a_penalised_critic_overshoots_a_shift_by_what_its_penalty_allows():
    # Along a shift of length D the best slope maximises D g − λ (g − 1)², so that it is 1 + D / (2 λ).
    shift = torch.tensor([3.0, 4.0])
    for weight in (10, 100):
        found = train_critic(points(300, 2), points(300, 2) + shift, CriticKind(weight=weight), SETTINGS)
        assert found.exact[0] == pytest.approx(5, rel=0.02)
        assert found.estimate[0] == pytest.approx(5 * (1 + 5 / (2 * weight)), rel=0.04)


def test_batches_of_two_sets_are_drawn_apart():
    # Were they drawn alike, a set and a copy of it would be at distance 0.
    x = points(300, 8)
    found = train_critic(x, x.clone(), CriticKind("c_transform", "none"), AdversarialSettings(steps=1, hidden=8))
    assert found.exact[0] > 1


def test_clipping_says_little():
    found = train_critic(points(300, 2), points(300, 2) + 3, CriticKind("wasserstein", "clipping"), SETTINGS)
    assert found.estimate[0] < 0.1 * found.exact[0]


def test_the_soft_transform_overshoots():
    x, y = points(300, 2), points(300, 2, seed=1) + 1
    estimates = [
        train_critic(x, y, CriticKind("c_transform", "none", epsilon=e), SETTINGS).estimate[0] for e in (0.0, 0.3, 3.0)
    ]
    assert estimates == sorted(estimates)


def test_seeds_are_apart():
    found = train_critic(
        points(100, 2), points(100, 2, seed=1), CriticKind(), AdversarialSettings(steps=3), seeds=(0, 1)
    )
    assert len(set(found.estimate)) == 2


def test_bad_input():
    with pytest.raises(InvalidValue, match="energy has no critic"):
        train_critic(points(9, 2), points(9, 2), CriticKind("energy", "none"))
    with pytest.raises(InvalidValue, match="Row 0 of y"):
        train_critic(points(9, 2), torch.full((9, 2), math.nan), CriticKind())
