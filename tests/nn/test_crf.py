"""The CRF against brute force over all tag sequences, whatever the lengths and however large the scores."""

from itertools import pairwise, product

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.nn.crf import LinearChainCRF

TAGS = 3


def crf_of(scale=1.0):
    torch.manual_seed(0)
    crf = LinearChainCRF(TAGS).double()
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.normal_(0, scale)
    return crf


def all_scores(crf, emissions):
    """Score every sequence of one text, one by one."""
    found = {}
    for tags in product(range(TAGS), repeat=len(emissions)):
        score = crf.starts[tags[0]] + crf.ends[tags[-1]]
        score = score + sum(emissions[place, tag] for place, tag in enumerate(tags))
        found[tags] = score + sum(crf.transitions[one, other] for one, other in pairwise(tags))
    return found


@pytest.mark.parametrize("lengths", [(4, 2, 1), (5,), (1, 1)])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_loss_and_gradients_are_those_of_the_sum_over_all_sequences(lengths, scale):
    crf, generator = crf_of(scale), torch.Generator().manual_seed(1)
    emissions = scale * torch.randn(len(lengths), max(lengths), TAGS, generator=generator, dtype=torch.float64)
    tags = torch.randint(TAGS, (len(lengths), max(lengths)), generator=generator)
    emissions.requires_grad_()
    losses = []
    for text, length in enumerate(lengths):
        scores = all_scores(crf, emissions[text, :length])
        losses.append(
            torch.logsumexp(torch.stack(list(scores.values())), 0) - scores[tuple(tags[text, :length].tolist())]
        )
    expected, parameters = torch.stack(losses).mean(), [emissions, *crf.parameters()]
    found = crf.loss(emissions, tags, torch.tensor(lengths))
    assert abs(found.item() - expected.item()) < 1e-10 * max(1, scale)
    wanted = torch.autograd.grad(expected, parameters, allow_unused=True)
    for mine, theirs in zip(torch.autograd.grad(found, parameters), wanted, strict=True):
        torch.testing.assert_close(mine, torch.zeros_like(mine) if theirs is None else theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_decoding_finds_the_best_sequence(seed):
    crf, lengths = crf_of(), (5, 1, 3)
    emissions = torch.randn(3, 6, TAGS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    for text, found in enumerate(crf.decode(emissions, torch.tensor(lengths))):
        scores = all_scores(crf, emissions[text, : lengths[text]])
        assert tuple(found) == max(scores, key=lambda tags: scores[tags].item())


def test_what_stands_in_the_padding_changes_nothing():
    crf, lengths, tags = crf_of(), torch.tensor([3, 2]), torch.randint(TAGS, (2, 7))
    emissions = torch.randn(2, 7, TAGS, dtype=torch.float64)
    other = emissions.clone()
    other[0, 3:], other[1, 2:] = 1e4, -50.0
    torch.testing.assert_close(crf.loss(emissions, tags, lengths), crf.loss(other, tags, lengths))
    assert crf.decode(emissions, lengths) == crf.decode(other, lengths)


def test_forbidden_transitions_and_long_texts_stay_finite():
    crf = LinearChainCRF(TAGS)
    with torch.no_grad():
        crf.transitions[0, 1] = -1e4
    emissions = (20 * torch.randn(2, 512, TAGS)).requires_grad_()
    loss = crf.loss(emissions, torch.zeros(2, 512, dtype=torch.long), torch.tensor([512, 1]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(emissions.grad).all()
    assert all((0, 1) not in pairwise(tags) for tags in crf.decode(emissions, torch.tensor([512, 1])))


def test_half_precision_is_computed_as_float64():
    crf, emissions, tags = LinearChainCRF(TAGS), torch.randn(1, 9, TAGS).bfloat16(), torch.zeros(1, 9, dtype=torch.long)
    with torch.autocast("cpu", torch.bfloat16):
        half = crf.loss(emissions, tags, torch.tensor([9]))
    torch.testing.assert_close(half, crf.loss(emissions.float(), tags, torch.tensor([9])))


@pytest.mark.parametrize(
    ("shape", "lengths"), [((2, 4, 2), [4, 4]), ((2, 4, 3), [4]), ((2, 4, 3), [4, 0]), ((2, 4, 3), [5, 1])]
)
def test_what_does_not_fit_is_refused(shape, lengths):
    with pytest.raises(InvalidValue):
        LinearChainCRF(TAGS).decode(torch.zeros(shape), torch.tensor(lengths))
