"""The multi-label cross-entropy against its formula, its soft labels against what they should lead to."""

import math

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.nn.multilabel import group_log_one_plus_sum, multilabel_cross_entropy


def test_the_loss_is_the_formula():
    scores, labels = torch.randn(5, 9, dtype=torch.float64), torch.rand(5, 9) < 0.3
    for row, wanted, loss in zip(scores, labels, multilabel_cross_entropy(scores, labels), strict=True):
        expected = math.log(1 + (-row[wanted]).exp().sum().item()) + math.log(1 + row[~wanted].exp().sum().item())
        assert loss.item() == pytest.approx(expected, abs=1e-12)


def test_one_wanted_alone_against_all_is_softmax_with_a_threshold_between():
    """log(1 + e^(−s)) + log(1 + Σ e^s): with the wanted score s fixed it grows with the others as softmax does."""
    scores, labels = torch.zeros(6), torch.zeros(6, dtype=torch.bool)
    assert multilabel_cross_entropy(scores, labels).item() == pytest.approx(math.log(7))
    assert multilabel_cross_entropy(scores, ~labels).item() == pytest.approx(math.log(7))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8, 0.95])
def test_soft_labels_lead_to_probabilities_of_twice_the_score(share):
    score = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([score], max_iter=100)

    def closure():
        optimizer.zero_grad()
        loss = multilabel_cross_entropy(score, torch.full_like(score, share, requires_grad=False))
        loss.backward()
        return loss

    optimizer.step(closure)
    assert torch.sigmoid(2 * score).item() == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("soft", [False, True])
def test_what_does_not_count_may_hold_anything(soft):
    scores, mask = torch.randn(3, 6), torch.tensor([True, True, False, True, False, True]).expand(3, 6)
    labels = torch.rand(3, 6) if soft else torch.rand(3, 6) < 0.5
    for filler in (-math.inf, math.inf, 1e7):
        filled = torch.where(mask, scores, filler).requires_grad_()
        loss = multilabel_cross_entropy(filled, labels, mask)
        torch.testing.assert_close(loss, multilabel_cross_entropy(scores[:, mask[0]], labels[:, mask[0]]))
        loss.sum().backward()
        assert torch.isfinite(filled.grad).all()
        assert (filled.grad[~mask] == 0).all()


def test_all_negatives_together_pull_no_harder_than_one():
    scores = torch.full((100_000,), 3.0, requires_grad=True)
    multilabel_cross_entropy(scores, torch.zeros(100_000, dtype=torch.bool)).backward()
    assert scores.grad.sum().item() == pytest.approx(1, abs=1e-4)


def test_groups_are_summed_apart():
    values, groups = torch.tensor([500.0, 1.0, -2.0, -500.0], dtype=torch.float64), torch.tensor([3, 0, 0, 1])
    found = group_log_one_plus_sum(values, groups, 5)
    expected = [math.log(1 + math.e + math.exp(-2)), 0.0, 0.0, 500.0, 0.0]
    assert found.tolist() == pytest.approx(expected, abs=1e-12)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidValue, match=r"\(3,\)"):
        multilabel_cross_entropy(torch.zeros(3), torch.zeros(4))
