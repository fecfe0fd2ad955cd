"""The loss of a variational autoencoder: what it takes to write the input down again, and the divergence of its code.

An encoder makes features of a batch, a latent of `baihua.nn.latents` a posterior of each, and a decoder gives the
probability of the batch under codes drawn from it. For images see `baihua.nn.image_vae`, for text `baihua.nn.text_vae`.
"""

import math
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal

from baihua.checks import InvalidValue
from baihua.maths.hyperspherical_uniform import HypersphericalUniform
from baihua.nn.latents import Latent

CODES_AT_ONCE = 4096  # decoded together when estimating likelihoods


class Encoder(Protocol):
    """A module that makes features of a batch."""

    num_features: int

    def __call__(self, batch: Tensor) -> Tensor:
        """Return the features of each row, shape ``(batch, num_features)``."""
        ...


class Decoder(Protocol):
    """A module that gives each row of a batch a probability under a code."""

    def loss(self, codes: Tensor, batch: Tensor) -> Tensor:
        """Return −log p(row | code) in nats, shape ``(batch,)``."""
        ...


class VariationalLoss(nn.Module):
    """The negative evidence lower bound, mean over the batch, with the usual cures for a code that is not used.

    reconstruction + weight · max(divergence, free_nats), the divergence being the batch's mean, which makes the bound
    loose below ``free_nats`` and is not done in `terms` nor in `log_likelihood`.

    Args:
        encoder: see `Encoder`.
        latent: see `baihua.nn.latents.make_latent`; it takes the encoder's features.
        decoder: see `Decoder`; it takes codes of the latent's width.
        weight: of the divergence (β; 1 for the bound itself).
        free_nats: a divergence below it is not made smaller still ("free bits", Kingma et al. 2016, arXiv 1606.04934).
        annealing_batches: batches of training over which the weight rises from 0 (Bowman et al. 2016, arXiv 1511.06349).

    Raises:
        InvalidValue: for a negative number.

    Source:
        Kingma and Welling 2014, arXiv 1312.6114; for the sphere kexue.fm 8404.
    """

    num_batches: Tensor

    def __init__(
        self,
        encoder: Encoder,
        latent: Latent,
        decoder: Decoder,
        *,
        weight: float = 1.0,
        free_nats: float = 0.0,
        annealing_batches: int = 0,
    ) -> None:
        super().__init__()
        for name, value in (("weight", weight), ("free_nats", free_nats), ("annealing_batches", annealing_batches)):
            if not 0 <= value < math.inf:
                raise InvalidValue(
                    zh=f"{name} 应是不小于 0 的数，收到 {value}。",
                    en=f"{name} must be 0 or more, but received {value}.",
                )
        self.encoder = encoder
        self.latent = latent
        self.decoder = decoder
        self.weight = weight
        self.free_nats = free_nats
        self.annealing_batches = annealing_batches
        self.register_buffer("num_batches", torch.zeros((), dtype=torch.int64))

    def forward(self, batch: Tensor) -> Tensor:
        """Return the loss of a batch, a scalar; in training this counts the batch for the annealing."""
        reconstruction, divergence = self.terms(batch)
        weight = self.weight_now()
        if self.training:
            self.num_batches += 1
        return reconstruction.mean() + weight * divergence.mean().clamp(min=self.free_nats)

    def weight_now(self) -> Tensor | float:
        """Return what the divergence is multiplied by at this point of the training."""
        if not self.annealing_batches:
            return self.weight
        return self.weight * (self.num_batches / self.annealing_batches).clamp(max=1)

    def posterior(self, batch: Tensor) -> Distribution:
        """Return the law of each row's code."""
        return self.latent.posterior(self.encoder(self._here(batch)))

    def terms(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstruction and divergence in nats, each ``(batch,)``; their sum is the negative bound."""
        posterior = self.posterior(batch)
        return self.decoder.loss(posterior.rsample(), self._here(batch)), self.latent.divergence(posterior)

    @torch.no_grad()
    def log_likelihood(self, batch: Tensor, num_samples: int) -> Tensor:
        """Estimate log p(row) in nats by importance sampling, shape ``(batch,)``.

        It is the log of the mean of p(x|z) p(z) / q(z|x) over draws from the posterior q, too low on average and less so
        the more draws there are (Burda et al. 2016, arXiv 1509.00519).

        Args:
            batch: the rows.
            num_samples: draws of each row.
        """
        rows = self._here(batch)
        posterior = self.posterior(rows)
        prior = _prior_like(posterior)
        at_once = max(1, CODES_AT_ONCE // max(1, len(rows)))
        weights = []
        for start in range(0, num_samples, at_once):
            num = min(at_once, num_samples - start)
            codes = posterior.sample(torch.Size([num]))  # (num, batch, width)
            log_ratios = _log_density(prior, codes) - _log_density(posterior, codes)  # (num, batch)
            repeated = rows.expand(num, *rows.shape).flatten(0, 1)  # (num * batch, ...)
            losses = self.decoder.loss(codes.flatten(0, 1), repeated).unflatten(0, (num, len(rows)))
            weights.append(log_ratios - losses)
        return torch.logsumexp(torch.cat(weights), dim=0) - math.log(num_samples)

    def _here(self, batch: Tensor) -> Tensor:
        return batch.to(self.num_batches.device)


def _prior_like(posterior: Distribution) -> Distribution:
    """Return the prior that a latent holds its posteriors against, on the same space and device."""
    if isinstance(posterior, Normal):
        return Normal(torch.zeros_like(posterior.mean), torch.ones_like(posterior.mean))
    mean = posterior.mean
    return HypersphericalUniform(mean.shape[-1], dtype=mean.dtype, device=mean.device, validate_args=False)


def _log_density(law: Distribution, code: Tensor) -> Tensor:
    """Return the log density of codes ``(..., batch, width)`` as wholes, whether the coordinates are independent or not."""
    found: Tensor = law.log_prob(code)
    return found if law.event_shape else found.sum(dim=-1)
