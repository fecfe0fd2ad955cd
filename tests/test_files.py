import os

import pytest

from baihua.checks import FileProblem
from baihua.files import replacing, replacing_folder, write_text


def test_an_error_half_way_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    write_text(target, "旧")
    with pytest.raises(RuntimeError, match="half-way"), replacing(target) as temporary:
        temporary.write_text("新", encoding="utf-8")
        raise RuntimeError("half-way")
    assert target.read_text(encoding="utf-8") == "旧"
    assert os.listdir(tmp_path) == ["a.txt"]  # noqa: PTH208 - hidden files count


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    target = tmp_path / "folder"
    for name in ("one", "two"):
        with replacing_folder(target) as temporary:
            write_text(temporary / name, name)
    assert [path.name for path in target.iterdir()] == ["two"]
    with pytest.raises(RuntimeError, match="half-way"), replacing_folder(target) as temporary:
        write_text(temporary / "three", "")
        raise RuntimeError("half-way")
    assert [path.name for path in target.iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_missing_folder_is_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "好")
    assert (tmp_path / "a" / "b" / "c.txt").read_text(encoding="utf-8") == "好"


def test_the_file_has_the_usual_permissions(tmp_path):
    write_text(tmp_path / "a.txt", "")
    (tmp_path / "b.txt").touch()
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_what_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileProblem, match=r"Cannot write .*What was there is unchanged"):
        write_text(tmp_path / "file" / "a.txt", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_disk_is_one_sentence(tmp_path):
    target = tmp_path / "a.txt"
    write_text(target, "旧")
    with pytest.raises(FileProblem, match="No space left"), replacing(target), open("/dev/full", "wb") as full:  # noqa: PTH123
        full.write(b"x" * 100_000)
    assert target.read_text(encoding="utf-8") == "旧"
