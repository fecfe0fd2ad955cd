"""The optimizers that a training can choose from, with weight decay on matrices alone."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from baihua.checks import check_choice
from baihua.training.adafactor import AdaFactor
from baihua.training.muon import Muon

OPTIMIZERS = ("adamw", "muon")  # those that pre-training offers: both were measured there
ALL_OPTIMIZERS = (*OPTIMIZERS, "adafactor")
BETAS = (0.9, 0.98)  # as RoBERTa (arXiv 1907.11692, section 3.1): the second moment forgets sooner than by default


def make_optimizer(
    model: nn.Module,
    name: str,
    learning_rate: float,
    weight_decay: float,
    rate_factors: Mapping[str, float] | None = None,
) -> torch.optim.Optimizer:
    """Make an optimizer of a module's trainable parameters.

    Args:
        model: the module.
        name: ``"adamw"``, or ``"muon"``: Muon for the weights of linear layers that are not also an embedding,
            AdamW for the rest, or ``"adafactor"``, whose steps are relative to the weights (`baihua.training.adafactor`).
        learning_rate: of all.
        weight_decay: of matrices; vectors (biases, norms) have none, and with ``"adafactor"`` nothing has.
        rate_factors: parameters whose name begins with a key move so many times as fast, without weight decay; their groups
            have ``"rate_factor"``.

    Returns:
        The optimizer.

    Raises:
        InvalidValue: for another name.
    """
    check_choice("optimizer", name, ALL_OPTIMIZERS)
    faster = _faster(model, rate_factors or {})
    own = {parameter for group in faster for parameter in group["params"]}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad and parameter not in own]
    if name == "adafactor":
        return AdaFactor([group for group in [{"params": trained}, *faster] if group["params"]], lr=learning_rate)
    matrices = [parameter for parameter in trained if parameter.ndim >= 2]
    vectors = {"params": [parameter for parameter in trained if parameter.ndim < 2], "weight_decay": 0.0}
    if name == "adamw":
        groups = [{"params": matrices, "weight_decay": weight_decay}, vectors]
        devices = {parameter.device.type for parameter in trained}
        fused = devices in ({"cpu"}, {"cuda"}) or None  # one pass over the weights
        kept = [group for group in [*groups, *faster] if group["params"]]
        return torch.optim.AdamW(kept, lr=learning_rate, betas=BETAS, fused=fused)
    linear = _linear_weights(model)
    groups = [
        {"params": [p for p in matrices if p in linear], "weight_decay": weight_decay, "orthogonal": True},
        {"params": [p for p in matrices if p not in linear], "weight_decay": weight_decay},
        vectors,
    ]
    return Muon([group for group in [*groups, *faster] if group["params"]], lr=learning_rate, betas=BETAS)


def _faster(model: nn.Module, rate_factors: Mapping[str, float]) -> list[dict[str, Any]]:
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    return [
        {
            "params": [parameter for name, parameter in named if name.startswith(beginning)],
            "weight_decay": 0.0,
            "rate_factor": factor,
        }
        for beginning, factor in rate_factors.items()
    ]


def _linear_weights(model: nn.Module) -> set[Tensor]:
    embeddings = {module.weight for module in model.modules() if isinstance(module, nn.Embedding)}
    return {module.weight for module in model.modules() if isinstance(module, nn.Linear)} - embeddings
