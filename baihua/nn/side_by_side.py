"""Several networks of one shape, one per seed, computed together instead of one after the other.

Everything acts on each network by itself: weights have a first axis for the networks, losses are summed over it, and an
optimizer that acts on numbers one by one (Adam, SGD) trains each as if it were alone.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from baihua.checks import InvalidValue

SLOPE = 0.2  # of the activation below 0, as in DCGAN's critic
POWER_ROUNDS_AT_FIRST = 15  # as in torch.nn.utils.parametrizations.spectral_norm


class SideBySideMLP(nn.Module):
    """Multilayer perceptrons of one shape, with leaky rectifiers between their layers.

    Args:
        seeds: one per network; a network's first weights depend on its seed alone.
        sizes: of the layers, input and output included, at least two.
        spectral_norm: divide each weight by its largest singular value, so that each layer has a Lipschitz constant of at
            most 1 (Miyato et al. 2018): found by a power iteration, one round in each forward in training.
        sigmoid: end in a sigmoid, for images from 0 to 1.

    Raises:
        InvalidValue: for no seed or less than two sizes.

    Example:
        >>> net = SideBySideMLP(seeds=(0, 1, 2), sizes=(4, 8, 1))
        >>> net(torch.randn(3, 10, 4)).shape
        torch.Size([3, 10, 1])
    """

    def __init__(
        self, seeds: Sequence[int], sizes: Sequence[int], *, spectral_norm: bool = False, sigmoid: bool = False
    ) -> None:
        super().__init__()
        if not seeds or len(sizes) < 2:
            raise InvalidValue(
                zh=f"至少要一个种子、两个层宽，收到 {list(seeds)} 与 {list(sizes)}。",
                en=f"At least one seed and two sizes are needed, not {list(seeds)} and {list(sizes)}.",
            )
        self.spectral_norm, self.sigmoid = spectral_norm, sigmoid
        rngs = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in itertools.pairwise(sizes):
            self.weights.append(nn.Parameter(_uniform(rngs, (inputs, outputs), inputs)))  # (nets, inputs, outputs)
            self.biases.append(nn.Parameter(_uniform(rngs, (1, outputs), inputs)))
        if spectral_norm:
            for number, weight in enumerate(self.weights):
                first = functional.normalize(_uniform(rngs, (1, weight.shape[1]), 1), dim=-1)  # (nets, 1, inputs)
                self.register_buffer(f"left_{number}", _power_rounds(weight.detach(), first, POWER_ROUNDS_AT_FIRST))

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of each network for its own inputs, ``(nets, batch, inputs)`` to ``(nets, batch, outputs)``."""
        last = len(self.weights) - 1
        for number, bias in enumerate(self.biases):
            x = torch.baddbmm(bias, x, self._weight(number))
            if number < last:
                x = functional.leaky_relu(x, SLOPE)
        return x.sigmoid() if self.sigmoid else x

    def _weight(self, number: int) -> Tensor:
        weight: Tensor = self.weights[number]
        if not self.spectral_norm:
            return weight
        left = getattr(self, f"left_{number}")
        if self.training:
            left.copy_(_power_rounds(weight.detach(), left, 1))
        # Cloned, since the next forward writes into the buffer before this one's gradients are taken.
        left = left.clone()
        right = functional.normalize(left @ weight.detach(), dim=-1)  # (nets, 1, outputs)
        largest = (left @ weight @ right.mT).clamp_min(torch.finfo(weight.dtype).tiny)  # (nets, 1, 1)
        return weight / largest


def _uniform(rngs: Sequence[torch.Generator], shape: tuple[int, ...], inputs: int) -> Tensor:
    """Draw as torch's linear layer does, each network from its own generator."""
    bound = inputs**-0.5
    return torch.stack([(2 * torch.rand(shape, generator=rng) - 1) * bound for rng in rngs])


@torch.no_grad()
def _power_rounds(weight: Tensor, left: Tensor, rounds: int) -> Tensor:
    for _ in range(rounds):
        right = functional.normalize(left @ weight, dim=-1)
        left = functional.normalize(right @ weight.mT, dim=-1)
    return left
