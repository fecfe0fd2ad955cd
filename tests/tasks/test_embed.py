import numpy as np
import pandas as pd
import pytest

from baihua import SentenceEmbedder, Whitening
from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.pooling import POOLINGS

TEXTS = [
    f"{who}{what}{end}"
    for who in ("我", "你", "他", "手机", "今天", "中国人")
    for what in ("怎么退款", "充不进电", "天气很好", "如何办")
    for end in ("。", "？", "了")
]


@pytest.fixture
def embedder(bert_folder):
    return SentenceEmbedder(str(bert_folder), device="cpu")


def test_vectors_are_unit_length_unless_told_otherwise(embedder):
    np.testing.assert_allclose(np.linalg.norm(embedder.encode(TEXTS), axis=1), 1, atol=1e-6)
    plain = embedder.encode(TEXTS, normalize=False)
    np.testing.assert_allclose(plain, embedder.encoder.encode(TEXTS), atol=1e-5)


@pytest.mark.parametrize("container", [list, tuple, np.array, lambda t: pd.Series(t, index=range(7, 7 + len(t)))])
def test_any_sequence_of_strings_will_do(embedder, container):
    np.testing.assert_allclose(embedder.encode(container(TEXTS)), embedder.encode(TEXTS), atol=1e-6)


def test_a_column_of_datasets_will_do(embedder):
    datasets = pytest.importorskip("datasets")
    column = datasets.Dataset.from_dict({"text": TEXTS[:5]})["text"]
    np.testing.assert_allclose(embedder.encode(column), embedder.encode(TEXTS[:5]), atol=1e-6)


def test_what_is_no_sequence_of_strings_is_refused(embedder):
    with pytest.raises(InvalidType, match="single string"):
        embedder.encode("退款")
    with pytest.raises(InvalidType, match="Item 1 of texts is not a string but NoneType"):
        embedder.encode(["退款", None])
    with pytest.raises(InvalidType, match="received int"):
        embedder.encode(3)


def test_whitened_vectors_are_those_of_whitening_by_hand(embedder):
    raw = embedder.encoder.encode(TEXTS)
    by_hand = Whitening(n_components=5).fit(raw).transform(raw)
    by_hand /= np.linalg.norm(by_hand, axis=1, keepdims=True)
    assert embedder.fit_whitening(TEXTS, 5) is embedder
    assert embedder.width == 5
    np.testing.assert_allclose(embedder.encode(TEXTS), by_hand, atol=1e-5)


def test_one_by_one_equals_all_at_once(embedder):
    embedder.fit_whitening(TEXTS, 5)
    whole = embedder.encode(TEXTS)
    np.testing.assert_allclose(np.concatenate([embedder.encode([text]) for text in TEXTS]), whole, atol=1e-5)


def test_similarity(embedder):
    vectors = embedder.encode(TEXTS[:4])
    np.testing.assert_allclose(embedder.similarity(TEXTS[:4], TEXTS[:4]), vectors @ vectors.T, atol=1e-6)
    pairwise = embedder.similarity_pairwise(TEXTS[:2], TEXTS[2:4])
    np.testing.assert_allclose(pairwise, (vectors[:2] * vectors[2:]).sum(1), atol=1e-6)
    with pytest.raises(InvalidValue, match="same length, but received 1 and 2"):
        embedder.similarity_pairwise(TEXTS[:1], TEXTS[:2])


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("whitened", [False, True])
def test_a_saved_folder_comes_back_the_same(bert_folder, tmp_path, pooling, whitened):
    embedder = SentenceEmbedder(str(bert_folder), pooling=pooling, device="cpu")
    if whitened:
        embedder.fit_whitening(TEXTS, 6)
    embedder.save(tmp_path / "out")
    back = SentenceEmbedder.load(tmp_path / "out", device="cpu")
    assert back.encoder.pooling == pooling
    assert back.width == embedder.width
    np.testing.assert_allclose(back.encode(TEXTS), embedder.encode(TEXTS), atol=1e-6)
    assert back.fingerprint == embedder.fingerprint


def test_saving_over_a_folder_replaces_it_whole(embedder, tmp_path):
    embedder.fit_whitening(TEXTS, 6).save(tmp_path / "out")
    embedder.whitening = None
    embedder.save(tmp_path / "out")
    assert SentenceEmbedder.load(tmp_path / "out").whitening is None
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_static_encoder_is_saved_too(tmp_path):
    embedder = SentenceEmbedder("static").fit_whitening(TEXTS, 6)
    embedder.save(tmp_path / "out")
    back = SentenceEmbedder.load(tmp_path / "out")
    np.testing.assert_allclose(back.encode(TEXTS), embedder.encode(TEXTS), atol=1e-6)
    assert back.fingerprint == embedder.fingerprint


def test_a_whitening_of_another_encoder_is_refused(embedder, bert_folder, tmp_path):
    embedder.fit_whitening(TEXTS, 4)
    embedder.whitening.save(tmp_path / "w.safetensors")
    whitening = Whitening.load(tmp_path / "w.safetensors")
    same = SentenceEmbedder(str(bert_folder), device="cpu")
    same.whitening = whitening
    np.testing.assert_allclose(same.encode(TEXTS), embedder.encode(TEXTS), atol=1e-6)
    with pytest.raises(InvalidValue, match="another encoder or pooling"):
        SentenceEmbedder(str(bert_folder), pooling="cls", device="cpu").whitening = whitening
    with pytest.raises(InvalidValue, match="fitted on vectors of width 16"):
        SentenceEmbedder("static").whitening = whitening


def test_the_fingerprint_follows_the_whitening(embedder):
    before = embedder.fingerprint
    embedder.fit_whitening(TEXTS, 4)
    assert embedder.fingerprint != before
    embedder.whitening = None
    assert embedder.fingerprint == before


def test_bad_whitenings(embedder):
    with pytest.raises(InvalidValue, match="at least 2|minimum of 2"):
        embedder.fit_whitening(["一句话"])
    with pytest.raises(InvalidValue, match="n_components"):
        embedder.fit_whitening(TEXTS, 17)
    with pytest.raises(InvalidValue, match="Unknown when_worse"):
        embedder.fit_whitening(TEXTS, when_worse="cry")
    assert embedder.whitening is None


def test_no_such_folder(tmp_path):
    with pytest.raises(FileProblem, match="There is no model folder"):
        SentenceEmbedder.load(tmp_path / "nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("pooling", [*POOLINGS, "static"])
def test_sentence_transformers_loads_what_we_save_and_we_what_it_saves(bert_folder, tmp_path, pooling):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    name = "static" if pooling == "static" else str(bert_folder)
    embedder = SentenceEmbedder(name, pooling="auto" if pooling == "static" else pooling, device="cpu")
    embedder.fit_whitening(TEXTS, 3).save(tmp_path / "ours")
    # With random weights all texts are nearly the same vector, and whitening magnifies the rounding of float32.
    theirs = sentence_transformers.SentenceTransformer(str(tmp_path / "ours"), device="cpu")
    np.testing.assert_allclose(theirs.encode(TEXTS), embedder.encode(TEXTS), atol=1e-3)
    theirs.save(str(tmp_path / "theirs"))
    back = SentenceEmbedder.load(tmp_path / "theirs", device="cpu")
    np.testing.assert_allclose(back.encode(TEXTS), embedder.encode(TEXTS), atol=1e-3)
