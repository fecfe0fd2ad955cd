"""Finding names in text with a plain token head: how much of CLUENER an encoder learns in a few epochs.

Each token gets a BIO label from one linear layer over the encoder's last states; encoder and layer are trained
together. There is no CRF and no search, so that the score speaks of the encoder.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.data import find_file
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import InvalidType, InvalidValue, check_choice
from baihua.encoders.load import load_encoder
from baihua.encoders.protocol import Encoder
from baihua.encoders.static import StaticEncoder
from baihua.encoders.transformer import TransformerEncoder, num_positions
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

Span = tuple[int, int, str]  # first character, the one after the last, type

BATCH_SIZE = 16
TRAINING_LENGTH = 64  # tokens; the longest text of CLUENER has 50 characters
OUTSIDE, NOT_SCORED = 0, -100  # -100 is what cross_entropy leaves out


@dataclass(frozen=True)
class NamedTexts:
    """Texts and the names in them, in the order of the file, whose name and sha256 go with them.

    Args:
        texts: the texts.
        spans: the names of each; ends are exclusive, so that ``text[start:end]`` is the name.
    """

    texts: list[str]
    spans: list[set[Span]]
    file: str = ""
    revision: str = ""


@dataclass(frozen=True)
class TokenHeadScore:
    """Micro-averaged over all ``num_gold`` names; one is right when its type, start and end are."""

    f1: float
    precision: float
    recall: float
    num_gold: int


class TokenHead(nn.Module):
    """An encoder of tokens with one linear layer over its last states.

    Args:
        states: a transformers model, or an `nn.Embedding` (then this is a linear classifier of each token by itself).
        width: size of a state.
        num_labels: how many labels a token can have.
    """

    def __init__(self, states: nn.Module, width: int, num_labels: int) -> None:
        super().__init__()
        self.states = states
        self.output = nn.Linear(width, num_labels)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the mean cross-entropy of the labels of a batch with ``ids``, ``mask`` and ``labels``."""
        labels = batch["labels"].to(self.output.weight.device)
        return nn.functional.cross_entropy(self.scores(batch).flatten(0, 1), labels.flatten(), ignore_index=NOT_SCORED)

    def scores(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the score of each label of each token, shape ``(batch, length, num_labels)``."""
        ids, mask = (batch[name].to(self.output.weight.device) for name in ("ids", "mask"))  # (batch, length)
        if isinstance(self.states, nn.Embedding):
            states = self.states(ids)
        else:
            states = self.states(input_ids=ids, attention_mask=mask).last_hidden_state
        scores: Tensor = self.output(states)
        return scores


def evaluate_token_head(
    encoder: str | Encoder,
    train: NamedTexts,
    dev: NamedTexts,
    *,
    epochs: int = 3,
    learning_rate: float = 5e-4,
    seed: int = 0,
) -> TokenHeadScore:
    """Train a token head with the encoder under it, and score it on other texts.

    AdamW, batches of 16, warm-up over a tenth and linear decay; texts are cut at 64 tokens in training and only at the
    model's own limit in scoring.

    Args:
        encoder: a name or folder for `load_encoder`, or a transformer or static encoder, which stays as it is.
        train: the texts to learn from; their types are those that can be found.
        dev: the texts to score.
        epochs: how often each text is learned from.
        learning_rate: the highest; 5e-4 suits small models.
        seed: of the linear layer and of the order of the texts.

    Returns:
        F1, precision and recall.

    Raises:
        InvalidType: for an encoder of another kind, which has no tokens.
        InvalidValue: when there is nothing to learn from, or the loss is no longer finite.
    """
    types = sorted({kind for spans in train.spans for _, _, kind in spans})
    if not types:
        raise InvalidValue(
            zh="训练文本里没有一个实体，没有什么可学；请给出带标注的文本。",
            en="The training texts hold no name, so there is nothing to learn. Give labelled ones.",
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head, backend, limit = _new_head(
            load_encoder(encoder) if isinstance(encoder, str) else encoder, 1 + 2 * len(types)
        )
        backend.enable_truncation(TRAINING_LENGTH)
        rows = [_row(backend.encode(text), spans, types) for text, spans in zip(train.texts, train.spans, strict=True)]
        steps = epochs * -(-len(rows) // BATCH_SIZE)
        settings = FitSettings(Schedule(steps=steps), learning_rate=learning_rate)
        fit(
            head,
            lambda start: islice(_batches(rows, seed), start, None),
            settings,
            count=lambda batch: len(batch["ids"]),
        )
    backend.enable_truncation(limit)
    return score_spans(find_names(head.eval(), backend, dev.texts, types), dev.spans)


def find_names(head: TokenHead, backend: Tokenizer, texts: Sequence[str], types: Sequence[str]) -> list[set[Span]]:
    """Return the names that a trained head finds in each text."""
    found: list[set[Span]] = []
    for start in range(0, len(texts), BATCH_SIZE):
        encodings = backend.encode_batch(list(texts[start : start + BATCH_SIZE]))
        with torch.inference_mode():
            labels = head.scores(_batch([_row(encoding, set(), types) for encoding in encodings])).argmax(dim=-1)
        for encoding, row in zip(encodings, labels.tolist(), strict=True):
            real = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
            found.append(
                decode_spans([row[place] for place in real], [encoding.offsets[place] for place in real], types)
            )
    return found


def bio_labels(offsets: Sequence[tuple[int, int]], spans: set[Span], types: Sequence[str]) -> list[int]:
    """Label tokens: 0 outside, 1 + 2t for the first token of a name of type t, 2 + 2t for its others.

    A token belongs to a name when they share a character. Where names overlap, a token keeps the one that begins first.

    Args:
        offsets: first character and the one after the last, of each token.
        spans: the names.
        types: all types, in order.

    Example:
        >>> bio_labels([(0, 1), (1, 2), (2, 3), (3, 5)], {(1, 3, "书")}, ["人", "书"])
        [0, 3, 4, 0]
    """
    labels = [OUTSIDE] * len(offsets)
    for start, end, kind in sorted(spans):
        inside = [place for place, (first, last) in enumerate(offsets) if first < end and last > start and last > first]
        free = [place for place in inside if labels[place] == OUTSIDE]
        for place in free:
            labels[place] = 2 * types.index(kind) + (1 if place == free[0] else 2)
    return labels


def decode_spans(labels: Sequence[int], offsets: Sequence[tuple[int, int]], types: Sequence[str]) -> set[Span]:
    """Return the names that BIO labels spell.

    A name ends before the next token that is outside, begins another or has another type. An inner label with no name
    of its type before it begins one, as in the CoNLL script.

    Args:
        labels: as `bio_labels` gives them.
        offsets: of the same tokens.
        types: all types, in order.

    Example:
        >>> decode_spans([0, 3, 4, 2], [(0, 1), (1, 2), (2, 3), (3, 5)], ["人", "书"]) == {(1, 3, "书"), (3, 5, "人")}
        True
    """
    spans: list[Span] = []
    before = None  # the type the token before belongs to
    for label, (first, last) in zip(labels, offsets, strict=True):
        kind = None if label == OUTSIDE else types[(label - 1) // 2]
        if kind is not None and kind == before and label % 2 == 0:
            spans[-1] = (spans[-1][0], last, kind)
        elif kind is not None:
            spans.append((first, last, kind))
        before = kind
    return set(spans)


def score_spans(found: Sequence[set[Span]], gold: Sequence[set[Span]]) -> TokenHeadScore:
    """Compare found names with the gold ones of the same texts."""
    right = sum(len(mine & true) for mine, true in zip(found, gold, strict=True))
    num_found, num_gold = sum(map(len, found)), sum(map(len, gold))
    return TokenHeadScore(
        2 * right / max(num_found + num_gold, 1), right / max(num_found, 1), right / max(num_gold, 1), num_gold
    )


def read_cluener(split: str) -> NamedTexts:
    """Read CLUENER, whose file gives inclusive ends.

    Args:
        split: ``"train"`` or ``"dev"``; the test file has no labels.

    Raises:
        InvalidValue: for another split, a file that is not UTF-8, or a line that is no labelled text.
        FileProblem: when the file is not on this machine, saying how to get it, or cannot be read.
    """
    file = check_choice("split", split, ("train", "dev")) + ".json"
    path = find_file("CLUENER", file)
    with open_raw(path) as stream:
        lines = stream.read().splitlines()
    rows = [_read_line(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
    return NamedTexts([text for text, _ in rows], [spans for _, spans in rows], file, sha256_of(path))


def _read_line(line: str, path: Path, number: int) -> tuple[str, set[Span]]:
    try:
        record = json.loads(line)
        names = [
            (kind, place) for kind, names in record["label"].items() for places in names.values() for place in places
        ]
        return record["text"], {(start, end + 1, kind) for kind, (start, end) in names}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidValue(
            zh=f"{path} 第 {number} 行不是带标注的文本；请取原始文件。",
            en=f"Line {number} of {path} is no labelled text. Fetch the raw file.",
        ) from error


def _new_head(encoder: Encoder, num_labels: int) -> tuple[TokenHead, Tokenizer, int]:
    """Return a head over a copy of the encoder, its tokenizer, and how many tokens it can read."""
    if isinstance(encoder, StaticEncoder):
        table = nn.Embedding.from_pretrained(torch.from_numpy(encoder.vectors.copy()), freeze=False)
        return (
            TokenHead(table, encoder.width, num_labels),
            Tokenizer.from_str(encoder.tokenizer_json),
            encoder.max_length,
        )
    if not isinstance(encoder, TransformerEncoder):
        raise InvalidType(
            zh=f"词元头要接在 transformer 或静态编码器上，收到的是 {type(encoder).__name__}。",
            en=f"A token head needs a transformer or a static encoder, but received {type(encoder).__name__}.",
        )
    model: Any = copy.deepcopy(encoder.model)
    backend = Tokenizer.from_str(encoder.tokenizer.backend_tokenizer.to_str())
    backend.no_padding()
    return TokenHead(model, model.config.hidden_size, num_labels), backend, min(num_positions(model), 512)


def _row(encoding: Encoding, spans: set[Span], types: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the ids of a text and their labels; special tokens are not scored."""
    labels = bio_labels(encoding.offsets, spans, types)
    special = encoding.special_tokens_mask
    return encoding.ids, [NOT_SCORED if out else label for label, out in zip(labels, special, strict=True)]


def _batches(rows: Sequence[tuple[list[int], list[int]]], seed: int) -> Iterator[dict[str, Tensor]]:
    """Go through the texts without end, in another order each time."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(rows)).tolist()
        for start in range(0, len(rows), BATCH_SIZE):
            yield _batch([rows[place] for place in order[start : start + BATCH_SIZE]])


def _batch(rows: Sequence[tuple[list[int], list[int]]]) -> dict[str, Tensor]:
    """Pad on the right to the longest."""
    shape = (len(rows), max(len(ids) for ids, _ in rows))
    ids, mask, labels = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.full(shape, NOT_SCORED)
    for number, (row, targets) in enumerate(rows):
        ids[number, : len(row)], mask[number, : len(row)], labels[number, : len(row)] = row, 1, targets
    return {"ids": torch.from_numpy(ids), "mask": torch.from_numpy(mask), "labels": torch.from_numpy(labels)}
