"""Efficient GlobalPointer: its formula, and its factored loss against the dense one of its scores."""

import math

import pytest
import torch

from baihua.nn.efficient_global_pointer import EfficientGlobalPointer
from baihua.nn.multilabel import multilabel_cross_entropy
from baihua.nn.rotary import rotate_by_position

LENGTHS = [(7, 3, 1), (0, 5), (70, 40), (1,)]


def head_of(hidden=12, types=3, **options):
    torch.manual_seed(1)
    return EfficientGlobalPointer(hidden, types, head_size=8, **options).double()


def texts_of(lengths, hidden=12):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(len(lengths), max(lengths), hidden, generator=generator, dtype=torch.float64)


def some_spans(lengths, width=3):
    spans = [
        [text, kind, start, min(start + width - 1, length - 1)]
        for text, length in enumerate(lengths)
        for start in range(0, length, 4)
        for kind in ({0, start % 3})
    ]
    return torch.tensor(spans).reshape(-1, 4)


def dense_loss(scores, spans):
    labels = torch.zeros_like(scores, dtype=torch.bool)
    labels[tuple(spans.T)] = True
    return multilabel_cross_entropy(scores.flatten(2), labels.flatten(2), scores.flatten(2) > -torch.inf).mean()


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("max_width", [None, 3, 512])
@pytest.mark.parametrize("rotary", [True, False])
def test_loss_and_gradients_are_those_of_all_scores(lengths, max_width, rotary):
    head, states = head_of(max_width=max_width, rotary=rotary), texts_of(lengths).requires_grad_()
    spans, parameters = some_spans(lengths), [states, *head.parameters()]
    expected = dense_loss(head(states, torch.tensor(lengths)), spans)
    found = head.loss(states, torch.tensor(lengths), spans)
    assert abs(found.item() - expected.item()) < 1e-10
    wanted = torch.autograd.grad(expected, parameters)
    for mine, theirs in zip(torch.autograd.grad(found, parameters), wanted, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_the_scores_are_the_articles():
    head, states = head_of(), texts_of((5,))
    mixed = head.projection(states)[0]
    query, key = mixed[:, 0::2], mixed[:, 1::2]
    turned = [rotate_by_position(side[None])[0] for side in (query, key)]
    bias = head.types(mixed) / 2
    scores = head(states, torch.tensor([5]))[0]
    for kind in range(3):
        for start in range(5):
            for end in range(start, 5):
                expected = (
                    turned[0][start] @ turned[1][end] / math.sqrt(8) + bias[end, 2 * kind] + bias[start, 2 * kind + 1]
                )
                assert scores[kind, start, end].item() == pytest.approx(expected.item(), abs=1e-12)


def test_decoding_finds_exactly_the_spans_above_the_threshold():
    head, lengths = head_of(max_width=9), torch.tensor([30, 3, 0])
    states, thresholds = texts_of((30, 3, 0)), torch.tensor([0.0, 0.5, -1.0], dtype=torch.float64)
    spans, values = head.decode(states, lengths, thresholds)
    scores = head(states, lengths)
    expected = (scores > thresholds[:, None, None]).nonzero()
    assert set(map(tuple, spans.tolist())) == set(map(tuple, expected.tolist()))
    torch.testing.assert_close(values, scores[tuple(spans.T)])


def test_what_stands_in_padding_changes_nothing():
    head, states, lengths = head_of(), texts_of((7, 3)), torch.tensor([7, 3])
    other = states.clone()
    other[1, 3:] = torch.nan
    spans = torch.tensor([[1, 0, 0, 2]])
    assert head.loss(other, lengths, spans).item() == head.loss(states, lengths, spans).item()
    for mine, theirs in zip(head.decode(other, lengths), head.decode(states, lengths), strict=True):
        assert torch.equal(mine, theirs)


def test_half_precision_is_finite_and_near():
    torch.manual_seed(0)
    head, states = EfficientGlobalPointer(32, 2), torch.randn(2, 512, 32)
    lengths, spans = torch.tensor([512, 1]), torch.tensor([[0, 0, 5, 9], [1, 1, 0, 0]])
    precise, half = head.loss(states, lengths, spans), states.bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = head.loss(half, lengths, spans)
    loss.backward()
    assert torch.isfinite(half.grad).all()
    assert loss.item() == pytest.approx(precise.item(), rel=1e-2)


def test_the_head_has_as_many_parameters_as_the_article_says():
    assert sum(parameter.numel() for parameter in EfficientGlobalPointer(768, 10).parameters()) == 101_012
