import pytest
import torch

from baihua.training.muon import Muon, orthogonalise
from baihua.training.optimizers import make_optimizer


@pytest.mark.parametrize("shape", [(6, 6), (4, 12), (12, 4), (1, 8), (64, 256)])
def test_the_result_has_the_singular_vectors_and_singular_values_near_one(shape):
    matrix = torch.randn(shape, dtype=torch.float64)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    moved = left.T @ orthogonalise(matrix) @ right.T
    assert ((moved.diagonal() > 0.3) & (moved.diagonal() < 1.3)).all()  # least singular values come up last
    assert (moved.diagonal()[values > 0.05 * matrix.norm()] > 0.65).all()
    torch.testing.assert_close(moved, torch.diag(moved.diagonal()), atol=1e-9, rtol=0)


def test_zero_stays_zero():
    assert (orthogonalise(torch.zeros(3, 5)) == 0).all()


def test_steps_are_those_of_torch_but_for_its_bfloat16():
    start = torch.randn(16, 40)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    mine = Muon([{"params": [ours], "orthogonal": True, "weight_decay": 0.1}], lr=0.02)
    peer = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    for _ in range(5):
        ours.grad = torch.randn(16, 40)
        theirs.grad = ours.grad.clone()
        mine.step()
        peer.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved


def test_the_other_groups_take_the_steps_of_adamw():
    start = torch.randn(7)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    mine = Muon([{"params": [ours], "weight_decay": 0.1}], lr=0.01, betas=(0.8, 0.9))
    peer = torch.optim.AdamW([theirs], lr=0.01, betas=(0.8, 0.9), weight_decay=0.1)
    for _ in range(6):
        ours.grad = torch.randn(7)
        theirs.grad = ours.grad.clone()
        mine.step()
        peer.step()
    torch.testing.assert_close(ours, theirs)


def test_a_closure_is_called_with_gradients_on():
    weight = torch.nn.Parameter(torch.ones(2, 2))
    optimizer = Muon([{"params": [weight], "orthogonal": True}])

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert weight.square().sum().item() < 4.0


def test_muon_takes_linear_weights_that_are_no_embedding():
    model = torch.nn.ModuleDict(
        {"words": torch.nn.Embedding(9, 4), "inner": torch.nn.Linear(4, 4), "output": torch.nn.Linear(4, 9, bias=False)}
    )
    model["output"].weight = model["words"].weight  # tied, as in a language model
    groups = make_optimizer(model, "muon", 1e-3, 0.1).param_groups
    assert [(len(g["params"]), g["orthogonal"], g["weight_decay"]) for g in groups] == [
        (1, True, 0.1),
        (1, False, 0.1),
        (1, False, 0.0),
    ]
    assert groups[0]["params"][0] is model["inner"].weight


def test_adamw_decays_matrices_alone():
    groups = make_optimizer(torch.nn.Linear(3, 2), "adamw", 1e-3, 0.1).param_groups
    assert [(g["params"][0].ndim, g["weight_decay"]) for g in groups] == [(2, 0.1), (1, 0.0)]
