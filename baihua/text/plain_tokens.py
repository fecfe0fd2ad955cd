"""Texts as token ids and nothing else: no special tokens around them, and none for what they spell.

A review that says "[MASK]" must not open a blank, and one that says "[SEP]" must not end the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


def plain_ids(backend: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return the ids of texts, where all that is spelt like a special token is read as characters.

    Args:
        backend: the tokenizer; its truncation and padding are switched off here.
        texts: without halves of characters.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> backend = load_encoder("bundled").backend()
        >>> [backend.id_to_token(number) for number in plain_ids(backend, ["好[SEP]"])[0]]
        ['好', '[', 'se', '##p', ']']
    """
    special = set(special_tokens(backend)) - unknown_ids(backend)
    with _characters_only(backend):
        found = [encoding.ids for encoding in backend.encode_batch_fast(list(texts), add_special_tokens=False)]
        return [
            ids if special.isdisjoint(ids) else _ids_in_pieces(backend, text)
            for ids, text in zip(found, texts, strict=True)
        ]


def plain_encodings(backend: Tokenizer, texts: Sequence[str]) -> list[tuple[list[int], NDArray[np.int64]]]:
    """Return ids, and where each token stands in its text, where all that is spelt like a special token is read as characters.

    Args:
        backend: the tokenizer; its truncation and padding are switched off here.
        texts: without halves of characters.

    Returns:
        Per text its ids, and begins and ends of shape ``(num_tokens, 2)``. A special token that is a word of the model's own
        vocabulary too, as XLM-RoBERTa's are, becomes the unknown one.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> plain_encodings(load_encoder("bundled").backend(), ["好[SEP]"])[0][1].tolist()
        [[0, 1], [1, 2], [2, 4], [4, 5], [5, 6]]
    """
    unknown = unknown_ids(backend)
    special = set(special_tokens(backend)) - unknown
    instead = min(unknown, default=0)
    with _characters_only(backend):
        encodings = backend.encode_batch(list(texts), add_special_tokens=False)
    return [
        (
            [instead if number in special else number for number in encoding.ids],
            np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2),
        )
        for encoding in encodings
    ]


def unknown_characters(backend: Tokenizer, text: str) -> str:
    """Return the visible characters of a text that the tokenizer has no token for, in order.

    A word piece tokenizer gives up a whole Latin word for one of its letters, so all of them are returned.
    """
    unknown = unknown_ids(backend)
    with _characters_only(backend):
        encoding = backend.encode(text, add_special_tokens=False)
    read: set[int] = set()
    for number, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True):
        if number not in unknown:
            read.update(range(start, stop))
    # Marks that normalisation strips, blanks and control characters have no token of their own, and need none.
    lost = (character for place, character in enumerate(text) if place not in read)
    return "".join(character for character in lost if unicodedata.category(character)[0] not in "CMZ")


def special_tokens(backend: Tokenizer) -> dict[int, str]:
    """Return ids and spellings of the special tokens."""
    known = backend.get_added_tokens_decoder().items()
    return {number: token.content for number, token in known if token.special}


def unknown_ids(backend: Tokenizer) -> set[int]:
    """Return the id that stands for what is not in the vocabulary; empty for a tokenizer that knows every byte."""
    names = ("[UNK]", "<unk>", getattr(backend.model, "unk_token", None))
    return {number for name in names if name and (number := backend.token_to_id(name)) is not None}


@contextmanager
def _characters_only(backend: Tokenizer) -> Iterator[None]:
    backend.no_truncation()
    backend.no_padding()
    before, backend.encode_special_tokens = backend.encode_special_tokens, True
    try:
        yield
    finally:
        backend.encode_special_tokens = before


def _ids_in_pieces(backend: Tokenizer, text: str) -> list[int]:
    """Read a text whose special spellings are words of the model's own vocabulary too, as XLM-RoBERTa's are.

    It is cut after the first character of each, so that none of them is whole.
    """
    normalizer = backend.normalizer
    normal = text if normalizer is None else normalizer.normalize_str(text)  # a full-width ＜mask＞ becomes one here
    spelled = "|".join(map(re.escape, special_tokens(backend).values()))
    cuts = [0, *(match.start() + 1 for match in re.finditer(spelled, normal)), len(normal)]
    pieces = [normal[start:stop] for start, stop in pairwise(cuts)]
    return [number for part in backend.encode_batch_fast(pieces, add_special_tokens=False) for number in part.ids]
