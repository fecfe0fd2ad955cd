"""Spans to tags and back, and what the tagger finds."""

import itertools

import pytest
import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.nn.crf import LinearChainCRF
from baihua.nn.crf_tagger import CRFTagger, spans_of, tags_of


def random_spans(seed: int, batch: int = 6, length: int = 20, types: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    spans = []
    for text in range(batch):
        start = 0
        while start < length:
            width = 1 + int(torch.randint(4, (), generator=generator))
            if start + width <= length and torch.rand((), generator=generator) < 0.5:
                spans.append([text, int(torch.randint(types, (), generator=generator)), start, start + width - 1])
            start += width
    return torch.tensor(spans)


@pytest.mark.parametrize("seed", range(10))
def test_spans_survive_being_written_as_tags(seed: int) -> None:
    spans = random_spans(seed)
    assert spans_of(tags_of(spans, 6, 20)).tolist() == spans.tolist()


def test_no_spans_are_all_outside() -> None:
    tags = tags_of(torch.zeros(0, 4, dtype=torch.long), 2, 5)
    assert tags.sum() == 0
    assert spans_of(tags).shape == (0, 4)


def test_overlapping_spans_are_refused() -> None:
    with pytest.raises(InvalidValue, match="share a token|共用了词元"):
        tags_of(torch.tensor([[0, 0, 0, 2], [0, 1, 2, 3]]), 1, 5)


def test_the_marginals_are_those_of_all_sequences() -> None:
    torch.manual_seed(0)
    crf, length, num_tags = LinearChainCRF(3).double(), 4, 3
    emissions = torch.randn(2, length, num_tags, dtype=torch.float64)
    lengths = torch.tensor([4, 2])
    found = crf.marginals(emissions, lengths)
    for text, size in enumerate(lengths.tolist()):
        expected = torch.zeros(length, num_tags, dtype=torch.float64)
        sequences = torch.tensor(list(itertools.product(range(num_tags), repeat=size)))
        one = torch.full((1,), size)
        weights = torch.stack([crf.score(emissions[text : text + 1, :size], row[None], one)[0] for row in sequences])
        for row, weight in zip(sequences, torch.softmax(weights, dim=0), strict=True):
            expected[torch.arange(size), row] += weight.detach()
        assert torch.allclose(found[text], expected, atol=1e-12)


def test_it_learns_and_finds_what_it_was_shown() -> None:
    torch.manual_seed(0)
    spans = random_spans(1)
    states, lengths = torch.randn(6, 20, 32), torch.full((6,), 20)
    head = CRFTagger(32, 3)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        head.loss(states, lengths, spans).backward()
        optimizer.step()
    found, scores = head.decode(states, lengths)
    assert found.tolist() == spans.tolist()
    assert (torch.sigmoid(2 * scores) > 0.5).all()
    assert len(head.decode(states, lengths, threshold=torch.inf).spans) == 0


def test_padding_does_not_matter() -> None:
    torch.manual_seed(0)
    head = CRFTagger(8, 2)
    states = torch.randn(1, 5, 8)
    alone = head.decode(states, torch.tensor([5]))
    padded = head.decode(torch.cat([states, torch.randn(1, 4, 8)], dim=1), torch.tensor([5]))
    assert alone.spans.tolist() == padded.spans.tolist()
    assert torch.allclose(alone.scores, padded.scores)
