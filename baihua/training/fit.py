"""The one training loop. Everything that is trained here is trained by it, and it can be read from top to bottom."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from baihua.checks import check_choice
from baihua.language import say
from baihua.progress import progress
from baihua.training.checkpoints import Counters
from baihua.training.optimizers import make_optimizer
from baihua.training.record import TrainingRecord
from baihua.training.schedules import Schedule

if TYPE_CHECKING:
    from accelerate import Accelerator

Batches = Callable[[int], Iterator[Any]]


@dataclass(frozen=True)
class FitSettings:
    """The numbers of a training.

    Args:
        schedule: its length, warm-up and decay.
        learning_rate: the highest, after the warm-up.
        optimizer: ``"adamw"``, ``"muon"`` (`baihua.training.muon`) or ``"adafactor"`` (`baihua.training.adafactor`).
        weight_decay: of matrices; vectors (biases, norms) have none, nor has anything with ``"adafactor"``.
        accumulation: batches whose gradients make one step.
        max_norm: gradients longer than this are shortened to it; ``math.inf`` for as they are.
        precision: ``"float32"`` or ``"bfloat16"`` (through `torch.autocast`).
        log_every: steps between lines of the log, and between looks at the loss.
        save_every: seconds between checkpoints.
        rate_factors: parameters whose name begins with a key move so many times as fast.
    """

    schedule: Schedule
    learning_rate: float = 1e-3
    optimizer: str = "adamw"
    weight_decay: float = 0.01
    accumulation: int = 1
    max_norm: float = 1.0
    precision: str = "float32"
    log_every: int = 20
    save_every: float = 300.0
    rate_factors: Mapping[str, float] = field(default_factory=dict)


def fit(
    loss: nn.Module,
    batches: Batches,
    settings: FitSettings,
    *,
    folder: str | Path | None = None,
    count: Callable[[Any], int] = len,
    show_progress: bool | None = None,
) -> list[dict[str, float]]:
    """Train the parameters of a loss.

    Args:
        loss: a module whose ``loss(batch)`` is a scalar to make small; it holds the model. Its parameters are trained.
        batches: ``batches(start)`` gives the batches from number ``start`` on, always the same ones, without end or
            as long as they last. With several processes (``accelerate launch``) each takes its share of them.
        settings: see `FitSettings`.
        folder: where ``log.jsonl`` and ``checkpoint/`` go. A checkpoint already there is gone on from, exactly; one of other
            settings, or of another ``torch.manual_seed``, is refused. What the batches hold is not looked at.
        count: items (such as tokens) in a batch, for the log.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The log: one record per ``log_every`` steps with step, loss (mean since the last), learning_rate, items,
        seconds, items_per_second.

    Raises:
        InvalidValue: for an unknown precision or optimizer, a checkpoint of other settings, or a loss that is no longer
            finite (the last checkpoint stays).
        FileProblem: when the folder cannot be read or written.
    """
    from accelerate import Accelerator  # a second that an embedder which is not trained need not wait for

    check_choice("precision", settings.precision, ("float32", "bfloat16"))
    rates = settings.learning_rate, settings.weight_decay, settings.rate_factors
    accelerator = Accelerator()
    model, optimizer = accelerator.prepare(loss, make_optimizer(loss, settings.optimizer, *rates))
    place, writes = Path(folder) if folder else None, accelerator.is_main_process
    record = TrainingRecord(place, loss, optimizer, _numbers(settings), writes=writes)
    counters = record.go_on()
    share = accelerator.num_processes
    stream = batches(counters.step * settings.accumulation * share)
    started, schedule = time.monotonic() - counters.seconds, settings.schedule
    losses = torch.tensor(counters.window_loss, device=accelerator.device)
    model.train()
    with progress(say(zh="训练", en="Training"), 1000, show_progress) as advance:
        while (done := schedule.done(counters.step, counters.seconds)) < 1:
            if not (together := list(islice(stream, settings.accumulation * share))):
                break
            group = _share(together, accelerator.process_index, share)
            rate = settings.learning_rate * schedule.factor(counters.step + 1, counters.seconds)
            losses += _step(accelerator, model, optimizer, group, rate, settings)
            items = counters.items + sum(count(batch) for batch in together)
            counters = Counters(counters.step + 1, items, time.monotonic() - started)
            advance(1000 * (schedule.done(counters.step, counters.seconds) - done))
            if counters.step % settings.log_every == 0:
                record.log(counters, float(losses) / settings.log_every, rate)
                losses.zero_()
            if record.age > settings.save_every:
                record.save(replace(counters, window_loss=float(losses)))
    record.save(replace(counters, window_loss=float(losses)))
    return record.lines


def _numbers(settings: FitSettings) -> dict[str, Any]:
    """Return what a training is told by, for its checkpoints: how it is watched, and how long it may take, is free to change."""
    numbers = asdict(settings)
    schedule = {name: value for name, value in numbers.pop("schedule").items() if name != "minutes"}
    watching = ("log_every", "save_every")
    kept = {name: value for name, value in numbers.items() if name not in watching}
    return {"seed": torch.initial_seed()} | schedule | kept


def _share(together: list[Any], place: int, num: int) -> list[Any]:
    """Return the batches that one process takes of those of a step.

    Where they are too few for all, some get one again: a process that waited for the gradients of another that has none
    would wait for ever.
    """
    return together[place::num] or together[:1]


def _step(
    accelerator: "Accelerator",
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    group: list[Any],
    rate: float,
    settings: FitSettings,
) -> Tensor:
    """Take one optimizer step on a group of batches and return their mean loss."""
    for parameters in optimizer.param_groups:
        parameters["lr"] = rate * parameters.get("rate_factor", 1.0)
    total = torch.zeros((), device=accelerator.device)
    for position, batch in enumerate(group):
        last = position == len(group) - 1
        with nullcontext() if last else accelerator.no_sync(model):
            with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=settings.precision == "bfloat16"):
                value: Tensor = model(batch) / len(group)
            accelerator.backward(value)
        total += value.detach()
    accelerator.clip_grad_norm_(model.parameters(), settings.max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return total
