"""Saving a training so that it goes on exactly where it stopped: weights, optimizer, random states, counters.

Everything is safetensors and JSON, in shards, in a folder that is put in its place whole.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from baihua.checks import FileProblem, InvalidValue
from baihua.files import replacing_folder

SHARD_BYTES = 1 << 30
STATE, NUMBERS = "state.json", "numbers"


@dataclass(frozen=True)
class Counters:
    """How far a training has come.

    Args:
        step: optimizer steps taken.
        items: items (such as tokens) seen.
        seconds: time trained.
        window_loss: sum of the losses since the last line of the log.
    """

    step: int = 0
    items: int = 0
    seconds: float = 0.0
    window_loss: float = 0.0


def save_checkpoint(
    folder: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    counters: Counters,
    numbers: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint over the one before; a failure leaves that one as it was.

    Args:
        folder: where it goes.
        model: its weights are kept.
        optimizer: its state is kept.
        counters: how far the training has come.
        numbers: what the training is told by, such as its learning rate and seed.

    Raises:
        FileProblem: when it cannot be written.
    """
    tensors = {f"model.{key}": value for key, value in _without_ties(model.state_dict()).items()}
    optimizer_state = optimizer.state_dict()
    for number, state in optimizer_state["state"].items():
        tensors |= {f"optimizer.{number}.{key}": torch.as_tensor(value) for key, value in state.items()}
    tensors |= {f"random.{name}": state for name, state in _random_states().items()}
    with replacing_folder(folder) as temporary:
        for index, shard in enumerate(_shards(tensors)):
            (temporary / f"shard-{index:05d}.safetensors").write_bytes(save(shard))
        (temporary / STATE).write_text(json.dumps(asdict(counters) | {NUMBERS: dict(numbers or {})}), encoding="utf-8")


def load_checkpoint(
    folder: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    numbers: Mapping[str, Any] | None = None,
) -> Counters | None:
    """Put a checkpoint back into model, optimizer and random generators.

    Args:
        folder: where it is.
        model: takes its weights.
        optimizer: takes its state.
        numbers: what the training is told by; None to take a checkpoint whatever its were.

    Returns:
        How far it had come, or None when there is no checkpoint.

    Raises:
        FileProblem: when it is damaged or belongs to another model.
        InvalidValue: when it belongs to a training by other numbers.
    """
    root = Path(folder)
    if not (root / STATE).is_file():
        return None
    try:
        state = json.loads((root / STATE).read_text(encoding="utf-8"))
        saved = dict(state.pop(NUMBERS, {}))  # none in what an older version saved
        counters = Counters(**state)
        _check_numbers(root, saved, numbers or {})
        tensors: dict[str, Tensor] = {}
        for path in sorted(root.glob("shard-*.safetensors")):
            tensors |= load_file(path)
        weights = {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
        model.load_state_dict(weights | _ties(model, weights))
        _fill_optimizer(optimizer, tensors)
        _set_random_states({key.removeprefix("random."): t for key, t in tensors.items() if key.startswith("random.")})
    except InvalidValue:
        raise
    except (OSError, AttributeError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:160]
        raise FileProblem(
            zh=f"检查点 {root} 已损坏或属于另一个模型（{reason}）；请删掉它重新训练。",
            en=f"The checkpoint {root} is damaged or belongs to another model ({reason}); delete it and train anew.",
        ) from error
    return counters


def _check_numbers(root: Path, saved: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse to go on by other numbers: what comes out would be of neither training, yet bear the new one's name."""
    other = [name for name in saved if name in asked and saved[name] != asked[name]]
    if other:
        were = ", ".join(f"{name}={saved[name]}" for name in other)
        are = ", ".join(f"{name}={asked[name]}" for name in other)
        raise InvalidValue(
            zh=f"检查点 {root} 属于另一个训练：它是 {were}，现在要的是 {are}。"
            "要接着训练，请用它的设置；否则请换一个文件夹，或删掉它重新训练。",
            en=f"The checkpoint {root} is of another training: it has {were}, while {are} is asked for. Ask for its numbers "
            "to go on with it; otherwise name another folder, or delete it to train anew.",
        )


def _fill_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, number, name = key.split(".", 2)
            state.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _without_ties(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out every name but the first of tensors that share their memory, such as tied embeddings."""
    kept: dict[int, str] = {}
    return {
        key: value for key, value in state.items() if kept.setdefault(value.data_ptr(), key) == key or not value.numel()
    }


def _ties(model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names that were left out, each with the tensor it shares."""
    first = {value.data_ptr(): key for key, value in reversed(list(model.state_dict().items())) if key in weights}
    missing = {key: value for key, value in model.state_dict().items() if key not in weights}
    return {key: weights[first[value.data_ptr()]] for key, value in missing.items() if value.data_ptr() in first}


def _shards(tensors: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    shard: dict[str, Tensor] = {}
    size = 0
    for key, tensor in tensors.items():
        part = tensor.detach().cpu().contiguous()
        if shard and size + part.nbytes > SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[key] = part
        size += part.nbytes
    yield shard


def _random_states() -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states |= {f"cuda{number}": state for number, state in enumerate(torch.cuda.get_rng_state_all())}
    return states


def _set_random_states(states: Mapping[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            if f"cuda{number}" in states:
                torch.cuda.set_rng_state(states[f"cuda{number}"], number)
