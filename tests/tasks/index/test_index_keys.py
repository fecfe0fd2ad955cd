"""Keys given and keys made of the text do not mix: the same rows would be in the library twice."""

import sqlite3

import pytest
from hash_encoder import HashEncoder

from baihua.checks import InvalidValue
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.search import Added, SentenceIndex

TEXTS = ["怎么退款", "改地址"]


@pytest.fixture
def index(tmp_path):
    with SentenceIndex.create(tmp_path / "library.db", SentenceEmbedder(HashEncoder())) as made:
        yield made


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [(None, [1, 2], "without keys; .* stored a second time"), ([1, 2], None, "by keys that were given")],
)
def test_the_other_kind_is_refused_and_nothing_changes(first, second, sentence, index):
    index.add(TEXTS, keys=first)
    before = index.path.read_bytes()
    with pytest.raises(InvalidValue, match=sentence):
        index.add(TEXTS, keys=second)
    assert index.path.read_bytes() == before
    assert index.add(["", " "], keys=None if second is None else ["a", "b"]) == Added(0, 0, 0, 2)
    assert index.add([], keys=None if second is None else []) == Added(0, 0, 0, 0)
    assert index.add([*TEXTS, "开发票"], keys=None if first is None else [1, 2, 3]) == Added(1, 0, 2, 0)


def test_nothing_added_settles_nothing(index):
    index.add([])
    index.add([" "], keys=["a"])
    index.add(TEXTS)
    with pytest.raises(InvalidValue, match="--id-column"):
        index.add(TEXTS, keys=["a", "b"])


def test_an_emptied_library_takes_either_kind(index):
    index.add(TEXTS, keys=["a", "b"])
    index.delete(["a", "b"])
    assert index.add(TEXTS).added == 2
    with pytest.raises(InvalidValue, match="without keys;"):
        index.add(TEXTS, keys=["a", "b"])


def test_a_library_without_the_record_gets_it_with_the_next_rows(index):
    index.add(TEXTS, keys=["a", "b"])
    with sqlite3.connect(index.path) as connection:
        connection.execute("DELETE FROM settings WHERE name = 'keys'")
    connection.close()
    assert index.add([]).added == 0
    assert index.add(TEXTS, keys=["a", "b"]).unchanged == 2
    with pytest.raises(InvalidValue, match="by keys that were given"):
        index.add(TEXTS)
