"""AdaFactor without factors: steps measured by how large the weights themselves are.

Each step moves a tensor by about lr × the root mean square of its entries, so that one learning rate suits embeddings, matrices
and LayerNorms alike. The form is that of the CLUE baselines in bert4keras: the second moment of every entry is kept, where the
paper keeps sums of rows and columns to save memory, and a mean of the clipped updates is taken before they are scaled.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from baihua.checks import InvalidType, InvalidValue

TINY = 1e-30  # added to squares, so that a gradient of 0 gives an update of 0 instead of 0/0
SMALLEST_SCALE = 1e-3  # so that a tensor that starts at 0 can leave it
DECAY_OF_FORGETTING = 0.8


class AdaFactor(torch.optim.Optimizer):
    """AdaFactor with a second moment for every entry, a first moment, and steps relative to the weights.

    For every tensor θ with gradient g, at its step t = 1, 2, …::

        v ← (1 − t^−0.8) v + t^−0.8 (g² + 1e-30)
        u ← g / √(v + 1e-30),    u ← u / max(1, RMS(u))
        m ← beta1 m + (1 − beta1) u
        θ ← θ − lr · max(RMS(θ), 1e-3) · m

    There is no bias correction (the first steps are short: 1 − beta1 of the later ones) and no weight decay. The article trains
    at a constant rate without clipping gradients; in `baihua.training.fit` that is ``Schedule(..., warmup=0, decay="constant")``
    and ``max_norm=math.inf``. `transformers.optimization.Adafactor` factors matrices and averages updates that already have their scale
    and learning rate. Keep weights in float32: bfloat16 has no number between 1 and 1.0078, so steps of 5e-4 are rounded away.

    Args:
        params: tensors, or groups of them with settings of their own.
        lr: the size of a step relative to the weights, where all entries of m are ±1.
        beta1: how much of the mean of updates is kept at each step.

    Raises:
        InvalidValue: for a learning rate below 0, or a beta1 outside [0, 1), in the defaults or in a group.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive learning rates with sublinear memory cost", arXiv 1804.04235; this form:
        bert4keras, ``optimizers.py``, with ``min_dim_size_to_factor=1e6``; used in https://kexue.fm/archives/8739.

    Example:
        >>> weight = torch.nn.Parameter(torch.tensor([3.0, -3.0]))
        >>> weight.grad = torch.tensor([100.0, -0.001])
        >>> AdaFactor([weight], lr=0.01, beta1=0.0).step()
        >>> weight.data  # each entry by 1 % of 3, towards 0, whatever its gradient
        tensor([ 2.9700, -2.9700])
    """

    def __init__(self, params: Iterable[Any], lr: float = 5e-4, beta1: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "beta1": beta1})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of tensors, with ``lr`` and ``beta1`` of its own or those of the others.

        Raises:
            InvalidValue: for a learning rate below 0, or a beta1 outside [0, 1).
        """
        lr, beta1 = (param_group.get(name, self.defaults[name]) for name in ("lr", "beta1"))
        if not (lr >= 0 and 0 <= beta1 < 1):
            raise InvalidValue(
                zh=f"AdaFactor 的 lr 应不小于 0，beta1 应在 [0, 1) 内，收到 {lr} 与 {beta1}。",
                en=f"AdaFactor takes an lr of at least 0 and a beta1 in [0, 1), but received {lr} and {beta1}.",
            )
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; a closure, if given, is called first and its loss returned.

        Raises:
            InvalidType: for a sparse gradient, before any tensor has moved.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moved = [
            (group, tensor) for group in self.param_groups for tensor in group["params"] if tensor.grad is not None
        ]
        if any(tensor.grad.is_sparse for _, tensor in moved):
            raise InvalidType(
                zh="AdaFactor 要看整个张量的大小，不能用稀疏梯度；请把 Embedding 的 sparse 设为 False。",
                en="AdaFactor measures whole tensors and takes no sparse gradients. Make the Embedding with sparse=False.",
            )
        for group, tensor in moved:
            if tensor.numel():  # of no entries there is no root mean square
                self._move(tensor, tensor.grad, group["lr"], group["beta1"])
        return loss

    def _move(self, tensor: Tensor, gradient: Tensor, rate: float, beta1: float) -> None:
        state = self.state[tensor]
        exact = torch.promote_types(tensor.dtype, torch.float32)  # moments in bfloat16 would forget what is small
        if not state:
            state["step"] = torch.zeros(())
            state["square"] = torch.zeros_like(tensor, dtype=exact)
            state["mean"] = torch.zeros_like(tensor, dtype=exact)
        state["step"] += 1
        gradient = gradient.to(exact)
        square = state["square"].lerp_(gradient.square().add_(TINY), float(state["step"]) ** -DECAY_OF_FORGETTING)
        update = square.add(TINY).rsqrt_().mul_(gradient)
        update.div_(_root_mean_square(update).clamp_(min=1))
        mean = state["mean"].lerp_(update, 1 - beta1)
        scale = _root_mean_square(tensor).clamp_(min=SMALLEST_SCALE)
        tensor.add_(mean * scale, alpha=-rate)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back a state that `state_dict` gave, the moments as exact as they were.

        torch's own would turn them into the type of the weights, and a training with weights in bfloat16 would not go on as it
        was.
        """
        super().load_state_dict(state_dict)
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        tensors = [tensor for group in self.param_groups for tensor in group["params"]]
        for number, tensor in zip(numbers, tensors, strict=True):
            for name, value in state_dict["state"].get(number, {}).items():
                if name in ("square", "mean"):
                    self.state[tensor][name] = value.detach().to(tensor.device, copy=True)


def _root_mean_square(tensor: Tensor) -> Tensor:
    exact = torch.promote_types(tensor.dtype, torch.float32)
    return torch.linalg.vector_norm(tensor, dtype=exact) / tensor.numel() ** 0.5
