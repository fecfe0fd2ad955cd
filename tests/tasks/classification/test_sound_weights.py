"""Weights come back after a failure of any kind, and weights that are no numbers are refused."""

import pytest
import torch
from hash_encoder import HashEncoder
from torch import nn

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.classification.sound_weights import check_finite, restored_on_failure
from baihua.tasks.contrastive.trained_part import add_projection


def weights_of(encoder):
    modules = [module for module in (encoder.model, encoder.head) if module is not None]
    return [tensor.clone() for module in modules for tensor in module.state_dict().values()]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("with_head", [False, True])
def test_after_a_failure_they_are_as_before(bert_folder, failure, with_head):
    encoder = load_encoder(str(bert_folder), device="cpu")
    if with_head:
        add_projection(encoder)
    before = weights_of(encoder)
    with pytest.raises(failure), restored_on_failure(encoder):
        encoder.model.train()
        with torch.no_grad():
            for parameter in encoder.model.parameters():
                parameter.add_(1.0)
            for parameter in encoder.head.parameters() if with_head else ():
                parameter.mul_(2.0)
        raise failure
    assert all(torch.equal(one, other) for one, other in zip(before, weights_of(encoder), strict=True))
    assert not encoder.model.training


def test_without_a_failure_they_stay_as_they_are(bert_folder):
    encoder = load_encoder(str(bert_folder), device="cpu")
    before = weights_of(encoder)
    with restored_on_failure(encoder), torch.no_grad():
        next(encoder.model.parameters()).add_(1.0)
    assert not torch.equal(before[0], weights_of(encoder)[0])


def test_an_encoder_without_weights():
    with pytest.raises(ValueError, match="as raised"), restored_on_failure(HashEncoder()):
        raise ValueError("as raised")


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
def test_what_is_no_number(wrong):
    layer = nn.Linear(3, 2)
    check_finite(layer)
    with torch.no_grad():
        layer.weight[1, 2] = wrong
    with pytest.raises(InvalidValue, match="Training has diverged"):
        check_finite(layer)
