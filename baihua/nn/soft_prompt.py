"""Soft prompts: a few learned vectors among the token embeddings of a frozen model, and nothing else that trains.

The article masks the gradient of the whole embedding matrix (`masked_rows`). That leaves the matrix a parameter, whose frozen
rows an optimiser's weight decay still moves, and costs a gradient and two moments for each of its rows. Here the vectors are
a parameter of their own, put in where they belong: the same function, the same gradient.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from baihua.checks import InvalidValue, check_choice

REPARAMETRIZATIONS = ("none", "lstm", "mlp")


class SoftPrompt(nn.Module):
    """Learned vectors, directly or through a small network that is thrown away after training.

    Whichever it is, the vectors before training are ``start`` to the last bit: what the network says is added, and its last
    layer begins at 0. (To subtract what it said at first would do so only on one device and in one precision.) They are kept
    in float32 or better, under autocast too: single steps of training are lost in half precision.

    Args:
        num_tokens: how many vectors.
        width: of each.
        reparametrization: ``"none"`` is the article's; ``"lstm"`` the paper's network: an embedding, two layers of
            bidirectional LSTM and two linear ones, so that a step for one vector moves the others too; ``"mlp"`` the same
            without the LSTM. Their first weights are drawn from torch's global generator.
        start: the vectors before training, shape ``(num_tokens, width)``.

    Raises:
        InvalidValue: for no tokens, a start of another shape, or another word.

    Source:
        https://kexue.fm/archives/8295; arXiv 2103.10385.

    Example:
        >>> prompt = SoftPrompt(4, 16, start=torch.zeros(4, 16))
        >>> prompt().shape, sum(parameter.numel() for parameter in prompt.parameters())
        (torch.Size([4, 16]), 64)
    """

    start: Tensor

    def __init__(self, num_tokens: int, width: int, reparametrization: str = "none", *, start: Tensor) -> None:
        super().__init__()
        self.reparametrization = check_choice("reparametrization", reparametrization, REPARAMETRIZATIONS)
        if num_tokens < 1 or start.shape != (num_tokens, width):
            raise InvalidValue(
                zh=f"软提示至少要 1 个向量，初值形状应为 ({num_tokens}, {width})，收到 {num_tokens} 个、初值形状 {tuple(start.shape)}。",
                en=f"A soft prompt has at least 1 vector and a start of shape ({num_tokens}, {width}), but received "
                f"{num_tokens} and a start of shape {tuple(start.shape)}.",
            )
        first = _precise(start.detach()).clone()
        if reparametrization == "none":
            self.vectors = nn.Parameter(first)
        else:
            self.register_buffer("start", first)
            self.network = _PromptNetwork(num_tokens, width, recurrent=reparametrization == "lstm").to(first)

    def forward(self) -> Tensor:
        """Return the vectors, shape ``(num_tokens, width)``."""
        if self.reparametrization == "none":
            return self.vectors
        with torch.autocast(self.start.device.type, enabled=False):
            return self.start + self.network()


class _PromptNetwork(nn.Module):
    def __init__(self, num_tokens: int, width: int, *, recurrent: bool) -> None:
        super().__init__()
        half = (width + 1) // 2  # of each direction
        self.embedding = nn.Embedding(num_tokens, width)  # standard normal rows, as in the paper's code
        self.lstm = nn.LSTM(width, half, num_layers=2, bidirectional=True) if recurrent else None
        self.hidden = nn.Linear(2 * half if recurrent else width, width)
        self.output = nn.Linear(width, width)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self) -> Tensor:
        states = self.embedding.weight  # (num_tokens, width)
        if self.lstm is not None:
            states, _ = self.lstm(states)  # (num_tokens, 2 · half)
        return self.output(self.hidden(states).relu())


def start_from_rows(weight: Tensor, rows: Sequence[int] | Tensor) -> Tensor:
    """Return rows of an embedding to begin with, such as those of ``[unused1]`` … or of the words of a hand-made template.

    Args:
        weight: of the embedding, shape ``(vocabulary, width)``.
        rows: which; one may come twice.

    Returns:
        A copy, shape ``(num_rows, width)``, float32 or better.

    Raises:
        InvalidValue: for a row the embedding lacks.
    """
    return _precise(weight.detach())[_check_rows(weight, rows)].clone()


def start_at_random(weight: Tensor, num_tokens: int, generator: torch.Generator | None = None) -> Tensor:
    """Return normal vectors with the mean and the standard deviation, coordinate by coordinate, of an embedding's rows.

    Pre-trained rows share a mean that is no small part of them; a prompt far from all rows begins where no model has been.

    Args:
        weight: of the embedding, shape ``(vocabulary, width)``.
        num_tokens: how many vectors.
        generator: draws them; None for torch's global one.

    Returns:
        Shape ``(num_tokens, width)``, float32 or better, on the device of the weight.
    """
    known = _precise(weight.detach())
    std, mean = torch.std_mean(known, dim=0, correction=0)  # (width,) each
    device = known.device if generator is None else generator.device
    noise = torch.randn(num_tokens, known.shape[1], dtype=known.dtype, device=device, generator=generator)
    return mean + std * noise.to(known.device)


def embed_with_soft(weight: Tensor, ids: Tensor, soft: Tensor, vectors: Tensor) -> Tensor:
    """Return the embeddings of a batch with learned vectors where soft tokens stand.

    Args:
        weight: of the embedding, shape ``(vocabulary, width)``. Where it is frozen, gradients reach the vectors alone.
        ids: shape ``(batch, length)``; any valid id where a soft token stands.
        soft: the soft tokens, shape ``(num_soft, 3)``: row, place, which vector. Each place once.
        vectors: shape ``(num_tokens, width)``.

    Returns:
        Shape ``(batch, length, width)``, in the precision of the weight: what transformers takes as ``inputs_embeds``.

    Example:
        >>> weight, soft = torch.eye(3), torch.tensor([[0, 1, 0]])
        >>> embed_with_soft(weight, torch.tensor([[2, 0]]), soft, torch.tensor([[5.0, 6.0, 7.0]]))
        tensor([[[0., 0., 1.],
                 [5., 6., 7.]]])
    """
    row, place, number = soft.unbind(dim=1)
    embedded = nn.functional.embedding(ids, weight)  # (batch, length, width)
    return embedded.index_put((row, place), vectors.to(weight.dtype)[number])


def masked_rows(weight: Tensor, rows: Sequence[int] | Tensor) -> Tensor:
    """Return the article's E' = E⊙m + sg(E)⊙(1−m): the same matrix, whose gradient reaches some rows alone.

    The optimiser must be kept from decaying its weights; `SoftPrompt` with `embed_with_soft` needs no such care.

    Args:
        weight: of the embedding, shape ``(vocabulary, width)``.
        rows: those that train.

    Raises:
        InvalidValue: for a row the embedding lacks.
    """
    trained = torch.zeros(len(weight), 1, dtype=torch.bool, device=weight.device)
    trained[_check_rows(weight, rows)] = True
    return torch.where(trained, weight, weight.detach())


def tied_logits(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, vectors: Tensor, rows: Sequence[int] | Tensor | None
) -> Tensor:
    """Return the scores of an output layer tied to the embedding, which sees the learned vectors too.

    Args:
        hidden: what the layer is given, shape ``(num, width)``.
        weight: of the embedding, shape ``(vocabulary, width)``.
        bias: of the layer, shape ``(vocabulary,)``, or None.
        vectors: shape ``(num_tokens, width)``.
        rows: the ids whose rows they replace, each once; None to append them, with bias 0.

    Returns:
        Shape ``(num, vocabulary)``, or ``(num, vocabulary + num_tokens)``.

    Raises:
        InvalidValue: for rows that the embedding lacks, that come twice, or are not as many as the vectors.
    """
    logits = nn.functional.linear(hidden, weight, bias)
    learned = vectors.to(weight.dtype)
    if rows is None:
        return torch.cat([logits, nn.functional.linear(hidden, learned)], dim=-1)
    # What a vector changes is added, not put in its column's place: with vectors that are still the rows it is 0, and the
    # logits are the model's own to the last bit, in whatever order two matrix products sum. (Where the weight trains too,
    # rounding alone moves these rows of it; what they are cancels out.)
    places = _check_places(weight, rows, vectors)
    change = nn.functional.linear(hidden, learned - weight[places])  # (num, num_tokens)
    return logits.index_add(-1, places, change.to(logits.dtype))


def fold(weight: Tensor, rows: Sequence[int] | Tensor | None, vectors: Tensor) -> Tensor:
    """Return the embedding with the learned vectors in it: a soft prompt then costs no more than any tokens.

    Args:
        weight: of the embedding, shape ``(vocabulary, width)``.
        rows: the ids whose rows they replace, each once; None to append them.
        vectors: shape ``(num_tokens, width)``.

    Returns:
        A new matrix without gradient, shape ``(vocabulary, width)`` or ``(vocabulary + num_tokens, width)``.

    Raises:
        InvalidValue: for rows that the embedding lacks, that come twice, or are not as many as the vectors.
    """
    known, learned = weight.detach(), vectors.detach().to(weight)
    if rows is None:
        return torch.cat([known, learned])
    return known.index_copy(0, _check_places(weight, rows, vectors), learned)


def _check_places(weight: Tensor, rows: Sequence[int] | Tensor, vectors: Tensor) -> Tensor:
    places = torch.as_tensor(rows, dtype=torch.long)
    if len(places) != len(vectors) or len(places.unique()) != len(places):
        raise InvalidValue(
            zh=f"{len(vectors)} 个向量要替换同样多互不相同的行，收到的行是 {places.tolist()}。",
            en=f"{len(vectors)} vectors replace as many different rows, but received rows {places.tolist()}.",
        )
    return _check_rows(weight, places)


def _check_rows(weight: Tensor, rows: Sequence[int] | Tensor) -> Tensor:
    places = torch.as_tensor(rows, dtype=torch.long)  # a list is checked on the CPU, without waiting for a GPU
    wrong = places[(places < 0) | (places >= len(weight))]
    if len(wrong):
        raise InvalidValue(
            zh=f"嵌入矩阵有 {len(weight)} 行（从 0 数），没有第 {int(wrong[0])} 行。",
            en=f"The embedding has {len(weight)} rows, counted from 0, and no row {int(wrong[0])}.",
        )
    return places.to(weight.device)


def _precise(x: Tensor) -> Tensor:
    """Return x in float32 or better."""
    return x if x.dtype == torch.float64 else x.float()
