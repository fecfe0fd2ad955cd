"""Networks side by side are the networks alone."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from baihua.checks import InvalidValue
from baihua.nn.side_by_side import SLOPE, SideBySideMLP


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_each_network_is_a_plain_one():
    net = SideBySideMLP((3, 4), (5, 7, 2))
    x = points(2, 6, 5)
    for number in range(2):
        hidden = functional.leaky_relu(x[number] @ net.weights[0][number] + net.biases[0][number], SLOPE)
        expected = hidden @ net.weights[1][number] + net.biases[1][number]
        assert torch.allclose(net(x)[number], expected, atol=1e-6)


def test_first_weights_depend_on_the_seed_alone():
    both, alone = SideBySideMLP((3, 4), (5, 7, 2)), SideBySideMLP((4,), (5, 7, 2))
    assert torch.equal(both.weights[0][1], alone.weights[0][0])
    assert not torch.equal(both.weights[0][0], both.weights[0][1])


def test_first_weights_are_spread_as_torchs():
    net, linear = SideBySideMLP((0,), (400, 300)), nn.Linear(400, 300)
    assert float(net.weights[0].detach().std()) == pytest.approx(float(linear.weight.detach().std()), rel=0.02)
    assert float(net.weights[0].detach().abs().max()) <= 400**-0.5 + 1e-7


def test_training_together_is_training_alone():
    nets = [SideBySideMLP(seeds, (5, 7, 1)) for seeds in ((0, 1, 2), (1,))]
    x, y = points(3, 20, 5), points(3, 20, 1, seed=1)
    for net, mine in zip(nets, (slice(None), slice(1, 2)), strict=True):
        steps = torch.optim.Adam(net.parameters(), 1e-2)
        for _ in range(30):
            steps.zero_grad()
            (net(x[mine]) - y[mine]).square().mean(dim=(1, 2)).sum().backward()
            steps.step()
    assert torch.allclose(nets[0].weights[0][1], nets[1].weights[0][0], atol=1e-5)


def test_sigmoid_ends_between_0_and_1():
    out = SideBySideMLP((0,), (3, 8, 4), sigmoid=True)(points(1, 50, 3) * 100)
    assert 0 <= float(out.detach().min()) < float(out.detach().max()) <= 1


def test_spectral_norm_is_the_largest_singular_value():
    net = SideBySideMLP((0, 1), (30, 40, 1), spectral_norm=True)
    for _ in range(200):
        net(points(2, 4, 30))
    net.eval()
    for number in range(2):
        largest = torch.linalg.svdvals(net._weight(number).detach())[:, 0]
        assert torch.allclose(largest, torch.ones(2), atol=1e-4)
    x, y = points(2, 100, 30), points(2, 100, 30, seed=1)
    steepness = (net(x) - net(y)).abs().squeeze(-1) / torch.linalg.vector_norm(x - y, dim=-1)
    assert float(steepness.detach().max()) <= 1 + 1e-4


def test_spectral_norm_agrees_with_torchs_in_value_and_gradient():
    net = SideBySideMLP((0,), (6, 5), spectral_norm=True)
    linear = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 5), n_power_iterations=50)
    with torch.no_grad():
        linear.parametrizations.weight.original.copy_(net.weights[0][0].T)
        linear.bias.copy_(net.biases[0][0, 0])
    for _ in range(100):
        net(points(1, 2, 6))
    x = points(1, 9, 6)
    assert torch.allclose(net(x)[0], linear(x[0]), atol=1e-5)
    net(x).square().sum().backward()
    linear(x[0]).square().sum().backward()
    assert torch.allclose(net.weights[0].grad[0], linear.parametrizations.weight.original.grad.T, atol=1e-4)


def test_the_power_iteration_rests_in_evaluation():
    net = SideBySideMLP((0,), (6, 5), spectral_norm=True).eval()
    before = copy.deepcopy(net.state_dict())
    net(points(1, 2, 6))
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


@pytest.mark.parametrize(("seeds", "sizes"), [((), (3, 1)), ((0,), (3,))])
def test_nothing_to_build(seeds, sizes):
    with pytest.raises(InvalidValue, match="At least one seed and two sizes"):
        SideBySideMLP(seeds, sizes)
