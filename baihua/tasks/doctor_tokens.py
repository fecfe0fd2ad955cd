"""What an encoder makes of texts: lengths against its limit, unknown and traditional characters."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from baihua.encoders.pretraining.vocabulary import measure_coverage, traditional_characters
from baihua.encoders.protocol import Encoder
from baihua.encoders.tokens import text_chunks
from baihua.tasks.finding import Finding

UNKNOWN_WORDS = ("[UNK]", "<unk>")


def examine_tokens(texts: Sequence[str], encoder: Encoder, where: str) -> list[Finding]:
    """Return what concerns characters and tokens.

    Args:
        texts: the texts.
        encoder: the encoder; one without a tokenizer of the tokenizers library is asked for nothing.
        where: ``"train"`` or ``"dev"``.

    Returns:
        ``"too_long"`` (rows of more tokens than the encoder reads, special tokens included), ``"longest"`` (tokens of
        the longest text), ``"unknown"`` (tokens it has no entry for; the examples are characters) and
        ``"traditional"`` (characters that only traditional writing has).

    Example:
        >>> from baihua import load_encoder
        >>> [finding.name for finding in examine_tokens(["漢字𠮷"], load_encoder("static"), "train")]
        ['traditional', 'too_long', 'longest', 'unknown']
    """
    characters = Counter(character for text in texts for character in text)
    found = [_traditional(characters, where)]
    tokenizer = _tokenizer_of(encoder)
    if tokenizer is None:
        return found
    lengths = _lengths(tokenizer, texts)
    too_long = np.flatnonzero(lengths > encoder.max_length)
    longest = int(lengths.argmax())
    coverage = measure_coverage(tokenizer, texts)
    shown = tuple(texts[row] for row in too_long[:3])
    return [
        *found,
        Finding("too_long", len(too_long), len(too_long) / len(texts), shown, False, where),
        Finding("longest", int(lengths[longest]), None, (texts[longest],), False, where, "tokens"),
        Finding(
            "unknown",
            round(coverage.unknown * coverage.num_tokens),
            coverage.unknown,
            _unknown_characters(tokenizer, characters),
            False,
            where,
            "tokens",
        ),
    ]


def _traditional(characters: Counter[str], where: str) -> Finding:
    chinese = {character: count for character, count in characters.items() if "\u4e00" <= character <= "\u9fff"}
    found = Counter({c: count for c, count in chinese.items() if c in traditional_characters()})
    shown = tuple(character for character, _ in found.most_common(10))
    share = found.total() / max(sum(chinese.values()), 1)
    return Finding("traditional", found.total(), share, shown, False, where, "characters")


def _tokenizer_of(encoder: Encoder) -> Tokenizer | None:
    """Return a copy of the encoder's tokenizer that cuts nothing."""
    tokenizer: Any = getattr(encoder, "tokenizer", None)
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not isinstance(backend, Tokenizer):
        return None
    copy = Tokenizer.from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy


def _lengths(tokenizer: Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """Return the number of tokens of each text, special tokens included, shape ``(num_texts,)``."""
    lengths: list[int] = []
    for start, stop in text_chunks(texts):
        lengths += [len(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(texts[start:stop]))]
    return np.array(lengths, dtype=np.int64)


def _unknown_characters(tokenizer: Tokenizer, characters: Counter[str]) -> tuple[str, ...]:
    """Return the most frequent characters that the tokenizer does not know, ten at most."""
    unknown = {tokenizer.token_to_id(word) for word in UNKNOWN_WORDS} - {None}
    listed = [character for character, _ in characters.most_common()]
    encodings = tokenizer.encode_batch_fast(listed, add_special_tokens=False)
    found = [character for character, encoding in zip(listed, encodings, strict=True) if unknown & set(encoding.ids)]
    return tuple(found[:10])
