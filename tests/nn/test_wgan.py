"""Critics by name, and the two networks."""

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.nn.lipschitz import GradientPenalty, WeightClipping
from baihua.nn.wgan import CONSTRAINTS, OBJECTIVES, Critic, CriticKind, Generator


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_every_objective_goes_with_every_constraint(objective, constraint):
    kind = CriticKind(objective, constraint)
    critic = Critic((0, 1), 3, 8, spectral_norm=kind.make_constraint().spectral_norm)
    generator = Generator((0, 1), 2, 3, 8)
    real, fake = torch.randn(2, 6, 3), generator(torch.randn(2, 6, 2))
    loss, estimate = kind.make_objective().critic_loss(critic, real, fake.detach())
    penalty = kind.make_constraint().penalty(critic, real, fake, torch.rand(2, 6, 1))
    total = kind.make_objective().generator_loss(critic, real, fake) + loss + penalty
    assert total.shape == estimate.shape == (2,)
    total.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in generator.parameters())


def test_names_are_distinct():
    kinds = [CriticKind(o, c) for o in OBJECTIVES for c in CONSTRAINTS]
    assert len({kind.name for kind in kinds}) == len(kinds)


def test_numbers_go_where_they_belong():
    assert CriticKind("wasserstein", "zero_centred", weight=2, power=6).make_constraint() == GradientPenalty(
        weight=2, centre="zero", power=6
    )
    assert CriticKind("wasserstein", "clipping", limit=0.5).make_constraint() == WeightClipping(limit=0.5)


def test_what_is_unknown_names_the_nearest():
    with pytest.raises(InvalidValue, match="Did you mean 'hinge'"):
        CriticKind("hinges")
    with pytest.raises(InvalidValue, match="Did you mean 'gradient_penalty'"):
        CriticKind("wasserstein", "gradient_penalties")
    with pytest.raises(InvalidValue, match="weight must not be below 0"):
        CriticKind(weight=-1)
