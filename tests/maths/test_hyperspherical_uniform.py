"""The uniform distribution on the sphere: its surface, its samples, and the grammar of torch's distributions."""

import math

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.hyperspherical_uniform import HypersphericalUniform, log_surface_area, unit_sphere


def test_known_surfaces():
    for width, surface in ((1, 2), (2, 2 * math.pi), (3, 4 * math.pi), (4, 2 * math.pi**2)):
        assert math.exp(log_surface_area(width)) == pytest.approx(surface)


@pytest.mark.parametrize("width", [2, 3, 10, 768])
def test_samples_are_uniform(width):
    torch.manual_seed(0)
    x = HypersphericalUniform(width, dtype=torch.float64).sample((20_000,))
    assert unit_sphere.check(x).all()
    assert x.mean(dim=0).abs().max() < 6 / math.sqrt(20_000 * width)
    second = x.square().mean(dim=0)
    spread = math.sqrt(2 * (width - 1) / (width**2 * (width + 2)) / 20_000)  # of a mean of squared coordinates
    assert (second - 1 / width).abs().max() < 6 * spread


def test_density_entropy_and_shapes():
    law = HypersphericalUniform(4, (2, 3))
    x = law.rsample((5,))
    assert x.shape == (5, 2, 3, 4)
    assert law.log_prob(x).shape == (5, 2, 3)
    torch.testing.assert_close(-law.log_prob(x)[0], law.entropy())
    wider = law.expand((7, 2, 3))
    assert (wider.batch_shape, wider.event_shape) == ((7, 2, 3), (4,))
    assert wider.mean.shape == wider.variance.shape == (7, 2, 3, 4)


def test_what_is_not_on_the_sphere_is_refused():
    with pytest.raises(ValueError, match="within the support"):
        HypersphericalUniform(3).log_prob(torch.ones(3))
    with pytest.raises(InvalidValue, match="must be at least 2, but received 1"):
        HypersphericalUniform(1)
