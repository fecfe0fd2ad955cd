"""Posteriors of a variational autoencoder: their divergence is what it should be, and gradients reach the features."""

import math

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.bessel import kl_to_uniform
from baihua.nn.latents import LATENTS, SHARE_OF_VARIANCE, GaussianLatent, SphericalLatent, make_latent


@pytest.mark.parametrize("name", LATENTS)
def test_codes_divergences_and_priors_have_their_shapes_and_gradients(name):
    torch.manual_seed(0)
    latent = make_latent(name, 6, 4, concentration=None)
    features = torch.randn(32, 6, requires_grad=True)
    posterior = latent.posterior(features)
    code = posterior.rsample()
    assert code.shape == latent.prior_sample(32).shape == (32, 4)
    divergence = latent.divergence(posterior)
    assert divergence.shape == (32,)
    assert (divergence > 0).all()
    (gradient,) = torch.autograd.grad((code.sum(dim=-1) + divergence).sum(), features)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0
    if not name.startswith("gaussian"):
        torch.testing.assert_close(torch.linalg.vector_norm(code, dim=-1), torch.ones(32))


def test_a_fixed_concentration_makes_the_divergence_a_constant():
    latent = SphericalLatent(6, 16, concentration=35.0)
    found = latent.divergence(latent.posterior(torch.randn(5, 6)))
    torch.testing.assert_close(found, kl_to_uniform(16, torch.tensor(35.0)).expand(5))
    assert not found.requires_grad


def test_a_learned_concentration_has_its_floor():
    latent = SphericalLatent(6, 4, concentration=None)
    posterior = latent.posterior(-1e4 * torch.ones(3, 6) * latent.free_concentration.weight.detach().sign())
    torch.testing.assert_close(posterior.concentration, torch.ones(3))


def test_batch_normalised_means_keep_the_divergence_above_its_floor():
    """The means have second moment τ + (1 − τ)/2 over the batch whatever the features, and half of it is paid for."""
    torch.manual_seed(0)
    latent = GaussianLatent(6, 8, batch_norm=True)
    for scale in (0.3, 1.0, 1e3):
        posterior = latent.posterior(scale * torch.randn(256, 6))
        found = latent.divergence(posterior).mean().item()
        assert found > 8 / 2 * (SHARE_OF_VARIANCE + (1 - SHARE_OF_VARIANCE) / 2) * 0.999


def test_the_gaussian_divergence_is_the_closed_form():
    torch.manual_seed(0)
    latent = GaussianLatent(6, 3)
    posterior = latent.posterior(torch.randn(4, 6))
    mean, std = posterior.mean, posterior.stddev
    expected = 0.5 * (mean**2 + std**2 - 1 - 2 * std.log()).sum(dim=-1)
    torch.testing.assert_close(latent.divergence(posterior), expected)


def test_bad_input():
    with pytest.raises(InvalidValue, match="vonmises"):
        make_latent("vonmises", 4, 4)
    with pytest.raises(InvalidValue, match="must be above 0, but received 0"):
        SphericalLatent(4, 4, concentration=0.0)
    assert math.isfinite(float(SphericalLatent(4, 4).prior_sample(2).sum()))
