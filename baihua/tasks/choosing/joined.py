"""Several texts in one row of tokens, [CLS] a [SEP] b [SEP] c [SEP], all of token type 0.

Models of RoBERTa's kind were trained on no pairs, so that their token type 1 is untrained; the article uses 0 throughout, and
found nothing lost with BERT either (kexue.fm 8739).
"""

from collections.abc import Sequence

from baihua.checks import InvalidValue
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.classification.rows import Rows
from baihua.text.choices import Part
from baihua.text.plain_tokens import plain_ids

CHUNK = 4096  # rows handed to the tokenizer at once


def joined_rows(encoder: TransformerEncoder, texts: Sequence[Sequence[Part]], max_length: int | None = None) -> Rows:
    """Turn several texts at a time into rows of tokens.

    Args:
        encoder: whose tokenizer reads them.
        texts: of each row; token ids stand as they are. Empty ones are left out, with their separator.
        max_length: tokens of a row, special ones included; None for as many as the encoder takes.

    Raises:
        InvalidValue: when special tokens leave no room for a token of each text.
    """
    backend = encoder.backend()
    first, between, last = frame_of(encoder)
    limit = min(max_length or encoder.max_length, encoder.max_length)
    found: list[list[int]] = []
    num_cut = 0
    for start in range(0, len(texts), CHUNK):
        some = texts[start : start + CHUNK]
        spelt = iter(plain_ids(backend, [part for parts in some for part in parts if isinstance(part, str)]))
        for parts in some:
            ids = [next(spelt) if isinstance(part, str) else list(part) for part in parts]
            ids = [part for part in ids if part]
            room = limit - len(first) - len(last) - len(between) * (len(ids) - 1)
            if room < len(ids):
                raise InvalidValue(
                    zh=f"{limit} 个词元放不下 {len(ids)} 段文本；请增大 max_length。",
                    en=f"{limit} tokens have no room for {len(ids)} texts. Raise max_length.",
                )
            kept = cut_longest([len(part) for part in ids], room)
            num_cut += sum(kept) < sum(map(len, ids))
            found.append(_joined([part[:num] for part, num in zip(ids, kept, strict=True)], (first, between, last)))
    return Rows(found, [[0] * len(ids) for ids in found], num_cut)


def cut_longest(lengths: Sequence[int], room: int) -> list[int]:
    """Return how much of each text is kept when the longest one, of equals the first, loses a token until all fit.

    Args:
        lengths: of the texts, in tokens.
        room: for all of them.

    Example:
        >>> cut_longest([10, 3, 6], 12), cut_longest([5, 5], 9), cut_longest([2, 2], 9)
        ([4, 3, 5], [4, 5], [2, 2])
    """
    kept = list(lengths)
    if sum(kept) <= room:
        return kept
    level = 0  # what all can have at least, if they are as long
    while sum(min(length, level + 1) for length in lengths) <= room:
        level += 1
    kept = [min(length, level) for length in lengths]
    spare = room - sum(kept)
    for place in reversed(range(len(kept))):
        if spare and lengths[place] > level:
            kept[place] += 1
            spare -= 1
    return kept


def _joined(parts: list[list[int]], frame: tuple[list[int], list[int], list[int]]) -> list[int]:
    first, between, last = frame
    row = list(first)
    for number, part in enumerate(parts):
        row += part + (between if number < len(parts) - 1 else [])
    return row + last


def frame_of(encoder: TransformerEncoder) -> tuple[list[int], list[int], list[int]]:
    """Return the ids before, between and after texts: around one as the tokenizer has it, between them its separator."""
    backend, tokenizer = encoder.backend(), encoder.tokenizer
    backend.no_truncation()
    backend.no_padding()
    encoding = backend.encode("a")
    real = [place for place, owner in enumerate(encoding.sequence_ids) if owner is not None]
    known = [number for number in (tokenizer.sep_token_id, tokenizer.eos_token_id) if number is not None]
    between = known[:1] or plain_ids(backend, ["\n"])[0]
    return encoding.ids[: real[0]], between, encoding.ids[real[-1] + 1 :]
