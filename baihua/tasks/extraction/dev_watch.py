"""Watching the training of an extractor: the weights with the best F1 on texts held aside are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from baihua.training.dev_watch import BEST, LOOKS, EpochLook, EpochWatch

__all__ = ["BEST", "LOOKS", "DevWatch", "Look"]


@dataclass(frozen=True)
class Look(EpochLook):
    """How a training stood after an epoch.

    Args:
        epoch: epochs done.
        f1: strict F1 on the texts held aside, a fraction.
    """

    f1: float


class DevWatch(EpochWatch[Look]):
    """Keep the weights with the best F1, the first of equals.

    Args:
        weights: the module that is trained.
        score: returns the F1 of the module as it is.
        patience: epochs without a better F1 after which it is enough.
        folder: where the looks and the best weights are kept too, so that a training that was cut off can go on; or None.
    """

    look_type = Look
    least_gains = (0.0,)

    def __init__(
        self, weights: nn.Module, score: Callable[[], float], patience: int, folder: str | Path | None = None
    ) -> None:
        super().__init__(weights, lambda: (score(),), patience, folder)

    def figures(self, look: Look) -> tuple[float, ...]:
        """Return the F1."""
        return (look.f1,)

    @property
    def enough(self) -> bool:
        """Whether the last epochs brought nothing; before anything was found at all it is never enough."""
        return bool(self.looks) and self.best.f1 > 0 and super().enough
