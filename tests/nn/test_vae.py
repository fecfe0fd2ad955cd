"""The loss of a variational autoencoder against brute force, and its bound against likelihoods integrated exactly."""

import math

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.bessel import kl_to_uniform
from baihua.nn.image_vae import ImageDecoder, ImageEncoder
from baihua.nn.latents import LATENTS, make_latent
from baihua.nn.text_vae import BEGIN, END, PADDING, UNKNOWN, TextDecoder, TextEncoder
from baihua.nn.vae import VariationalLoss

TEXTS = torch.tensor([[4, 5, 6, END], [7, END, PADDING, PADDING], [END, PADDING, PADDING, PADDING]])


def image_loss(name, width=3, num_pixels=5, **settings):
    latent = make_latent(name, 6, width, settings.pop("concentration", 8.0))
    return VariationalLoss(ImageEncoder(num_pixels, 6), latent, ImageDecoder(width, num_pixels, 7), **settings)


def text_loss(name="von_mises_fisher", width=3, word_dropout=0.0):
    decoder = TextDecoder(9, width, 4, 5, word_dropout=word_dropout)
    return VariationalLoss(TextEncoder(9, 4, 6), make_latent(name, 6, width), decoder)


def test_the_reconstruction_of_images_is_minus_the_log_probability_of_the_pixels():
    decoder, codes = ImageDecoder(3, 5, 7), torch.randn(4, 3)
    images = torch.randint(2, (4, 5)).float()
    law = torch.distributions.Bernoulli(probs=decoder.pixels(codes))
    torch.testing.assert_close(decoder.loss(codes, images), -law.log_prob(images).sum(dim=1))


def test_the_reconstruction_of_a_text_is_the_sum_over_its_tokens_one_at_a_time():
    decoder, codes = TextDecoder(9, 3, 4, 5), torch.randn(3, 3)
    found = decoder.loss(codes, TEXTS)
    for code, row, total in zip(codes, TEXTS, found, strict=True):
        expected, before = 0.0, [BEGIN]
        state = torch.tanh(decoder.first_state(code))[None, None]
        for token in row[row != PADDING].tolist():
            step = torch.cat([decoder.embedding.weight[before[-1]], code])[None, None]
            output, state = decoder.gru(step, state)
            expected -= torch.log_softmax(decoder.output(output[0, 0]), dim=0)[token]
            before.append(token)
        torch.testing.assert_close(total, expected)


@pytest.mark.parametrize("name", LATENTS)
def test_the_loss_is_reconstruction_plus_weight_times_divergence(name):
    loss, batch = image_loss(name, weight=0.5).eval(), torch.rand(8, 5)
    posterior = loss.posterior(batch)
    torch.manual_seed(3)
    expected = loss.decoder.loss(posterior.rsample(), batch).mean() + 0.5 * loss.latent.divergence(posterior).mean()
    torch.manual_seed(3)
    torch.testing.assert_close(loss(batch), expected)


def test_the_divergence_of_a_fixed_concentration_is_one_constant_and_trains_nothing():
    loss = image_loss("von_mises_fisher", width=6, concentration=20.0)
    divergence = loss.terms(torch.rand(9, 5))[1]
    torch.testing.assert_close(divergence, kl_to_uniform(6, torch.tensor(20.0)).expand(9))
    torch.testing.assert_close(divergence, torch.full((9,), 4.023521), rtol=1e-6, atol=1e-6)
    assert not divergence.requires_grad


@pytest.mark.parametrize("name", LATENTS)
@pytest.mark.parametrize("make", [image_loss, text_loss])
def test_gradients_reach_all_parameters(name, make):
    loss = image_loss(name, concentration=None) if make is image_loss else text_loss(name)
    batch = torch.rand(8, 5) if make is image_loss else TEXTS.repeat(3, 1)
    sum(loss(batch) for _ in range(3)).backward()
    for parameter_name, parameter in loss.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


def test_free_nats_take_the_gradient_of_a_small_divergence_away():
    batch, gradients = torch.rand(8, 5), {}
    free, paid = image_loss("gaussian", free_nats=1e3), image_loss("gaussian")
    paid.load_state_dict(free.state_dict())
    for name, loss in (("free", free), ("paid", paid)):
        torch.manual_seed(3)
        value = loss(batch)
        value.backward()
        torch.manual_seed(3)
        reconstruction, divergence = (term.mean() for term in loss.terms(batch))
        torch.testing.assert_close(value, reconstruction + (1e3 if name == "free" else divergence))
        (gradients[name],) = torch.autograd.grad(reconstruction, loss.latent.log_std.weight)
        assert torch.allclose(loss.latent.log_std.weight.grad, gradients[name]) == (name == "free")


def test_the_weight_rises_over_batches_of_training_and_is_saved():
    loss, batch = image_loss("gaussian", weight=2.0, annealing_batches=4), torch.rand(8, 5)
    weights = []
    for _ in range(6):
        weights.append(float(loss.weight_now()))
        loss(batch)
    assert weights == [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]
    loss.eval()(batch)
    assert int(loss.state_dict()["num_batches"]) == 6


def test_padding_makes_no_difference():
    loss = text_loss().eval()
    wider = torch.cat([TEXTS, torch.full((3, 5), PADDING)], dim=1)
    torch.testing.assert_close(loss.encoder(wider), loss.encoder(TEXTS))
    alone = torch.cat([loss.encoder(row[row != PADDING][None]) for row in TEXTS])
    torch.testing.assert_close(alone, loss.encoder(TEXTS))
    codes = torch.randn(3, 3)
    torch.testing.assert_close(loss.decoder.loss(codes, wider), loss.decoder.loss(codes, TEXTS))


def test_with_all_words_hidden_the_decoder_reads_nothing_of_the_text():
    decoder, codes = TextDecoder(9, 3, 4, 5, word_dropout=1.0), torch.randn(1, 3)
    texts = torch.tensor([[4, 4, 7, END], [5, 6, 7, END]])
    with torch.no_grad():  # the token it begins with is never hidden
        seen = [decoder._with_holes(texts), decoder.eval()._with_holes(texts)]
    assert (seen[0] == UNKNOWN).all()
    assert torch.equal(seen[1], texts)
    assert torch.isfinite(decoder.loss(codes.expand(2, 3), texts)).all()


def test_what_is_written_is_the_likeliest_token_each_time():
    decoder, codes = TextDecoder(9, 3, 4, 5), 3 * torch.randn(6, 3)
    written = decoder.write(codes, 5)
    for code, row in zip(codes, written, strict=True):
        before = [BEGIN]
        for token in row.tolist():
            if before[-1] in (END, PADDING):
                assert token == PADDING
            else:
                logits, _ = decoder._logits(code[None], torch.tensor([before]), None)
                logits[0, -1, [PADDING, BEGIN, UNKNOWN]] = -torch.inf
                assert token == int(logits[0, -1].argmax())
            before.append(token)
    assert decoder.write(codes[:0], 5).shape[0] == 0


def test_a_temperature_draws_tokens_by_their_probabilities():
    decoder = TextDecoder(9, 3, 4, 5)
    code = torch.randn(1, 3)
    logits, _ = decoder._logits(code, torch.tensor([[BEGIN]]), None)
    logits[0, 0, [PADDING, BEGIN, UNKNOWN]] = -torch.inf
    expected = torch.softmax(logits[0, 0].detach().double(), dim=0)
    first = decoder.write(code.expand(20_000, 3), 1, temperature=1.0)[:, 0]
    shares = torch.bincount(first, minlength=9) / 20_000
    assert float((shares - expected).abs().max()) < 4 * 0.5 / math.sqrt(20_000)


def exact_log_likelihood(loss, batch):
    """Integrate over the prior: Gauss–Hermite on the line for a Gaussian of width 1, evenly on the circle for width 2."""
    width = loss.latent.width
    if width == 1:
        nodes, weights = np.polynomial.hermite_e.hermegauss(200)
        codes, shares = torch.as_tensor(nodes)[:, None].float(), torch.as_tensor(weights / math.sqrt(2 * math.pi))
    else:
        angles = torch.arange(4000) * (2 * math.pi / 4000)
        codes, shares = torch.stack([angles.cos(), angles.sin()], dim=1), torch.full((4000,), 1 / 4000)
    with torch.no_grad():
        each = [-loss.decoder.loss(codes, row.expand(len(codes), -1)).double() for row in batch]  # of (num_codes,) each
    return torch.stack([torch.logsumexp(one + shares.double().log(), dim=0) for one in each])


@pytest.mark.parametrize(
    ("name", "width", "allowed"),
    [
        ("gaussian", 1, 0.03),
        ("gaussian_batch_norm", 1, 0.03),
        ("von_mises_fisher", 2, 0.03),
        ("power_spherical", 2, 0.1),  # whose density is 0 opposite its mean, so that a draw near there weighs much
    ],
)
def test_the_bound_lies_below_the_exact_likelihood_and_importance_sampling_meets_it(name, width, allowed):
    loss = image_loss(name, width=width, concentration=1.0)
    batch = torch.randint(2, (4, 5)).float()
    with torch.no_grad():
        for parameter in loss.decoder.parameters():
            parameter.mul_(3)  # so that the code matters
        loss(batch)
        loss.eval()
        exact = exact_log_likelihood(loss, batch)
        bounds = -sum(loss.terms(batch.repeat(2000, 1))).double().view(2000, 4)
        few, some = (loss.log_likelihood(batch.repeat(100, 1), num).double().view(100, 4) for num in (1, 20))
    assert (bounds.mean(dim=0) < exact).all()
    assert float((few.mean(dim=0) - some.mean(dim=0)).mean()) < 0
    torch.testing.assert_close(loss.log_likelihood(batch, 20_000).double(), exact, atol=allowed, rtol=0)


def test_importance_sampling_is_exact_where_the_posterior_is():
    """With a posterior equal to the prior and a decoder that ignores the code, one draw gives log p(x)."""
    loss = image_loss("gaussian")
    with torch.no_grad():
        for parameter in [*loss.latent.parameters(), loss.decoder.hidden.weight]:
            parameter.zero_()
    batch = torch.rand(4, 5)
    torch.testing.assert_close(loss.log_likelihood(batch, 1), -loss.decoder.loss(torch.zeros(4, 3), batch))


@pytest.mark.parametrize("name", ["weight", "free_nats", "annealing_batches"])
def test_bad_input(name):
    for value in (-1, math.inf, math.nan):
        with pytest.raises(InvalidValue, match=f"{name} must be 0 or more, but received {value}"):
            image_loss("gaussian", **{name: value})
