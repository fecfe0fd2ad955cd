"""The folder of a trained model of any kind: whole or not at all, told apart, and in both languages when it is damaged."""

import json

import pytest
import torch
from safetensors.torch import save

from baihua.checks import FileProblem, InvalidValue
from baihua.tasks.model_folder import ModelFolder, not_intact


def damaged(folder, detail):
    return not_intact(folder, detail, zh="钟", en="clock")


CLOCK = ModelFolder(
    "clock", 2, "clock.json", "hands.safetensors", "钟", "clock", ("Clock 的 save", "Clock.save"), damaged
)
HANDS = {"long": torch.arange(6.0).reshape(2, 3).T, "short": torch.tensor([1, 2])}


def write_case(folder):
    (folder / "case.txt").write_text("木", encoding="utf-8")


@pytest.fixture
def written(tmp_path):
    CLOCK.write(tmp_path / "one", write_case, HANDS, {"hour": 7, "name": "钟"})
    return tmp_path / "one"


def check_both(mistake, folder, *words):
    for said in (mistake.value.zh, mistake.value.en):
        assert str(folder) in said
        assert all(word in said for word in words)


def test_what_comes_back_is_the_same(written):
    facts, hands = CLOCK.read(written)
    assert facts == {"kind": "clock", "version": 2, "hour": 7, "name": "钟"}
    assert hands.keys() == HANDS.keys()
    assert all(torch.equal(hands[name], HANDS[name]) for name in HANDS)
    assert sorted(path.name for path in written.iterdir()) == ["case.txt", "clock.json", "hands.safetensors"]
    assert "钟" in (written / "clock.json").read_text(encoding="utf-8")


def test_one_replaces_another_whole(written):
    (written / "leftover.txt").write_text("x", encoding="utf-8")
    CLOCK.write(str(written), write_case, {}, {})
    assert CLOCK.read(str(written)) == ({"kind": "clock", "version": 2}, {})
    assert not (written / "leftover.txt").exists()


@pytest.mark.parametrize("failing", ["encoder", "facts"])
def test_a_failure_leaves_the_old_one(written, failing):
    def fail(folder):
        write_case(folder)
        raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, TypeError)):
        CLOCK.write(written, fail if failing == "encoder" else write_case, {}, {"x": object()})
    assert CLOCK.read(written)[0]["hour"] == 7
    assert [path.name for path in written.parent.iterdir()] == ["one"]


def test_nothing_else_is_written_over(written, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.json").write_text("mine", encoding="utf-8")
    for name in ("file", "other"):
        with pytest.raises(FileProblem, match="holds no clock, so it is not written over") as mistake:
            CLOCK.write(tmp_path / name, write_case, {}, {})
        check_both(mistake, tmp_path / name)
        assert "不是钟的文件夹" in mistake.value.zh
    (tmp_path / "empty").mkdir()
    for free in (tmp_path / "empty", tmp_path / "nowhere", written):
        CLOCK.check_free(free)


def test_what_is_none(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            FileProblem, match=r"so it is no clock's folder. Use one written by Clock\.save\."
        ) as mistake:
            CLOCK.read(folder)
        check_both(mistake, folder, "clock.json")
        assert "请用 Clock 的 save 写出的文件夹" in mistake.value.zh


def test_a_file_that_is_missing(written):
    (written / "hands.safetensors").unlink()
    with pytest.raises(FileProblem, match=r"Cannot read .*Copy this folder again") as mistake:
        CLOCK.read(written)
    check_both(mistake, written)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"7",
        b'{"kind": "clock"}',
        b'{"kind": "clock", "version": 3}',
        b'{"kind": "watch", "version": 2}',
    ],
)
def test_damaged_facts(written, content):
    (written / "clock.json").write_bytes(content)
    with pytest.raises(InvalidValue, match="is not an intact clock's folder") as mistake:
        CLOCK.read(written)
    check_both(mistake, written)


@pytest.mark.parametrize("content", [b"", b"noise" * 9, save({"long": torch.zeros(3)})[:-1]])
def test_damaged_tensors(written, content):
    (written / "hands.safetensors").write_bytes(content)
    with pytest.raises(InvalidValue, match="is not an intact clock's folder") as mistake:
        CLOCK.read(written)
    check_both(mistake, written)


def test_a_long_reason_is_cut(tmp_path):
    said = not_intact(tmp_path, "x" * 999, zh="钟", en="clock")
    assert all(half.count("x" * 200) == 1 and "x" * 201 not in half for half in (said.zh, said.en))
    assert "upgrade baihua" in said.en


def test_facts_are_written_as_people_read_them(written):
    text = (written / "clock.json").read_text(encoding="utf-8")
    assert json.loads(text)["name"] == "钟"
    assert text.count("\n") == 6
