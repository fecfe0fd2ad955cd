"""The records of the public sets: complete, unique, and found under the names people type."""

import re
from urllib.parse import unquote

import pytest

from baihua.benchmarks.datasets import DATASETS, DataFile, Dataset, collect, find_dataset
from baihua.benchmarks.pairs import STS_SETS
from baihua.checks import InvalidValue

BOTH = {"zh": "一", "en": "one"}


def record(name: str, *, aliases: tuple[str, ...] = (), files: tuple[DataFile, ...] = (), use: str = "no") -> Dataset:
    return Dataset(name, BOTH, files, BOTH, use, "ours", BOTH, "toy.zip", aliases)


@pytest.fixture(autouse=True)
def _usual_host(monkeypatch):
    monkeypatch.delenv("BAIHUA_DATA_BASE", raising=False)


def test_every_recorded_file_is_pinned():
    files = [item for entry in DATASETS.values() for item in entry.files]
    assert files
    for item in files:
        assert re.fullmatch(r"[0-9a-f]{64}", item.sha256)
        assert item.bytes > 0
        if item.repo:
            assert re.fullmatch(r"[0-9a-f]{40}", item.commit)
            assert re.fullmatch(r"[^/]+/[^/]+", item.repo)
            assert item.path
        else:
            assert item.address is None


def test_the_sts_sets_have_their_splits():
    for name in STS_SETS:
        files = {item.file for item in find_dataset(name).files}
        assert {f"{name}.valid.data", f"{name}.test.data"} <= files
    assert "STS-B.train.data" in {item.file for item in find_dataset("STS-B").files}


def test_licences_that_forbid_commercial_use_are_said():
    for name in ("C3", "OCNLI"):
        assert find_dataset(name).commercial_use == "no"
    assert "BY-SA" in find_dataset("CMRC2018").licence["en"]
    assert find_dataset("ATEC").licence["en"] == "none stated"
    assert find_dataset("ATEC").commercial_use == "unclear"


@pytest.mark.parametrize("typed", ["STS-B", "stsb", "sts_b", "Chinese-STS-B"])
def test_names_are_found_in_any_spelling(typed):
    assert find_dataset(typed).name == "STS-B"


def test_a_typo_is_answered_with_the_nearest_name():
    with pytest.raises(InvalidValue, match="Did you mean 'LCQMC'"):
        find_dataset("lcqcm")
    with pytest.raises(InvalidValue, match=r"Did you mean 'ATEC\.valid\.data'"):
        find_dataset("ATEC").find("ATEC.vaild.data")


def test_duplicate_names_are_refused():
    with pytest.raises(InvalidValue, match="twice"):
        collect([record("Toy"), record("toy")])
    with pytest.raises(InvalidValue, match="twice"):
        collect([record("Toy"), record("Other", aliases=("to-y",))])
    same = DataFile("a.txt", 1, "0" * 64)
    with pytest.raises(InvalidValue, match="twice"):
        record("Toy", files=(same, same))


def test_a_record_needs_both_languages_and_a_known_word_for_commercial_use():
    with pytest.raises(InvalidValue, match="lacks Chinese or English"):
        Dataset("Toy", {"zh": "一", "en": ""}, (), BOTH, "no", "ours", BOTH, "toy.zip")
    with pytest.raises(InvalidValue, match="commercial_use"):
        record("Toy", use="perhaps")


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "a/../../b", "a\\b"])
def test_a_file_name_cannot_lead_out_of_its_folder(name):
    with pytest.raises(InvalidValue, match="leads out of its folder"):
        DataFile(name, 1, "0" * 64)


def test_the_address_is_the_raw_file_at_the_pinned_commit(monkeypatch):
    item = DataFile("a.txt", 1, "0" * 64, "owner/name", "c" * 40, "数据/a b.txt")
    assert item.address is not None
    assert item.address.isascii()
    assert unquote(item.address) == f"https://raw.githubusercontent.com/owner/name/{'c' * 40}/数据/a b.txt"
    monkeypatch.setenv("BAIHUA_DATA_BASE", "http://127.0.0.1:8000/mirror/")
    assert item.address.startswith("http://127.0.0.1:8000/mirror/owner/name/")
