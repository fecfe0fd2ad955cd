"""Pre-training a language model on one's own text: a new one, or going on with one there is (domain-adaptive).

The text is streamed once into rows of one length on the disk, which are drawn in a random order and masked anew every
time; logits are computed at the hidden positions alone, which saves most of the work of a large vocabulary.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.hub import find_model_folder
from baihua.encoders.language_models import open_causal_model, open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.encoders.modules_writer import write_transformer_files
from baihua.encoders.pretraining.batches import MaskedRows, bare_tokenizer, masking_of, training_batches
from baihua.encoders.pretraining.held_out import HeldOut, evaluate, held_out_batches, held_out_lines, training_lines
from baihua.encoders.pretraining.new_folder import NewModel, write_new_model
from baihua.encoders.pretraining.objectives import loss_of
from baihua.encoders.pretraining.packing import packed_rows, stored_rows
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.files import replacing_folder, write_text
from baihua.training.fit import FitSettings, fit

WORKERS_BESIDE_A_GPU = 2


@dataclass(frozen=True)
class Pretrained:
    """What a pre-training did: the folder with the model, held-out text before and after, and the log of `fit`."""

    folder: Path
    before: HeldOut
    after: HeldOut
    log: list[dict[str, float]]


def pretrain(
    paths: Sequence[str | Path],
    folder: str | Path,
    settings: PretrainSettings,
    *,
    encoder: str | NewModel = "bundled",
    device: str | None = None,
    show_progress: bool | None = None,
) -> Pretrained:
    """Pre-train an encoder on text files and save it.

    Args:
        paths: UTF-8 text, one paragraph a line, plain or compressed (``.xz``, ``.gz``); streamed, never held
            whole.
        folder: where the model goes. The state of the training lies in ``FOLDER.training`` beside it until it is done;
            run again after an interruption, it goes on exactly there.
        settings: see `PretrainSettings`.
        encoder: ``"bundled"``, a folder or a hub name, which needs a language-model head; or a `NewModel` to begin
            with a vocabulary and weights made from the text.
        device: such as ``"cuda"``; None for the GPU when there is one.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        The folder, and loss and accuracy on held-out lines before and after.

    Raises:
        FileProblem: when a file cannot be read or written.
        InvalidValue: when the text does not fill a row, a row is longer than the encoder reads, or the encoder has no
            head.
    """
    state = Path(f"{folder}.training")
    origin = _origin(encoder, state, paths, settings)
    model, tokenizer = (open_causal_model if settings.objective == "causal" else open_masked_model)(origin, device)
    num_positions = _check_length(model, settings)
    loss = loss_of(settings.objective, model)
    backend, edges = bare_tokenizer(tokenizer), (tokenizer.cls_token_id, tokenizer.sep_token_id)
    masking = masking_of(tokenizer, settings)
    held_out = held_out_batches(held_out_lines(paths), backend, edges, settings.length, masking)
    before = _remembered(state / "before.json", lambda: evaluate(loss, held_out))
    rows_of = partial(_training_rows, state, lambda: training_lines(paths), backend, edges)
    long_rows = rows_of(num_positions) if settings.long else None
    batches = MaskedRows(rows_of(settings.length), masking, settings, num_positions, long_rows)
    num_workers = WORKERS_BESIDE_A_GPU if next(model.parameters()).is_cuda else 0
    torch.manual_seed(settings.seed)  # of dropout; a checkpoint brings its own state
    log = fit(
        loss,
        lambda start: training_batches(batches, start, num_workers=num_workers),
        _fit_settings(settings),
        folder=state,
        count=lambda batch: batch["ids"].numel(),
        show_progress=show_progress,
    )
    after = evaluate(loss, held_out)
    with replacing_folder(folder) as temporary:
        write_transformer_files(temporary, model, tokenizer)
        shutil.copyfile(state / "log.jsonl", temporary / "log.jsonl") if log else None
        name = encoder if isinstance(encoder, str) else asdict(encoder)
        facts = {"encoder": name, "settings": asdict(settings), "before": asdict(before), "after": asdict(after)}
        write_text(temporary / "pretrain.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    shutil.rmtree(state)
    return Pretrained(Path(folder), before, after, log)


def _origin(encoder: str | NewModel, state: Path, paths: Sequence[str | Path], settings: PretrainSettings) -> Path:
    """Return the folder to begin with; a new model is made once, so that a training gone on with finds it again."""
    if isinstance(encoder, str):
        return BUNDLED if encoder == "bundled" else find_model_folder(encoder)
    new = state / "new"
    if not new.is_dir():
        state.mkdir(parents=True, exist_ok=True)
        write_new_model(new, lambda: training_lines(paths), encoder, objective=settings.objective, seed=settings.seed)
    return new


def _training_rows(
    state: Path, lines: Callable[[], Iterator[str]], backend: Tokenizer, edges: tuple[int, int], length: int
) -> np.ndarray:
    """Return all rows of the text, shape ``(num_rows, length)``; they are packed once and lie beside the training."""
    dtype = np.min_scalar_type(backend.get_vocab_size() - 1)
    path = state / f"rows-{length}.{dtype}"
    return stored_rows(path, lambda: packed_rows(lines(), backend, length, edges), length, dtype)


def _check_length(model: Any, settings: PretrainSettings) -> int:
    """Return how many positions the model has."""
    longest: int = getattr(model.config, "max_position_embeddings", settings.length)
    if settings.length > longest:
        raise InvalidValue(
            zh=f"length={settings.length}，而这个模型最长只有 {longest} 个词元；请减小 length。",
            en=f"length={settings.length}, but this model reads at most {longest} tokens; make length smaller.",
        )
    if settings.shifted and model.config.model_type != "bert":
        raise InvalidValue(
            zh=f"shifted 只用于 BERT 结构，而这个模型是 {model.config.model_type}；请设 shifted=0。",
            en=f"shifted is for BERT models, but this one is {model.config.model_type}; set shifted=0.",
        )
    return longest


def _fit_settings(settings: PretrainSettings) -> FitSettings:
    return FitSettings(
        settings.schedule,
        learning_rate=settings.learning_rate,
        optimizer=settings.optimizer,
        precision=settings.precision,
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
