"""What a training leaves behind while it runs: a log, one JSON object a line, and the last checkpoint."""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from baihua.checks import InvalidValue
from baihua.files import write_text
from baihua.training.checkpoints import STATE, Counters, load_checkpoint, save_checkpoint

LOG, CHECKPOINT = "log.jsonl", "checkpoint"


class TrainingRecord:
    """The log and the checkpoint of one training.

    Args:
        folder: where they go; None to keep the log in memory and save nothing.
        model: the module whose weights are saved.
        optimizer: its optimizer.
        numbers: what the training is told by; a checkpoint of other numbers is not gone on from.
        writes: whether this process writes; with several, only one does.
    """

    def __init__(
        self,
        folder: Path | None,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        numbers: Mapping[str, Any] | None = None,
        *,
        writes: bool = True,
    ) -> None:
        self.folder = folder
        self.model = model
        self.optimizer = optimizer
        self.numbers = numbers
        self.writes = writes and folder is not None
        self.lines: list[dict[str, float]] = []
        self._saved = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last checkpoint."""
        return time.monotonic() - self._saved

    def go_on(self) -> Counters:
        """Restore the checkpoint, if there is one, and the log up to it."""
        if self.folder is None:
            return Counters()
        counters = load_checkpoint(self.folder / CHECKPOINT, self.model, self.optimizer, self.numbers) or Counters()
        log = self.folder / LOG
        if counters.step and log.is_file():
            lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            self.lines = [line for line in lines if line["step"] <= counters.step]
        return counters

    def log(self, counters: Counters, loss: float, learning_rate: float) -> None:
        """Add a line.

        Raises:
            InvalidValue: when the loss is no longer a finite number.
        """
        _check_finite(counters.step, loss)
        before = self.lines[-1] if self.lines else {"items": 0, "seconds": 0.0}
        speed = (counters.items - before["items"]) / max(
            counters.seconds - before["seconds"], 1e-9
        )  # a clock may stand
        line = {"step": counters.step, "loss": loss, "learning_rate": learning_rate}
        line |= {"items": counters.items, "seconds": counters.seconds, "items_per_second": speed}
        self.lines.append(line)
        if self.writes and self.folder is not None:
            write_text(self.folder / LOG, "".join(json.dumps(line) + "\n" for line in self.lines))

    def save(self, counters: Counters) -> None:
        """Write the checkpoint over the one before.

        Raises:
            InvalidValue: when a loss since the last line was no finite number; the checkpoint before is kept.
        """
        if self.writes and self.folder is not None:
            _check_finite(counters.step, counters.window_loss)
            save_checkpoint(self.folder / CHECKPOINT, self.model, self.optimizer, counters, self.numbers)
        self._saved = time.monotonic()


def seconds_trained(folder: str | Path | None) -> float:
    """Return how long the training that left its checkpoint in a folder had gone on until then; 0 where there is none.

    Args:
        folder: the one that the training was given.
    """
    if folder is None:
        return 0.0
    try:
        return float(json.loads((Path(folder) / CHECKPOINT / STATE).read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, TypeError, KeyError):  # what is damaged is refused by who goes on from it
        return 0.0


def _check_finite(step: int, loss: float) -> None:
    if not math.isfinite(loss):
        raise InvalidValue(
            zh=f"第 {step} 步损失成了 {loss}，训练停止；请降低学习率重来，上一个检查点还在。",
            en=f"The loss became {loss} at step {step} and training stopped; start again with a lower "
            "learning rate. The last checkpoint is kept.",
        )
