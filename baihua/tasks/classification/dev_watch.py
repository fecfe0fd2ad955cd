"""Watching a training on texts held aside: the weights with the best accuracy are kept, and it stops when nothing gets better."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from baihua.checks import FileProblem
from baihua.files import replacing, write_text

LOOKS, BEST = "looks.json", "best.safetensors"
LEAST_GAIN = (
    1e-3  # a loss less below the lowest than that is not lower: that of a model right throughout falls for ever
)


@dataclass(frozen=True)
class Look:
    """How a training stood after an epoch.

    Args:
        epoch: epochs done.
        accuracy: on the texts held aside, a fraction.
        loss: mean log loss there, of those whose label is known.
    """

    epoch: int
    accuracy: float
    loss: float


class DevWatch:
    """Keep the weights with the best accuracy; of equals, those with the lowest loss.

    Args:
        weights: the module that is trained.
        score: returns accuracy and loss of the module as it is.
        patience: looks that bring neither a better accuracy nor a lower loss, after which it is enough. While the loss still
            falls, a model of many labels that gets none right yet is learning.
        folder: where the looks and the best weights are kept too, so that a training that was cut off can go on; or None.
    """

    def __init__(
        self,
        weights: nn.Module,
        score: Callable[[], tuple[float, float]],
        patience: int,
        folder: str | Path | None = None,
    ) -> None:
        self.weights = weights
        self.score = score
        self.patience = patience
        self.folder = Path(folder) if folder is not None else None
        self.looks: list[Look] = []
        self._best: dict[str, Tensor] = {}

    @property
    def best(self) -> Look:
        """The look with the highest accuracy, of equals the lowest loss, of equals the first."""
        return max(self.looks, key=lambda look: (look.accuracy, -look.loss))

    @property
    def enough(self) -> bool:
        """Whether the last looks brought nothing."""
        in_vain, most_right, least_loss = 0, -1.0, math.inf
        for look in self.looks:
            better, lower = look.accuracy > most_right, look.loss < least_loss - LEAST_GAIN
            in_vain = 0 if better or lower else in_vain + 1
            most_right = max(most_right, look.accuracy)
            least_loss = look.loss if lower else least_loss
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
            self.looks = [Look(int(look["epoch"]), float(look["accuracy"]), float(look["loss"])) for look in looks]
            self._best = load((self.folder / BEST).read_bytes())
        except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
            raise FileProblem(
                zh=f"{self.folder} 里的 {LOOKS} 或 {BEST} 读不了（{error!s:.160}）；请删掉这个文件夹重新训练。",
                en=f"{LOOKS} or {BEST} in {self.folder} cannot be read ({error!s:.160}). Delete this folder and train anew.",
            ) from error

    def look(self, epoch: int) -> bool:
        """Measure after an epoch, unless that was done, and say whether the training may go on."""
        if all(look.epoch != epoch for look in self.looks):
            self.looks.append(Look(epoch, *self.score()))
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
