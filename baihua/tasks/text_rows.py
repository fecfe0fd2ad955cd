"""Texts as rows of token numbers, over the tokens of the training texts alone so that the softmax stays small."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from baihua.checks import check_texts
from baihua.encoders.load import BUNDLED
from baihua.encoders.tokens import token_ids
from baihua.nn.text_vae import END, NUM_SPECIAL, PADDING, UNKNOWN, TextDecoder, TextEncoder
from baihua.tasks.generate_settings import AutoencoderSettings

CONTINUES = "##"  # how a piece that goes on with the word before is written


class TextRows:
    """A tokenizer, and which of its tokens were seen.

    Args:
        tokenizer_json: the whole of a ``tokenizer.json``.
        kept: the tokenizer's ids that were seen, in rising order; their place here plus 4 is their number in a row.
        max_length: tokens kept of a text, its end included.
    """

    kind = "text"

    def __init__(self, tokenizer_json: str, kept: Sequence[int], max_length: int) -> None:
        self.tokenizer_json = tokenizer_json
        self.kept = tuple(kept)
        self.max_length = max_length
        self._backend = Tokenizer.from_str(tokenizer_json)
        self._places = np.full(self._backend.get_vocab_size(), UNKNOWN)
        self._places[list(self.kept)] = np.arange(NUM_SPECIAL, NUM_SPECIAL + len(self.kept))
        words = [str(self._backend.id_to_token(number)) for number in self.kept]
        self._words = [*[""] * NUM_SPECIAL, *words]

    @classmethod
    def fit(cls, texts: Sequence[str], settings: AutoencoderSettings) -> Self:
        """Find the tokens of some texts with the bundled encoder's tokenizer."""
        tokenizer_json = (Path(BUNDLED) / "tokenizer.json").read_text(encoding="utf-8")
        backend = Tokenizer.from_str(tokenizer_json)
        ids, _ = token_ids(backend, check_texts(texts))
        seen = set(np.unique(ids).tolist()) - {backend.token_to_id("[UNK]")}
        return cls(tokenizer_json, sorted(seen), settings.max_length)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any], tokenizer_json: str | None) -> Self:
        """Build it again from `facts` and the tokenizer's file."""
        return cls(str(tokenizer_json), [int(number) for number in facts["kept"]], int(facts["max_length"]))

    @property
    def facts(self) -> dict[str, Any]:
        """What a JSON file needs to hold to build it again."""
        return {"kept": list(self.kept), "max_length": self.max_length}

    def rows(self, texts: Sequence[str]) -> Tensor:
        """Return token numbers, shape ``(num_texts, longest)``, each text's end after it and padding after that.

        Raises:
            InvalidType: for what is no sequence of strings.
        """
        ids, lengths = token_ids(self._backend, check_texts(texts))
        longest = min(self.max_length, int(lengths.max(initial=0)) + 1)
        rows = np.full((len(lengths), longest), PADDING)
        ends = np.cumsum(lengths)
        for number, (stop, length) in enumerate(zip(ends, lengths, strict=True)):
            row = [*self._places[ids[stop - length : stop]].tolist(), END][:longest]
            rows[number, : len(row)] = row
        return torch.from_numpy(rows)

    def modules(self, width: int, settings: AutoencoderSettings) -> tuple[TextEncoder, TextDecoder]:
        """Return a new encoder, and a new decoder of codes of a width."""
        num_tokens, embedding_size, hidden_size = len(self._words), settings.embedding_size, settings.hidden_size
        decoder = TextDecoder(num_tokens, width, embedding_size, hidden_size, word_dropout=settings.word_dropout)
        return TextEncoder(num_tokens, embedding_size, hidden_size), decoder

    def items(self, decoder: TextDecoder, codes: Tensor, temperature: float) -> list[str]:
        """Return texts of codes."""
        return [self._joined(row) for row in decoder.write(codes, self.max_length, temperature).tolist()]

    def num_tokens(self, rows: Tensor) -> int:
        """Return how many tokens there are, ends of texts included."""
        return int((rows != PADDING).sum())

    def _joined(self, row: Sequence[int]) -> str:
        return join_tokens([self._words[number] for number in row if number not in (PADDING, END)])


def join_tokens(tokens: Sequence[str]) -> str:
    """Write tokens as a text, with a space only between two words or numbers in Latin letters.

    Example:
        >>> join_tokens(["我", "的", "i", "##phone", "15", "充", "不", "进", "电"])
        '我的iphone 15充不进电'
    """
    text = ""
    for token in tokens:
        if token.startswith(CONTINUES) and len(token) > len(CONTINUES):
            text += token[len(CONTINUES) :]
        else:
            needs_space = re.search(r"[a-z0-9]$", text) and re.match(r"[a-z0-9]", token)
            text += f" {token}" if needs_space else token
    return text
