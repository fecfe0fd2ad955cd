"""GlobalPointer against brute force over all spans, its masks, and what it does with the edges."""

import math

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.nn.global_pointer import GlobalPointer
from baihua.nn.multilabel import multilabel_cross_entropy

LENGTHS = [(7, 3, 1), (0, 5), (70, 130, 64), (1,)]


def head_of(hidden=12, types=3, **options):
    torch.manual_seed(1)
    return GlobalPointer(hidden, types, head_size=8, **options).double()


def texts_of(lengths, hidden=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(lengths), max(max(lengths), 1), hidden, generator=generator, dtype=torch.float64)


def some_spans(lengths, types=3, width=10**6, per_text=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    found = []
    for text, length in enumerate(lengths):
        for _ in range(per_text if length else 0):
            start = int(torch.randint(length, (), generator=generator))
            end = min(start + int(torch.randint(min(length, width), (), generator=generator)), length - 1)
            found.append([text, int(torch.randint(types, (), generator=generator)), start, end])
    return torch.tensor(found).reshape(-1, 4)


def brute_force(scores, lengths, spans, max_width):
    """Sum over every span, one by one, in the language of the article."""
    gold = set(map(tuple, spans.tolist()))
    losses = []
    for text, length in enumerate(lengths):
        for kind in range(scores.shape[1]):
            inside, outside = 1.0, 1.0
            for start in range(length):
                for end in range(start, min(length, start + (max_width or length))):
                    score = scores[text, kind, start, end]
                    if (text, kind, start, end) in gold:
                        inside = inside + torch.exp(-score)
                    else:
                        outside = outside + torch.exp(score)
            losses.append(torch.log(torch.as_tensor(inside)) + torch.log(torch.as_tensor(outside)))
    return torch.stack([loss.double() for loss in losses]).mean()


@pytest.mark.parametrize("lengths", [(7, 3, 1), (0, 5), (1,), (66, 20)])
@pytest.mark.parametrize("max_width", [None, 1, 4, 512])
@pytest.mark.parametrize("rotary", [True, False])
def test_loss_and_gradients_are_those_of_the_sum_over_all_spans(lengths, max_width, rotary):
    head, states = head_of(rotary=rotary, max_width=max_width), texts_of(lengths).requires_grad_()
    spans = some_spans(lengths, width=max_width or 10**6)
    parameters = [states, *head.parameters()]
    scores = torch.einsum("bihd,bjhd->bhij", *head.queries_and_keys(states))
    expected = brute_force(scores, lengths, spans, max_width)
    found = head.loss(states, torch.tensor(lengths), spans)
    assert abs(found.item() - expected.item()) < 1e-10
    wanted = torch.autograd.grad(expected, parameters, allow_unused=True)
    for mine, theirs in zip(torch.autograd.grad(found, parameters), wanted, strict=True):
        torch.testing.assert_close(mine, torch.zeros_like(mine) if theirs is None else theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("max_width", [None, 5, 100])
def test_the_loss_is_the_dense_one_of_the_scores(lengths, max_width):
    head, states, spans = head_of(max_width=max_width), texts_of(lengths), some_spans(lengths, width=max_width or 10**6)
    scores = head(states, torch.tensor(lengths)).flatten(2)
    labels = torch.zeros(len(lengths), 3, states.shape[1], states.shape[1], dtype=torch.bool)
    labels[tuple(spans.T)] = True
    dense = multilabel_cross_entropy(scores, labels.flatten(2), scores > -torch.inf).mean()
    torch.testing.assert_close(head.loss(states, torch.tensor(lengths), spans), dense, rtol=0, atol=1e-10)


def test_padding_and_what_stands_in_it_change_nothing():
    head, lengths = head_of(), torch.tensor([6, 2])
    states, spans = texts_of((6, 6)), some_spans((6, 2))
    wider = torch.cat([states, torch.full((2, 9, 12), 1e3, dtype=torch.float64)], dim=1)
    wider[1, 2:] = -7.0
    assert head.loss(states, lengths, spans).item() == pytest.approx(head.loss(wider, lengths, spans).item(), abs=1e-12)
    assert torch.equal(head.decode(states, lengths)[0], head.decode(wider, lengths)[0])


def test_repeated_spans_count_once():
    head, states, spans = head_of(), texts_of((7,)), torch.tensor([[0, 1, 2, 3], [0, 1, 2, 3]])
    one, twice = (head.loss(states, torch.tensor([7]), some) for some in (spans[:1], spans))
    assert torch.equal(one, twice)


def test_without_scores_the_loss_counts():
    head = head_of(types=1)
    torch.nn.init.zeros_(head.projection.weight)
    loss = head.loss(texts_of((4,)), torch.tensor([4]), torch.tensor([[0, 0, 0, 1], [0, 0, 2, 2]]))
    assert loss.item() == pytest.approx(math.log(3) + math.log(9))  # 2 wanted of 10 spans


def test_decoding_finds_exactly_the_spans_above_the_threshold():
    head, lengths = head_of(max_width=40), torch.tensor([130, 3, 0])
    states, thresholds = texts_of((130, 3, 0)), torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64)
    spans, values = head.decode(states, lengths, thresholds)
    scores = head(states, lengths)
    expected = (scores > thresholds[:, None, None]).nonzero()
    assert set(map(tuple, spans.tolist())) == set(map(tuple, expected.tolist()))
    torch.testing.assert_close(values, scores[tuple(spans.T)])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("length", [1, 512])
def test_half_precision_is_finite_and_near(dtype, length):
    torch.manual_seed(0)
    head, states = GlobalPointer(32, 2), torch.randn(1, length, 32)
    every = torch.tensor([[0, 0, place, place] for place in range(length)])
    precise = head.loss(states, torch.tensor([length]), every)
    half = states.to(dtype).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = head.loss(half, torch.tensor([length]), every)
    loss.backward()
    assert torch.isfinite(half.grad).all()
    assert abs(loss.item() - precise.item()) < 1e-2 * max(1, precise.item())


def test_large_scores_stay_finite():
    head, states = head_of(), 300 * texts_of((9,))
    states.requires_grad_()
    loss = head.loss(states, torch.tensor([9]), some_spans((9,)))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(states.grad).all()


@pytest.mark.parametrize("scale", [1, 30, 300])  # scores of tens, of thousands, and of hundreds of thousands
@pytest.mark.parametrize("upstream", [1.0, 0.25])
def test_large_scores_and_any_weight_of_the_loss_give_the_dense_gradient(scale, upstream):
    head, spans, lengths = head_of(), some_spans((9, 4)), torch.tensor([9, 4])
    states = (scale * texts_of((9, 4))).requires_grad_()
    scores = head(states, lengths).flatten(2)
    labels = torch.zeros(2, 3, 9, 9, dtype=torch.bool)
    labels[tuple(spans.T)] = True
    kept = (scores > -torch.inf).flatten(2)
    dense = multilabel_cross_entropy(scores.where(kept, 0.0), labels.flatten(2), kept).mean()
    assert scores.max() > scale
    (expected,) = torch.autograd.grad(upstream * dense, states)
    (found,) = torch.autograd.grad(upstream * head.loss(states, lengths, spans), states)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "span", [[0, 0, 3, 2], [0, 0, 0, 5], [1, 0, 0, 0], [0, 3, 0, 0], [0, 0, -1, 0], [0, 0, 0, 4], [0, 0, 0]]
)
def test_impossible_spans_are_refused(span):
    head = head_of(max_width=4)
    with pytest.raises(InvalidValue):
        head.loss(texts_of((5,)), torch.tensor([5]), torch.tensor([span]))


def test_a_score_knows_the_distance_and_not_the_place():
    head, states = head_of(), texts_of((1,)).expand(1, 20, 12)
    scores = head(states, torch.tensor([20]))[0]
    for distance in range(5):
        diagonal = scores.diagonal(distance, dim1=1, dim2=2)
        torch.testing.assert_close(diagonal, diagonal[:, :1].expand_as(diagonal))
    plain = head_of(rotary=False)(states, torch.tensor([20]))[0]
    assert plain[0, 0, 0].item() == pytest.approx(plain[0, 0, 9].item())


def test_the_head_has_as_many_parameters_as_the_article_says():
    assert sum(parameter.numel() for parameter in GlobalPointer(768, 10).parameters()) == 984_320
