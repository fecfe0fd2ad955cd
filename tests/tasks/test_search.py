"""A library of texts: what goes in comes out, every order is that of brute force, and the embedder is checked."""

import datetime
import json
import sqlite3

import numpy as np
import pytest
from hash_encoder import HashEncoder

from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.maths.whitening import Whitening
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index.file import IndexFile
from baihua.tasks.index.passages import PASSAGE_TOKENS
from baihua.tasks.index.ranking import FUSION
from baihua.tasks.search import Added, SentenceIndex

LETTERS = "退款手机充电怎么办理收货地址改快递物流客服订单发票优惠券登录密码找回"


def random_texts(num, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(LETTERS), rng.integers(2, 12))) + str(row) for row in range(num)]


@pytest.fixture
def embedder():
    return SentenceEmbedder(HashEncoder())


@pytest.fixture
def index(tmp_path, embedder):
    with SentenceIndex.create(tmp_path / "library.db", embedder) as made:
        yield made


def brute_force(embedder, texts, query):
    scores = (embedder.encode(texts).astype(np.float64) @ embedder.encode([query])[0].astype(np.float64)).clip(-1, 1)
    return [(texts[row], scores[row]) for row in np.argsort(-scores, kind="stable")]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_the_order_by_cosine_is_that_of_brute_force(dtype, tmp_path, embedder):
    texts, queries = random_texts(700), random_texts(20, seed=1)
    with SentenceIndex.create(tmp_path / "library.db", embedder, dtype=dtype) as index:
        for start in range(0, 700, 90):
            index.add(texts[start : start + 90])
        found = index.search(queries, top_k=30, mode="vector")
    tolerance = 1e-6 if dtype == "float32" else 2e-4
    for query, hits in zip(queries, found, strict=True):
        expected = brute_force(embedder, texts, query)[:30]
        np.testing.assert_allclose([hit.score for hit in hits], [score for _, score in expected], atol=tolerance)
        assert [hit.rank for hit in hits] == list(range(1, 31))
        if dtype == "float32":
            assert [hit.text for hit in hits] == [text for text, _ in expected]


def test_a_range_is_everything_above_the_threshold(index, embedder):
    texts = random_texts(300)
    index.add(texts)
    query = texts[3][:4]
    expected = {text for text, score in brute_force(embedder, texts, query) if score >= 0.5}
    for mode in ("vector", "hybrid"):
        hits = index.search(query, top_k=None, mode=mode, threshold=0.5)
        assert {hit.text for hit in hits} == expected
        assert all(hit.score >= 0.5 for hit in hits)
    assert len(expected) > 5
    by_words = index.search(query, top_k=None, mode="keyword", threshold=0.5)
    assert {hit.text for hit in by_words} <= expected
    with pytest.raises(InvalidValue, match="give a threshold"):
        index.search(query, top_k=None)


def test_hybrid_is_reciprocal_rank_fusion_of_the_two_orders(index):
    index.add(random_texts(80))
    query = "退款改地址"
    vector = {hit.key: hit.rank for hit in index.search(query, top_k=100, mode="vector")}
    words = {hit.key: hit.rank for hit in index.search(query, top_k=100, mode="keyword")}
    fused = {key: sum(1 / (FUSION + order[key]) for order in (vector, words) if key in order) for key in vector}
    hits = index.search(query, top_k=100)
    assert [fused[hit.key] for hit in hits] == sorted(fused.values(), reverse=True)
    assert all((hit.vector_rank, hit.keyword_rank) == (vector[hit.key], words.get(hit.key)) for hit in hits)


def test_the_score_is_the_cosine_in_every_mode(index, embedder):
    texts = random_texts(60)
    index.add(texts)
    for mode in ("vector", "keyword", "hybrid"):
        for hit in index.search("退款", mode=mode, top_k=10):
            cosine = embedder.similarity(["退款"], [hit.text])[0, 0]
            assert hit.score == pytest.approx(cosine, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_added_updated_deleted_equals_made_at_once(dtype, tmp_path, embedder):
    rng = np.random.default_rng(0)
    kept: dict[str, str] = {}
    with SentenceIndex.create(tmp_path / "library.db", embedder, dtype=dtype) as index:
        for step in range(25):
            keys = [f"k{number}" for number in rng.choice(150, rng.integers(1, 40), replace=False)]
            if step % 3 == 2:
                assert index.delete(keys) == sum(key in kept for key in keys)
                kept = {key: text for key, text in kept.items() if key not in keys}
            else:
                texts = random_texts(len(keys), seed=step)
                done = index.add(texts, keys=keys)
                assert done == Added(
                    sum(key not in kept for key in keys),
                    sum(key in kept and kept[key] != text for key, text in zip(keys, texts, strict=True)),
                    sum(kept.get(key) == text for key, text in zip(keys, texts, strict=True)),
                )
                kept.update(zip(keys, texts, strict=True))
            assert len(index) == len(kept)
        with SentenceIndex.create(tmp_path / "at once.db", embedder, dtype=dtype) as other:
            other.add(list(kept.values()), keys=list(kept))
            for mode in ("vector", "keyword"):
                for query in ("退款", "手机充电", "怎么改地址 1"):
                    one = {hit.key: (hit.text, hit.score) for hit in index.search(query, top_k=500, mode=mode)}
                    same = {hit.key: (hit.text, hit.score) for hit in other.search(query, top_k=500, mode=mode)}
                    assert one == same


def test_adding_again_changes_nothing_and_encodes_nothing(index, embedder):
    texts, metadata = random_texts(30), [{"答案": str(row)} for row in range(30)]
    assert index.add(texts, metadata) == Added(30, 0, 0)
    before, encoded = index.path.read_bytes(), embedder.encoder.num_encoded
    assert index.add(texts, metadata) == Added(0, 0, 30)
    assert index.add([*texts, *texts], [*metadata, *metadata]) == Added(0, 0, 60)
    assert (index.path.read_bytes(), embedder.encoder.num_encoded) == (before, encoded)
    assert index.add(texts, metadata[::-1]).added == 30  # without keys, other metadata is another row


def test_other_metadata_is_an_update_without_encoding(index, embedder):
    index.add(["怎么退款", "改地址"], [{"答案": "甲", "类别": 1}, {}], keys=[1, 2])
    encoded = embedder.encoder.num_encoded
    assert index.add(["怎么退款", "改地址"], [{"类别": 1, "答案": "甲"}, {"答案": "乙"}], keys=["1", "2"]) == Added(
        0, 1, 1
    )
    assert embedder.encoder.num_encoded == encoded
    assert index.search("改地址", top_k=1)[0].metadata == {"答案": "乙"}


def test_an_update_is_no_longer_found_by_what_it_was(index):
    index.add(["怎么退款", "改地址"], keys=["a", "b"])
    assert index.add(["充电器坏了"], keys=["a"]) == Added(0, 1, 0)
    assert index.search("退款", mode="keyword", top_k=None) == []
    assert [hit.key for hit in index.search("充电器", mode="keyword")] == ["a"]
    assert index.search("充电器坏了", mode="vector", top_k=1)[0].score == pytest.approx(1)


def test_metadata_comes_back_and_filters(index):
    records = [
        {"类别": "退款", "年份": 2021, "标签": ["a", "b"], "分": 0.5, "空": None, 'it\'s "quoted"': "是"},
        {"类别": "物流", "年份": "2021", "日期": datetime.date(2021, 1, 5), "nan": float("nan")},
        {"类别": "退款", "年份": np.int64(2022), "半个": "\ud83d"},
    ]
    index.add(["退款甲", "退款乙", "退款丙"], records, keys=["甲", "乙", "丙"])

    def keys(where, mode="vector"):
        return sorted(hit.key for hit in index.search("退款", mode=mode, where=where))

    for mode in ("vector", "keyword", "hybrid"):
        assert keys({"类别": "退款"}, mode) == ["丙", "甲"]
        assert keys({"类别": {"退款", "物流"}}, mode) == ["丙", "乙", "甲"]
        assert keys({"类别": "退款", "年份": 2022}, mode) == ["丙"]
        assert keys({"类别": "别的"}, mode) == []
    assert keys({"年份": 2021}) == keys({"年份": "2021"}) == ["乙", "甲"]
    assert keys({'it\'s "quoted"': "是"}) == ["甲"]
    assert keys({"空": None, "类别": "退款"}) == ["丙", "甲"]
    assert keys({}) == ["丙", "乙", "甲"]
    found = {hit.key: hit.metadata for hit in index.search("退款")}
    assert list(found["甲"].items()) == list(records[0].items())
    assert found["乙"]["日期"] == "2021-01-05"
    assert found["乙"]["nan"] is None
    assert found["丙"] == {"类别": "退款", "年份": 2022, "半个": "\ud83d"}


def test_one_string_is_one_query_and_any_sequence_is_many(index):
    pandas = pytest.importorskip("pandas")
    index.add(random_texts(10))
    one = index.search("退款", top_k=2)
    for many in (
        ["退款", "手机"],
        ("退款", "手机"),
        np.array(["退款", "手机"]),
        pandas.Series(["退款", "手机"], [7, 9]),
    ):
        found = index.search(many, top_k=2)
        assert len(found) == 2
        assert found[0] == one
    assert index.search([]) == []
    with pytest.raises(InvalidType, match="Item 1 of texts"):
        index.search(["退款", 3])


def test_blank_texts_and_queries(index):
    assert index.add(["退款", "", " \n"], keys=[1, "", 3]) == Added(1, 0, 0, 2)
    assert index.search("") == []
    assert [len(hits) for hits in index.search(["", "退款", " "])] == [0, 1, 0]
    assert index.add([], keys=[]) == Added(0, 0, 0)


def test_an_empty_library_and_more_hits_than_texts(index):
    for mode in ("vector", "keyword", "hybrid"):
        assert index.search("退款", mode=mode) == []
        assert index.search("退款", mode=mode, where={"a": 1}) == []
    index.add(["退款", "改地址"])
    assert len(index.search("退款", top_k=50)) == 2
    assert index.delete(["无此键"]) == 0


def test_documents_longer_than_the_encoder_are_found_as_documents(tmp_path):
    embedder = SentenceEmbedder(HashEncoder(width=64, max_length=20))
    filler = "今天天气晴朗适合出门散步。"
    long = filler * 6 + "退款要三天到账。" + filler * 6
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add([long, "充电器坏了怎么办", filler * 5], keys=["long", "short", "weather"])
        for mode in ("vector", "hybrid", "keyword"):
            hits = index.search("退款要三天到账", mode=mode, top_k=3)
            assert hits[0].key == "long"
            assert hits[0].text == long
            assert "退款要三天到账" in hits[0].passage
            assert len(hits[0].passage) <= 20
            assert hits[0].score > embedder.similarity(["退款要三天到账"], [long])[0, 0] + 0.1
            assert len({hit.key for hit in hits}) == len(hits)
        assert (
            len(index.search("散步", mode="vector", top_k=3)) == 3
        )  # although many passages of two documents are nearer
        assert index.delete(["long"]) == 1
        assert len(index.search("散步", mode="vector", top_k=9)) == 2


@pytest.mark.parametrize("change", ["encoder", "whitening", "length"])
def test_another_embedder_is_refused_at_every_call(change, index, embedder, tmp_path):
    texts = random_texts(60)
    index.add(texts)
    other = SentenceEmbedder(HashEncoder(max_length=7 if change == "length" else 1000))
    if change == "encoder":
        other = SentenceEmbedder(HashEncoder(name="another"))
    if change == "whitening":
        other.whitening = Whitening(8).fit(other.encode(texts, normalize=False))
    before = index.path.read_bytes()
    with pytest.raises(InvalidValue, match="another encoder or whitening"):
        SentenceIndex.open(index.path, other)
    index.embedder = other
    for call in (lambda: index.search("退款"), lambda: index.add(["新的"])):
        with pytest.raises(InvalidValue, match="another encoder or whitening"):
            call()
    assert index.path.read_bytes() == before
    index.embedder = embedder
    assert index.search("退款")
    embedder.whitening = Whitening(8).fit(embedder.encode(texts, normalize=False))
    with pytest.raises(InvalidValue, match="another encoder or whitening"):
        index.search("退款")


class Strange(HashEncoder):
    """Goes wrong when told so, without its fingerprint showing it."""

    wrong = ""

    def encode(self, texts, *, show_progress=None):
        vectors = super().encode(texts)
        if self.wrong == "nan":
            vectors[-1, 0] = np.nan
        return vectors[:, :-1] if self.wrong == "width" else vectors


@pytest.mark.parametrize(("wrong", "words"), [("nan", "NaN or infinity for this text: '改地址'"), ("width", "shape")])
def test_vectors_that_cannot_be(wrong, words, tmp_path):
    encoder = Strange()
    with SentenceIndex.create(tmp_path / "library.db", SentenceEmbedder(encoder)) as index:
        index.add(["退款"])
        encoder.wrong = wrong
        for call in (lambda: index.add(["充电", "改地址"]), lambda: index.search(["退款", "改地址"])):
            with pytest.raises(InvalidValue, match=words):
                call()
        encoder.wrong = ""
        assert [hit.text for hit in index.search("充电")] == ["退款"]


def test_a_text_without_any_direction_is_stored_and_never_in_the_way(tmp_path):
    with SentenceIndex.create(tmp_path / "library.db", SentenceEmbedder("static")) as index:
        index.add(["😀😀", "怎么退款"])
        assert [hit.text for hit in index.search("退款", mode="vector")] == ["怎么退款", "😀😀"]
        hits = index.search("😀", mode="vector")
        assert hits == [] or hits[0].score > 0.5  # a query without a direction is near to nothing
        assert index.search("😀", mode="keyword")[0].text == "😀😀"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"top_k": 0}, "top_k must be"),
        ({"top_k": 2.5}, "top_k must be"),
        ({"top_k": "5"}, "top_k must be"),
        ({"threshold": float("nan")}, "threshold must be"),
        ({"mode": "vectors"}, "Did you mean 'vector'"),
    ],
)
def test_what_a_search_may_be_asked(arguments, words, index):
    with pytest.raises(InvalidValue, match=words):
        index.search("退款", **arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"texts": ["a"], "keys": ["1", "2"]}, "same length"),
        ({"texts": ["a"], "metadata": []}, "same length"),
        ({"texts": ["a", "b"], "keys": ["1", "1"]}, "two different rows"),
        ({"texts": ["a", "b"], "keys": ["1", ""]}, "key of row 1"),
        ({"texts": ["a", "\ud800"]}, "Item 1 of texts"),
    ],
)
def test_what_may_be_added(arguments, words, index):
    with pytest.raises(InvalidValue, match=words):
        index.add(**arguments)
    with pytest.raises(InvalidType, match="Item 0 of metadata"):
        index.add(["a"], metadata=["b"])
    assert len(index) == 0


def test_the_library_brings_its_encoder_and_whitening(tmp_path):
    embedder = SentenceEmbedder("static")
    texts = random_texts(400)
    embedder.whitening = Whitening(16).fit(embedder.encode(texts, normalize=False))
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add(texts)
        expected = index.search(texts[:3])
    with SentenceIndex.open(tmp_path / "library.db") as again:
        assert again.embedder.width == 16
        assert again.search(texts[:3]) == expected
    with SentenceIndex.create(tmp_path / "nameless.db", SentenceEmbedder(HashEncoder())):
        pass
    with pytest.raises(InvalidValue, match="does not say where its encoder"):
        SentenceIndex.open(tmp_path / "nameless.db")


def test_a_change_of_weights_in_place_is_noticed(tmp_path, bert_folder):
    import torch

    embedder = SentenceEmbedder(str(bert_folder))
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add(["手机充不进电", "今天天气很好"])
        assert index.search("手机", top_k=1)
        with torch.no_grad():
            next(embedder.encoder.model.parameters()).add_(0.1)
        with pytest.raises(InvalidValue, match="another encoder or whitening"):
            index.search("手机")


def test_long_chinese_text_is_cut_by_the_tokens_of_the_encoder(tmp_path, bert_folder, recwarn):
    embedder = SentenceEmbedder(str(bert_folder))  # reads 32 tokens; a warning of a text cut off would be an error
    text = "手机充不进电怎么办。" * 20 + "如何退款。"
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add([text, "今天天气很好"])
        hit = index.search("如何退款", mode="keyword", top_k=1)[0]
        assert hit.text == text
        assert len(hit.passage) <= 30
    assert not recwarn.list


def test_passages_stay_short_where_the_encoder_reads_on_and_on(tmp_path):
    embedder = SentenceEmbedder("static")  # has no limit
    text = "今天天气很好，适合出门。" * 40 + "退款要三天到账。" + "大家都说这里的菜好吃。" * 40
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add([text, "春天唱歌跳舞"])
        hit = index.search("退款几天到账", mode="vector", top_k=1)[0]
    assert hit.text == text
    assert "退款要三天到账" in hit.passage
    assert len(hit.passage) <= PASSAGE_TOKENS


def test_two_readers_see_what_a_writer_commits(index, embedder):
    readers = [SentenceIndex.open(index.path, embedder) for _ in range(2)]
    for number, text in enumerate(random_texts(12)):
        index.add([text], keys=[number])
        for reader in readers:
            assert reader.search(text, top_k=1)[0].key == str(number)
            assert len(reader) == number + 1
    index.delete([3])
    for reader in readers:
        assert "3" not in {hit.key for hit in reader.search("退款", top_k=50, mode="vector")}
        reader.close()


def test_only_changed_blocks_are_read_again(index, embedder):
    index.add(random_texts(5000))
    index.search("退款")
    first = index._vectors.blocks[0]
    index.add(["新来的一句"])
    assert index.search("新来的一句", mode="vector", top_k=1)[0].text == "新来的一句"
    assert index._vectors.blocks[0] is first


def test_a_read_only_library_can_be_searched(index, embedder):
    index.add(["怎么退款"])
    connection = sqlite3.connect(index.path.as_uri() + "?mode=ro", uri=True, isolation_level=None)
    with SentenceIndex(IndexFile(index.path, connection), embedder) as reader:
        for mode in ("vector", "keyword", "hybrid"):
            assert reader.search("退款", mode=mode)[0].text == "怎么退款"
        assert reader.add(["怎么退款"]) == Added(0, 0, 1)
        for change in (lambda: reader.add(["改地址"]), lambda: reader.delete([index.search("退款")[0].key])):
            with pytest.raises(FileProblem, match="read-only"):
                change()
    assert len(index) == 1


def test_a_hit_is_plain_data(index):
    index.add(["怎么退款"], [{"答案": "三天"}])
    hit = index.search("退款")[0]
    assert json.loads(json.dumps(vars(hit)))["metadata"] == {"答案": "三天"}
