"""Watching a training on texts held aside: the best weights are kept, and it stops when it has got no better for a while."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from baihua.files import replacing, write_text

LOOKS, BEST = "dev.json", "best.safetensors"


@dataclass(frozen=True)
class Look:
    """How a training stood after an epoch.

    Args:
        epoch: epochs done.
        f1: strict F1 on the texts held aside, a fraction.
    """

    epoch: int
    f1: float


class DevWatch:
    """Keep the weights with the best F1.

    Args:
        weights: the module that is trained.
        score: returns the F1 of the module as it is.
        patience: epochs without a better F1 after which it is enough.
        folder: where the looks and the best weights are kept too, so that a training that was cut off can go on; or None.
    """

    def __init__(
        self, weights: nn.Module, score: Callable[[], float], patience: int, folder: str | Path | None = None
    ) -> None:
        self.weights = weights
        self.score = score
        self.patience = patience
        self.folder = Path(folder) if folder is not None else None
        self.looks: list[Look] = []
        self._best: dict[str, Tensor] = {}

    @property
    def best(self) -> Look:
        """The first look with the highest F1."""
        return max(self.looks, key=lambda look: look.f1)

    @property
    def enough(self) -> bool:
        """Whether the last epochs brought nothing."""
        return bool(self.looks) and self.looks[-1].epoch - self.best.epoch >= self.patience

    def go_on(self, epoch: int) -> None:
        """Read the looks of the epochs already done."""
        if self.folder is None or not (self.folder / LOOKS).is_file():
            return
        looks = [Look(**look) for look in json.loads((self.folder / LOOKS).read_text(encoding="utf-8"))]
        self.looks = [look for look in looks if look.epoch <= epoch]
        if self.looks and (self.folder / BEST).is_file():
            self._best = load((self.folder / BEST).read_bytes())

    def look(self, epoch: int) -> bool:
        """Measure after an epoch, unless that was done, and say whether the training may go on."""
        if all(look.epoch != epoch for look in self.looks):
            self.looks.append(Look(epoch, self.score()))
            if self.best is self.looks[-1]:
                self._best = {name: tensor.detach().cpu().clone() for name, tensor in self.weights.state_dict().items()}
            self._write()
        return not self.enough

    def restore(self) -> None:
        """Put the best weights back."""
        if self._best:
            with torch.no_grad():
                self.weights.load_state_dict(self._best)

    def _write(self) -> None:
        if self.folder is None:
            return
        if self.best is self.looks[-1]:
            with replacing(self.folder / BEST) as temporary:
                temporary.write_bytes(save({name: tensor.contiguous() for name, tensor in self._best.items()}))
        write_text(self.folder / LOOKS, json.dumps([asdict(look) for look in self.looks]) + "\n")
