import hashlib
import json
import os
import warnings
import zipfile

import pytest

from baihua.benchmarks.classification import read_labelled, waimai_split
from baihua.checks import FileProblem, InvalidValue

HEADLINES = [{"label": "6", "sentence": "王者荣耀，新英雄"}, {"label": 5, "sentence": "火箭“赢了”"}]
REVIEWS = [("1", f"好吃，第{number}次点了") for number in range(40)] + [
    ("0", f" 送得慢{number} ") for number in range(40)
]


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Sets of our own in the layout of the public ones; each read warns that they are not the pinned ones."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in HEADLINES)
    with zipfile.ZipFile(tmp_path / "tnews_public.zip", "w") as archive:
        archive.writestr("tnews/dev.json", lines + "\n\n")
        archive.writestr("tnews/test_public.json", lines)
    reviews = "\ufefflabel,review\n" + "".join(f'{label},"{review}"\n' for label, review in REVIEWS)
    with zipfile.ZipFile(tmp_path / "waimai_10k.zip", "w") as archive:
        archive.writestr("waimai_10k/waimai_10k.csv", reviews)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path


def plain(folder, name, file, text):
    (folder / name).mkdir(exist_ok=True)
    (folder / name / file).write_text(text, encoding="utf-8")


def test_headlines_are_read_with_their_labels_as_text(folder):
    dev = read_labelled("tnews", "dev")
    assert (dev.name, dev.split, dev.file, len(dev)) == ("TNEWS-DataCLUE", "dev", "dev.json", 2)
    assert dev.texts == ["王者荣耀，新英雄", "火箭“赢了”"]
    assert dev.labels == ["6", "5"]
    with zipfile.ZipFile(folder / "tnews_public.zip") as archive:
        assert dev.revision == hashlib.sha256(archive.read("tnews/dev.json")).hexdigest()


def test_reviews_are_cut_by_their_checksum_and_no_row_is_lost(folder):
    parts = {split: read_labelled("waimai", split, allow_test=True) for split in ("train", "dev", "test")}
    rows = [row for part in parts.values() for row in zip(part.labels, part.texts, strict=True)]
    assert sorted(rows) == sorted(REVIEWS)
    for split, part in parts.items():
        for text in part.texts:
            rest = int(hashlib.md5(text.strip().encode("utf-8")).hexdigest(), 16) % 10
            assert split == ("test" if rest == 0 else "dev" if rest == 1 else "train")


def test_white_space_does_not_move_a_review():
    assert all(waimai_split(f"  {review}\n") == waimai_split(review) for _, review in REVIEWS)


@pytest.mark.parametrize("name", ["tnews", "waimai"])
def test_the_test_split_is_refused_unless_asked_for(folder, name):
    with pytest.raises(InvalidValue, match="for the last number only"):
        read_labelled(name, "test")
    assert len(read_labelled(name, "test", allow_test=True)) > 0


def test_unknown_sets_splits_and_missing_files_are_said(folder):
    with pytest.raises(InvalidValue, match="Unknown name 'LCQMC'"):
        read_labelled("lcqmc", "dev")
    with pytest.raises(InvalidValue, match="Unknown split 'valid'"):
        read_labelled("tnews", "valid")
    with pytest.raises(FileProblem, match=r"train\.json of TNEWS-DataCLUE is not on this machine"):
        read_labelled("tnews", "train")


@pytest.mark.parametrize("line", ['{"label": "6"}', "不是 JSON", "[1]"])
def test_a_broken_line_is_named(folder, line):
    plain(folder, "TNEWS-DataCLUE", "train.json", '{"label": "6", "sentence": "好"}\n' + line + "\n")
    with pytest.raises(InvalidValue, match="Line 2 of .* has no text with a label"):
        read_labelled("tnews", "train")


def test_a_file_without_texts_or_of_another_encoding_is_refused(folder):
    plain(folder, "TNEWS-DataCLUE", "train.json", "\n")
    with pytest.raises(InvalidValue, match="no texts of the train split"):
        read_labelled("tnews", "train")
    (folder / "TNEWS-DataCLUE" / "train.json").write_bytes('{"label": "1", "sentence": "好的"}'.encode("gb18030"))
    with pytest.raises(InvalidValue, match="is not UTF-8"):
        read_labelled("tnews", "train")
    (folder / "waimai_10k.zip").unlink()
    plain(folder, "waimai_10k", "waimai_10k.csv", "label,review\n1,\n")
    with pytest.raises(InvalidValue, match="Line 2 of"):
        read_labelled("waimai", "train")


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
@pytest.mark.parametrize(
    ("name", "num_train", "num_dev", "num_labels"), [("tnews", 10000, 2000, 15), ("waimai", 9639, 1110, 2)]
)
def test_the_real_sets_are_read_whole(monkeypatch, tmp_path, name, num_train, num_dev, num_labels):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    train, dev = read_labelled(name, "train"), read_labelled(name, "dev")
    assert (len(train), len(dev)) == (num_train, num_dev)
    assert set(train.labels) == set(dev.labels)
    assert len(set(train.labels)) == num_labels
    assert all(text.strip() for text in [*train.texts, *dev.texts])
