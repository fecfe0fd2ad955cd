"""Where soft tokens begin, and that writing them into the embedding changes those rows and no prediction."""

import pytest
import torch
import transformers

from baihua.checks import InvalidValue
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.tasks.prompting.batches import Reading, batch_of
from baihua.tasks.prompting.model import PromptModel, layers_of
from baihua.tasks.prompting.settings import STARTS, PromptSettings
from baihua.tasks.prompting.vectors import COMMONEST, first_states, first_vectors, fold_in, new_soft, unused_rows
from baihua.text.prompts import Template, encode_prompts

READING = Reading(4, 8000, (5, 7, 8), causal=False)


@pytest.fixture
def bundled():
    model, tokenizer = open_masked_model(BUNDLED, device="cpu")
    backend = tokenizer.backend_tokenizer
    prompts = encode_prompts(Template.parse("{soft:2}{mask}{soft}{text}"), backend, ["", "很好吃", "太差了，退货"], 32)
    return model.requires_grad_(False), backend, prompts


def of(bundled, **changes):
    model, backend, _ = bundled
    soft = new_soft(model.get_input_embeddings().weight, 3, READING.rows, PromptSettings(**changes), backend)
    return PromptModel(model, soft, READING.rows, tied=changes.get("tied", True))


def test_where_they_begin(bundled):
    model, backend, _ = bundled
    weight, rows = model.get_input_embeddings().weight, [5, 7, 8]
    found = {start: first_vectors(weight, 3, rows, PromptSettings(start=start), backend) for start in STARTS}
    assert torch.equal(found["unused"], weight[rows])
    assert torch.equal(found["words"], weight[[backend.token_to_id(character) for character in COMMONEST[:3]]])
    assert found["random"].shape == (3, 256)
    many = first_vectors(weight, len(COMMONEST) + 1, None, PromptSettings(start="words"), backend)
    assert torch.equal(many[-1], many[0])
    assert new_soft(weight, 0, (), PromptSettings(), backend) is None


def test_unused_rows(bundled):
    _, backend, _ = bundled
    assert unused_rows(backend, 0) == ()
    assert unused_rows(backend, 100) is None
    assert len(set(unused_rows(backend, 99))) == 99
    assert unused_rows(backend, 99, taken=["[unused1]"]) is None


@torch.no_grad()
def test_prefix_tuning_begins_where_the_empty_prompt_is(bundled):
    model, prompts = of(bundled, start="words"), bundled[2]
    batch = batch_of(prompts[:1], READING)
    before = model.scores(batch)
    states = first_states(model, prompts[0], READING)
    assert states.shape == (4, 3, 256)
    model.deep = torch.nn.Parameter(states)
    torch.testing.assert_close(model.scores(batch), before, rtol=0, atol=1e-5)
    for layer in range(4):
        model.deep = torch.nn.Parameter(states.clone())
        model.deep.data[layer] += 1
        assert (model.scores(batch) - before).abs().max() > 1e-2, "every layer has its own"
    assert not any(layer._forward_pre_hooks for layer in layers_of(model.model))


@pytest.mark.parametrize("reparametrization", ["none", "mlp"])
@torch.no_grad()
def test_folded_in_it_says_the_same(bundled, reparametrization):
    model, prompts = of(bundled, reparametrization=reparametrization), bundled[2]
    for parameter in model.soft.parameters():
        parameter += 0.3 * torch.randn_like(parameter)
    batch, weight = batch_of(prompts, READING), model.model.get_input_embeddings().weight
    before, expected, vectors = weight.clone(), model.scores(batch), model.soft()
    fold_in(model)
    assert model.soft is None
    torch.testing.assert_close(model.scores(batch), expected, rtol=1e-5, atol=1e-4)
    assert torch.equal(weight[[5, 7, 8]], vectors)
    assert (weight != before).any(dim=1).nonzero().flatten().tolist() == [5, 7, 8]


def test_what_the_output_does_not_see_is_not_folded_in(bundled):
    model = of(bundled, tied=False)
    before = model.model.get_input_embeddings().weight.clone()
    fold_in(model)
    assert model.soft is not None
    assert torch.equal(model.model.get_input_embeddings().weight, before)


def test_layers_that_are_one_are_refused():
    sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    with pytest.raises(InvalidValue, match="3 layers of AlbertForMaskedLM are not modules of their own"):
        layers_of(transformers.AlbertForMaskedLM(transformers.AlbertConfig(vocab_size=50, **sizes)))
