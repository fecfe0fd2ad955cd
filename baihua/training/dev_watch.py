"""Watching a training on texts held aside: the best weights are kept, and it stops when it has got no better for a while."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from baihua.checks import FileProblem
from baihua.files import replacing, write_text
from baihua.training.processes import is_first, of_first

LOOKS, BEST = "looks.json", "best.safetensors"


@dataclass(frozen=True)
class EpochLook:
    """How a training stood after an epoch; its kinds add figures.

    Args:
        epoch: epochs done.
    """

    epoch: int


Seen = TypeVar("Seen", bound=EpochLook)


class EpochWatch(ABC, Generic[Seen]):
    """Keep the weights of the best look. A kind of watch says what its looks are, and which of two is better.

    Args:
        weights: the module that is trained.
        score: returns the figures of the module as it is.
        patience: looks without any better figure after which it is enough.
        folder: where the looks and the best weights are kept too, so that a training that was cut off can go on; or None.
    """

    look_type: ClassVar[type[EpochLook]]
    least_gains: ClassVar[tuple[float, ...]]  # a figure that is less than that above the highest is not better

    def __init__(
        self,
        weights: nn.Module,
        score: Callable[[], tuple[float, ...]],
        patience: int,
        folder: str | Path | None = None,
    ) -> None:
        self.weights = weights
        self.score = score
        self.patience = patience
        self.folder = Path(folder) if folder is not None else None
        self.looks: list[Seen] = []
        self._best: dict[str, Tensor] = {}

    @abstractmethod
    def figures(self, look: Seen) -> tuple[float, ...]:
        """Return what makes a look better, the higher the better, what counts most first."""

    @property
    def best(self) -> Seen:
        """The first look with the highest first figure, of equals the highest second, and so on."""
        return max(self.looks, key=self.figures)

    @property
    def enough(self) -> bool:
        """Whether the last looks brought no better figure of any kind."""
        in_vain, highest = 0, [-math.inf] * len(self.least_gains)
        for look in self.looks:
            reached = zip(self.figures(look), highest, self.least_gains, strict=True)
            better = [figure if figure > most + gain else most for figure, most, gain in reached]
            in_vain = 0 if better != highest else in_vain + 1
            highest = better
        return in_vain >= self.patience

    def go_on(self, epoch: int) -> None:
        """Read the looks of a training that goes on after so many epochs.

        Those at later epochs, which it had come to after its last checkpoint, are kept: the best weights are of one of them.

        Raises:
            FileProblem: when they cannot be read.
        """
        if self.folder is None or not epoch or not (self.folder / LOOKS).is_file():
            return
        try:
            looks = json.loads((self.folder / LOOKS).read_text(encoding="utf-8"))
            self.looks = [self._made(look["epoch"], [look[name] for name in self._names]) for look in looks]
            self._best = load((self.folder / BEST).read_bytes())
        except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
            raise FileProblem(
                zh=f"{self.folder} 里的 {LOOKS} 或 {BEST} 读不了（{error!s:.160}）；请删掉这个文件夹重新训练。",
                en=f"{LOOKS} or {BEST} in {self.folder} cannot be read ({error!s:.160}). Delete this folder and train anew.",
            ) from error

    def look(self, epoch: int) -> bool:
        """Measure after an epoch, unless that was done, and say whether the training may go on."""
        if all(look.epoch != epoch for look in self.looks):
            self.looks.append(self._made(epoch, of_first(self.score())))
            if self.best is self.looks[-1]:
                self._best = {name: tensor.detach().cpu().clone() for name, tensor in self.weights.state_dict().items()}
            self._write()
        return not self.enough

    def restore(self) -> None:
        """Put the best weights back."""
        if self._best:
            with torch.no_grad():
                self.weights.load_state_dict(self._best)

    @property
    def _names(self) -> list[str]:
        return [field.name for field in fields(self.look_type)][1:]

    def _made(self, epoch: int, figures: Iterable[float]) -> Seen:
        made: Any = self.look_type(int(epoch), *map(float, figures))
        return made

    def _write(self) -> None:
        if self.folder is None or not is_first():
            return
        if self.best is self.looks[-1]:
            with replacing(self.folder / BEST) as temporary:
                temporary.write_bytes(save({name: tensor.contiguous() for name, tensor in self._best.items()}))
        write_text(self.folder / LOOKS, json.dumps([asdict(look) for look in self.looks]) + "\n")
