import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.new_model import (
    Shape,
    neighbour_offsets,
    neighbour_rotation,
    new_language_model,
    sinusoids,
)

SHAPE = Shape(2, 256, 4, positions=100)


def make(vectors=None, **others):
    vectors = np.zeros((300, 256)) if vectors is None else vectors
    return new_language_model(np.arange(300), vectors, SHAPE, **others)


@pytest.mark.parametrize("offset", [-7, -2, -1, 0, 1, 2, 300])
def test_the_rotation_moves_every_position(offset):
    table = sinusoids(1000, 64)[:, :16]
    rotated = table[310:600] @ neighbour_rotation(offset, 64, 16).T
    np.testing.assert_allclose(rotated, table[310 + offset : 600 + offset], atol=1e-9)


def attention(model, ids):
    """Attention of the first layer, shape (heads, length, length)."""
    model.config._attn_implementation = "eager"
    return model.bert(ids, output_attentions=True).attentions[0][0].detach()


def test_the_first_layer_looks_at_the_neighbours():
    weights = attention(make().eval(), torch.randint(0, 300, (1, 60)))
    places = torch.arange(5, 55)
    for head, offset in enumerate(neighbour_offsets(4)):
        assert (weights[head, places].argmax(-1) == places + offset).float().mean() > 0.95


def test_a_causal_model_looks_left_alone():
    model = make(objective="causal").eval()
    ids = torch.randint(0, 300, (1, 60))
    weights = attention(model, ids)
    places = torch.arange(5, 60)
    for head in range(4):
        assert (weights[head, places].argmax(-1) == places - head - 1).float().mean() > 0.95
    changed = ids.clone()
    changed[0, 30:] = 7
    torch.testing.assert_close(model(ids).logits[0, :30], model(changed).logits[0, :30])


def test_before_any_training_the_output_is_the_frequencies():
    model = make(starts=()).eval()
    share = model(torch.randint(0, 300, (1, 20))).logits.softmax(-1).mean((0, 1)).detach()
    expected = np.maximum(np.arange(300), 0.5)
    assert np.corrcoef(share.numpy(), expected / expected.sum())[0, 1] > 0.85


def test_known_words_start_from_their_vectors_and_the_others_at_random():
    vectors = np.random.default_rng(0).normal(size=(300, 32)) * 9
    vectors[:5] = 0
    weight = make(vectors).get_input_embeddings().weight.detach().numpy()
    factor = 0.05 / vectors[5:].astype(np.float32).std()
    np.testing.assert_allclose(weight[5:, :32], vectors[5:] * factor, rtol=1e-2)
    assert (weight[:5] != 0).any(axis=1)[1:].all()  # 0 is [PAD], which stays zero
    assert weight[:, 32:].std() > 0


def test_the_seed_decides():
    def weight(seed):
        return make(seed=seed).bert.encoder.layer[1].output.dense.weight

    assert torch.equal(weight(1), weight(1))
    assert not torch.equal(weight(1), weight(2))


def test_the_generator_outside_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    make(seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_mistakes():
    with pytest.raises(InvalidValue, match="multiple of twice num_heads"):
        Shape(2, 30, 4)
    with pytest.raises(InvalidValue, match="Did you mean 'vectors'"):
        make(starts=("vector",))
    with pytest.raises(InvalidValue, match="'causal'"):
        make(objective="left")
