"""Parameters, shapes and expansion, the same for every law around a direction."""

import pytest
import torch
from torch.distributions import Distribution

from baihua.maths.power_spherical import PowerSpherical
from baihua.maths.sphere import unit
from baihua.maths.von_mises_fisher import VonMisesFisher

each_law = pytest.mark.parametrize("law", [VonMisesFisher, PowerSpherical])


@each_law
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1)])
def test_expanding_keeps_the_law_and_its_numbers(law, shape):
    few = law(unit(torch.randn(2, 3, 5)), torch.rand(shape) + 1)
    assert (few.batch_shape, few.event_shape, few.width) == ((2, 3), (5,), 5)
    many = few.expand((4, 2, 3))
    assert isinstance(many, law)
    assert many.batch_shape == many.concentration.shape == (4, 2, 3)
    x = few.sample()
    torch.testing.assert_close(many.log_prob(x), few.log_prob(x).expand(4, 2, 3))
    torch.testing.assert_close(many.mean, few.mean.expand(4, 2, 3, 5))
    assert many.mode.shape == (4, 2, 3, 5)


@each_law
def test_gradients_reach_both_parameters_through_an_expansion(law):
    loc = unit(torch.randn(5)).requires_grad_()
    concentration = torch.tensor(3.0, requires_grad=True)
    for sample in (law(loc, concentration).expand((7,)).rsample(), law(loc, concentration).rsample((7,))):
        for gradient in torch.autograd.grad(sample.square().sum() + sample.sum(), (loc, concentration)):
            assert torch.isfinite(gradient).all()
            assert gradient.abs().sum() > 0


@each_law
def test_checks_are_kept_or_left_out_as_asked(law):
    loc = unit(torch.randn(5))
    off = torch.full((2, 5), 3.0)
    with pytest.raises(ValueError, match="within the support"):
        law(loc, 1.0, validate_args=True).expand((2,)).log_prob(off)
    assert law(loc, 1.0, validate_args=False).expand((2,)).log_prob(off).shape == (2,)
    assert law.has_rsample
    assert issubclass(law, Distribution)
