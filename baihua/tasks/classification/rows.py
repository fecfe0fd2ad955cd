"""Texts and pairs of texts as rows of tokens, and the batches in which they are learned.

A pair is read as the tokenizer has it, [CLS] a [SEP] b [SEP] with token types 0 and 1 for BERT's kind. Where it is too long, the
longer half loses its end first. Whatever a text spells, it is read as plain characters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.encoders.batching import shuffled_batches
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.classification.checked import Text
from baihua.text.plain_tokens import plain_ids
from baihua.text.prompts import longest_first

CHUNK = 16384  # texts handed to the tokenizer at once

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Rows:
    """The tokens of some texts.

    Args:
        ids: of each text, special ones included.
        types: the token types, as many.
        num_cut: how many texts were too long and lost tokens.
    """

    ids: list[list[int]]
    types: list[list[int]]
    num_cut: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each text."""
        return [len(ids) for ids in self.ids]


def make_rows(encoder: TransformerEncoder, texts: Sequence[Text], max_length: int | None = None) -> Rows:
    """Turn texts into tokens.

    Args:
        encoder: whose tokenizer reads them. A prompt it puts before texts to be compared is left out.
        texts: all single, or all pairs.
        max_length: tokens of a text or a pair, special ones included; None for as many as the encoder takes.

    Raises:
        InvalidValue: when no token is left for the text between special ones.
    """
    if not texts:
        return Rows([], [], 0)
    backend, num_halves = encoder.backend(), len(texts[0])
    frame = _frame_of(backend, encoder.tokenizer, num_halves)
    limit = min(max_length or encoder.max_length, encoder.max_length)
    room = limit - sum(len(ids) for ids in frame.ids)
    if room < num_halves:
        raise InvalidValue(
            zh=f"{limit} 个词元里特殊词元占了 {limit - room} 个，放不下文本；请增大 max_length。",
            en=f"Of {limit} tokens, special ones take {limit - room}, which leaves none for the text. Raise max_length.",
        )
    rows = Rows([], [], 0)
    num_cut = 0
    for start in range(0, len(texts), CHUNK):
        halves = plain_ids(backend, [half for text in texts[start : start + CHUNK] for half in text])
        for place in range(0, len(halves), num_halves):
            mine = halves[place : place + num_halves]
            kept = _cut(mine, room)
            num_cut += sum(map(len, kept)) < sum(map(len, mine))
            ids, types = frame.filled(kept)
            rows.ids.append(ids or [frame.filler])
            rows.types.append(types or [0])
    return Rows(rows.ids, rows.types, num_cut)


def batch_of(rows: Rows, places: Sequence[int], answers: np.ndarray | None = None) -> Batch:
    """Put texts side by side.

    Args:
        rows: their tokens.
        places: which.
        answers: the number of each text's label, of all of ``rows``.

    Returns:
        ``ids``, ``types`` and ``mask`` of shape ``(batch, longest)``, and ``answers`` of shape ``(batch,)`` if given.
    """
    longest = max(len(rows.ids[place]) for place in places)
    ids = np.zeros((len(places), longest), dtype=np.int64)
    types, mask = np.zeros_like(ids), np.zeros_like(ids)
    for row, place in enumerate(places):
        length = len(rows.ids[place])
        ids[row, :length], types[row, :length], mask[row, :length] = rows.ids[place], rows.types[place], 1
    batch = {"ids": torch.from_numpy(ids), "types": torch.from_numpy(types), "mask": torch.from_numpy(mask)}
    if answers is not None:
        batch["answers"] = torch.from_numpy(answers[list(places)])
    return batch


def epoch_batches(rows: Rows, answers: np.ndarray, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """Yield the batches of one epoch: every text once, in an order of the epoch's own.

    Texts of like length stand together where there are many. Of few, which would meet the same neighbours in each epoch,
    each is drawn at random.
    """
    for places in shuffled_batches(rows.lengths, batch_size, seed, epoch, least_pools=4):
        yield batch_of(rows, places, answers)


def num_batches(rows: Rows, batch_size: int) -> int:
    """Return how many batches `epoch_batches` yields."""
    return -(-len(rows) // batch_size)


@dataclass(frozen=True)
class _Frame:
    """What stands before, between and after the halves of a text: ids and token types, and the token types of the halves."""

    ids: list[list[int]]
    types: list[list[int]]
    half_types: list[int]
    filler: int

    def filled(self, halves: Sequence[list[int]]) -> tuple[list[int], list[int]]:
        """Return ids and types with the halves in their places."""
        ids, types = list(self.ids[0]), list(self.types[0])
        for number, half in enumerate(halves):
            ids += half + self.ids[number + 1]
            types += [self.half_types[number]] * len(half) + self.types[number + 1]
        return ids, types


def _frame_of(backend: Tokenizer, tokenizer: Any, num_halves: int) -> _Frame:
    """Find out what the tokenizer puts around texts.

    One that knows of no pairs has its separator, its end or a new line between them, and around them what it puts around one.
    """
    backend.no_truncation()
    backend.no_padding()
    encoding = backend.encode("a") if num_halves == 1 else backend.encode("a", "a")
    owners = encoding.sequence_ids
    edges = [[place for place, owner in enumerate(owners) if owner == half] for half in range(num_halves)]
    cuts = [0, *(place for mine in edges for place in (mine[0], mine[-1] + 1)), len(owners)]
    ids = [encoding.ids[start:stop] for start, stop in zip(cuts[::2], cuts[1::2], strict=True)]
    types = [encoding.type_ids[start:stop] for start, stop in zip(cuts[::2], cuts[1::2], strict=True)]
    half_types = [encoding.type_ids[mine[0]] for mine in edges]
    known = [number for number in (tokenizer.sep_token_id, tokenizer.eos_token_id) if number is not None]
    if num_halves == 2 and not ids[1]:
        single = _frame_of(backend, tokenizer, 1)
        between = known[:1] or plain_ids(backend, ["\n"])[0]
        ids, types = [single.ids[0], between, single.ids[1]], [single.types[0], [0] * len(between), single.types[1]]
        half_types = [0, 0]
    return _Frame(ids, types, half_types, int((known or [0])[0]))


def _cut(halves: list[list[int]], room: int) -> list[list[int]]:
    if len(halves) == 1:
        return [halves[0][:room]]
    first, second = longest_first(len(halves[0]), len(halves[1]), room)
    return [halves[0][:first], halves[1][:second]]
