"""Guessing hidden characters, measured so that models with different vocabularies compare.

The characters to hide are chosen on the text, before any tokenizer sees it: the same for every model. The loss is that
of naming the character, in nats and in bits. A character that the vocabulary lacks is named in two steps, the unknown
token and then one of all the characters that are lacking, so that a small vocabulary gains nothing by its holes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from baihua.checks import InvalidValue, check_texts
from baihua.encoders.batching import length_batches

FIRST_CHARACTER, LAST_CHARACTER = 0x4E00, 0x9FFF  # the block "CJK Unified Ideographs"
MAX_TOKENS = 128
MAX_CHARACTERS = MAX_TOKENS - 2  # [CLS] and [SEP] stand beside them; hardly any character becomes two tokens
BATCH_TOKENS = 2048


@dataclass(frozen=True)
class MaskedCharacters:
    """How well hidden characters are named.

    Args:
        loss: mean of -log P(character), in nats.
        bits: the same in bits.
        accuracy: share of the characters whose token is the likeliest of all.
        num_characters: how many were hidden.
        num_unknown: how many of these the vocabulary lacks; they count as wrong.
    """

    loss: float
    bits: float
    accuracy: float
    num_characters: int
    num_unknown: int


@dataclass(frozen=True)
class HiddenLine:
    """A line with some characters hidden.

    Args:
        pieces: the text between the hidden characters, one more than there are of these.
        characters: what is hidden, from left to right.
    """

    pieces: tuple[str, ...]
    characters: tuple[str, ...]


def hide_characters(lines: Sequence[str], rate: float = 0.15, seed: int = 0) -> list[HiddenLine]:
    """Hide some of the Chinese characters of each line, the same ones whatever model is to guess them.

    Args:
        lines: any sequence of strings; only the first 126 characters of each are used.
        rate: share of the Chinese characters to hide.
        seed: of the choice.

    Returns:
        The lines of which something is hidden.

    Raises:
        InvalidValue: when the rate is no share.

    Example:
        >>> hide_characters(["手机"], rate=0.99)
        [HiddenLine(pieces=('', '', ''), characters=('手', '机'))]
    """
    if not 0 < rate < 1:
        raise InvalidValue(
            zh=f"遮盖比例 rate 应在 0 与 1 之间，收到 {rate}。",
            en=f"rate, the share of characters to hide, must lie between 0 and 1, but received {rate}.",
        )
    rng = np.random.default_rng(seed)
    hidden = []
    for line in check_texts(lines, "lines"):
        text = line[:MAX_CHARACTERS]
        drawn = rng.random(len(text)) < rate
        places = [place for place, character in enumerate(text) if drawn[place] and is_chinese(character)]
        if places:
            starts, stops = [0, *(place + 1 for place in places)], [*places, len(text)]
            pieces = tuple(text[start:stop] for start, stop in zip(starts, stops, strict=True))
            hidden.append(HiddenLine(pieces, tuple(text[place] for place in places)))
    return hidden


def is_chinese(character: str) -> bool:
    """Tell whether a character stands in the main block of Chinese characters, U+4E00 to U+9FFF."""
    return FIRST_CHARACTER <= ord(character) <= LAST_CHARACTER


@torch.inference_mode()
def score_masked_characters(
    model: Any, tokenizer: Any, lines: Sequence[str], rate: float = 0.15, seed: int = 0
) -> MaskedCharacters:
    """Hide Chinese characters behind the mask token and measure how well a masked language model names them.

    Args:
        model: a transformers masked language model in evaluation mode.
        tokenizer: its tokenizer, with a token for each single character.
        lines: any sequence of strings; those that hold the mask token themselves are left out.
        rate: share of the Chinese characters to hide; every one of them by the mask token.
        seed: of the choice.

    Returns:
        The mean over all hidden characters.

    Raises:
        InvalidValue: when nothing is hidden, or the tokenizer has no mask token.
    """
    if tokenizer.mask_token is None:
        raise InvalidValue(
            zh="这个分词器没有 [MASK]，不能用来填空；请换一个掩码语言模型，例如 'bundled'。",
            en="This tokenizer has no mask token, so nothing can be hidden. Use a masked language model such as 'bundled'.",
        )
    mask = tokenizer.mask_token
    hidden = [line for line in hide_characters(lines, rate, seed) if mask not in "".join(line.pieces)]
    if not hidden:
        raise _nothing_hidden()
    rows = tokenizer([mask.join(line.pieces) for line in hidden], truncation=True, max_length=MAX_TOKENS)
    vocabulary = tokenizer.get_vocab()
    losses: list[float] = []
    right = num_unknown = 0
    for batch in length_batches([len(ids) for ids in rows["input_ids"]], BATCH_TOKENS):
        inputs = tokenizer.pad({name: [rows[name][row] for row in batch] for name in rows}, return_tensors="pt")
        places = inputs["input_ids"] == tokenizer.mask_token_id  # (batch, length)
        # What does not fit into the length loses its end: the first hidden characters are those still there.
        counts = places.sum(dim=1).tolist()
        truths = [c for row, count in zip(batch, counts, strict=True) for c in hidden[row].characters[:count]]
        targets = torch.tensor(
            [vocabulary.get(character, tokenizer.unk_token_id) for character in truths], dtype=torch.long
        )
        logits = model(**inputs.to(model.device)).logits.cpu()[places].float()  # (num_hidden, num_tokens)
        known = torch.tensor([character in vocabulary for character in truths], dtype=torch.bool)
        losses += torch.nn.functional.cross_entropy(logits, targets, reduction="none").tolist()
        right += int(((logits.argmax(dim=-1) == targets) & known).sum())
        num_unknown += int((~known).sum())
    if not losses:
        raise _nothing_hidden()
    loss = (math.fsum(losses) + num_unknown * cost_of_unknown(vocabulary)) / len(losses)
    return MaskedCharacters(loss, loss / math.log(2), right / len(losses), len(losses), num_unknown)


def cost_of_unknown(vocabulary: Any) -> float:
    """Return the nats it takes to name one of the Chinese characters that a vocabulary lacks, all being alike.

    Example:
        >>> round(cost_of_unknown({"手": 0}), 3) == round(math.log(20991), 3)
        True
    """
    lacking = sum(chr(code) not in vocabulary for code in range(FIRST_CHARACTER, LAST_CHARACTER + 1))
    return math.log(max(lacking, 1))


def _nothing_hidden() -> InvalidValue:
    return InvalidValue(
        zh="这些文本里没有遮住一个汉字；请给更多的中文文本。",
        en="Not one Chinese character of these texts was hidden; give more Chinese text.",
    )
