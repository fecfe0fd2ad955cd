"""Going on with the pre-training of a masked language model on one's own text (domain-adaptive pre-training).

The text is streamed, packed into rows of one length and masked anew every time; logits are computed at the hidden
positions alone, which saves most of the work of a large vocabulary.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from baihua.checks import FileProblem, InvalidValue, check_choice
from baihua.encoders.hub import find_model_folder
from baihua.encoders.load import BUNDLED
from baihua.encoders.masked import open_masked_model
from baihua.encoders.masking import UNITS, Masking
from baihua.encoders.modules_writer import write_transformer_files
from baihua.encoders.packing import packed_rows, shuffled_batches
from baihua.files import replacing_folder, write_text
from baihua.text.corpus import read_lines
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

HELD_OUT_EVERY = 100  # every hundredth line is kept from training, to measure on
HELD_OUT_LINES, HELD_OUT_ROWS = 20_000, 256

Rows = Callable[[], Iterator[np.ndarray]]


@dataclass(frozen=True)
class PretrainSettings:
    """The numbers of a pre-training.

    Args:
        schedule: its length, in steps or minutes.
        length: tokens of a row, special ones included.
        batch_size: rows of a batch.
        learning_rate: the highest, after the warm-up.
        unit: what is hidden together: ``"token"``, ``"word"`` or ``"span"``.
        rate: share of the tokens hidden.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of order and masks.
    """

    schedule: Schedule
    length: int = 128
    batch_size: int = 16
    learning_rate: float = 3e-4
    unit: str = "token"
    rate: float = 0.15
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("unit", self.unit, UNITS)
        if self.length < 8 or self.batch_size < 1:
            raise InvalidValue(
                zh=f"length 至少 8，batch_size 至少 1，收到 {self.length} 与 {self.batch_size}。",
                en=f"length must be at least 8 and batch_size at least 1, but received {self.length} and {self.batch_size}.",
            )


@dataclass(frozen=True)
class HeldOut:
    """How well hidden tokens of text kept from training are guessed: mean loss in nats, share right, how many."""

    loss: float
    accuracy: float
    num_hidden: int


@dataclass(frozen=True)
class Pretrained:
    """What a pre-training did: the folder with the model, held-out text before and after, and the log of `fit`."""

    folder: Path
    before: HeldOut
    after: HeldOut
    log: list[dict[str, float]]


class MaskedLoss(nn.Module):
    """The loss of a masked language model, with logits at the hidden positions alone.

    Args:
        model: a transformers masked language model.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch with ``read``, ``hidden`` and ``ids``, each ``(batch, length)``."""
        logits, targets = self.guesses(batch)
        return nn.functional.cross_entropy(logits.float(), targets)

    def guesses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits ``(num_hidden, num_tokens)`` and the true ids ``(num_hidden,)``."""
        device = next(self.parameters()).device
        read, hidden, ids = (batch[name].to(device) for name in ("read", "hidden", "ids"))
        states = self.model.base_model(input_ids=read).last_hidden_state  # (batch, length, width)
        head = getattr(self.model, "cls", None) or getattr(self.model, "lm_head", None)
        if head is None:
            return self.model(input_ids=read).logits[hidden], ids[hidden]
        return head(states[hidden]), ids[hidden]  # states[hidden]: (num_hidden, width)


def pretrain(
    paths: Sequence[str | Path],
    folder: str | Path,
    settings: PretrainSettings,
    *,
    encoder: str = "bundled",
    device: str | None = None,
    show_progress: bool | None = None,
) -> Pretrained:
    """Go on pre-training an encoder on text files and save it.

    Args:
        paths: UTF-8 text, one paragraph a line, plain or compressed (``.xz``, ``.gz``); streamed, never held whole.
        folder: where the model goes. The state of the training lies in ``FOLDER.training`` beside it until it is done;
            run again after an interruption, it goes on exactly there.
        settings: see `PretrainSettings`.
        encoder: ``"bundled"``, a folder or a hub name; it needs a masked-language-model head.
        device: such as ``"cuda"``; None for the GPU when there is one.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The folder, and loss and accuracy on held-out lines before and after.

    Raises:
        FileProblem: when a file cannot be read or written.
        InvalidValue: when the text does not fill a row, or the encoder has no head.
    """
    model, tokenizer = open_masked_model(BUNDLED if encoder == "bundled" else find_model_folder(encoder), device)
    backend, edges = _backend(tokenizer), (tokenizer.cls_token_id, tokenizer.sep_token_id)
    masking = _masking(tokenizer, settings)
    lines = (line for number, line in enumerate(read_lines(paths)) if number % HELD_OUT_EVERY == 0)
    held_out = _held_out_batches(lines, backend, edges, settings, masking)
    state = Path(f"{folder}.training")
    before = _remembered(state / "before.json", lambda: evaluate(model, held_out))

    def rows() -> Iterator[np.ndarray]:
        lines = (line for number, line in enumerate(read_lines(paths)) if number % HELD_OUT_EVERY)
        return packed_rows(lines, backend, settings.length, edges)

    torch.manual_seed(settings.seed)  # of dropout; a checkpoint brings its own state
    log = fit(
        MaskedLoss(model),
        lambda start: _masked_batches(rows, masking, settings, start),
        FitSettings(settings.schedule, learning_rate=settings.learning_rate, precision=settings.precision),
        folder=state,
        count=lambda batch: batch["ids"].numel(),
        show_progress=show_progress,
    )
    after = evaluate(model, held_out)
    with replacing_folder(folder) as temporary:
        write_transformer_files(temporary, model, tokenizer)
        shutil.copyfile(state / "log.jsonl", temporary / "log.jsonl") if log else None
        facts = {"encoder": encoder, "settings": asdict(settings), "before": asdict(before), "after": asdict(after)}
        write_text(temporary / "pretrain.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    shutil.rmtree(state)
    return Pretrained(Path(folder), before, after, log)


@torch.inference_mode()
def evaluate(model: Any, batches: Sequence[dict[str, Tensor]]) -> HeldOut:
    """Guess the hidden tokens of held-out batches; the model is left in the mode it was in."""
    training = model.training
    model.eval()
    loss, right, total = 0.0, 0, 0
    for batch in batches:
        logits, targets = MaskedLoss(model).guesses(batch)
        loss += float(nn.functional.cross_entropy(logits.float(), targets, reduction="sum"))
        right += int((logits.argmax(dim=-1) == targets).sum())
        total += len(targets)
    model.train(training)
    return HeldOut(loss / max(total, 1), right / max(total, 1), total)


def _masked_batches(
    rows: Rows, masking: Masking, settings: PretrainSettings, start: int
) -> Iterator[dict[str, Tensor]]:
    """Batches from number ``start`` on; each has its own seed, so that its masks do not depend on where one starts."""
    batches = enumerate(shuffled_batches(rows, settings.batch_size, settings.seed))
    for number, ids in islice(batches, start, None):
        yield _mask(ids, masking, np.random.default_rng((settings.seed, 1, number)))


def _mask(ids: np.ndarray, masking: Masking, rng: np.random.Generator) -> dict[str, Tensor]:
    read, hidden = masking.hide(ids, rng)
    if not hidden.any():  # so short a batch may go without; its first ordinary token then
        hidden[0, 1] = True
    return {"ids": torch.from_numpy(ids), "read": torch.from_numpy(read), "hidden": torch.from_numpy(hidden)}


def _held_out_batches(
    stream: Iterator[str],
    backend: Tokenizer,
    edges: tuple[int, int],
    settings: PretrainSettings,
    masking: Masking,
) -> list[dict[str, Tensor]]:
    """The held-out lines as batches with masks that are always the same; a little text makes one shorter row."""
    lines = list(islice(stream, HELD_OUT_LINES))
    num_tokens = sum(len(backend.encode(line, add_special_tokens=False).ids) + 1 for line in lines)
    if num_tokens < 6:
        raise InvalidValue(
            zh=f"这些文本太少，留不出测量用的部分（只有 {num_tokens} 个词元）；请给更多的文本。",
            en=f"This text is too little to keep some for measuring (only {num_tokens} tokens); give more.",
        )
    rows = list(islice(packed_rows(lines, backend, min(settings.length, num_tokens + 2), edges), HELD_OUT_ROWS))
    rng = np.random.default_rng(0)
    size = settings.batch_size
    return [_mask(np.stack(rows[start : start + size]), masking, rng) for start in range(0, len(rows), size)]


def _backend(tokenizer: Any) -> Tokenizer:
    backend: Tokenizer = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    backend.no_padding()
    return backend


def _masking(tokenizer: Any, settings: PretrainSettings) -> Masking:
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    unused = {number for word, number in vocabulary.items() if word.startswith("[unused")}
    return Masking(
        mask_id=tokenizer.mask_token_id,
        num_tokens=len(vocabulary),
        special_ids=frozenset(tokenizer.all_special_ids) | frozenset(unused),
        continuing_ids=frozenset(number for word, number in vocabulary.items() if word.startswith("##")),
        rate=settings.rate,
        unit=settings.unit,
    )


def _remembered(path: Path, measure: Callable[[], HeldOut]) -> HeldOut:
    """Measure once, before the first step; a training that is gone on with reads what was measured then."""
    try:
        return HeldOut(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        measured = measure()
        write_text(path, json.dumps(asdict(measured)))
        return measured
    except (OSError, ValueError, TypeError) as error:
        raise FileProblem(
            zh=f"读不了 {path}：{error}；请删掉 {path.parent} 重新训练。",
            en=f"Cannot read {path}: {error}; delete {path.parent} and train anew.",
        ) from error
