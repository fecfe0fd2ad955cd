"""The cloze sentences of the nine tasks and the words of their blanks."""

import os
import re

import pytest

from baihua.benchmarks.fewclue_reader import read_fewclue
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS
from baihua.benchmarks.fewclue_templates import FEWCLUE_TEMPLATES, find_template
from baihua.checks import InvalidValue

each_task = pytest.mark.parametrize("name", FEWCLUE_TASKS)


def test_every_task_has_one():
    assert list(FEWCLUE_TEMPLATES) == list(FEWCLUE_TASKS)


@each_task
def test_the_texts_of_a_task_stand_in_its_template_once_each(name):
    slots = re.findall(r"\{([^}]*)\}", find_template(name).template)
    texts = ["text"] if FEWCLUE_TASKS[name].kind == "single text" else ["text_a", "text_b"]
    assert sorted(slot for slot in slots if slot != "mask") == texts
    assert slots.count("mask") == find_template(name).num_masks >= 1


@each_task
def test_the_blanks_stand_side_by_side(name):
    assert len(re.findall(r"(?:\{mask\})+", find_template(name).template)) == 1


@each_task
def test_every_label_has_a_word_that_fills_the_blank_and_is_its_own(name):
    found = find_template(name)
    if name == "CHID":
        assert found.words == {}
        return
    assert tuple(found.words) == FEWCLUE_TASKS[name].labels
    assert len(set(found.words.values())) == len(found.words)
    assert all(re.fullmatch(f"[\u4e00-\u9fff]{{{found.num_masks}}}", word) for word in found.words.values())


def test_the_words_stand_by_their_labels():
    """A list written in the wrong order would pass every other test."""
    assert [find_template("iflytek").words[label] for label in ("0", "23", "47", "61", "99", "118")] == [
        "打车",
        "对战",
        "短片",
        "外语",
        "银行",
        "其他",
    ]
    words = find_template("csldcp").words
    shared = sum(bool(set(word) & set(label)) for label, word in words.items())
    assert shared >= 60
    assert (words["应用经济学"], words["农业资源利用"], words["植物保护"]) == ("金融", "土壤", "病虫")
    words, meanings = find_template("iflytek").words, FEWCLUE_TASKS["IFLYTEK"].words
    assert sum(bool(set(words[label]) & set(meanings[label])) for label in words) >= 100


def test_an_unknown_task_is_said():
    with pytest.raises(InvalidValue, match="Did you mean 'TNEWS'"):
        find_template("tnew")


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
@pytest.mark.parametrize("name", ["CHID", "CLUEWSC"])
def test_no_record_is_cut_where_a_cut_would_take_what_is_asked_about(monkeypatch, tmp_path, name):
    """A character is at most one token, but for odd ones; two special tokens stand around."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    found = find_template(name)
    around = len(re.sub(r"\{[^}]*\}", "", found.template)) + found.num_masks + 2
    for part in ("train", "dev"):
        for example in read_fewclue(name, part, "few_all").examples:
            assert len(example.text_a) + len(example.text_b or "") + around <= found.max_length
            assert all(len(idiom) == found.num_masks for idiom in example.candidates)
