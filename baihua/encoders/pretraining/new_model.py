"""A new BERT that learns from little text, because it begins with what can be known without training.

With random weights the loss stays near that of guessing by frequency for many millions of tokens: attention cannot
tell positions apart yet, so nothing rewards it for looking anywhere. Three starts remove that plateau:

- *vectors*: word embeddings are the PPMI-SVD vectors of the same text, so that similar words begin alike;
- *positions*: position embeddings are sinusoids (Vaswani et al. 2017, section 3.5), so that a rotation of a
  position's vector is the vector of its neighbour;
- *neighbours*: the first layer's heads use that rotation to look at the tokens 1, 2, … to the left and right.

The bias of the output begins at the logarithm of each token's frequency in any case.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from baihua.checks import InvalidValue, check_choice
from baihua.encoders.pretraining.objectives import OBJECTIVES

STARTS = ("vectors", "positions", "neighbours")
MATRIX_STD = 0.03
WORD_STD, POSITION_AMPLITUDE = 0.05, 0.06
FASTEST, SLOWEST = math.pi, math.pi / 300  # radians a position; the slowest sinusoid turns once in 600 positions
SHARPNESS = 1.3  # of the neighbour heads; at 1 their attention is too flat to be felt


@dataclass(frozen=True)
class Shape:
    """The size of a new BERT.

    Args:
        num_layers: layers.
        width: size of a token's state; a multiple of 2 × ``num_heads``.
        num_heads: attention heads of a layer.
        positions: the longest text in tokens.
    """

    num_layers: int = 4
    width: int = 256
    num_heads: int = 4
    positions: int = 512

    def __post_init__(self) -> None:
        if min(self.num_layers, self.num_heads, self.positions) < 1 or self.width % (2 * self.num_heads):
            raise InvalidValue(
                zh=f"层数、头数、长度至少是 1，宽度应是头数两倍的倍数，收到 {self}。",
                en="num_layers, num_heads and positions must be at least 1 and width a multiple of twice num_heads, "
                f"but received {self}.",
            )


def new_language_model(
    counts: npt.NDArray[np.number],
    vectors: npt.NDArray[np.floating],
    shape: Shape,
    *,
    objective: str = "masked",
    starts: Collection[str] = STARTS,
    seed: int = 0,
) -> Any:
    """Make a BERT with a language-model head.

    Args:
        counts: how often each token occurs in the text, shape ``(num_tokens,)``.
        vectors: a vector of each token from the text, shape ``(num_tokens, width)``; zero where nothing is known.
            Fewer columns are filled up with random ones.
        shape: the size.
        objective: ``"masked"``, or ``"causal"`` for the same model that sees only what stands to the left.
        starts: which of the three starts to use; see the top of this file.
        seed: of everything random.

    Returns:
        A `transformers.BertForMaskedLM` or `transformers.BertLMHeadModel` in training mode, without dropout: a model
        that sees its text but a few times does not overfit.

    Raises:
        InvalidValue: for an unknown start or objective.

    Example:
        >>> model = new_language_model(np.ones(120), np.zeros((120, 16)), Shape(2, 16, 2, positions=32))
        >>> model.get_input_embeddings().weight.shape
        torch.Size([120, 16])
    """
    for start in starts:
        check_choice("starts", start, STARTS)
    check_choice("objective", objective, OBJECTIVES)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = _random_model(len(counts), shape, objective)
        _start_output(model, counts)
        if "vectors" in starts:
            _start_words(model.bert.embeddings.word_embeddings.weight, vectors)
        if "positions" in starts:
            table = torch.from_numpy(sinusoids(shape.positions, shape.width))
            model.bert.embeddings.position_embeddings.weight.copy_(POSITION_AMPLITUDE * table)
        if "neighbours" in starts:
            offsets = neighbour_offsets(shape.num_heads, both_sides=objective != "causal")
            _start_heads(model.bert.encoder.layer[0].attention.self, shape, offsets)
    return model


def sinusoids(num_positions: int, width: int) -> npt.NDArray[np.float64]:
    """Return sines and cosines of each position, in turn, the fastest first.

    Column 2i is sin(w_i p) and column 2i + 1 is cos(w_i p), with frequencies w_i that fall evenly in their logarithm
    from a half turn a position to one in 300.

    Args:
        num_positions: rows.
        width: columns, even.

    Returns:
        Shape ``(num_positions, width)``.

    Example:
        >>> sinusoids(2, 4).round(3).tolist()
        [[0.0, 1.0, 0.0, 1.0], [0.0, -1.0, 0.01, 1.0]]
    """
    angles = np.arange(num_positions)[:, None] * _frequencies(width)  # (num_positions, width / 2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(num_positions, width)


def neighbour_rotation(offset: int, width: int, head_width: int) -> npt.NDArray[np.float64]:
    """Return the matrix that turns the first columns of a position's sinusoids into those of a neighbour.

    Each pair of columns (sin wp, cos wp) turns by the angle w·offset, the addition theorem.

    Args:
        offset: how far away the neighbour is; negative to the left.
        width: width of the sinusoids.
        head_width: columns taken, even.

    Returns:
        R of shape ``(head_width, head_width)`` with ``R @ sinusoids[p, :head_width] == sinusoids[p + offset, :head_width]``.

    Example:
        >>> table = sinusoids(9, 8)
        >>> bool(np.allclose(neighbour_rotation(-2, 8, 4) @ table[5, :4], table[3, :4]))
        True
    """
    rotation = np.zeros((head_width, head_width))
    for pair, angle in enumerate(_frequencies(width)[: head_width // 2] * offset):
        place = slice(2 * pair, 2 * pair + 2)
        rotation[place, place] = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    return rotation


def neighbour_offsets(num_heads: int, both_sides: bool = True) -> list[int]:
    """Return −1, +1, −2, +2, … for as many heads, or −1, −2, −3, … when only the left can be seen.

    Example:
        >>> neighbour_offsets(4)
        [-1, 1, -2, 2]
    """
    if not both_sides:
        return [-head - 1 for head in range(num_heads)]
    return [(head // 2 + 1) * (1 if head % 2 else -1) for head in range(num_heads)]


def _frequencies(width: int) -> npt.NDArray[np.float64]:
    return np.geomspace(FASTEST, SLOWEST, width // 2)


def _random_model(num_tokens: int, shape: Shape, objective: str) -> Any:
    import transformers  # takes over a second

    causal = objective == "causal"
    config = transformers.BertConfig(
        is_decoder=causal,
        vocab_size=num_tokens,
        hidden_size=shape.width,
        num_hidden_layers=shape.num_layers,
        num_attention_heads=shape.num_heads,
        intermediate_size=4 * shape.width,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=shape.positions,
        initializer_range=MATRIX_STD,
    )
    return (transformers.BertLMHeadModel if causal else transformers.BertForMaskedLM)(config)


def _start_output(model: Any, counts: npt.NDArray[np.number]) -> None:
    """Set the bias to the log frequencies; a token never seen counts as seen half a time."""
    frequencies = np.maximum(counts, 0.5)
    logs = np.log(frequencies / frequencies.sum())
    model.cls.predictions.bias.copy_(torch.from_numpy(logs - logs.mean()))


def _start_words(weight: Tensor, vectors: npt.NDArray[np.floating]) -> None:
    """Copy the known vectors, scaled to their standard deviation; the others stay random."""
    known = np.flatnonzero(np.abs(vectors).sum(axis=1))
    if not len(known):
        return
    chosen = torch.from_numpy(vectors[known]).to(weight.dtype)
    weight[torch.from_numpy(known), : chosen.shape[1]] = chosen * (WORD_STD / float(chosen.std()))


def _start_heads(attention: Any, shape: Shape, offsets: Sequence[int]) -> None:
    """Let the keys copy the fastest sinusoids and the queries turn them to where a neighbour's are."""
    head_width = shape.width // shape.num_heads
    copy = torch.eye(head_width, shape.width)  # (head_width, width)
    for head, offset in enumerate(offsets):
        rotation = torch.from_numpy(neighbour_rotation(offset, shape.width, head_width)).float()
        rows = slice(head * head_width, (head + 1) * head_width)
        attention.key.weight[rows] = copy
        attention.query.weight[rows] = SHARPNESS * rotation @ copy
