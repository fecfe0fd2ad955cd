"""A query is text: no string raises, and one that holds a letter, a digit or a Chinese character finds its row."""

import numpy as np
import pytest
from hash_encoder import HashEncoder

from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.search import SentenceIndex

MODES = ("vector", "keyword", "hybrid")
RANGES = ((0, 0x80), (0x80, 0x600), (0x600, 0x3000), (0x3000, 0xA000), (0xA000, 0x10000), (0x10000, 0x40000))
ROWS = [
    "怎么申请退款",
    "我的iPhone15发热",
    "工单BENCH-100821一直未处理",
    "学C++还是学Java",
    "全场打50%的折扣",
    'he said "a, *b" twice',
    "NEAR(a, b) AND c OR NOT d",
    "ｉＰａｄ　Ｐｒｏ",
    "カタカナとひらがな",
    "한국어 문장",
    "Привет, мир",
    "ΑΒΓ αβγ",
    "null\0byte",
    "表情😀在这里",
]


def random_string(rng, length):
    return "".join(chr(rng.integers(*RANGES[rng.integers(len(RANGES))])) for _ in range(length))


@pytest.fixture
def embedder():
    return SentenceEmbedder(HashEncoder(width=16))


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("退", 0),
        ("退款", 0),
        ("iPhone15", 1),
        ("iphone", 1),
        ("Phone", 1),
        ("15", 1),
        ("BENCH-100821", 2),
        ("100821", 2),
        ("bench", 2),
        ("C++", 3),
        ("50%", 4),
        ('"a, *', 5),
        ("NEAR(", 6),
        ("ipad", 7),
        ("ひら", 8),
        ("カ", 8),
        ("국", 9),
        ("мир", 10),
        ("Αβ", 11),
        ("byte", 12),
        ("😀", 13),
    ],
)
def test_what_people_type_finds_the_row(query, row, embedder, tmp_path):
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add(ROWS)
        hits = index.search(query, mode="keyword", top_k=3)
        assert ROWS[row] in [hit.text for hit in hits]
        assert ROWS[row] in [hit.text for hit in index.search(query, top_k=5)]


@pytest.mark.parametrize(
    "query", ["\ud800", "\0", "🏳️‍🌈", "'", '"', "*", "a\"b*c'd", "%_", "(((", "AND", "x:y", "\u202e", "a" * 5000]
)
def test_nothing_raises(query, embedder, tmp_path):
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        for _ in range(2):  # empty, then filled
            for mode in MODES:
                assert isinstance(index.search(query, mode=mode), list)
            index.add(ROWS)


@pytest.mark.slow
def test_three_thousand_random_strings_find_their_rows(embedder, tmp_path):
    rng = np.random.default_rng(0)
    rows, queries = [], []
    for number in range(3000):
        query = random_string(rng, rng.integers(1, 12))
        queries.append(query)
        around = [random_string(rng, rng.integers(0, 6)) for _ in range(2)]
        row = "".join(character for character in around[0] + query + around[1] if not "\ud800" <= character <= "\udfff")
        rows.append(row + f"\n{number}")
    with SentenceIndex.create(tmp_path / "library.db", embedder) as index:
        index.add(rows, keys=range(3000))
        for mode in MODES:
            index.search(queries, mode=mode, top_k=1)
        found = index.search(queries, mode="keyword", top_k=None)
    num_asked = 0
    for number, (query, hits) in enumerate(zip(queries, found, strict=True)):
        holds_surrogate = any("\ud800" <= character <= "\udfff" for character in query)
        if any(map(str.isalnum, query)) and not holds_surrogate:
            num_asked += 1
            place = [hit.key for hit in hits].index(str(number))
            assert place < 10 or sum(map(str.isalnum, query)) < 4, query  # a single letter is in hundreds of rows
    assert num_asked > 2000
