"""The pooler is left out of a training, and is trainable again after it."""

from tiny_models import make_bert
from torch import nn

from baihua.encoders.load import load_encoder
from baihua.encoders.pooler import pooler_left_out


def test_the_pooler_is_left_out_for_a_while(tmp_path):
    make_bert(tmp_path, num_hidden_layers=1)
    encoder = load_encoder(str(tmp_path))
    parameters = list(encoder.model.pooler.parameters())
    assert parameters
    with pooler_left_out(encoder.model):
        assert not any(parameter.requires_grad for parameter in parameters)
    assert all(parameter.requires_grad for parameter in parameters)
    with pooler_left_out(nn.Linear(2, 2)):
        pass
