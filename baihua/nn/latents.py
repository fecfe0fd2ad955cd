"""What a variational autoencoder may keep of its input: a code drawn from a posterior, and how many nats that costs.

Each takes the encoder's features and returns the code and its divergence from the prior. The Gaussian ones live in R^d;
the spherical ones on the unit sphere of R^d, which has d − 1 degrees of freedom, so compare a Gaussian of width d with a
sphere of width d + 1.
"""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal, kl_divergence

from baihua.checks import InvalidValue, check_choice
from baihua.maths.hyperspherical_uniform import HypersphericalUniform
from baihua.maths.power_spherical import PowerSpherical
from baihua.maths.von_mises_fisher import VonMisesFisher

LEAST_CONCENTRATION = 1.0  # of a learned κ, below which the posterior is all but uniform (Davidson et al. 2018)
SHARE_OF_VARIANCE = 0.5  # τ of the batch-normalised Gaussian


class Latent(Protocol):
    """A posterior over codes.

    Attributes:
        width: of a code.
    """

    width: int

    def posterior(self, features: Tensor) -> Distribution:
        """Return the law of each input's code, from features of shape ``(batch, num_features)``."""
        ...

    def divergence(self, posterior: Distribution) -> Tensor:
        """Return its divergence from the prior in nats, shape ``(batch,)``."""
        ...

    def prior_sample(self, num: int) -> Tensor:
        """Draw codes from the prior, shape ``(num, width)``."""
        ...


class GaussianLatent(nn.Module):
    """A Gaussian with a diagonal covariance, against the standard one (Kingma and Welling 2014).

    Args:
        num_features: of the encoder's output.
        width: of a code.
        batch_norm: normalise the means over the batch to a fixed scale, so that the divergence cannot vanish: it is then
            at least d/2 times the square of that scale on average (kexue.fm 7381: γ_μ² = τ + (1 − τ) σ(θ) for the means
            and (1 − τ) σ(−θ) for the standard deviations, θ learned, τ = ½).
    """

    def __init__(self, num_features: int, width: int, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.width = width
        self.mean = nn.Linear(num_features, width)
        self.log_std = nn.Linear(num_features, width)
        self.share = nn.Parameter(torch.zeros(width)) if batch_norm else None
        self.mean_norm = nn.BatchNorm1d(width, affine=False) if batch_norm else nn.Identity()
        self.std_norm = nn.BatchNorm1d(width, affine=False) if batch_norm else nn.Identity()

    def posterior(self, features: Tensor) -> Distribution:
        """Return one Gaussian per row of features, shape ``(batch, width)``."""
        mean, raw = self.mean_norm(self.mean(features)), self.std_norm(self.log_std(features))
        if self.share is None:
            return Normal(mean, raw.exp())
        kept = SHARE_OF_VARIANCE + (1 - SHARE_OF_VARIANCE) * torch.sigmoid(self.share)
        rest = (1 - SHARE_OF_VARIANCE) * torch.sigmoid(-self.share)
        return Normal(kept.sqrt() * mean, (rest.sqrt() * raw).exp())

    def divergence(self, posterior: Distribution) -> Tensor:
        """Return the divergence from the standard Gaussian, shape ``(batch,)``."""
        mean = posterior.mean
        return kl_divergence(posterior, Normal(torch.zeros_like(mean), torch.ones_like(mean))).sum(dim=-1)

    def prior_sample(self, num: int) -> Tensor:
        """Draw from the standard Gaussian, shape ``(num, width)``."""
        return torch.randn(num, self.width, device=self.mean.weight.device)


class SphericalLatent(nn.Module):
    """A von Mises–Fisher or power spherical law against the uniform one on the sphere (kexue.fm 8404).

    With a fixed concentration the divergence is one constant: it cannot vanish and takes no part in training.

    Args:
        num_features: of the encoder's output.
        width: of a code, at least 2.
        law: ``"von_mises_fisher"`` or ``"power_spherical"``.
        concentration: κ, the same for all; None to learn one for each input, softplus + 1.

    Raises:
        InvalidValue: for an unknown law, or a concentration that is not above 0.
    """

    def __init__(
        self, num_features: int, width: int, *, law: str = "von_mises_fisher", concentration: float | None = 20.0
    ) -> None:
        super().__init__()
        laws: dict[str, type[VonMisesFisher] | type[PowerSpherical]] = {
            "von_mises_fisher": VonMisesFisher,
            "power_spherical": PowerSpherical,
        }
        self.law = laws[check_choice("law", law, laws)]
        if concentration is not None and not concentration > 0:
            raise InvalidValue(
                zh=f"集中度 concentration 应大于 0，收到 {concentration}；0 时编码里什么也没有。",
                en=f"concentration must be above 0, but received {concentration}; at 0 the code holds nothing.",
            )
        self.width = width
        self.concentration = concentration
        self.direction = nn.Linear(num_features, width)
        self.free_concentration = nn.Linear(num_features, 1) if concentration is None else None
        self.constant: Tensor | None  # the divergence of every law, where κ is fixed
        self.register_buffer("constant", self._constant(), persistent=False)

    def _constant(self) -> Tensor | None:
        if self.concentration is None:
            return None
        law = self.law(torch.eye(1, self.width, dtype=torch.float64), self.concentration)
        return kl_divergence(law, HypersphericalUniform(self.width))[0].float()

    def posterior(self, features: Tensor) -> Distribution:
        """Return one law per row of features, each on the sphere of R^width."""
        loc = nn.functional.normalize(self.direction(features), dim=-1)
        if self.free_concentration is None:
            return self.law(loc, torch.tensor(self.concentration), validate_args=False)
        free = self.free_concentration(features).squeeze(-1)  # (batch,)
        return self.law(loc, nn.functional.softplus(free) + LEAST_CONCENTRATION, validate_args=False)

    def divergence(self, posterior: Distribution) -> Tensor:
        """Return the divergence from the uniform distribution, shape ``(batch,)``."""
        if self.constant is not None:
            return self.constant.expand(posterior.batch_shape)
        return kl_divergence(posterior, HypersphericalUniform(self.width))

    def prior_sample(self, num: int) -> Tensor:
        """Draw uniformly from the sphere, shape ``(num, width)``."""
        return HypersphericalUniform(self.width, device=self.direction.weight.device).sample((num,))


LATENTS = ("gaussian", "gaussian_batch_norm", "von_mises_fisher", "power_spherical")


def make_latent(name: str, num_features: int, width: int, concentration: float | None = 20.0) -> Latent:
    """Return a latent by name.

    Args:
        name: one of `LATENTS`.
        num_features: of the encoder's output.
        width: of a code.
        concentration: of the spherical ones; None to learn it.

    Raises:
        InvalidValue: for another name.

    Example:
        >>> latent = make_latent("von_mises_fisher", 8, 4)
        >>> posterior = latent.posterior(torch.randn(3, 8))
        >>> posterior.rsample().shape, latent.divergence(posterior)
        (torch.Size([3, 4]), tensor([3.2584, 3.2584, 3.2584]))
    """
    check_choice("latent", name, LATENTS)
    if name.startswith("gaussian"):
        return GaussianLatent(num_features, width, batch_norm=name == "gaussian_batch_norm")
    return SphericalLatent(num_features, width, law=name, concentration=concentration)
