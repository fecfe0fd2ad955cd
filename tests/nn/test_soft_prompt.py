"""Soft prompts: nothing changes before training, the vectors alone after it, and the article's masked matrix agrees."""

import numpy as np
import pytest
import torch
import transformers

from baihua.checks import InvalidValue
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.nn.soft_prompt import (
    SoftPrompt,
    embed_with_soft,
    fold,
    masked_rows,
    start_at_random,
    start_from_rows,
    tied_logits,
)
from baihua.text.prompts import Template, encode_prompts, soft_places

ROWS = [7, 5, 9]  # of the embedding, which soft tokens 0, 1, 2 begin as; no other token of the batch is one of them
KINDS = ["none", "lstm", "mlp"]


@pytest.fixture
def model(masked_folder):
    """A tiny random BERT with a tied head, frozen, in float64."""
    made = transformers.BertForMaskedLM.from_pretrained(masked_folder).double().eval()
    assert made.cls.predictions.decoder.weight is made.bert.embeddings.word_embeddings.weight
    return made.requires_grad_(False)


def weight_of(model):
    return model.get_input_embeddings().weight


def batch_of():
    """Two texts with soft tokens at different places, these as (row, place, which), and the same texts with their rows."""
    ids = torch.tensor([[2, 4, 4, 4, 4, 11, 12, 3], [2, 20, 4, 4, 4, 4, 3, 3]])
    soft = torch.tensor([[0, 1, 0], [0, 2, 1], [0, 4, 2], [1, 2, 0], [1, 3, 1], [1, 5, 2]])
    hard = ids.clone()
    hard[soft[:, 0], soft[:, 1]] = torch.tensor(ROWS)[soft[:, 2]]
    return ids, soft, hard


def states_of(model, embedded):
    return model.cls.predictions.transform(
        model.bert(inputs_embeds=embedded).last_hidden_state
    )  # before the tied layer


def logits_of(model, vectors):
    """The model's logits with soft tokens in its input and in its tied output."""
    ids, soft, _ = batch_of()
    states = states_of(model, embed_with_soft(weight_of(model), ids, soft, vectors))
    return tied_logits(states.flatten(0, 1), weight_of(model), model.cls.predictions.bias, vectors, ROWS)


def masked_logits_of(model, weight):
    """The same by the article's formulation: one matrix below and above, with gradient in some rows."""
    states = states_of(model, torch.nn.functional.embedding(batch_of()[2], weight))
    return torch.nn.functional.linear(states.flatten(0, 1), weight, model.cls.predictions.bias)


def loss_of(logits):
    return torch.nn.functional.cross_entropy(logits, batch_of()[2].roll(1, dims=1).flatten())


def snapshot(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def train(parameters, compute_loss, steps=5, **settings):
    optimizer = torch.optim.AdamW(parameters, lr=1e-2, **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        compute_loss().backward()
        optimizer.step()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_changes_before_training(model, kind):
    """Claim 2 of the article, to the last bit, at the input and at the tied output."""
    prompt = SoftPrompt(3, 16, kind, start=start_from_rows(weight_of(model), ROWS))
    ids, soft, hard = batch_of()
    assert torch.equal(embed_with_soft(weight_of(model), ids, soft, prompt()), weight_of(model)[hard])
    expected = model(input_ids=hard).logits.flatten(0, 1)
    assert torch.equal(logits_of(model, prompt()), expected)
    assert torch.equal(masked_logits_of(model, masked_rows(weight_of(model), ROWS)), expected)


def test_nothing_changes_before_training_in_the_bundled_model():
    """In float32, at a real size, with prompts of different lengths."""
    bundled, tokenizer = open_masked_model(BUNDLED, device="cpu")
    bundled.requires_grad_(False)
    backend = tokenizer.backend_tokenizer
    rows = [backend.token_to_id(word) for word in "这家店"]
    prompts = encode_prompts(Template.parse("{soft:2}{mask}{soft}{text}"), backend, ["很好吃", "不好吃，也贵"], 32)
    weight = weight_of(bundled)
    prompt = SoftPrompt(3, weight.shape[1], start=start_from_rows(weight, rows))
    length = max(len(one.ids) for one in prompts)
    ids = torch.tensor(np.array([np.pad(one.ids, (0, length - len(one.ids))) for one in prompts]))
    real = torch.tensor([[1] * len(one.ids) + [0] * (length - len(one.ids)) for one in prompts])
    soft = torch.from_numpy(soft_places(prompts))
    hard = ids.clone()
    hard[soft[:, 0], soft[:, 1]] = torch.tensor(rows)[soft[:, 2]]
    with torch.no_grad():
        expected = bundled(input_ids=hard, attention_mask=real).logits
        found = bundled(inputs_embeds=embed_with_soft(weight, ids, soft, prompt()), attention_mask=real).logits
    assert torch.equal(found, expected)


def test_gradients_are_those_of_the_masked_matrix(model):
    vectors = start_from_rows(weight_of(model), ROWS).requires_grad_()
    loss = loss_of(logits_of(model, vectors))
    (mine,) = torch.autograd.grad(loss, vectors)
    whole = weight_of(model).clone().requires_grad_()
    expected = loss_of(masked_logits_of(model, masked_rows(whole, ROWS)))
    (theirs,) = torch.autograd.grad(expected, whole)
    assert abs(loss.item() - expected.item()) < 1e-12
    assert mine.abs().max() > 1e-3
    torch.testing.assert_close(mine, theirs[ROWS], rtol=0, atol=1e-12)
    others = [row for row in range(len(whole)) if row not in ROWS]
    assert torch.count_nonzero(theirs[others]) == 0


def test_gradients_agree_away_from_the_start_too(model):
    """After training the vectors are far from the rows, and the change at the output is no longer 0."""
    torch.manual_seed(3)
    vectors = torch.randn(3, 16, dtype=torch.float64, requires_grad=True)
    (mine,) = torch.autograd.grad(loss_of(logits_of(model, vectors)), vectors)
    whole = fold(weight_of(model), ROWS, vectors).requires_grad_()
    (theirs,) = torch.autograd.grad(loss_of(masked_logits_of(model, masked_rows(whole, ROWS))), whole)
    torch.testing.assert_close(mine, theirs[ROWS], rtol=0, atol=1e-12)


def test_the_input_alone_gives_the_input_part_of_the_gradient(model):
    """Whoever scores words through the frozen output layer leaves the soft rows out of it, and only there."""
    ids, soft, hard = batch_of()
    vectors = start_from_rows(weight_of(model), ROWS).requires_grad_()
    logits = model(inputs_embeds=embed_with_soft(weight_of(model), ids, soft, vectors)).logits.flatten(0, 1)
    (mine,) = torch.autograd.grad(loss_of(logits), vectors)
    whole = weight_of(model).clone().requires_grad_()
    embedded = torch.nn.functional.embedding(hard, masked_rows(whole, ROWS))
    (theirs,) = torch.autograd.grad(loss_of(model(inputs_embeds=embedded).logits.flatten(0, 1)), whole)
    torch.testing.assert_close(mine, theirs[ROWS], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_the_prompt_trains(model, kind):
    """Claim 1 of the article, with the weight decay that would move every row of the whole matrix."""
    torch.manual_seed(0)
    prompt = SoftPrompt(3, 16, kind, start=start_from_rows(weight_of(model), ROWS))
    before, first, parts = snapshot(model), prompt().detach().clone(), snapshot(prompt)
    losses = []

    def compute_loss():
        losses.append(loss_of(logits_of(model, prompt())))
        return losses[-1]

    train(prompt.parameters(), compute_loss, weight_decay=0.1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert (prompt() != first).all()
    assert losses[-1] < losses[0]
    moved = {name for name, tensor in prompt.state_dict().items() if not torch.equal(tensor, parts[name])}
    assert moved == set(dict(prompt.named_parameters()))


@pytest.mark.parametrize(("weight_decay", "moves"), [(0.1, True), (0.0, False)])
def test_weight_decay_moves_the_frozen_rows_of_a_masked_matrix(model, weight_decay, moves):
    """Why the vectors are a parameter of their own: decay does not look at the gradient, whoever masks it."""
    weight = torch.nn.Parameter(weight_of(model).clone())
    before = weight.detach().clone()
    train([weight], lambda: loss_of(masked_logits_of(model, masked_rows(weight, ROWS))), weight_decay=weight_decay)
    others = [row for row in range(len(weight)) if row not in ROWS]
    assert torch.equal(weight[others], before[others]) is not moves
    assert (weight[ROWS] != before[ROWS]).all()


@pytest.mark.parametrize("num_tokens", [1, 8])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1, 15, 16])
def test_prompts_begin_where_they_are_meant_to(num_tokens, kind, width):
    start = torch.randn(num_tokens, width)
    prompt = SoftPrompt(num_tokens, width, kind, start=start)
    assert torch.equal(prompt(), start)
    trained = sum(parameter.numel() for parameter in prompt.parameters() if parameter.requires_grad)
    assert trained == num_tokens * width if kind == "none" else trained > num_tokens * width
    start.zero_()
    assert prompt().count_nonzero() == num_tokens * width, "the start is a copy"


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_can_be_kept(kind):
    prompt = SoftPrompt(4, 6, kind, start=torch.randn(4, 6))
    train(prompt.parameters(), lambda: prompt().square().sum(), steps=2)
    other = SoftPrompt(4, 6, kind, start=torch.zeros(4, 6))
    other.load_state_dict(prompt.state_dict())
    assert torch.equal(other(), prompt())


def test_the_lstm_moves_a_vector_for_the_sake_of_another():
    """That is what it is there for; without it each vector goes its own way."""
    for kind, together in (("none", False), ("mlp", False), ("lstm", True)):
        torch.manual_seed(0)
        prompt = SoftPrompt(4, 6, kind, start=torch.zeros(4, 6))
        train(prompt.parameters(), lambda: (prompt()[0] - 1).square().sum(), steps=3)  # noqa: B023 - run at once
        jacobian = torch.autograd.grad(prompt()[0].sum(), next(prompt.parameters()))[0]
        assert bool(jacobian[1:].any()) is together


@pytest.mark.parametrize(
    ("num_tokens", "shape"), [(0, (0, 4)), (-1, (0, 4)), (2, (3, 4)), (2, (2, 5)), (2, (4,)), (2, (1, 2, 4))]
)
def test_a_prompt_has_vectors(num_tokens, shape):
    with pytest.raises(InvalidValue, match="at least 1 vector"):
        SoftPrompt(num_tokens, 4, start=torch.zeros(shape))


def test_reparametrizations_are_named():
    with pytest.raises(InvalidValue, match="Unknown reparametrization 'lstn'.*Did you mean 'lstm'"):
        SoftPrompt(2, 4, "lstn", start=torch.zeros(2, 4))


def test_random_vectors_are_like_rows():
    weight = torch.randn(5000, 8) * torch.arange(1, 9) + torch.linspace(-3, 3, 8)
    found = start_at_random(weight, 20000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(found.mean(dim=0), weight.mean(dim=0), rtol=0, atol=0.2)
    torch.testing.assert_close(found.std(dim=0), weight.std(dim=0), rtol=0.03, atol=0)
    again = start_at_random(weight, 20000, torch.Generator().manual_seed(0))
    assert torch.equal(found, again)
    assert start_at_random(weight[:1], 2).equal(weight[:1].expand(2, 8)), "one row has no spread"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_vectors_are_float32_or_better(dtype):
    weight = torch.randn(10, 4).to(dtype)
    wanted = torch.float64 if dtype == torch.float64 else torch.float32
    assert start_at_random(weight, 3).dtype == start_from_rows(weight, ROWS).dtype == wanted
    prompt = SoftPrompt(3, 4, start=weight[ROWS])
    assert prompt().dtype == wanted
    ids, soft = torch.zeros(1, 3, dtype=torch.long), torch.tensor([[0, 0, 0], [0, 1, 1], [0, 2, 2]])
    embedded = embed_with_soft(weight, ids, soft, prompt())
    assert embedded.dtype == dtype
    assert torch.equal(embedded[0], weight[ROWS])
    assert fold(weight, ROWS, prompt()).dtype == dtype


@pytest.mark.parametrize("kind", KINDS)
def test_under_autocast(model, kind):
    """Half precision is the model's affair: the vectors and their gradient stay in float32."""
    model.float()
    prompt = SoftPrompt(3, 16, kind, start=start_from_rows(weight_of(model), ROWS))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = prompt()
        assert torch.equal(vectors, weight_of(model)[ROWS])
        logits = logits_of(model, vectors)
        assert logits.dtype == torch.bfloat16
        loss = loss_of(logits)
    (mine,) = torch.autograd.grad(loss, vectors, retain_graph=True)
    loss.backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in prompt.parameters())
    precise = vectors.detach().requires_grad_()
    (expected,) = torch.autograd.grad(loss_of(logits_of(model, precise)), precise)
    torch.testing.assert_close(mine, expected, rtol=0.1, atol=0.05 * expected.abs().max().item())


@pytest.mark.parametrize("kind", KINDS)
def test_autocast_leaves_the_vectors_as_they_are(kind):
    prompt = SoftPrompt(4, 6, kind, start=torch.randn(4, 6))
    train(prompt.parameters(), lambda: prompt().square().sum(), steps=3)
    precise = prompt()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(prompt(), precise)


def test_places_are_filled_one_by_one():
    torch.manual_seed(1)
    weight, vectors = torch.randn(9, 4), torch.randn(3, 4)
    ids = torch.randint(9, (5, 6))
    soft = torch.tensor([[row, int(place), row % 3] for row in range(5) for place in torch.randperm(6)[: row + 1]])
    expected = weight[ids]
    for row, place, number in soft.tolist():
        expected[row, place] = vectors[number]
    assert torch.equal(embed_with_soft(weight, ids, soft, vectors), expected)
    none = embed_with_soft(weight, ids, soft[:0], vectors)
    assert torch.equal(none, weight[ids])


def test_a_vector_used_often_has_the_sum_of_the_gradients():
    weight, vectors = torch.randn(5, 2), torch.randn(1, 2, requires_grad=True)
    soft = torch.tensor([[0, 0, 0], [0, 2, 0], [1, 1, 0]])
    embed_with_soft(weight, torch.zeros(2, 3, dtype=torch.long), soft, vectors).sum().backward()
    assert vectors.grad.tolist() == [[3.0, 3.0]]


@pytest.mark.parametrize("with_bias", [True, False])
def test_logits_are_those_of_the_folded_matrix(with_bias):
    generator = torch.Generator().manual_seed(5)
    hidden, weight, vectors = (torch.randn(rows, 6, generator=generator).double() for rows in (4, 10, 3))
    bias = torch.randn(10, generator=generator).double() if with_bias else None
    replaced = torch.nn.functional.linear(hidden, fold(weight, ROWS, vectors), bias)
    torch.testing.assert_close(tied_logits(hidden, weight, bias, vectors, ROWS), replaced, rtol=0, atol=1e-12)
    wider = None if bias is None else torch.cat([bias, torch.zeros(3).double()])
    appended = torch.nn.functional.linear(hidden, fold(weight, None, vectors), wider)
    torch.testing.assert_close(tied_logits(hidden, weight, bias, vectors, None), appended, rtol=0, atol=1e-12)


def test_where_the_weight_trains_too_the_replaced_rows_count_for_nothing():
    generator = torch.Generator().manual_seed(5)
    hidden, weight, vectors = (torch.randn(rows, 6, generator=generator).double() for rows in (4, 10, 3))
    weight.requires_grad_()
    tied_logits(hidden, weight, None, vectors, ROWS).square().sum().backward()
    others = [row for row in range(10) if row not in ROWS]
    assert weight.grad[ROWS].abs().max() < 1e-12
    assert weight.grad[others].abs().min() > 0


def test_folded_in_the_model_gives_the_same(model):
    """Inference needs no soft layer: the rows stand in the matrix, and the prompt is made of their ids."""
    vectors = torch.randn(3, 16, dtype=torch.float64)
    expected = logits_of(model, vectors)
    before = weight_of(model).clone()
    folded = fold(weight_of(model), ROWS, vectors)
    assert torch.equal(weight_of(model), before)
    assert not folded.requires_grad
    weight_of(model).copy_(folded)
    torch.testing.assert_close(model(input_ids=batch_of()[2]).logits.flatten(0, 1), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("rows", [[1, 1, 2], [1, 2], [1, 2, 3, 4]])
def test_each_vector_has_a_row_of_its_own(rows):
    weight, vectors = torch.randn(10, 4), torch.randn(3, 4)
    for call in (lambda: fold(weight, rows, vectors), lambda: tied_logits(weight, weight, None, vectors, rows)):
        with pytest.raises(InvalidValue, match="3 vectors replace as many different rows"):
            call()


@pytest.mark.parametrize("row", [-1, 10])
def test_rows_that_are_not_there(row):
    weight, vectors = torch.randn(10, 4), torch.randn(2, 4)
    for call in (
        lambda: start_from_rows(weight, [0, row]),
        lambda: masked_rows(weight, [0, row]),
        lambda: fold(weight, [0, row], vectors),
        lambda: tied_logits(weight, weight, None, vectors, torch.tensor([0, row])),
    ):
        with pytest.raises(InvalidValue, match=f"10 rows, counted from 0, and no row {row}"):
            call()
