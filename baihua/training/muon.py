"""Muon: steps of equal size in every direction of a matrix. For small language models it needs fewer tokens than AdamW.

The momentum of a weight matrix is replaced by the nearest orthogonal matrix, found by five Newton–Schulz iterations
(Jordan et al. 2024, kellerjordan.github.io/posts/muon), and scaled so that its entries are as large as AdamW's steps,
0.2 √max(rows, columns), so that both take the same learning rate (Liu, Su et al., "Muon is Scalable for LLM Training",
arXiv 2502.16982, equation 4). `torch.optim.Muon` iterates in bfloat16, which many processors have to emulate: there it
takes several times as long as the training step itself (bench/muon.py); this one keeps the precision of the weights on a CPU.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic; its fixed interval is about 0.7 to 1.2, which is enough
ITERATIONS = 5
MATCHED_RMS = 0.2


class Muon(torch.optim.Optimizer):
    """Muon for the groups of parameters that say ``orthogonal=True``, AdamW for the others.

    Args:
        groups: parameter groups; every parameter of an orthogonal group is a matrix.
        lr: learning rate of both.
        momentum: of the orthogonal groups, in Nesterov's form.
        betas: of AdamW.
        eps: of AdamW, added to the root of the second moment.

    Example:
        >>> weight = torch.nn.Parameter(torch.eye(2))
        >>> weight.grad = torch.tensor([[5.0, 0.0], [0.0, 0.5]])
        >>> Muon([{"params": [weight], "orthogonal": True, "weight_decay": 0.0}], lr=0.1).step()
        >>> bool((weight.diagonal() < 0.99).all())  # both directions move, the small one as far as the large
        True
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
        eps: float = 1e-8,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "betas": betas,
            "eps": eps,
            "weight_decay": 0.01,
            "orthogonal": False,
        }
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; a closure, if given, is called first and its loss returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            move = self._orthogonal_step if group["orthogonal"] else self._adamw_step
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    move(parameter, parameter.grad, group)
        return loss

    def _orthogonal_step(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum = state["momentum"].lerp_(gradient, 1 - group["momentum"])
        update = orthogonalise(gradient.lerp(momentum, group["momentum"]))
        parameter.add_(update, alpha=-group["lr"] * MATCHED_RMS * max(parameter.shape) ** 0.5)

    def _adamw_step(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["mean"], state["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        taken, (beta1, beta2) = float(state["step"]), group["betas"]
        mean = state["mean"].lerp_(gradient, 1 - beta1)
        square = state["square"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        root = (square / (1 - beta2**taken)).sqrt_().add_(group["eps"])
        parameter.addcdiv_(mean, root, value=-group["lr"] / (1 - beta1**taken))


def orthogonalise(matrix: Tensor) -> Tensor:
    """Return a matrix with the singular vectors of another and singular values near 1 (about 0.7 to 1.2).

    Each iteration X ← aX + (bA + cA²)X with A = XXᵀ maps every singular value s to a s + b s³ + c s⁵. Values below a
    thousandth of the matrix's Frobenius norm are not brought all the way up; zero stays zero.

    Args:
        matrix: shape ``(rows, columns)``, float32 or float64; bfloat16 is used on a GPU, which is made for it.

    Returns:
        The same shape and dtype.

    Example:
        >>> singular = torch.linalg.svdvals(orthogonalise(torch.diag(torch.tensor([3.0, 0.1]))))
        >>> bool(((singular > 0.6) & (singular < 1.3)).all())
        True
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T  # the products are smallest in this form
    norm = wide.norm()
    x = wide / torch.where(norm > 0, norm, 1)  # now no singular value is above 1
    x = x.bfloat16() if matrix.is_cuda else x
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        gram = x @ x.T  # (short, short)
        x = a * x + (b * gram + c * gram @ gram) @ x
    x = x.to(matrix.dtype)
    return x if wide is matrix else x.T
