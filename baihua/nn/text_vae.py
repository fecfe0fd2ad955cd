"""Encoder and decoder of short texts for a variational autoencoder: two GRUs over token numbers.

The decoder is autoregressive: it sees all tokens before the one it predicts, and may well do without the code (Bowman et
al. 2016, arXiv 1511.06349). Rows are token numbers that end with `END` and are filled up with `PADDING`.
"""

import torch
from torch import Tensor, nn

PADDING, BEGIN, END, UNKNOWN = range(4)
NUM_SPECIAL = 4
NEVER_WRITTEN = (PADDING, BEGIN, UNKNOWN)


class TextEncoder(nn.Module):
    """A GRU over the tokens, and the mean of its states.

    Args:
        num_tokens: of the vocabulary, the special ones included.
        embedding_size: of a token.
        hidden_size: of the GRU.
    """

    def __init__(self, num_tokens: int, embedding_size: int, hidden_size: int) -> None:
        super().__init__()
        self.num_features = hidden_size
        self.embedding = nn.Embedding(num_tokens, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, batch_first=True)

    def forward(self, batch: Tensor) -> Tensor:
        """Return features ``(batch, hidden_size)`` of token numbers ``(batch, length)``."""
        ids = _without_empty_columns(batch)
        states, _ = self.gru(self.embedding(ids))  # (batch, length, hidden_size)
        real = (ids != PADDING).unsqueeze(-1)  # (batch, length, 1)
        return (states * real).sum(dim=1) / real.sum(dim=1)


class TextDecoder(nn.Module):
    """A GRU that reads each token beside the code and predicts the next.

    Args:
        num_tokens: of the vocabulary, the special ones included.
        width: of a code.
        embedding_size: of a token.
        hidden_size: of the GRU.
        word_dropout: share of the tokens read that training hides, so that the decoder needs the code (1 hides all).
    """

    def __init__(
        self, num_tokens: int, width: int, embedding_size: int, hidden_size: int, *, word_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(num_tokens, embedding_size)
        self.first_state = nn.Linear(width, hidden_size)
        self.gru = nn.GRU(embedding_size + width, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, num_tokens)

    def loss(self, codes: Tensor, batch: Tensor) -> Tensor:
        """Return the cross-entropy of the tokens, each given those before it and the code, shape ``(batch,)``.

        Args:
            codes: shape ``(batch, width)``.
            batch: token numbers, shape ``(batch, length)``; padding counts for nothing.
        """
        ids = _without_empty_columns(batch)
        begin = torch.full_like(ids[:, :1], BEGIN)
        logits, _ = self._logits(codes, torch.cat([begin, self._with_holes(ids[:, :-1])], dim=1), None)
        each = nn.functional.cross_entropy(logits.mT, ids, ignore_index=PADDING, reduction="none")  # (batch, length)
        return each.sum(dim=-1)

    @torch.no_grad()
    def write(self, codes: Tensor, max_length: int, temperature: float = 0.0) -> Tensor:
        """Write one text per code, token by token, until all have ended or are long enough.

        Args:
            codes: shape ``(batch, width)``.
            max_length: tokens of a text at most.
            temperature: 0 takes the likeliest token each time; 1 draws from the model's probabilities.

        Returns:
            Token numbers as the rows trained on, shape ``(batch, up to max_length)``.
        """
        ids = torch.full((len(codes), 1), BEGIN, device=codes.device)
        ended = torch.zeros(len(codes), dtype=torch.bool, device=codes.device)
        state: Tensor | None = None
        written: list[Tensor] = []
        while len(written) < max_length and not bool(ended.all()):
            logits, state = self._logits(codes, ids, state)
            logits[..., list(NEVER_WRITTEN)] = -torch.inf
            chosen = _choose(logits[:, 0], temperature)  # (batch,)
            written.append(torch.where(ended, PADDING, chosen))
            ended = ended | (chosen == END)
            ids = chosen.unsqueeze(1)
        return torch.stack(written, dim=1) if written else ids[:, :0]

    def _logits(self, codes: Tensor, ids: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return logits ``(batch, length, num_tokens)`` of the tokens after each, and the last state."""
        beside = codes.unsqueeze(1).expand(-1, ids.shape[1], -1)  # (batch, length, width)
        first = torch.tanh(self.first_state(codes)).unsqueeze(0) if state is None else state  # (1, batch, hidden_size)
        states, last = self.gru(torch.cat([self.embedding(ids), beside], dim=-1), first)
        return self.output(states), last

    def _with_holes(self, ids: Tensor) -> Tensor:
        if not (self.training and self.word_dropout):
            return ids
        return torch.where(torch.rand(ids.shape, device=ids.device) < self.word_dropout, UNKNOWN, ids)


def _choose(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return logits.argmax(dim=-1)
    return torch.multinomial(torch.softmax(logits / temperature, dim=-1), 1).squeeze(-1)


def _without_empty_columns(ids: Tensor) -> Tensor:
    """Leave out the columns on the right that are padding in every row of the batch."""
    return ids[:, : int((ids != PADDING).any(dim=0).sum())]
