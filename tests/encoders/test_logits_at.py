"""Scores at a few places are those that the whole model gives there, with the same gradients."""

import pytest
import torch
import transformers

from baihua.encoders.logits_at import logits_at

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 50}
CONFIGS = {
    "BertForMaskedLM": transformers.BertConfig(**SIZES),
    "RobertaForMaskedLM": transformers.RobertaConfig(**SIZES, max_position_embeddings=40),
    "AlbertForMaskedLM": transformers.AlbertConfig(**SIZES, embedding_size=8),
    "GPT2LMHeadModel": transformers.GPT2Config(n_embd=16, n_layer=2, n_head=2, vocab_size=50),
    "LlamaForCausalLM": transformers.LlamaConfig(**SIZES),
}
ROW, PLACE = torch.tensor([1, 0, 1, 1]), torch.tensor([2, 4, 0, 2])


@pytest.fixture(params=CONFIGS)
def model(request):
    """A tiny random model of each kind, in float64."""
    return getattr(transformers, request.param)(CONFIGS[request.param]).double().eval()


def inputs(model):
    ids = torch.arange(10).reshape(2, 5) + 3
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    return {"inputs_embeds": model.get_input_embeddings()(ids), "attention_mask": mask}


def test_scores_and_gradients_are_those_of_the_whole(model):
    some = logits_at(model, ROW, PLACE, **inputs(model))
    whole = model(**inputs(model)).logits[ROW, PLACE]
    torch.testing.assert_close(some, whole, rtol=0, atol=1e-12)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    mine, theirs = (
        torch.autograd.grad(scores.square().sum(), parameters, allow_unused=True) for scores in (some, whole)
    )
    for one, other in zip(mine, theirs, strict=True):
        assert (one is None) is (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_afterwards_the_model_is_as_before(model):
    before = model(**inputs(model)).logits
    logits_at(model, ROW, PLACE, **inputs(model))
    assert torch.equal(model(**inputs(model)).logits, before)
    for place in (torch.tensor([2, 99, 0, 2]), torch.tensor([1, 2])):
        with pytest.raises((IndexError, RuntimeError)):
            logits_at(model, ROW, place, **inputs(model))
    assert torch.equal(model(**inputs(model)).logits, before)
    assert not model.base_model._forward_hooks
