import pytest
import torch
from tiny_models import make_bert
from torch import nn
from transformers import AlbertConfig, AutoModel, DistilBertConfig, Qwen2Config

from baihua.checks import InvalidValue
from baihua.encoders.dropout import dropout

ATTENTION, HIDDEN = 0.2, 0.4


def rates(model):
    return {name: module.p for name, module in model.named_modules() if isinstance(module, nn.Dropout)}


def test_the_two_rates_of_bert_and_back(tmp_path):
    model = make_bert(tmp_path, "BertModel")
    before = rates(model)
    with dropout(model, HIDDEN, ATTENTION):
        for name, rate in rates(model).items():
            assert rate == (ATTENTION if name.endswith("attention.self.dropout") else HIDDEN)
    assert rates(model) == before


@pytest.mark.parametrize(
    "config",
    [
        AlbertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, vocab_size=20),
        DistilBertConfig(dim=16, n_layers=1, n_heads=2, hidden_dim=16, vocab_size=20),
    ],
)
def test_attention_is_told_from_the_rest_in_other_models(config):
    model = AutoModel.from_config(config)
    with dropout(model, HIDDEN, ATTENTION):
        found = rates(model)
    of_attention = [name for name, rate in found.items() if rate == ATTENTION]
    assert len(of_attention) == 1
    assert "attention" in of_attention[0]


def test_the_rates_are_in_force(tmp_path):
    model = make_bert(tmp_path, "BertModel").train()
    ids = torch.randint(5, 30, (1, 8))

    @torch.no_grad()
    def spread() -> float:
        return float(torch.stack([model(ids).last_hidden_state for _ in range(40)]).std(dim=0).mean())

    with dropout(model, 0.0, 0.0):
        assert spread() == 0
    with dropout(model, 0.1, 0.0):
        little = spread()
    with dropout(model, 0.5, 0.0):
        assert spread() > 1.5 * little > 0
    with dropout(model, 0.0, 0.3):
        assert spread() > 0


def test_bad_input(tmp_path):
    model = make_bert(tmp_path, "BertModel")
    with pytest.raises(InvalidValue, match="hidden_dropout must lie from 0 to below 1"), dropout(model, 1.0, 0.1):
        pass
    with pytest.raises(InvalidValue, match="attention_dropout"), dropout(model, 0.1, -0.1):
        pass
    config = Qwen2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=16,
        vocab_size=9,
    )
    with pytest.raises(InvalidValue, match="has no dropout"), dropout(AutoModel.from_config(config), 0.3, 0.1):
        pass
