"""What critics and generators minimise, against the formulas on a few numbers."""

import math

import pytest
import torch

from baihua.maths.c_transform import largest_violation
from baihua.maths.ground_cost import euclidean_distances
from baihua.maths.transport import wasserstein
from baihua.nn.adversarial_losses import CTransform, Energy, ExactTransport, Hinge, NonSaturating, Wasserstein


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


REAL, FAKE = torch.tensor([[[1.0], [3.0]]]), torch.tensor([[[-2.0], [0.0]]])


def identity(x):
    return x[..., 0]


def test_wasserstein():
    loss, estimate = Wasserstein().critic_loss(identity, REAL, FAKE)
    assert (loss.item(), estimate.item()) == (-3.0, 3.0)
    assert Wasserstein().generator_loss(identity, REAL, FAKE).item() == 1.0


def test_non_saturating():
    loss, _ = NonSaturating().critic_loss(identity, REAL, FAKE)
    sigmoid = [1 / (1 + math.exp(-score)) for score in (1, 3, -2, 0)]
    cross_entropy = -(math.log(sigmoid[0]) + math.log(sigmoid[1])) / 2 - (math.log(1 - sigmoid[2]) + math.log(0.5)) / 2
    assert loss.item() == pytest.approx(cross_entropy)
    assert NonSaturating().generator_loss(identity, REAL, FAKE).item() == pytest.approx(
        -(math.log(sigmoid[2]) + math.log(0.5)) / 2
    )


def test_hinge():
    loss, _ = Hinge().critic_loss(identity, REAL, FAKE)
    assert loss.item() == (0 + 0) / 2 + (0 + 1) / 2
    assert Hinge().generator_loss(identity, REAL, FAKE).item() == 1.0


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0])
def test_c_transform_is_the_dual_between_the_batches(epsilon):
    real, fake = points(3, 20, 4), points(3, 20, 4, seed=1) + 1
    objective = CTransform(epsilon)
    loss, estimate = objective.critic_loss(lambda x: x.square().sum(dim=-1).sin(), real, fake)
    assert torch.equal(loss, -estimate)
    f = real.square().sum(dim=-1).sin()
    costs = euclidean_distances(real, fake)
    g = objective.transform(f, costs)
    assert torch.allclose(estimate, f.mean(dim=-1) + g.mean(dim=-1))
    if epsilon == 0:
        assert float(largest_violation(f, g, costs).max()) <= 1e-6
        assert all(estimate[net] <= wasserstein(real[net], fake[net]).value + 1e-12 for net in range(3))


def test_generators_gradient_with_a_c_transform_pulls_to_the_assigned_point():
    real, fake = points(1, 20, 4), points(1, 8, 4, seed=1).requires_grad_()
    f = real.square().sum(dim=-1).sin()
    CTransform().generator_loss(lambda x: x.square().sum(dim=-1).sin(), real, fake).sum().backward()
    nearest = (euclidean_distances(real, fake.detach()) - f.unsqueeze(-1)).argmin(dim=1)[0]
    apart = fake.detach()[0] - real[0, nearest]
    assert torch.allclose(fake.grad[0], apart / torch.linalg.vector_norm(apart, dim=1, keepdim=True) / 8)


def test_without_a_critic():
    real, fake = points(2, 10, 3), points(2, 10, 3, seed=1)
    found = ExactTransport().generator_loss(identity, real, fake)
    assert found.tolist() == pytest.approx([float(wasserstein(x, y).value) for x, y in zip(real, fake, strict=True)])
    energy = Energy().generator_loss(identity, real, fake)
    off = ~torch.eye(10, dtype=torch.bool)
    for net in range(2):
        between, first, second = (
            torch.cdist(*pair) for pair in ((real[net], fake[net]), (real[net], real[net]), (fake[net], fake[net]))
        )
        expected = 2 * between.mean() - first[off].mean() - second[off].mean()
        assert energy[net].item() == pytest.approx(expected.item())


def test_energy_is_unbiased_over_batches_and_transport_is_not():
    means = {}
    for objective in (Energy(), ExactTransport()):
        draws = [
            objective.generator_loss(identity, points(50, 8, 2, seed=s), points(50, 8, 2, seed=s + 500))
            for s in range(20)
        ]
        means[type(objective)] = torch.cat(draws)
    energy = means[Energy]
    assert abs(float(energy.mean())) < 4 * float(energy.std()) / math.sqrt(len(energy))
    assert float(means[ExactTransport].mean()) > 0.5
