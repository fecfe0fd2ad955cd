"""What a critic and a generator minimise against each other.

=================  ===============================================  ==========================
objective          critic                                           generator
=================  ===============================================  ==========================
`Wasserstein`      −(mean f(x) − mean f(y))                         −mean f(y)
`CTransform`       −(mean f(x) + mean f^c(y)), or f^(c,ε)           mean f^c(y)
`NonSaturating`    mean softplus(−f(x)) + mean softplus(f(y))       mean softplus(−f(y))
`Hinge`            mean max(0, 1 − f(x)) + mean max(0, 1 + f(y))    −mean f(y)
`ExactTransport`   none                                             W_1 of the two batches
`Energy`           none                                             energy distance, unbiased
=================  ===============================================  ==========================

x are real points, y made ones; f^c is over the real batch (`baihua.maths.c_transform`). All losses have the shape
``(nets,)``, one per network of `baihua.nn.side_by_side`. kexue.fm 8244; Mallasto et al. 2019; Stanczuk et al. 2021.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from baihua.maths.c_transform import c_transform, soft_c_transform
from baihua.maths.ground_cost import Cost, euclidean_distances
from baihua.maths.transport import wasserstein
from baihua.nn.lipschitz import Scores


class Objective(Protocol):
    """What is minimised."""

    @property
    def has_critic(self) -> bool:
        """Whether a critic is trained."""
        ...

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the critic's loss, and its estimate of the distance, from points of shape ``(nets, batch, width)``."""
        ...

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return the generator's loss."""
        ...


@dataclass(frozen=True)
class Wasserstein:
    """The Wasserstein GAN (Arjovsky et al. 2017): a distance only if the critic is kept from being steep."""

    has_critic: bool = True

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return −(mean f(x) − mean f(y)), and the estimate without the sign."""
        estimate = f(real).mean(dim=-1) - f(fake).mean(dim=-1)
        return -estimate, estimate

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return −mean f(y)."""
        return -f(fake).mean(dim=-1)


@dataclass(frozen=True)
class CTransform:
    """The dual problem between the batches themselves: feasible by construction, with no constraint on f.

    Args:
        epsilon: 0 for f^c; above 0 for f^(c,ε), whose optimum is entropic transport and overshoots.
        cost: the distance between points.
    """

    epsilon: float = 0.0
    cost: Cost = euclidean_distances
    has_critic: bool = True

    def transform(self, f: Tensor, costs: Tensor) -> Tensor:
        """Return f^c or f^(c,ε) at each y, from f at each x and c(x, y)."""
        return c_transform(f, costs) if self.epsilon == 0 else soft_c_transform(f, costs, self.epsilon)

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return −(mean f(x) + mean f^c(y)), and the estimate without the sign."""
        scores = f(real)
        estimate = scores.mean(dim=-1) + self.transform(scores, self.cost(real, fake)).mean(dim=-1)
        return -estimate, estimate

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return mean f^c(y), whose gradient pulls each y straight toward the x it is assigned to."""
        return self.transform(f(real).detach(), self.cost(real, fake)).mean(dim=-1)


@dataclass(frozen=True)
class NonSaturating:
    """The first GAN with the generator's loss that it is trained with in practice (Goodfellow et al. 2014)."""

    has_critic: bool = True

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the classifier's cross entropy, and mean f(x) − mean f(y), which is no distance."""
        of_real, of_fake = f(real), f(fake)
        loss = functional.softplus(-of_real).mean(dim=-1) + functional.softplus(of_fake).mean(dim=-1)
        return loss, of_real.mean(dim=-1) - of_fake.mean(dim=-1)

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return −mean log σ(f(y))."""
        return functional.softplus(-f(fake)).mean(dim=-1)


@dataclass(frozen=True)
class Hinge:
    """The hinge loss (Lim and Ye 2017; Miyato et al. 2018)."""

    has_critic: bool = True

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hinge loss, and mean f(x) − mean f(y), which is no distance."""
        of_real, of_fake = f(real), f(fake)
        loss = functional.relu(1 - of_real).mean(dim=-1) + functional.relu(1 + of_fake).mean(dim=-1)
        return loss, of_real.mean(dim=-1) - of_fake.mean(dim=-1)

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return −mean f(y)."""
        return -f(fake).mean(dim=-1)


@dataclass(frozen=True)
class ExactTransport:
    """The exact W_1 between the batches, which c-transforms approach, with no critic.

    Args:
        cost: the distance between points.
    """

    cost: Cost = euclidean_distances
    has_critic: bool = False

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return 0 and the distance."""
        return real.new_zeros(len(real)), self.generator_loss(f, real, fake)

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return W_1, with the gradient of the best plan held."""
        return torch.stack([wasserstein(x, y, cost=self.cost).value for x, y in zip(real, fake, strict=True)])


@dataclass(frozen=True)
class Energy:
    """The energy distance (Székely and Rizzo 2004), whose gradient over batches is unbiased (Bellemare et al. 2017).

    Args:
        cost: the distance between points.
    """

    cost: Cost = euclidean_distances
    has_critic: bool = False

    def critic_loss(self, f: Scores, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return 0 and the energy distance."""
        return real.new_zeros(len(real)), self.generator_loss(f, real, fake)

    def generator_loss(self, f: Scores, real: Tensor, fake: Tensor) -> Tensor:
        """Return 2 E|x − y| − E|x − x'| − E|y − y'|, pairs of a point with itself left out."""

        def within(points: Tensor) -> Tensor:
            num = points.shape[-2]
            return self.cost(points, points).sum(dim=(-2, -1)) / (num * (num - 1))

        return 2 * self.cost(real, fake).mean(dim=(-2, -1)) - within(real) - within(fake)
