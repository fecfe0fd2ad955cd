"""Samples are nested, even and the same everywhere, and share nothing with what is scored."""

import csv
import os
import random
import warnings

import pytest

from baihua.benchmarks.classification import waimai_split
from baihua.benchmarks.few_shot_samples import draw_sample, read_few_shot
from baihua.checks import FileProblem, InvalidValue

TEXTS = [f"第{number}条" for number in range(90)]
LABELS = ["甲" if number % 3 else "乙" for number in range(90)]  # 60 and 30


def write_reviews(folder, rows, monkeypatch):
    (folder / "waimai_10k").mkdir()
    with (folder / "waimai_10k/waimai_10k.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "review"), *rows])
    monkeypatch.setenv("BAIHUA_DATA", str(folder))
    monkeypatch.setenv("BAIHUA_CACHE", str(folder / "cache"))


@pytest.mark.parametrize("per_label", [1, 7, 30])
def test_a_sample_has_as_many_of_each_label(per_label):
    texts, labels = draw_sample(TEXTS, LABELS, per_label, 3)
    assert sorted(labels) == sorted(["甲", "乙"] * per_label)
    assert len(set(texts)) == 2 * per_label
    truth = dict(zip(TEXTS, LABELS, strict=True))
    assert [truth[text] for text in texts] == labels


@pytest.mark.parametrize("seed", range(5))
def test_a_larger_sample_holds_the_smaller(seed):
    drawn = [set(draw_sample(TEXTS, LABELS, num, seed)[0]) for num in (1, 4, 16, 30)]
    assert drawn[0] < drawn[1] < drawn[2] < drawn[3]


def test_samples_of_other_numbers_are_others_and_no_text_is_favoured():
    found = [frozenset(draw_sample(TEXTS, LABELS, 10, seed)[0]) for seed in range(300)]
    assert len(set(found)) == 300
    for text, label in zip(TEXTS, LABELS, strict=True):
        share = {"甲": 10 / 60, "乙": 10 / 30}[label]
        error = (share * (1 - share) / 300) ** 0.5
        assert sum(text in one for one in found) / 300 == pytest.approx(share, abs=4.5 * error)


def test_the_order_of_a_file_plays_no_part():
    order = random.Random(0).sample(range(90), 90)
    shuffled = draw_sample([TEXTS[place] for place in order], [LABELS[place] for place in order], 5, 1)
    assert set(zip(*shuffled, strict=True)) == set(zip(*draw_sample(TEXTS, LABELS, 5, 1), strict=True))


def test_a_sample_is_the_same_on_every_machine():
    assert draw_sample(["好吃", "难吃", "真香", "太慢"], list("好坏好坏"), 1, 2) == (["难吃", "真香"], ["坏", "好"])


@pytest.mark.parametrize(("per_label", "said"), [(0, "Choose from 1 to 30"), (31, "'乙' has 30")])
def test_too_many_or_none_is_refused(per_label, said):
    with pytest.raises(InvalidValue, match=said):
        draw_sample(TEXTS, LABELS, per_label, 0)
    with pytest.raises(InvalidValue, match="received 90 and 1"):
        draw_sample(TEXTS, ["甲"], 1, 0)


def test_each_text_stands_once_and_on_one_side(monkeypatch, tmp_path):
    train = [text for text in TEXTS if waimai_split(text) == "train"]
    dev = [text for text in TEXTS if waimai_split(text) == "dev"]
    rows = [("1", text) for text in train + dev]
    rows += [("1", f" {train[0]} "), ("0", train[1]), ("0", dev[0]), ("0", train[2]), ("1", dev[1])]
    write_reviews(tmp_path, rows, monkeypatch)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        texts = read_few_shot()
    assert texts.train == [train[0], *train[3:]]  # the contradicted ones are left out
    assert texts.dev == dev[1:]
    assert set(texts.train_labels) == set(texts.dev_labels) == {"1"}
    assert [*texts.data] == ["waimai_10k.csv"]


def test_without_the_file_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    with pytest.raises(FileProblem, match="baihua data download waimai_10k"):
        read_few_shot()


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
def test_the_public_reviews_as_they_are():
    texts = read_few_shot()
    assert (len(texts.train), len(texts.dev)) == (9625, 1110)
    assert not set(texts.train) & set(texts.dev)
    assert len(set(texts.train)) == len(texts.train)
    # Of 9 639 rows, 6 415 bad and 3 224 good ones, seven reviews stand there twice, each once as good and once as bad.
    assert {label: texts.train_labels.count(label) for label in "01"} == {"0": 6415 - 7, "1": 3224 - 7}
