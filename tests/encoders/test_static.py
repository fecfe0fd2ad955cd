import gzip
import json
import lzma

import numpy as np
import pytest
from tokenizers import Tokenizer

from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.load import BUNDLED
from baihua.encoders.protocol import Encoder
from baihua.encoders.static import StaticEncoder, load_static
from baihua.encoders.static_training import train_static_encoder
from baihua.encoders.tokens import CHUNK_TEXTS, text_chunks
from baihua.text.corpus import read_lines

SENTENCES = ["手机充不进电，怎么办？", "今天天气真好。", "", "GB18030 与 UTF-8", "🦩", "深圳，深圳，深圳！", " \n "]


@pytest.fixture(scope="module")
def bundled():
    return load_static()


def random_lines(num_lines=300, seed=0):
    """Lines of two topics: pets and their food, weather and clothes; 的 and 很 are in both."""
    generator = np.random.default_rng(seed)
    topics = ["猫狗兔鱼肉草吃喂", "风雨雪冷热衣帽穿"]
    lines = []
    for _ in range(num_lines):
        topic = topics[generator.integers(2)]
        lines.append("".join(generator.choice(list(topic + "的很"), size=6)))
    return lines


def cosine(x, y):
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def save_broken(encoder, folder, name):
    encoder.save(folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:50])


def test_the_bundled_one_is_an_encoder(bundled):
    assert isinstance(bundled, Encoder)
    assert (bundled.name, bundled.pooling, bundled.poolings, bundled.width) == ("static", "mean", ("mean",), 256)


def test_a_text_is_the_mean_of_its_token_vectors(bundled):
    vectors = bundled.encode(SENTENCES)
    assert vectors.dtype == np.float32
    for text, vector in zip(SENTENCES, vectors, strict=True):
        ids = bundled.tokenizer.encode(text, add_special_tokens=False).ids
        expected = bundled.vectors[ids].astype(np.float64).mean(axis=0) if ids else np.zeros(bundled.width)
        np.testing.assert_allclose(vector, expected, atol=2e-6)


def test_an_unknown_token_is_zero_and_shortens_the_mean(bundled):
    known, with_unknown = bundled.encode(["好好", "好好🦩 🦩"])
    np.testing.assert_allclose(known, 2 * with_unknown, rtol=1e-6)


def test_a_text_without_tokens_is_zero(bundled):
    assert not bundled.encode(["", " \n ", "🦩"]).any()
    assert bundled.encode([]).shape == (0, 256)


def test_full_width_and_half_width_are_the_same(bundled):
    full, half = bundled.encode(["Ｗｉｆｉ，好吗？", "wifi,好吗?"])
    np.testing.assert_array_equal(full, half)


def test_vectors_do_not_depend_on_what_else_is_encoded(bundled):
    many = [f"第{number}句,{SENTENCES[number % 7]}" for number in range(CHUNK_TEXTS + 10)]
    whole = bundled.encode(many)
    for position in (0, 1, CHUNK_TEXTS - 1, CHUNK_TEXTS, CHUNK_TEXTS + 9):
        np.testing.assert_allclose(whole[position], bundled.encode([many[position]])[0], atol=1e-6)


def test_a_line_of_a_million_characters_is_read_whole(bundled):
    long, short = bundled.encode(["天地" * 500_000, "天地"])
    assert cosine(long, short) > 0.9999  # float32 adds up a million numbers


def test_chunks_are_bounded_and_cover_every_text_once():
    texts = ["好" * 300_000] * 7 + ["好" * 3_000_000] + ["好"] * (2 * CHUNK_TEXTS + 1)
    chunks = list(text_chunks(texts))
    assert [position for start, stop in chunks for position in range(start, stop)] == list(range(len(texts)))
    for start, stop in chunks:
        assert stop - start <= CHUNK_TEXTS
        assert stop - start == 1 or sum(map(len, texts[start:stop])) <= 1_000_000


def test_only_mean_pooling(bundled):
    both = bundled.encode_poolings(SENTENCES, ["mean"])
    np.testing.assert_array_equal(both["mean"], bundled.encode(SENTENCES))
    with pytest.raises(InvalidValue, match="pooling 'cls'"):
        bundled.encode_poolings(SENTENCES, ["cls"])


def test_a_single_string_and_an_odd_item_are_refused(bundled):
    with pytest.raises(InvalidType, match="single string"):
        bundled.encode("你好")
    with pytest.raises(InvalidType, match="Item 1"):
        bundled.encode(["你好", None])


def test_vectors_that_do_not_fit_are_refused(bundled):
    for vectors in (bundled.vectors[:-1], bundled.vectors[0], np.full_like(bundled.vectors, np.nan)):
        with pytest.raises(InvalidValue, match="at least the tokenizer's 8000 rows"):
            StaticEncoder(vectors, bundled.tokenizer_json)


def test_a_saved_folder_gives_the_same_vectors(bundled, tmp_path):
    bundled.save(tmp_path / "float32")
    again = load_static(tmp_path / "float32")
    assert again.name == "float32"
    assert again.fingerprint() == bundled.fingerprint()
    np.testing.assert_array_equal(again.encode(SENTENCES), bundled.encode(SENTENCES))


def test_half_precision_is_half_the_size_and_rounded(tmp_path):
    encoder = train_static_encoder(random_lines(), width=8)
    encoder.save(tmp_path / "full")
    encoder.save(tmp_path / "half", dtype="float16")
    half = load_static(tmp_path / "half")
    sizes = [(tmp_path / kind / "model.safetensors").stat().st_size for kind in ("half", "full")]
    assert sizes[0] / sizes[1] == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(half.vectors, encoder.vectors, rtol=1e-3, atol=1e-7)
    with pytest.raises(InvalidValue, match="float16"):
        StaticEncoder(encoder.vectors * 1e6, encoder.tokenizer_json).save(tmp_path / "too_large", dtype="float16")


def test_the_fingerprint_follows_what_decides_the_vectors(bundled):
    other = bundled.vectors.copy()
    other[500, 3] += 1e-3
    assert StaticEncoder(other, bundled.tokenizer_json).fingerprint() != bundled.fingerprint()
    settings = json.loads(bundled.tokenizer_json)
    settings["normalizer"] = None
    assert StaticEncoder(bundled.vectors, json.dumps(settings)).fingerprint() != bundled.fingerprint()
    assert StaticEncoder(bundled.vectors, bundled.tokenizer_json, name="x").fingerprint() == bundled.fingerprint()


def test_missing_and_broken_files_are_one_sentence(bundled, tmp_path):
    with pytest.raises(FileProblem, match="not the folder of a static encoder"):
        load_static(tmp_path / "nowhere")
    for name in ("model.safetensors", "tokenizer.json"):
        save_broken(bundled, tmp_path, name)
        with pytest.raises(FileProblem, match="not the folder of a static encoder"):
            load_static(tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_sentence_transformers_gives_the_same_vectors(bundled, tmp_path):
    library = pytest.importorskip("sentence_transformers")
    bundled.save(tmp_path)
    theirs = library.SentenceTransformer(str(tmp_path), device="cpu")
    texts = [f"{SENTENCES[number % 7]}第{number}句，{number * 37}；好不好？" for number in range(100)]
    np.testing.assert_allclose(theirs.encode(texts), bundled.encode(texts), atol=1e-6)


def test_words_of_the_same_surroundings_come_close():
    generator = np.random.default_rng(0)
    words, synonyms, neighbours = "猫风书米山河", "狗雨报面峰江", list("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往")
    surroundings = [generator.choice(neighbours, size=8, replace=False) for _ in words]
    lines = []
    for _ in range(2000):
        number = generator.integers(len(words))
        around = generator.choice(surroundings[number], size=4)
        word = (words, synonyms)[generator.integers(2)][number]
        lines.append("".join([*around[:2], word, *around[2:]]))
    encoder = train_static_encoder(lines, width=8)
    first, second = encoder.encode(list(words)), encoder.encode(list(synonyms))
    cosines = np.array([[cosine(one, other) for other in second] for one in first])
    np.testing.assert_array_equal(cosines.argmax(axis=1), np.arange(len(words)))
    assert np.diag(cosines).mean() > cosines.mean() + 0.3


def test_training_is_the_same_under_the_same_seed_and_for_any_iterable():
    lines = random_lines()
    first = train_static_encoder(lines, width=8, seed=1)
    second = train_static_encoder(iter(lines), width=8, seed=1)
    assert first.fingerprint() == second.fingerprint()
    one_text = train_static_encoder(["\n".join(lines)], width=8, seed=1)  # a line break parts texts as well
    np.testing.assert_allclose(one_text.vectors, first.vectors, atol=1e-5)


def test_trained_vectors_have_unit_mean_square_and_unseen_tokens_are_zero():
    encoder = train_static_encoder(random_lines(), width=8)
    seen = np.abs(encoder.vectors).sum(axis=1) > 0
    assert seen.sum() == 18
    assert np.mean(encoder.vectors[seen] ** 2) == pytest.approx(1, rel=1e-5)
    assert not encoder.encode(["山", "🦩"]).any()


def test_training_with_a_tokenizer_of_ones_own():
    tokenizer = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
    tokenizer.enable_truncation(2)
    encoder = train_static_encoder(random_lines(), tokenizer=tokenizer, width=4)
    np.testing.assert_allclose(encoder.vectors, train_static_encoder(random_lines(), width=4).vectors, atol=1e-6)
    assert len(encoder.tokenizer.encode("猫狗兔", add_special_tokens=False)) == 3
    assert tokenizer.truncation is not None  # the one handed in is left as it was


def test_too_little_text_gives_fewer_components_and_says_so():
    with pytest.warns(UserWarning, match="too little text for 256 components; the vectors have 2"):
        encoder = train_static_encoder(["你好"])
    assert encoder.width == 2


@pytest.mark.parametrize("texts", [[], [""], ["猫", "狗"], ["啊啊啊啊"], ["🦩🦩"]])
def test_text_without_neighbours_is_refused(texts):
    with pytest.raises(InvalidValue, match="No two different tokens"):
        train_static_encoder(texts)


def test_wrong_settings_and_wrong_texts_are_refused():
    with pytest.raises(InvalidValue, match="width=0"):
        train_static_encoder(["你好"], width=0)
    with pytest.raises(InvalidType, match="single string"):
        train_static_encoder("你好")
    with pytest.raises(InvalidType, match="Item 1 of texts"):
        train_static_encoder(["你好", 3])
    with pytest.raises(InvalidType, match="int"):
        train_static_encoder(3)


def test_lines_of_plain_and_compressed_files(tmp_path):
    text = "猫吃鱼\n\n 狗吃肉 \n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with gzip.open(tmp_path / "b.txt.gz", "wt", encoding="utf-8") as file:
        file.write(text)
    with lzma.open(tmp_path / "c.txt.xz", "wt", encoding="utf-8") as file:
        file.write(text)
    assert list(read_lines(sorted(tmp_path.iterdir()))) == ["猫吃鱼", "狗吃肉"] * 3


def test_unreadable_corpus_files_are_named(tmp_path):
    (tmp_path / "gbk.txt").write_bytes("你好".encode("gb18030"))
    (tmp_path / "cut.txt.xz").write_bytes(lzma.compress("猫吃鱼".encode() * 1000)[:-20])
    (tmp_path / "not.txt.gz").write_bytes(b"plain")
    for name in ("missing.txt", "gbk.txt", "cut.txt.xz", "not.txt.gz"):
        with pytest.raises(FileProblem, match=name):
            list(read_lines([tmp_path / name]))
