"""A variational autoencoder from texts or images to codes and back: round trips, seeds, ends, and mistakes."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import baihua
from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.maths.whitening import NotFitted
from baihua.nn.latents import LATENTS
from baihua.nn.text_vae import END, PADDING, UNKNOWN
from baihua.tasks.generate import AutoencoderSettings, VariationalAutoencoder
from baihua.tasks.text_rows import TextRows, join_tokens

TEXTS = [
    "今天天气很好",
    "明天会下雨吗",
    "手机充不进电",
    "手机没电了",
    "外卖太慢了",
    "味道很好",
    "iPhone 15 很好用",
    "",
] * 3
TINY = AutoencoderSettings(steps=8, hidden_size=12, embedding_size=6, batch_size=8)
IMAGES = load_digits().images[:60] / 16


def fitted(x, latent="von_mises_fisher", settings=TINY, **arguments):
    return VariationalAutoencoder(latent, 3, settings=settings, **arguments).fit(x, show_progress=False)


@pytest.fixture(scope="module")
def models():
    return {"text": fitted(TEXTS), "image": fitted(IMAGES)}


def test_it_stands_at_the_front_door():
    assert baihua.VariationalAutoencoder is VariationalAutoencoder


def test_a_few_images_are_learned_by_heart():
    settings = AutoencoderSettings(steps=150, hidden_size=64, learning_rate=1e-2)
    model = VariationalAutoencoder(width=3, concentration=200.0, settings=settings)
    assert model.fit(IMAGES[:8], show_progress=False) is model
    assert model.log_[-1]["loss"] < model.log_[0]["loss"]
    found = model.reconstruct(IMAGES[:8])
    distances = np.abs(found[:, None] - IMAGES[None, :8]).mean(axis=(2, 3))
    assert (distances.argmin(axis=1) == np.arange(8)).all()


def test_a_few_texts_are_learned_by_heart():
    texts = ["今天天气很好", "手机充不进电", "外卖太慢了", "味道很好"]
    settings = AutoencoderSettings(steps=150, hidden_size=32, embedding_size=16, learning_rate=1e-2)
    model = VariationalAutoencoder(width=3, concentration=100.0, settings=settings).fit(texts, show_progress=False)
    assert model.reconstruct(texts) == texts
    assert model.evaluate(texts).perplexity < 8


@pytest.mark.parametrize("latent", LATENTS)
@pytest.mark.parametrize("kind", ["text", "image"])
def test_shapes_ends_and_seeds(latent, kind):
    x = TEXTS if kind == "text" else IMAGES
    model = fitted(x, latent)
    codes = model.encode(x)
    assert codes.shape == (len(x), 3)
    assert codes.dtype == np.float32
    if not latent.startswith("gaussian"):
        np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-6)
    path = model.interpolate(x[0], x[1], steps=5)
    again, other = model.sample(6, temperature=1.0, seed=4), model.sample(6, temperature=1.0, seed=5)
    if kind == "text":
        assert path[0] == model.reconstruct([x[0]])[0]
        assert path[-1] == model.reconstruct([x[1]])[0]
        assert (len(path), len(again)) == (5, 6)
        assert again == model.sample(6, temperature=1.0, seed=4) != other
    else:
        np.testing.assert_allclose(path[[0, -1]], model.reconstruct(x[:2]), atol=1e-6)
        assert path.shape == (5, 8, 8)
        assert again.shape == (6, 8, 8)
        assert ((again >= 0) & (again <= 1)).all()
        assert (again == model.sample(6, seed=4)).all()
        assert (again != other).any()


def test_the_way_between_two_codes_is_a_great_circle_or_a_straight_line(monkeypatch):
    for latent, expected in (("von_mises_fisher", "arc"), ("gaussian", "line")):
        model, seen = fitted(IMAGES, latent), []
        monkeypatch.setattr(model, "decode", seen.append)
        model.interpolate(IMAGES[0], IMAGES[1], 3)
        start, middle, end = seen[0]
        halfway = (start + end) / 2
        if expected == "arc":
            halfway /= np.linalg.norm(halfway)
        np.testing.assert_allclose(middle, halfway, atol=1e-6)


def test_the_same_seed_gives_the_same_model_and_torch_is_left_as_it_was():
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first, again = fitted(TEXTS), fitted(TEXTS)
    other = fitted(TEXTS, settings=dataclasses.replace(TINY, seed=1))
    assert torch.equal(before, torch.get_rng_state())
    weights = [model.loss_.state_dict() for model in (first, again, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("latent", ["von_mises_fisher", "gaussian_batch_norm"])
def test_saved_and_loaded_it_is_the_same_to_the_last_bit(kind, latent, tmp_path):
    x = TEXTS if kind == "text" else IMAGES
    model = fitted(x, latent)
    assert model.save(tmp_path / "model") == tmp_path / "model"
    model.save(tmp_path / "model")  # over itself
    torch.manual_seed(11)
    before = torch.get_rng_state()
    loaded = VariationalAutoencoder.load(tmp_path / "model", device="cpu")
    assert torch.equal(before, torch.get_rng_state())
    assert (loaded.latent, loaded.width, loaded.concentration) == (latent, 3, 20.0)
    assert loaded.settings == TINY
    np.testing.assert_array_equal(loaded.encode(x), model.encode(x))
    np.testing.assert_array_equal(loaded.sample(5, temperature=1.0), model.sample(5, temperature=1.0))
    assert loaded.evaluate(x, num_samples=2) == model.evaluate(x, num_samples=2)
    loaded.save(tmp_path / "again")
    for path in (tmp_path / "model").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_learned_concentration_is_saved_too(tmp_path):
    model = fitted(IMAGES, "power_spherical", concentration=None)
    model.save(tmp_path / "model")
    loaded = VariationalAutoencoder.load(tmp_path / "model", device="cpu")
    assert loaded.concentration is None
    assert loaded.evaluate(IMAGES) == model.evaluate(IMAGES)


def test_evaluation_adds_up(models):
    found = models["text"].evaluate(TEXTS, num_samples=20)
    rows = models["text"]._rows.rows(TEXTS)
    assert found.num_items == len(TEXTS)
    assert found.num_tokens == int((rows != PADDING).sum()) == sum(len(row[row != PADDING]) for row in rows)
    assert found.negative_elbo == found.reconstruction + found.divergence
    assert found.perplexity == pytest.approx(math.exp(found.negative_elbo * len(TEXTS) / found.num_tokens))
    assert found.log_likelihood > -found.negative_elbo
    image = models["image"].evaluate(IMAGES)
    assert (image.perplexity, image.num_tokens, image.log_likelihood) == (None, None, None)
    assert image == models["image"].evaluate(IMAGES)
    assert image != models["image"].evaluate(IMAGES, seed=1)


def test_the_divergence_is_that_of_the_width_and_concentration(models):
    """Width 3 has a closed form: κ coth κ − 1 + log(κ / sinh κ)."""
    kappa = 20.0
    expected = kappa / math.tanh(kappa) - 1 + math.log(kappa / math.sinh(kappa))
    for kind, x in (("text", TEXTS), ("image", IMAGES)):
        assert models[kind].evaluate(x).divergence == pytest.approx(expected, rel=1e-6)


def test_texts_become_rows_and_texts_again():
    rows = TextRows.fit(TEXTS, TINY)
    ids = rows.rows([*TEXTS[:3], "iPhone 15 很好用", "龘"])
    assert (ids[:, -1] <= END).all()
    assert ids[4].tolist()[:3] == [UNKNOWN, END, PADDING]
    assert [rows._joined(row) for row in ids[:4].tolist()] == [*TEXTS[:3], "iphone 15很好用"]
    assert ids.max() < len(rows.kept) + 4 < 60


def test_a_long_text_is_cut_and_has_no_end():
    rows = TextRows.fit(TEXTS, dataclasses.replace(TINY, max_length=4))
    assert (rows.rows(["今天天气很好", "今天天"])[:, -1] == END).tolist() == [False, True]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([], ""),
        (["hello", "world"], "hello world"),
        (["3", ".", "5", "元"], "3.5元"),
        (["##"], "##"),
        (["a", "好"], "a好"),
    ],
)
def test_tokens_are_joined(tokens, text):
    assert join_tokens(tokens) == text


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([], "at least 2 texts or images, but received 0"),
        (["好"], "at least 2 texts or images, but received 1"),
        (IMAGES[:1], "at least 2 texts or images, but received 1"),
        (["", ""], "The 2 texts hold no token at all"),
        (IMAGES[0], r"shape \(num, height, width\), but received \(8, 8\)"),
        (np.where(IMAGES > 0.5, np.nan, IMAGES), "hold NaN or infinite pixels"),
        (16 * IMAGES, "from 0 to 1, but received 0 to 16"),
        (IMAGES - 0.5, "from 0 to 1, but received -0.5 to 0.5"),
    ],
)
def test_bad_values(x, message):
    with pytest.raises(InvalidValue, match=message):
        VariationalAutoencoder(settings=TINY).fit(x)


@pytest.mark.parametrize("x", ["一句话", ["好", None], [[[0.1]], [[0.1, 0.2]]], 3, [b"a", b"b"]])
def test_bad_types(x):
    with pytest.raises(InvalidType):
        VariationalAutoencoder(settings=TINY).fit(x)


def test_what_does_not_go_with_what_was_fitted(models):
    with pytest.raises(InvalidType, match="Item 0 of texts is not a string"):
        models["text"].encode(list(IMAGES))
    with pytest.raises(InvalidType, match="must be an array"):
        models["image"].encode(TEXTS)
    with pytest.raises(InvalidValue, match="must be 8 by 8, as in fit, but received 4 by 8"):
        models["image"].reconstruct(IMAGES[:, :4])
    with pytest.raises(InvalidType):
        models["image"].interpolate(IMAGES[0], None)
    for codes in (np.zeros((2, 4)), np.zeros(3), np.full((1, 3), np.nan)):
        with pytest.raises(InvalidValue, match=r"shape \(num, 3\)"):
            models["text"].decode(codes)
    with pytest.raises(InvalidValue, match="temperature"):
        models["text"].sample(2, temperature=-1.0)
    with pytest.raises(InvalidValue, match="at least 2, but received 1"):
        models["text"].interpolate("好", "坏", steps=1)
    with pytest.raises(InvalidValue, match="received 0 items"):
        models["text"].evaluate([])
    with pytest.raises(InvalidValue, match="num must be 0 or more, but received -1"):
        models["image"].sample(-1)
    with pytest.raises(InvalidValue, match="num_samples must be 0 or more, but received -2"):
        models["image"].evaluate(IMAGES, num_samples=-2)
    assert models["text"].encode([]).shape == (0, 3)
    assert models["text"].sample(0) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent": "vonmises"}, "Unknown latent 'vonmises'"),
        ({"width": 1}, "at least 2, but received 1"),
        ({"latent": "gaussian", "width": 0}, "at least 1, but received 0"),
        ({"concentration": 0.0}, "above 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InvalidValue, match=message):
        VariationalAutoencoder(**arguments)


@pytest.mark.parametrize("name", ["hidden_size", "steps", "batch_size", "seed", "word_dropout", "annealing", "weight"])
def test_bad_settings(name):
    with pytest.raises(InvalidValue, match=f"{name} .*but received -1"):
        AutoencoderSettings(**{name: -1})


def test_before_fit_it_says_so():
    for use in (lambda model: model.encode(["好"]), lambda model: model.sample(1), lambda model: model.save("nowhere")):
        with pytest.raises(NotFitted, match="Call fit"):
            use(VariationalAutoencoder())


def test_a_wrong_or_damaged_folder(models, tmp_path):
    with pytest.raises(FileProblem, match="is no autoencoder's folder"):
        VariationalAutoencoder.load(tmp_path / "nothing")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileProblem, match="is not written over"):
        models["text"].save(tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text(encoding="utf-8") == "mine"
    for name, content in (
        ("autoencoder.json", b"{}"),
        ("autoencoder.json", b"\xff"),
        ("autoencoder.json", None),
        ("model.safetensors", b"x"),
        ("tokenizer.json", b"{}"),
    ):
        folder = models["text"].save(tmp_path / "model")
        facts = json.loads((folder / "autoencoder.json").read_text(encoding="utf-8"))
        damaged = json.dumps({**facts, "width": 4}).encode() if content is None else content
        (folder / name).write_bytes(damaged)
        with pytest.raises(InvalidValue, match="not an intact autoencoder's folder"):
            VariationalAutoencoder.load(folder)
    folder = models["text"].save(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileProblem, match="Cannot read"):
        VariationalAutoencoder.load(folder)
