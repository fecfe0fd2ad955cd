import pytest
import torch
from transformers import AutoModel, BertConfig, DistilBertConfig, RobertaConfig

from baihua.encoders.pretraining.last_layer import can_skip, states_at

SIZES = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.3,
}


@pytest.mark.parametrize("config", [BertConfig, RobertaConfig])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("share", [0.02, 0.15, 1.0])
def test_states_and_gradients_are_those_of_the_whole_model(config, layers, share):
    whole = AutoModel.from_config(config(**{**SIZES, "num_hidden_layers": layers}), add_pooling_layer=False)
    assert can_skip(whole)
    ids = torch.randint(5, 60, (4, 30))
    places = torch.rand(4, 30) < share
    places[0] = False  # a row of which nothing is asked
    places[1, 7] = True
    weight = torch.randn(int(places.sum()), 16)
    expected = whole(input_ids=ids).last_hidden_state[places]
    (expected * weight).sum().backward()
    gradients = {name: parameter.grad for name, parameter in whole.named_parameters() if parameter.grad is not None}
    whole.zero_grad(set_to_none=True)
    found = states_at(whole, {"input_ids": ids}, places)
    (found * weight).sum().backward()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    for name, parameter in whole.named_parameters():
        if name in gradients:
            torch.testing.assert_close(parameter.grad, gradients[name], atol=1e-4, rtol=1e-3)


def test_dropout_is_that_of_the_layer():
    model = AutoModel.from_config(BertConfig(**{**SIZES, "attention_probs_dropout_prob": 0.5}), add_pooling_layer=False)
    ids, places = torch.randint(5, 60, (2, 30)), torch.ones(2, 30, dtype=torch.bool)
    model.train()
    assert not torch.equal(states_at(model, {"input_ids": ids}, places), states_at(model, {"input_ids": ids}, places))
    model.eval()
    assert torch.equal(states_at(model, {"input_ids": ids}, places), states_at(model, {"input_ids": ids}, places))


def test_others_are_left_to_compute_everything():
    assert not can_skip(
        AutoModel.from_config(DistilBertConfig(vocab_size=60, dim=16, n_heads=2, n_layers=1, hidden_dim=8))
    )
    assert not can_skip(AutoModel.from_config(BertConfig(**SIZES, is_decoder=True)))
