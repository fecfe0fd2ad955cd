"""The heads that bench/span_heads.py compares: ours, the dense recipe, pytorch-crf, and bert4torch's from a folder."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import torch
import torchcrf
from torch import Tensor, nn

from baihua.nn.crf import LinearChainCRF
from baihua.nn.efficient_global_pointer import EfficientGlobalPointer
from baihua.nn.global_pointer import GlobalPointer

TYPES, HEAD_SIZE = 10, 64
Places = list[tuple[int, ...]]
SAME_WEIGHTS = {  # peers that can take the weights of ours, so that they find the same
    "dense": "global_pointer, any width",
    "bert4torch GlobalPointer": "global_pointer, any width",
    "bert4torch EfficientGlobalPointer": "efficient_global_pointer, any width",
}


def dense_loss(scores: Tensor, spans: Tensor) -> Tensor:
    """The article's loss as it is usually written, over a tensor of labels as large as the scores."""
    labels = torch.zeros_like(scores)  # (batch, types, length, length)
    labels[tuple(spans.T)] = 1
    scores, labels = scores.flatten(2), labels.flatten(2)
    scores = (1 - 2 * labels) * scores
    zeros = torch.zeros_like(scores[..., :1])
    negatives = torch.cat([scores - labels * 1e12, zeros], dim=-1)
    positives = torch.cat([scores - (1 - labels) * 1e12, zeros], dim=-1)
    return (torch.logsumexp(negatives, dim=-1) + torch.logsumexp(positives, dim=-1)).mean()


def dense_decode(scores: Tensor) -> Places:
    """Spans above 0, as it is usually written."""
    found: Places = []
    for text, one in enumerate(scores.numpy()):
        found += [(text, *map(int, place)) for place in zip(*(one > 0).nonzero(), strict=True)]
    return found


class Dense(nn.Module):
    """GlobalPointer with everything of full size; its linear layer is laid out like ours."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.projection = nn.Linear(hidden, TYPES * 2 * HEAD_SIZE)

    def copy(self, ours: GlobalPointer) -> None:
        """Take the weights of ours."""
        self.projection.load_state_dict(ours.projection.state_dict())

    def scores(self, states: Tensor, lengths: Tensor) -> Tensor:
        """All scores, (batch, types, length, length)."""
        length = states.shape[1]
        query, key = self.projection(states).unflatten(-1, (TYPES, 2 * HEAD_SIZE)).split(HEAD_SIZE, dim=-1)
        angles = torch.arange(length)[:, None] * 10_000 ** (-torch.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
        cos, sin = (wave(angles).repeat_interleave(2, dim=-1)[None, :, None] for wave in (torch.cos, torch.sin))
        query, key = (
            side * cos + torch.stack([-side[..., 1::2], side[..., ::2]], dim=-1).flatten(-2) * sin
            for side in (query, key)
        )
        scores = torch.einsum("bmhd,bnhd->bhmn", query, key)
        real = (torch.arange(length) < lengths[:, None]).float()
        mask = real[:, None, None] * real[:, None, :, None]
        scores = scores * mask - (1 - mask) * 1e12
        return (scores - torch.tril(torch.ones_like(scores), -1) * 1e12) / HEAD_SIZE**0.5

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """See `dense_loss`."""
        return dense_loss(self.scores(states, lengths), spans)

    def decode(self, states: Tensor, lengths: Tensor) -> Places:
        """See `dense_decode`."""
        return dense_decode(self.scores(states, lengths))


class Bert4torch(nn.Module):
    """bert4torch's GlobalPointer or EfficientGlobalPointer with its loss.

    Its mask of −inf makes its loss of −inf times 0 not a number, so the texts here have no padding and no mask is given.
    """

    def __init__(self, hidden: int, folder: Path, name: str) -> None:
        super().__init__()
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
        for package in ("bert4torch", "bert4torch.layers"):  # their __init__ would ask for torchvision and more
            sys.modules.setdefault(package, ModuleType(package)).__path__ = [str(folder / package.replace(".", "/"))]
        self.head = getattr(import_module("bert4torch.layers.global_point"), name)(hidden, TYPES, HEAD_SIZE)
        self.criterion = import_module("bert4torch.losses").MultilabelCategoricalCrossentropy()

    def copy(self, ours: nn.Module) -> None:
        """Take the weights of ours; the efficient one has query and key in turns, and last before first."""
        if isinstance(ours, GlobalPointer):
            self.head.dense.load_state_dict(ours.projection.state_dict())
            return
        order = torch.arange(2 * HEAD_SIZE).view(HEAD_SIZE, 2).T.flatten()  # theirs: all of the query, then the key
        sides = torch.arange(2 * TYPES).view(TYPES, 2).flip(1).flatten()
        with torch.no_grad():
            self.head.p_dense.weight.copy_(ours.projection.weight[order])
            self.head.p_dense.bias.copy_(ours.projection.bias[order])
            self.head.q_dense.weight.copy_(ours.types.weight[sides][:, order])
            self.head.q_dense.bias.copy_(ours.types.bias[sides])

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Its loss, with the labels in int64, as its example makes them."""
        scores = self.head(states)
        labels = torch.zeros(scores.shape, dtype=torch.long)
        labels[tuple(spans.T)] = 1
        return self.criterion(scores.flatten(2), labels.flatten(2))

    def decode(self, states: Tensor, lengths: Tensor) -> Places:
        """See `dense_decode`."""
        return dense_decode(self.head(states))


class Tagger(nn.Module):
    """A linear layer with a CRF over it, ours or pytorch-crf's."""

    def __init__(self, hidden: int, *, peer: bool) -> None:
        super().__init__()
        self.num_tags = 1 + 2 * TYPES
        self.projection = nn.Linear(hidden, self.num_tags)
        self.crf = torchcrf.CRF(self.num_tags, batch_first=True) if peer else LinearChainCRF(self.num_tags)
        self.peer = peer

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """−log likelihood of the tags: 0 outside, 1 + 2t first, 2 + 2t inside."""
        tags = torch.zeros(states.shape[:2], dtype=torch.long)
        for text, kind, start, end in spans.tolist():
            tags[text, start : end + 1] = 2 + 2 * kind
            tags[text, start] = 1 + 2 * kind
        emissions = self.projection(states)
        if self.peer:
            return -self.crf(emissions, tags, mask=self._real(tags, lengths), reduction="mean")
        return self.crf.loss(emissions, tags, lengths)

    def decode(self, states: Tensor, lengths: Tensor) -> list[list[int]]:
        """The best tags."""
        emissions = self.projection(states)
        if self.peer:
            return self.crf.decode(emissions, mask=self._real(emissions, lengths))
        return self.crf.decode(emissions, lengths)

    def _real(self, like: Tensor, lengths: Tensor) -> Tensor:
        return torch.arange(like.shape[1]) < lengths[:, None]


def make_head(name: str, hidden: int, bert4torch: Path | None = None) -> nn.Module:
    """Make one of `names`, the same weights each time."""
    torch.manual_seed(0)
    kind, _, width = name.partition(", ")
    max_width = int(width.removeprefix("width ")) if width.startswith("width ") else None
    if kind == "global_pointer":
        return GlobalPointer(hidden, TYPES, HEAD_SIZE, max_width=max_width)
    if kind == "efficient_global_pointer":
        return EfficientGlobalPointer(hidden, TYPES, HEAD_SIZE, max_width=max_width)
    if kind == "dense":
        return Dense(hidden)
    if kind.startswith("bert4torch "):
        assert bert4torch is not None
        return Bert4torch(hidden, bert4torch, kind.removeprefix("bert4torch "))
    return Tagger(hidden, peer=kind == "pytorch-crf")


def names(bert4torch: Path | None) -> list[str]:
    """All heads that are compared, ours first."""
    ours = ["crf", "global_pointer, width 64", "global_pointer, any width"]
    ours += ["efficient_global_pointer, width 64", "efficient_global_pointer, any width"]
    peers = ["pytorch-crf", "dense"]
    return ours + peers + (["bert4torch GlobalPointer", "bert4torch EfficientGlobalPointer"] if bert4torch else [])
