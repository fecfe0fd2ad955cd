"""SimCSE on a tiny model: what is trained, what is not, and that a failed training leaves nothing behind."""

import warnings

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS

from baihua import SentenceEmbedder
from baihua.checks import InvalidValue
from baihua.encoders.dropout import dropout
from baihua.encoders.sentence_model import SentenceModel, batch_of
from baihua.tasks.contrastive.batches import num_batches, shuffled_rows, text_batches
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.simcse import SimCSELoss

RNG = np.random.default_rng(0)
TEXTS = ["".join(RNG.choice(list(CHARACTERS), RNG.integers(8, 20))) for _ in range(300)]


@pytest.fixture
def embedder(bert_folder):
    return SentenceEmbedder(str(bert_folder), pooling="cls", device="cpu")


def quick(**others) -> ContrastiveSettings:
    return ContrastiveSettings(**({"batch_size": 16, "learning_rate": 1e-3, "guard_every": 0} | others))


def weights(module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def gradients(embedder, chunk, *, rate):
    model = SentenceModel(embedder.encoder, chunk)
    batch = next(text_batches(embedder.encoder.tokens(TEXTS[:32]), quick(batch_size=32), 0))
    torch.manual_seed(0)
    model.zero_grad()
    with dropout(embedder.encoder.model.train(), rate, rate):
        loss = SimCSELoss(model, 0.05)(batch)
        loss.backward()
    embedder.encoder.model.eval()
    return loss.detach(), {
        name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None
    }


@pytest.mark.parametrize("chunk", [5, 16, 64])
def test_a_batch_in_chunks_has_the_loss_and_the_gradient_of_the_whole(embedder, chunk):
    whole, expected = gradients(embedder, None, rate=0.0)
    loss, found = gradients(embedder, chunk, rate=0.0)
    torch.testing.assert_close(loss, whole, rtol=1e-6, atol=1e-6)
    assert found.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-5)


def test_a_chunk_is_run_again_with_the_dropout_it_had(embedder, monkeypatch):
    """Against chunks whose activations are all held: the same numbers, so the second run saw the same masks."""
    loss, found = gradients(embedder, 8, rate=0.3)
    monkeypatch.setattr("baihua.encoders.sentence_model.checkpoint", lambda run, *inputs, use_reentrant: run(*inputs))
    held_loss, held = gradients(embedder, 8, rate=0.3)
    torch.testing.assert_close(loss, held_loss)
    for name in held:
        torch.testing.assert_close(found[name], held[name])


def test_training_lowers_the_loss_and_changes_the_vectors(embedder):
    before = embedder.fingerprint
    embedder.fit_simcse(TEXTS, settings=quick(epochs=5))
    losses = [line["loss"] for line in embedder.contrastive_report.log]
    assert losses[-1] < losses[0]
    assert embedder.fingerprint != before
    assert not embedder.encoder.model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in embedder.encoder.model.parameters())


def test_the_same_seed_gives_the_same_weights(bert_folder):
    prints = [
        SentenceEmbedder(str(bert_folder), device="cpu").fit_simcse(TEXTS, settings=quick(seed=seed)).fingerprint
        for seed in (0, 0, 1)
    ]
    assert prints[0] == prints[1] != prints[2]


def test_what_the_vectors_do_not_depend_on_stays_as_it_is(embedder):
    before = weights(embedder.encoder.pooler)
    embedder.fit_simcse(TEXTS, settings=quick())
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(embedder.encoder.pooler).items())


def test_a_projection_leaves_the_encoder_alone_and_is_saved(embedder, tmp_path):
    before = weights(embedder.encoder.model)
    vectors = embedder.encode(TEXTS[:5])
    embedder.fit_simcse(TEXTS, settings=quick(train="projection", learning_rate=1e-2))
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(embedder.encoder.model).items())
    assert np.abs(embedder.encode(TEXTS[:5]) - vectors).max() > 1e-3
    embedder.save(tmp_path / "out")
    again = SentenceEmbedder.load(tmp_path / "out", device="cpu")
    np.testing.assert_allclose(again.encode(TEXTS), embedder.encode(TEXTS), atol=1e-6)


def test_a_training_that_ruins_the_vectors_is_stopped_and_undone(embedder):
    before = embedder.fingerprint
    with pytest.warns(UserWarning, match="weights are as they were before"):
        embedder.fit_simcse(TEXTS, settings=quick(epochs=20, learning_rate=0.3, guard_every=5))
    report = embedder.contrastive_report
    assert report.stopped_early
    assert report.looks[-1].step < 20 * 19
    assert report.kept is report.looks[0]
    assert embedder.fingerprint == before


def test_the_best_weights_are_kept(embedder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedder.fit_simcse(TEXTS, settings=quick(epochs=3, learning_rate=1e-6, guard_every=10))
    report = embedder.contrastive_report
    assert [look.step for look in report.looks] == [0, 10, 20, 30, 40, 50, 57]
    assert report.kept.score == max(look.score for look in report.looks)


def test_a_whitening_of_other_vectors_is_dropped(embedder):
    embedder.fit_whitening(TEXTS)
    with pytest.warns(UserWarning, match="whitening fitted before is dropped"):
        embedder.fit_simcse(TEXTS, settings=quick())
    assert embedder.whitening is None


@pytest.mark.parametrize(("num", "size"), [(300, 16), (33, 16), (34, 16), (10, 64), (17, 16)])
def test_every_text_comes_once_an_epoch_and_never_alone(num, size):
    settings = quick(batch_size=size, epochs=2)
    batches = list(shuffled_rows(num, settings))
    assert len(batches) == num_batches(num, settings)
    assert min(map(len, batches)) >= 2
    half = len(batches) // 2
    for epoch in (batches[:half], batches[half:]):
        assert sorted(row for rows in epoch for row in rows) == list(range(num))
    assert list(shuffled_rows(num, settings, start=3)) == batches[3:]


def test_bad_input(embedder):
    with pytest.raises(InvalidValue, match="at least 10 different texts, but received 2"):
        embedder.fit_simcse(["怎么退款", "怎么退款", "好", " "])
    with pytest.raises(InvalidValue, match="is no transformer"):
        SentenceEmbedder("static").fit_simcse(TEXTS)
    with pytest.raises(InvalidValue, match="hidden_dropout"):
        embedder.fit_simcse(TEXTS, hidden_dropout=1.0)
    with pytest.raises(InvalidValue, match="batch_size must be at least 2"):
        quick(batch_size=1)
    with pytest.raises(InvalidValue, match="temperature must be above 0"):
        embedder.fit_simcse(TEXTS, temperature=0.0, settings=quick())
    assert batch_of(embedder.encoder.tokens(["好"]), [0])["mask"].all()
