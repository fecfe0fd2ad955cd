"""A saved whitening comes back whole: it transforms alike to the last bit, merges, and goes on fitting."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load, save

from baihua.checks import FileProblem, InvalidValue
from baihua.maths.whitening import Whitening


def some_vectors(num: int = 300, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num, 8)) @ rng.normal(size=(8, 8)) + 5


@pytest.mark.parametrize(
    "settings",
    [{}, {"n_components": 3}, {"centering": 0.2, "scaling": 0.5, "floor": 1e-3}, {"n_components": np.int64(2)}],
)
def test_round_trip(settings, tmp_path):
    x, path = some_vectors(), tmp_path / "文件夹" / "w.safetensors"
    whitening = Whitening(**settings).fit(x)
    whitening.fitted_on_ = "编码器 abc"
    whitening.save(path)
    loaded = Whitening.load(path)
    assert loaded.get_params() == whitening.get_params()
    assert loaded.fitted_on_ == "编码器 abc"
    assert loaded.n_features_in_ == 8
    assert (loaded.n_samples_seen_, loaded.effective_rank_) == (300, whitening.effective_rank_)
    np.testing.assert_array_equal(loaded.transform(x), whitening.transform(x))
    np.testing.assert_array_equal(loaded.explained_variance_ratio_, whitening.explained_variance_ratio_)


def test_a_loaded_one_goes_on_fitting_and_merges(tmp_path):
    x = some_vectors()
    Whitening(4).fit(x[:100]).save(tmp_path / "w.safetensors")
    expected = Whitening(4).fit(x)
    streamed = Whitening.load(tmp_path / "w.safetensors").partial_fit(x[100:])
    merged = Whitening.load(tmp_path / "w.safetensors").merge(Whitening().fit(x[100:]))
    for whitening in (streamed, merged):
        np.testing.assert_allclose(whitening.transform(x), expected.transform(x), atol=1e-9)


def test_only_vectors_of_one_encoder_can_be_merged():
    first, second = Whitening().fit(some_vectors(seed=1)), Whitening().fit(some_vectors(seed=2))
    first.fitted_on_, second.fitted_on_ = "encoder A", "encoder B"
    with pytest.raises(InvalidValue, match=r"encoder A.*encoder B"):
        first.merge(second)
    second.fitted_on_ = "encoder A"
    assert first.merge(second).fitted_on_ == "encoder A"


def test_the_file_says_what_it_is(tmp_path):
    Whitening().fit(some_vectors()).save(tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", framework="numpy") as file:
        assert file.metadata()["format"] == "baihua.whitening"
        assert file.metadata()["version"] == "1"


def test_saving_over_an_old_file_replaces_it(tmp_path):
    path = tmp_path / "w.safetensors"
    Whitening(2).fit(some_vectors()).save(path)
    Whitening(3).fit(some_vectors()).save(path)
    assert Whitening.load(path).n_components == 3
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileProblem, match=r"none\.safetensors"):
        Whitening.load(tmp_path / "none.safetensors")
    with pytest.raises(FileProblem, match=tmp_path.name):
        Whitening.load(tmp_path)


def _damaged(tmp_path, change):
    path = tmp_path / "w.safetensors"
    Whitening().fit(some_vectors()).save(path)
    with safe_open(path, framework="numpy") as file:
        metadata = dict(file.metadata())
    arrays = load(path.read_bytes())
    change(metadata, arrays)
    path.write_bytes(save(arrays, metadata))
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda metadata, arrays: metadata.update(format="other"), "format"),
        (lambda metadata, arrays: metadata.update(version="2"), "2"),
        (lambda metadata, arrays: metadata.update(settings="{"), "w.safetensors"),
        (lambda metadata, arrays: metadata.update(settings="[]"), "w.safetensors"),
        (lambda metadata, arrays: metadata.update(settings="{}"), "count"),
        (lambda metadata, arrays: arrays.pop("scatter"), "scatter"),
        (lambda metadata, arrays: arrays.update(scatter=np.ones((2, 2))), "shapes"),
        (lambda metadata, arrays: arrays.update(mean=np.full(8, np.nan)), "NaN"),
    ],
)
def test_a_damaged_file_is_refused(change, words, tmp_path):
    path = _damaged(tmp_path, change)
    with pytest.raises(InvalidValue, match=words):
        Whitening.load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not ours", "不是权重".encode() * 100])
def test_another_kind_of_file_is_refused(content, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(InvalidValue, match=r"w\.safetensors"):
        Whitening.load(tmp_path / "w.safetensors")
    half = tmp_path / "half.safetensors"
    Whitening().fit(some_vectors()).save(half)
    half.write_bytes(half.read_bytes()[:-100])
    with pytest.raises(InvalidValue, match=r"half\.safetensors"):
        Whitening.load(half)
