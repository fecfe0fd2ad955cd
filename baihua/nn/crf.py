"""A linear-chain conditional random field: the score of a tag sequence, the sum over all of them, and the best one.

The sum is the forward algorithm with probabilities that are scaled at every step, in float64, so that a step is one small
matrix product; its gradient, the marginals, is the backward algorithm and not a graph of hundreds of steps.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from baihua.checks import InvalidValue


class LinearChainCRF(nn.Module):
    """Scores of neighbouring tags, of the first and of the last, beside the scores of each tag at each token.

    Args:
        num_tags: how many tags there are.

    Source:
        Lafferty, McCallum and Pereira, "Conditional Random Fields", ICML 2001.

    Example:
        >>> crf = LinearChainCRF(3)
        >>> emissions, tags, lengths = torch.randn(2, 4, 3), torch.zeros(2, 4, dtype=torch.long), torch.tensor([4, 2])
        >>> crf.loss(emissions, tags, lengths).shape
        torch.Size([])
        >>> [len(found) for found in crf.decode(emissions, lengths)]
        [4, 2]
    """

    def __init__(self, num_tags: int) -> None:
        super().__init__()
        self.num_tags = num_tags
        self.transitions = nn.Parameter(torch.empty(num_tags, num_tags).uniform_(-0.1, 0.1))  # from row to column
        self.starts = nn.Parameter(torch.empty(num_tags).uniform_(-0.1, 0.1))
        self.ends = nn.Parameter(torch.empty(num_tags).uniform_(-0.1, 0.1))

    def loss(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Return −log of the probability of the tags, the mean over texts.

        Args:
            emissions: scores of each tag, shape ``(batch, length, num_tags)``, padding on the right.
            tags: shape ``(batch, length)``; what stands in the padding does not matter.
            lengths: tokens of each text, at least 1, shape ``(batch,)``.

        Raises:
            InvalidValue: when the shapes do not fit, or a text is empty.
        """
        self._check(emissions, lengths, tags)
        with torch.autocast(emissions.device.type, enabled=False):
            precise = emissions.double()
            parameters = (self.transitions.double(), self.starts.double(), self.ends.double())
            total: Tensor = _LogPartition.apply(precise, *parameters, lengths)
            loss = (total - self.score(precise, tags, lengths)).mean()
        return loss.to(torch.float64 if emissions.dtype == torch.float64 else torch.float32)

    def score(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Return the score of tag sequences, shape ``(batch,)``; arguments as in `loss`."""
        real = torch.arange(tags.shape[1], device=tags.device) < lengths[:, None]  # (batch, length)
        known = tags.where(real, 0)
        single = emissions.gather(2, known[..., None]).squeeze(2)  # (batch, length)
        pairs = self.transitions[known[:, :-1], known[:, 1:]]  # (batch, length - 1)
        last = known.gather(1, lengths[:, None] - 1).squeeze(1)
        inside = (single * real).sum(dim=1) + (pairs * real[:, 1:]).sum(dim=1)
        return inside + self.starts[known[:, 0]] + self.ends[last]

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Tensor) -> list[list[int]]:
        """Return the best tags of each text, by the Viterbi algorithm.

        Args:
            emissions: as in `loss`.
            lengths: as in `loss`.

        Raises:
            InvalidValue: when the shapes do not fit, or a text is empty.
        """
        self._check(emissions, lengths)
        precise = torch.promote_types(torch.promote_types(emissions.dtype, self.transitions.dtype), torch.float32)
        scores = emissions.to(precise).permute(1, 2, 0).contiguous()  # (length, num_tags, batch)
        best = torch.empty_like(scores)  # of the best sequence that ends so
        best[0] = scores[0] + self.starts[:, None]
        steps = self.transitions.to(precise)[:, :, None].expand(-1, -1, len(lengths)).contiguous()  # (from, to, batch)
        sums = torch.empty_like(steps)
        rows, emitted = best.unbind(), scores.unbind()
        for step in range(1, len(rows)):  # no maximum is asked where it stands: that is found again on the way back
            torch.add(rows[step - 1][:, None], steps, out=sums)
            torch.amax(sums, dim=0, out=rows[step])
            rows[step].add_(emitted[step])
        return self._follow(best.cpu().numpy(), lengths.cpu().numpy())

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Return how probable each tag is at each token, shape ``(batch, length, num_tags)``; 0 in the padding.

        Args:
            emissions: as in `loss`.
            lengths: as in `loss`.

        Raises:
            InvalidValue: when the shapes do not fit, or a text is empty.
        """
        self._check(emissions, lengths)
        parameters = [parameter.detach().double() for parameter in (self.transitions, self.starts, self.ends)]
        with torch.enable_grad(), torch.autocast(emissions.device.type, enabled=False):
            given = emissions.detach().double().requires_grad_()
            total: Tensor = _LogPartition.apply(given, *parameters, lengths)
            (found,) = torch.autograd.grad(total.sum(), given)  # the gradient of the sum is the marginals
        return found.to(torch.float64 if emissions.dtype == torch.float64 else torch.float32)

    def _follow(self, best: np.ndarray, lengths: np.ndarray) -> list[list[int]]:
        """Go back from the best last tag of each text, all texts side by side.

        Args:
            best: of the best sequence that ends with a tag, shape ``(length, num_tags, batch)``.
            lengths: shape ``(batch,)``.
        """
        length, _, batch = best.shape
        rows, last = np.arange(batch), lengths - 1
        from_each = self.transitions.detach().cpu().numpy().astype(best.dtype)
        tag = (best[last, :, rows] + self.ends.detach().cpu().numpy()).argmax(axis=1)  # (batch,)
        found = np.empty((length, batch), dtype=np.int64)
        found[length - 1] = tag
        for step in range(length - 2, -1, -1):
            before = (best[step] + from_each[:, tag]).argmax(axis=0)  # of (num_tags, batch)
            tag = np.where(step < last, before, tag)
            found[step] = tag
        return [tags[:size] for tags, size in zip(found.T.tolist(), lengths.tolist(), strict=True)]

    def _check(self, emissions: Tensor, lengths: Tensor, tags: Tensor | None = None) -> None:
        fits = emissions.ndim == 3 and emissions.shape[2] == self.num_tags and lengths.shape == emissions.shape[:1]
        if not fits or (tags is not None and tags.shape != emissions.shape[:2]):
            shapes = [tuple(tensor.shape) for tensor in (emissions, tags, lengths) if tensor is not None]
            raise InvalidValue(
                zh=f"CRF 有 {self.num_tags} 个标签，收到的形状是 {shapes}；应为 (batch, length, {self.num_tags})、(batch, length)、"
                "(batch,)。",
                en=f"The CRF has {self.num_tags} tags and received shapes {shapes}; expected (batch, length, {self.num_tags}), "
                "(batch, length), (batch,).",
            )
        if len(lengths) and not 1 <= int(lengths.min()) <= int(lengths.max()) <= emissions.shape[1]:
            raise InvalidValue(
                zh=f"每条文本应有 1 到 {emissions.shape[1]} 个词元，收到 {lengths.tolist()}。",
                en=f"Every text must have 1 to {emissions.shape[1]} tokens, but received {lengths.tolist()}.",
            )


class _LogPartition(torch.autograd.Function):
    """log Σ e^score over all tag sequences, shape ``(batch,)``; all arguments in float64."""

    @staticmethod
    def forward(
        ctx: Any, emissions: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor, lengths: Tensor
    ) -> Tensor:
        scores = emissions.transpose(0, 1)  # (length, batch, num_tags)
        highest = [scores.amax(dim=2), transitions.max(), starts.max(), ends.max()]
        weights = torch.exp(scores - highest[0][..., None])
        between, first, last = (
            torch.exp(part - high) for part, high in zip((transitions, starts, ends), highest[1:], strict=True)
        )
        forward, scales = _forward(weights, between, first)
        at_last = forward[lengths - 1, torch.arange(len(lengths), device=lengths.device)]  # (batch, num_tags)
        closing = at_last @ last  # (batch,)
        real = torch.arange(len(scores), device=lengths.device)[:, None] < lengths  # (length, batch)
        ctx.save_for_backward(weights, between, last, forward, scales, closing, real, lengths)
        added = ((highest[0] + scales.log()) * real).sum(dim=0) + (lengths - 1) * highest[1]
        return added + closing.log() + highest[2] + highest[3]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        weights, between, last, forward, scales, closing, real, lengths = ctx.saved_tensors
        ahead = _backward(weights, between, last[None] / closing[:, None], scales, lengths)
        marginals = forward * ahead * (real * upstream)[..., None]  # (length, batch, num_tags)
        following = weights[1:] * ahead[1:] / scales[1:, :, None] * (real[1:] * upstream)[..., None]
        pairs = between * torch.einsum("tbi,tbj->ij", forward[:-1], following)
        at_last = marginals[lengths - 1, torch.arange(len(lengths), device=lengths.device)]
        return marginals.transpose(0, 1), pairs, marginals[0].sum(dim=0), at_last.sum(dim=0), None


def _forward(weights: Tensor, between: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
    """Return the probabilities of the tag at each token given the tokens up to it, and what each step was divided by.

    Past the end of a text it goes on over the padding, and nobody looks there.

    Args:
        weights: e^emissions, shape ``(length, batch, num_tags)``.
        between: e^transitions.
        first: e^starts.
    """
    steps = [weights[0] * first]
    scales = [steps[0].sum(dim=1)]
    steps[0] = steps[0] / scales[0][:, None]
    for weight in weights[1:]:
        step = (steps[-1] @ between) * weight
        scales.append(step.sum(dim=1))
        steps.append(step / scales[-1][:, None])
    return torch.stack(steps), torch.stack(scales)


def _backward(weights: Tensor, between: Tensor, last: Tensor, scales: Tensor, lengths: Tensor) -> Tensor:
    """Return what the tokens after each one add to a tag's probability, shape ``(length, batch, num_tags)``."""
    back = between.T.contiguous()
    step = last
    steps = [step]
    for place in range(len(weights) - 2, -1, -1):
        inner = (weights[place + 1] / scales[place + 1][:, None] * step) @ back
        step = torch.where((place < lengths - 1)[:, None], inner, last)
        steps.append(step)
    return torch.stack(steps[::-1])
