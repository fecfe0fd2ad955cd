"""A generator and its critic, trained in turn: the one loop, in the open, with the exact distance beside the estimate.

Several seeds are trained side by side (`baihua.nn.side_by_side`). Each draws its batches and its noise from a generator of
its own, so that what a seed comes to does not depend on which others are trained with it, but for rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.maths.ground_cost import check_points
from baihua.maths.transport import wasserstein
from baihua.nn.adversarial_losses import Objective
from baihua.nn.lipschitz import Constraint
from baihua.nn.wgan import Critic, CriticKind, Generator
from baihua.progress import progress


@dataclass(frozen=True)
class AdversarialSettings:
    """How a generator and its critic are trained.

    Args:
        steps: of the generator.
        critic_steps: of the critic before each of them. More come nearer to the inner maximum.
        batch_size: points in a batch, real and made.
        hidden: width of the layers between.
        noise_width: of the generator's noise.
        fixed_noise: None for new noise each time, else how many noise vectors there are at all: a generator of so many
            points ("discrete"; Elnekave and Weiss 2025).
        critic_rate: Adam's rate for the critic.
        generator_rate: Adam's rate for the generator.
        betas: of Adam.
        watch_every: generator steps from one look to the next.
        sigmoid: whether points are images from 0 to 1.

    Raises:
        InvalidValue: for a number below 1 where at least one is needed.
    """

    steps: int = 3000
    critic_steps: int = 5
    batch_size: int = 64
    hidden: int = 256
    noise_width: int = 16
    fixed_noise: int | None = None
    critic_rate: float = 5e-4
    generator_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.9)
    watch_every: int = 150
    sigmoid: bool = True

    def __post_init__(self) -> None:
        for name in ("steps", "critic_steps", "batch_size", "hidden", "noise_width", "watch_every"):
            if getattr(self, name) < 1:
                value = getattr(self, name)
                raise InvalidValue(zh=f"{name} 至少为 1，收到 {value}。", en=f"{name} must be at least 1, not {value}.")


@dataclass(frozen=True)
class Look:
    """What is seen at a step, one number per seed.

    Args:
        step: of the generator, from 1.
        estimate: the critic's, at its last step.
        exact: W_1 between that real batch and the made one.
    """

    step: int
    estimate: tuple[float, ...]
    exact: tuple[float, ...]


@dataclass(frozen=True)
class AdversarialRun:
    """A trained pair.

    Args:
        generator: one network per seed.
        critic: likewise; as it was made where the objective has none.
        looks: from the first to the last.
        draws: go on from here, to make points.
    """

    generator: Generator
    critic: Critic
    looks: tuple[Look, ...]
    draws: "Draws"

    @torch.no_grad()
    def make(self, num: int) -> Tensor:
        """Return points that the generators make, shape ``(nets, num, width)``."""
        made: Tensor = self.generator(self.draws.noise(num))
        return made


class Draws:
    """What chance decides in a training, each seed by a generator of its own.

    Args:
        seeds: one per network.
        num_points: of the real set.
        settings: of the training.
        stream: draws of different streams have nothing to do with each other.
    """

    def __init__(self, seeds: Sequence[int], num_points: int, settings: AdversarialSettings, stream: int = 0) -> None:
        apart = (stream + 1) * 1_000_003  # from the first weights, which are drawn with the seed itself
        self._rngs = [torch.Generator().manual_seed(seed + apart) for seed in seeds]
        self._num_points, self._settings = num_points, settings
        fixed, width = settings.fixed_noise, settings.noise_width
        self._table = (
            None if fixed is None else torch.stack([torch.randn(fixed, width, generator=r) for r in self._rngs])
        )

    def places(self) -> Tensor:
        """Draw which real points are in a batch, shape ``(nets, batch)``."""
        shape = (self._settings.batch_size,)
        return torch.stack([torch.randint(self._num_points, shape, generator=rng) for rng in self._rngs])

    def noise(self, num: int) -> Tensor:
        """Draw noise, shape ``(nets, num, noise_width)``; of fixed noise each vector in turn, in random order."""
        if self._table is None:
            shape = (num, self._settings.noise_width)
            return torch.stack([torch.randn(shape, generator=rng) for rng in self._rngs])
        kept = self._table.shape[1]
        orders = [
            torch.cat([torch.randperm(kept, generator=r) for _ in range(-(-num // kept))])[:num] for r in self._rngs
        ]
        return torch.stack([table[order] for table, order in zip(self._table, orders, strict=True)])

    def shares(self) -> Tensor:
        """Draw how far between a real and a made point to look, shape ``(nets, batch, 1)``."""
        return torch.stack([torch.rand(self._settings.batch_size, 1, generator=rng) for rng in self._rngs])


def train_adversarial(
    data: Tensor,
    kind: CriticKind,
    settings: AdversarialSettings | None = None,
    *,
    seeds: Sequence[int] = (0,),
    device: str = "cpu",
    show_progress: bool | None = None,
) -> AdversarialRun:
    """Train a generator against a critic, several seeds side by side.

    Args:
        data: the real points, shape ``(num, width)``, at least a batch.
        kind: what the two minimise, and what keeps the critic from being steep.
        settings: the numbers of the training.
        seeds: one network each.
        device: where to compute.
        show_progress: True or False, or None for a bar only when standard error is a terminal.

    Returns:
        The trained pair, with what was seen on the way.

    Raises:
        InvalidValue: for data that is not a matrix of finite numbers, or less than a batch of it.

    Example:
        >>> data = torch.rand(100, 3)
        >>> run = train_adversarial(data, CriticKind(), AdversarialSettings(steps=4, watch_every=2), seeds=(0, 1))
        >>> run.make(10).shape, [look.step for look in run.looks]
        (torch.Size([2, 10, 3]), [2, 4])
    """
    settings = settings or AdversarialSettings()
    data = _check_data(data, settings).to(device)
    constraint = kind.make_constraint()
    generator = Generator(seeds, settings.noise_width, data.shape[1], settings.hidden, sigmoid=settings.sigmoid)
    critic = Critic(seeds, data.shape[1], settings.hidden, spectral_norm=constraint.spectral_norm)
    turns = _Turns(data, kind, settings, generator.to(device), critic.to(device), Draws(seeds, len(data), settings))
    looks: list[Look] = []
    title = say(zh="对抗训练", en="adversarial training") + f" {kind.name}"
    with progress(title, settings.steps, show_progress) as advance:
        for step in range(1, settings.steps + 1):
            for _ in range(settings.critic_steps if turns.objective.has_critic else 1):
                real, fake, estimate = turns.critic_turn()
            turns.generator_turn()
            if step % settings.watch_every == 0 or step == settings.steps:
                looks.append(_look(step, real, fake, estimate))
                advance(0, _beside(looks[-1]))
            advance()
    return AdversarialRun(generator.eval(), critic.eval(), tuple(looks), turns.draws)


def step_critic(
    critic: Critic,
    optimizer: torch.optim.Optimizer,
    rules: tuple[Objective, Constraint],
    batches: tuple[Tensor, Tensor],
    draws: Draws,
) -> Tensor:
    """Move a critic by a step, if the objective has one; return its estimates before it, shape ``(nets,)``."""
    (objective, constraint), (real, fake) = rules, batches
    loss, estimate = objective.critic_loss(critic, real, fake)
    if objective.has_critic:
        loss = loss + constraint.penalty(critic, real, fake, draws.shares().to(real.device))
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        constraint.after_step(critic)
    return estimate.detach()


class _Turns:
    """The two turns of a training."""

    def __init__(
        self,
        data: Tensor,
        kind: CriticKind,
        settings: AdversarialSettings,
        generator: Generator,
        critic: Critic,
        draws: Draws,
    ) -> None:
        self.data, self.generator, self.critic, self.draws = data, generator, critic, draws
        self.objective, self.constraint = kind.make_objective(), kind.make_constraint()
        self.batch_size = settings.batch_size
        self.critic_steps = torch.optim.Adam(critic.parameters(), settings.critic_rate, settings.betas)
        self.generator_steps = torch.optim.Adam(generator.parameters(), settings.generator_rate, settings.betas)

    def critic_turn(self) -> tuple[Tensor, Tensor, Tensor]:
        """Move the critic by a step; return the batches and its estimate, one per network."""
        real, fake = self._real(), self._made().detach()
        estimate = step_critic(
            self.critic, self.critic_steps, (self.objective, self.constraint), (real, fake), self.draws
        )
        return real, fake, estimate

    def generator_turn(self) -> None:
        """Move the generator by a step."""
        loss = self.objective.generator_loss(self.critic, self._real(), self._made())
        self.generator_steps.zero_grad()
        loss.sum().backward()
        self.generator_steps.step()

    def _real(self) -> Tensor:
        return self.data[self.draws.places().to(self.data.device)]  # (nets, batch, width)

    def _made(self) -> Tensor:
        made: Tensor = self.generator(self.draws.noise(self.batch_size).to(self.data.device))
        return made


def exact_distances(real: Tensor, fake: Tensor) -> tuple[float, ...]:
    """Return the exact W_1 of each pair of batches, shapes ``(nets, batch, width)``."""
    return tuple(float(wasserstein(x, y).value) for x, y in zip(real.detach(), fake.detach(), strict=True))


def _look(step: int, real: Tensor, fake: Tensor, estimate: Tensor) -> Look:
    return Look(step, tuple(estimate.tolist()), exact_distances(real, fake))


def _beside(look: Look) -> str:
    estimate, exact = (sum(values) / len(values) for values in (look.estimate, look.exact))
    return say(zh=f"估计 {estimate:.3f}，精确 {exact:.3f}", en=f"estimate {estimate:.3f}, exact {exact:.3f}")


def _check_data(data: Tensor, settings: AdversarialSettings) -> Tensor:
    points = check_points(data, "data").float()
    if len(points) < settings.batch_size:
        raise InvalidValue(
            zh=f"数据有 {len(points)} 个点，不够一批 {settings.batch_size} 个；请减小 batch_size。",
            en=f"The data has {len(points)} points, less than a batch of {settings.batch_size}. Use a smaller batch_size.",
        )
    return points
