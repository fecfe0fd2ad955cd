"""A last layer run at some places gives there what the whole one gives, with the same gradients, and is then as before."""

import pytest
import torch
import transformers

from baihua.encoders.logits_at import logits_at
from baihua.tasks.prompting.last_layer import LIKE_BERT, last_layer_at

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 50}
LENGTHS = {"max_position_embeddings": 40}
CONFIGS = {
    "bert": transformers.BertConfig(**SIZES),
    "roberta": transformers.RobertaConfig(**SIZES, **LENGTHS),
    "xlm-roberta": transformers.XLMRobertaConfig(**SIZES, **LENGTHS),
    "camembert": transformers.CamembertConfig(**SIZES, **LENGTHS),
    "electra": transformers.ElectraConfig(**SIZES, embedding_size=8),
    "ernie": transformers.ErnieConfig(**SIZES),
    "in chunks": transformers.BertConfig(**SIZES, chunk_size_feed_forward=5),
    "albert": transformers.AlbertConfig(**SIZES, embedding_size=8),
    "llama": transformers.LlamaConfig(**SIZES),
}
ROW, PLACE = torch.tensor([1, 0, 1, 1]), torch.tensor([2, 4, 0, 2])  # one twice


def test_every_kind_is_looked_at():
    assert set(LIKE_BERT) <= set(CONFIGS)


@pytest.fixture(params=CONFIGS)
def model(request):
    """A tiny random model of each kind, in float64."""
    kind = transformers.AutoModelForCausalLM if request.param == "llama" else transformers.AutoModelForMaskedLM
    return kind.from_config(CONFIGS[request.param]).double().eval()


def inputs(model):
    ids = torch.arange(10).reshape(2, 5) + 3
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    return {"inputs_embeds": model.get_input_embeddings()(ids), "attention_mask": mask}


def scores_of(model):
    with last_layer_at(model, ROW, PLACE) as (row, place):
        return logits_at(model, row, place, **inputs(model))


def test_scores_and_gradients_are_those_of_the_whole(model):
    some, whole = scores_of(model), model(**inputs(model)).logits[ROW, PLACE]
    torch.testing.assert_close(some, whole, rtol=0, atol=1e-12)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    mine, theirs = (
        torch.autograd.grad(scores.square().sum(), parameters, allow_unused=True) for scores in (some, whole)
    )
    for one, other in zip(mine, theirs, strict=True):
        assert (one is None) is (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_the_last_layer_has_less_to_do(model):
    seen = []
    layers = [module for module in model.base_model.modules() if type(module).__name__.endswith("Intermediate")]
    for layer in layers:
        layer.register_forward_hook(lambda _, args, output: seen.append(tuple(output.shape[:2])))
    scores_of(model)
    if model.config.model_type in LIKE_BERT and not model.config.chunk_size_feed_forward:
        assert seen == [(2, 5), (1, 4)]
    else:
        assert set(seen) <= {(2, 5)}


def test_afterwards_the_model_is_as_before(model):
    before = model(**inputs(model)).logits
    scores_of(model)
    assert torch.equal(model(**inputs(model)).logits, before)
    with pytest.raises(KeyboardInterrupt), last_layer_at(model, ROW, PLACE):
        raise KeyboardInterrupt
    assert torch.equal(model(**inputs(model)).logits, before)
    assert not any(module._forward_pre_hooks for module in model.modules())
