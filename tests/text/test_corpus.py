import gzip
import lzma

import numpy as np
import pytest

from baihua.checks import FileProblem
from baihua.text.corpus import corpus_files, read_lines, read_mixed_lines


@pytest.fixture
def shards(tmp_path):
    """Three files of very different sizes, one of each kind."""
    numbers = np.random.default_rng(0).integers(10**12, size=96_000)  # hard to compress, as text is
    lines = {
        "a.txt": [f"甲{n}" for n in numbers[:60_000]],
        "b.txt.gz": [f"乙{n}" for n in numbers[60_000:66_000]],
        "c.txt.xz": [f"丙{n}" for n in numbers[66_000:]],
    }
    openers = {".txt": open, ".gz": gzip.open, ".xz": lzma.open}
    for name, content in lines.items():
        with openers[(tmp_path / name).suffix](tmp_path / name, "wt", encoding="utf-8") as file:
            file.write("\n\n".join(content) + "\n")
    return [tmp_path / name for name in lines], [line for content in lines.values() for line in content]


def test_the_text_files_of_a_folder_are_found_by_name(shards, tmp_path):
    (tmp_path / "d.txt.bak").write_text("别的", encoding="utf-8")
    assert corpus_files(tmp_path) == shards[0]
    with pytest.raises(FileProblem, match=r"holds no \.txt"):
        corpus_files(tmp_path / "nowhere")


def test_lines_come_in_order_without_the_empty_ones(shards):
    paths, lines = shards
    assert list(read_lines(paths)) == lines


def test_mixed_lines_are_the_same_lines_in_a_fixed_order(shards):
    paths, lines = shards
    mixed = list(read_mixed_lines(paths))
    assert sorted(mixed) == sorted(lines)
    assert mixed == list(read_mixed_lines(paths))
    assert [line for line in mixed if line[0] == "甲"] == [line for line in lines if line[0] == "甲"]


def test_half_way_about_half_of_every_file_has_been_read(shards):
    paths, lines = shards
    half = list(read_mixed_lines(paths))[: len(lines) // 2]
    for first, total in (("甲", 60_000), ("乙", 6_000), ("丙", 30_000)):
        assert 0.4 < sum(line[0] == first for line in half) / total < 0.6


@pytest.mark.parametrize("read", [read_lines, read_mixed_lines])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.txt", None),
        ("other.txt", "中文".encode("gb18030")),
        ("cut.xz", lzma.compress("中文".encode() * 999)[:-9]),
        ("not.gz", b"plain"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, read, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileProblem, match=name):
        list(read([tmp_path / name]))
