"""A critic alone, trained between two sets that stay as they are: how far is its estimate from the distance?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.maths.ground_cost import check_two
from baihua.nn.adversarial_losses import Objective
from baihua.nn.wgan import Critic, CriticKind
from baihua.progress import progress
from baihua.training.adversarial import AdversarialSettings, Draws, exact_distances, step_critic

LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class StaticEstimate:
    """What a trained critic says of two sets, one number per seed.

    Args:
        estimate: the critic's, the mean over batches that it was not trained on in between.
        exact: W_1 between these batches, their mean.
        critic: the critic.
    """

    estimate: tuple[float, ...]
    exact: tuple[float, ...]
    critic: Critic


def train_critic(
    x: Tensor,
    y: Tensor,
    kind: CriticKind,
    settings: AdversarialSettings | None = None,
    *,
    seeds: Sequence[int] = (0,),
    num_batches: int = 50,
    show_progress: bool | None = None,
) -> StaticEstimate:
    """Train a critic between two fixed sets, and ask it how far apart their batches are.

    Args:
        x: shape ``(num_x, width)``.
        y: shape ``(num_y, width)``.
        kind: what it maximises and what keeps it from being steep.
        settings: of which ``steps`` (of the critic), ``batch_size``, ``hidden``, ``critic_rate`` and ``betas`` count.
        seeds: one critic each, side by side.
        num_batches: that are asked about, after the training.
        show_progress: True or False, or None for a bar only when standard error is a terminal.

    Returns:
        A `StaticEstimate`.

    Raises:
        InvalidValue: for wrong shapes, NaN, or an objective that has no critic.

    Example:
        >>> x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
        >>> settings = AdversarialSettings(steps=100, hidden=16, critic_rate=1e-2)
        >>> found = train_critic(x, x + 3, CriticKind("c_transform", "none"), settings)
        >>> found.estimate[0] <= found.exact[0]
        True
    """
    settings = settings or AdversarialSettings(critic_rate=LEARNING_RATE)
    rules = kind.make_objective(), kind.make_constraint()
    if not rules[0].has_critic:
        raise InvalidValue(
            zh=f"{kind.objective} 没有评判网络可训练。", en=f"{kind.objective} has no critic that could be trained."
        )
    first, second, _ = check_two(x, y)
    sets = first.detach().float(), second.detach().float()
    critic = Critic(seeds, sets[0].shape[1], settings.hidden, spectral_norm=rules[1].spectral_norm).to(first.device)
    optimizer = torch.optim.Adam(critic.parameters(), settings.critic_rate, settings.betas)
    draws = tuple(Draws(seeds, len(points), settings, stream) for stream, points in enumerate(sets))

    def batches() -> tuple[Tensor, Tensor]:
        real, fake = (points[draw.places().to(points.device)] for points, draw in zip(sets, draws, strict=True))
        return real, fake

    with progress(
        say(zh="训练评判网络", en="training a critic") + f" {kind.name}", settings.steps, show_progress
    ) as advance:
        for _ in range(settings.steps):
            step_critic(critic, optimizer, rules, batches(), draws[0])
            advance()
    estimate, exact = _asked(critic.eval(), rules[0], batches, num_batches)
    return StaticEstimate(estimate, exact, critic)


@torch.no_grad()
def _asked(
    critic: Critic, objective: Objective, batches: Callable[[], tuple[Tensor, Tensor]], num: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what a critic says of some batches and the exact distances, their means per seed."""
    estimates, distances = [], []
    for _ in range(num):
        real, fake = batches()
        estimates.append(objective.critic_loss(critic, real, fake)[1].double())
        distances.append(torch.tensor(exact_distances(real, fake), dtype=torch.float64))
    estimate, exact = (torch.stack(one).mean(dim=0).tolist() for one in (estimates, distances))
    return tuple(estimate), tuple(exact)
