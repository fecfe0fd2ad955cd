"""What a training on a task of CLUE will take, said before it begins: seconds from a short trial on this machine, and memory.

Tokens are counted as characters, which is near enough for Chinese. The trial is a few real steps, with gradient and update, on
rows of the task's mean length; training is taken to cost by the token what the trial did, and answering a third of that, a
forward pass instead of a forward and a backward of twice its cost. Attention, which grows with the square of the length, is in
the trial only at that mean length, so that long rows are priced a little low. Where the numbers ask for float32, a trial in
bfloat16 beside it shows what the processor would gain by it.
"""

import time
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import torch

from baihua.benchmarks.clue_inputs import pad_choices
from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_settings import ClueSettings
from baihua.benchmarks.clue_tasks import find_task
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.classification.model import ClassificationModel
from baihua.tasks.classification.rows import Rows, batch_of
from baihua.tasks.classification.training import dropout_if_any

SPECIAL = 3  # [CLS], and a [SEP] behind each of two texts
STRIDE = 128  # of the windows of CMRC2018
TRIAL_TOKENS = 2048
TRIAL_STEPS = 2  # after one that does not count
ANSWERING = 1 / 3
BYTES_OF_A_WEIGHT = 16  # float32 of the weight, its gradient and two moments
# Of each token and layer a training keeps about 34 numbers as wide as the model in 16 bits (Korthikanti et al., arXiv
# 2205.05198, without the matrices of attention, which are not kept), twice the bytes in 32.
BYTES_OF_A_STATE = {"bfloat16": 34, "float32": 68}


@dataclass(frozen=True)
class Cost:
    """What a training takes.

    Args:
        seconds: of one seed, answering dev after every epoch included.
        memory: bytes at the peak, beside what the process takes anyway.
        tokens: of one epoch.
        bfloat16: how many times as fast a trial in bfloat16 was; 1 where that is what was asked for.
    """

    seconds: float
    memory: int
    tokens: int
    bfloat16: float = 1.0


def estimate_cost(encoder: TransformerEncoder, train: ClueExamples, dev: ClueExamples, settings: ClueSettings) -> Cost:
    """Try a few steps and say what all of them will take.

    Args:
        encoder: is trained for the trial, and so is not to be used any more.
        train: what is to be learned.
        dev: what is looked at after each epoch.
        settings: the numbers of the training.
    """
    learned, asked = row_lengths(train, settings.max_length), row_lengths(dev, settings.max_length)
    length = max(1, round(float(learned.mean())))
    seconds = seconds_of_a_token(encoder, length, settings)
    gain = 1.0
    if settings.precision == "float32":
        gain = seconds / seconds_of_a_token(encoder, length, replace(settings, precision="bfloat16"))
    tokens, answered = int(learned.sum()), int(asked.sum())
    looks = settings.epochs + 1  # once more at the end, with the best weights
    longest = int(np.sort(learned)[-rows_of_a_batch(train, settings) :].max())
    return Cost(
        seconds * (settings.epochs * tokens + ANSWERING * looks * answered),
        memory_of(encoder, rows_of_a_batch(train, settings) * longest, settings.precision),
        tokens,
        gain,
    )


def row_lengths(part: ClueExamples, max_length: int) -> np.ndarray:
    """Return about how many tokens each row that a part is read in has, shape ``(num_rows,)``.

    Args:
        part: of any task.
        max_length: at which rows are cut.
    """
    kind = find_task(part.task).kind
    lengths: list[int] = []
    for one in part.examples:
        if kind == "reading":
            lengths += chain.from_iterable(_windows(one.context, each.text, max_length) for each in one.questions)
        elif kind == "choices":
            shared = sum(map(len, one.passage)) + len(one.question)
            lengths += [shared + len(choice) + SPECIAL + 1 for choice in pad_choices(one.choices)]
        elif kind == "idioms":
            lengths += [sum(map(len, one.sentences)) + SPECIAL] * (len(one.blanks) * len(one.candidates))
        elif kind == "entities":
            lengths.append(len(one.text) + SPECIAL - 1)
        else:
            lengths.append(len(one.text_a) + len(one.text_b or "") + SPECIAL)
    return np.minimum(np.array(lengths, dtype=np.int64), max_length)


def _windows(context: str, question: str, max_length: int) -> list[int]:
    room = max(1, max_length - len(question) - SPECIAL)
    starts = range(0, max(1, len(context) - room + STRIDE), STRIDE)
    return [min(room, len(context) - start) + len(question) + SPECIAL for start in starts]


def rows_of_a_batch(part: ClueExamples, settings: ClueSettings) -> int:
    """Return how many rows go through the encoder at once: of questions with choices, all of theirs."""
    kind, first = find_task(part.task).kind, part.examples[0]
    each = len(first.candidates) if kind == "idioms" else len(pad_choices(first.choices)) if kind == "choices" else 1
    return settings.batch_size * each


def memory_of(encoder: TransformerEncoder, tokens: int, precision: str) -> int:
    """Return the bytes that training takes: weights with gradients and moments, and the states of a batch.

    Args:
        encoder: what is trained.
        tokens: of the largest batch.
        precision: ``"float32"`` or ``"bfloat16"``.
    """
    weights = sum(weight.numel() for weight in encoder.model.parameters())
    config: Any = encoder.model.config
    states = tokens * int(config.num_hidden_layers) * encoder.width * BYTES_OF_A_STATE[precision]
    return BYTES_OF_A_WEIGHT * weights + states


def seconds_of_a_token(encoder: TransformerEncoder, length: int, settings: ClueSettings) -> float:
    """Return how long training takes by the token, from a trial on rows of one length."""
    num = max(1, TRIAL_TOKENS // length)
    ids = torch.randint(1, int(encoder.model.config.vocab_size), (num, length)).tolist()
    batch = batch_of(Rows(ids, [[0] * length] * num, 0), range(num), np.zeros(num, dtype=np.int64))
    model = ClassificationModel(encoder.model, settings.pooling, 2, dropout=0.0).to(encoder.device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0)  # whichever it will be, it goes over every weight once
    taken: list[float] = []
    with dropout_if_any(encoder.model, settings.dropout):
        for _ in range(1 + TRIAL_STEPS):
            started = time.perf_counter()
            with torch.autocast(encoder.device.type, torch.bfloat16, enabled=settings.precision == "bfloat16"):
                loss = model(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            loss.item()  # waits for a GPU
            taken.append(time.perf_counter() - started)
    return min(taken[1:]) / (num * length)


def spell_cost(seconds: float, memory: int) -> dict[str, str]:
    """Return seconds and bytes in words, in both languages.

    Example:
        >>> spell_cost(180.0, 400_000_000)["en"]
        'about 3 min, 0.4 GB of memory'
    """
    minutes = max(1, round(seconds / 60))
    return {
        "zh": f"约 {minutes} 分钟、内存 {memory / 1e9:.1f} GB",
        "en": f"about {minutes} min, {memory / 1e9:.1f} GB of memory",
    }
