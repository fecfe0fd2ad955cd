"""The file of a library: made whole or not at all, recognised, and every trouble with it one sentence."""

import sqlite3

import pytest

from baihua.checks import FileProblem
from baihua.tasks.index.file import IndexFile


@pytest.fixture
def file(tmp_path):
    made = IndexFile.create(
        tmp_path / "文本 库#1?.db", {"width": 8, "changes": 0, "whitening": b"\0\1", "encoder": None}
    )
    yield made
    made.close()


def test_settings_come_back_as_they_were(file):
    expected = {"width": 8, "changes": 0, "whitening": b"\0\1", "encoder": None}
    assert file.settings() == expected
    again = IndexFile.open(file.path)
    assert again.settings() == expected
    again.close()


def test_a_library_is_one_file_between_calls(file):
    with file.writing() as connection:
        connection.execute("UPDATE settings SET value = 1 WHERE name = 'changes'")
    assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]


def test_an_existing_file_is_never_overwritten(file):
    before = file.path.read_bytes()
    with pytest.raises(FileProblem, match="there already"):
        IndexFile.create(file.path, {})
    assert file.path.read_bytes() == before


def test_what_is_no_library(tmp_path):
    text, other, empty = tmp_path / "a.txt", tmp_path / "other.db", tmp_path / "empty.db"
    text.write_text("这不是数据库。" * 200, encoding="utf-8")
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    empty.touch()
    for path, words in ((text, "no library"), (other, "no library"), (empty, "no library"), (tmp_path, "There is no")):
        with pytest.raises(FileProblem, match=words):
            IndexFile.open(path)
    with pytest.raises(FileProblem, match="There is no library"):
        IndexFile.open(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()


def test_a_later_format_asks_for_an_upgrade(file):
    file.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(FileProblem, match=r"version 99.*Upgrade"):
        IndexFile.open(file.path)


def test_a_block_that_fails_changes_nothing(file):
    with pytest.raises(ZeroDivisionError), file.writing() as connection:
        connection.execute("DELETE FROM settings")
        _ = 1 / 0
    assert file.settings()["width"] == 8


def test_a_reader_sees_one_state_and_then_the_next(file):
    reader = IndexFile.open(file.path)
    with reader.reading() as reading:
        assert reading.execute("SELECT value FROM settings WHERE name = 'changes'").fetchone() == (0,)
    with file.writing() as writing:
        writing.execute("UPDATE settings SET value = 7 WHERE name = 'changes'")
        assert reader.settings()["changes"] == 0  # not committed yet, and the reader need not wait
    assert reader.settings()["changes"] == 7
    reader.close()


def test_two_writers_at_once_are_told_apart(file, monkeypatch):
    monkeypatch.setattr("baihua.tasks.index.file.PATIENCE", 0.1)
    other = IndexFile.open(file.path)
    with file.writing(), pytest.raises(FileProblem, match="Another program is writing"), other.writing():
        pass
    other.close()


def test_a_read_only_file_can_be_read_and_says_so_when_written(file):
    file.connection.execute("PRAGMA query_only = ON")  # what SQLite reports is the same, and root may write any file
    assert file.settings()["width"] == 8
    with pytest.raises(FileProblem, match="read-only"), file.writing() as connection:
        connection.execute("DELETE FROM settings")


def test_a_damaged_file_is_one_sentence(file):
    path = file.path
    file.close()
    content = bytearray(path.read_bytes())
    content[16_384:] = b"\xff" * (len(content) - 16_384)
    path.write_bytes(content)
    with pytest.raises(FileProblem, match="damaged"):
        IndexFile.open(path).settings()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileProblem, match="Cannot write"):
        IndexFile.create(tmp_path / "file" / "library.db", {})
