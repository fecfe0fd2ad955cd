"""The loop of two: seeds apart, the exact distance beside the estimate, and points learned."""

import math

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.transport import wasserstein
from baihua.nn.wgan import CriticKind
from baihua.training.adversarial import AdversarialSettings, Draws, exact_distances, train_adversarial

SMALL = AdversarialSettings(steps=6, critic_steps=2, batch_size=16, hidden=16, noise_width=4, watch_every=3)


def points(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    "kind", [CriticKind(), CriticKind("c_transform", "none"), CriticKind("hinge", "spectral_norm")]
)
def test_a_seed_comes_to_the_same_in_company(kind):
    data = points(100, 3)
    both, alone = (train_adversarial(data, kind, SMALL, seeds=seeds) for seeds in ((0, 1), (1,)))
    assert torch.allclose(both.make(20)[1], alone.make(20)[0], atol=1e-4)
    assert both.looks[-1].exact[1] == pytest.approx(alone.looks[-1].exact[0], abs=1e-3)


def test_a_run_is_repeatable_and_touches_no_other_random_numbers():
    data, before = points(100, 3), torch.get_rng_state()
    one, other = (train_adversarial(data, CriticKind(), SMALL, seeds=(5,)) for _ in range(2))
    assert one.looks == other.looks
    assert torch.equal(before, torch.get_rng_state())


def test_looks_at_every_so_many_steps_and_at_the_end():
    settings = AdversarialSettings(steps=7, critic_steps=1, batch_size=8, hidden=8, watch_every=3)
    run = train_adversarial(points(50, 2), CriticKind("energy", "none"), settings, seeds=(0, 1))
    assert [look.step for look in run.looks] == [3, 6, 7]
    assert all(len(look.exact) == 2 for look in run.looks)


@pytest.mark.parametrize(
    "kind", [CriticKind(), CriticKind("c_transform", "none"), CriticKind("exact_transport", "none")]
)
def test_a_shifted_cloud_is_learned(kind):
    data = 0.3 * torch.randn(400, 2, generator=torch.Generator().manual_seed(0)) + torch.tensor([2.0, -1.0])
    settings = AdversarialSettings(
        steps=300,
        batch_size=32,
        hidden=32,
        noise_width=2,
        generator_rate=3e-3,
        critic_rate=3e-3,
        sigmoid=False,
        watch_every=300,
    )
    run = train_adversarial(data, kind, settings, seeds=(0,))
    made = run.make(400)[0]
    # At first the generator makes points around 0, at √5 from the cloud.
    assert float(wasserstein(made, data).value) < 0.25 * math.sqrt(5)


def test_a_discrete_generator_makes_so_many_points():
    settings = AdversarialSettings(steps=2, batch_size=8, hidden=8, fixed_noise=5, watch_every=1)
    made = train_adversarial(points(50, 2), CriticKind(), settings).make(37)[0]
    assert len(made.unique(dim=0)) == 5
    counts = made.unique(dim=0, return_counts=True)[1]
    assert int(counts.max()) - int(counts.min()) <= 1


def test_noise_of_a_seed_is_its_own():
    one, other = Draws((0, 1), 10, SMALL), Draws((1,), 10, SMALL)
    assert torch.equal(one.noise(3)[1], other.noise(3)[0])
    assert torch.equal(one.places()[1], other.places()[0])


def test_exact_distances_are_per_network():
    x, y = points(2, 8, 3), points(2, 8, 3, seed=1)
    assert exact_distances(x, y)[1] == pytest.approx(float(wasserstein(x[1], y[1]).value))


def test_bad_input():
    with pytest.raises(InvalidValue, match="less than a batch of 16"):
        train_adversarial(points(10, 3), CriticKind(), SMALL)
    with pytest.raises(InvalidValue, match="Row 2 of data"):
        bad = points(20, 3)
        bad[2] = math.nan
        train_adversarial(bad, CriticKind(), SMALL)
    with pytest.raises(InvalidValue, match="critic_steps must be at least 1"):
        AdversarialSettings(critic_steps=0)
