"""The records of the nine tasks, and the published figures beside them."""

import json
import os

import pytest

from baihua.benchmarks.data import find_file
from baihua.benchmarks.datasets import find_dataset
from baihua.benchmarks.fewclue_published import METHODS, published_fewclue, published_fewclue_spread
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, FewClueTask, check_split, find_task
from baihua.checks import InvalidValue

NAMES = ["EPRSTMT", "CSLDCP", "TNEWS", "IFLYTEK", "OCNLI", "BUSTM", "CSL", "CHID", "CLUEWSC"]


def test_there_are_nine_tasks_with_the_numbers_of_labels_of_the_paper():
    assert list(FEWCLUE_TASKS) == NAMES
    assert [len(task.labels) for task in FEWCLUE_TASKS.values()] == [2, 67, 15, 119, 3, 2, 2, 7, 2]
    assert [round(task.chance, 4) for task in FEWCLUE_TASKS.values()][:4] == [0.5, 0.0149, 0.0667, 0.0084]


def test_every_label_has_a_word_and_no_two_the_same():
    for task in FEWCLUE_TASKS.values():
        assert all(word.strip() for word in task.words.values())
        assert len(set(task.words.values())) == len(task.labels)
        assert task.title["zh"]
        assert task.title["en"]


def test_the_files_of_every_split_are_recorded():
    files = {item.file for item in find_dataset("FewCLUE").files}
    for task in FEWCLUE_TASKS.values():
        wanted = {f"{task.folder}/{part}_{split}.json" for part in ("train", "dev") for split in task.splits}
        assert wanted | {f"{task.folder}/test.json"} <= files
        assert (f"{task.folder}/unlabeled.json" in files) == task.unlabeled


@pytest.mark.parametrize("typed", ["CLUEWSC", "cluewsc", "wsc", "WSC"])
def test_names_are_found_in_any_spelling(typed):
    assert find_task(typed).name == "CLUEWSC"


def test_mistakes_are_said():
    with pytest.raises(InvalidValue, match="Did you mean 'IFLYTEK'"):
        find_task("iflytec")
    with pytest.raises(InvalidValue, match="Unknown kind"):
        FewClueTask("Toy", {"zh": "一", "en": "one"}, "riddle", {"1": "一"}, ("text",), 1, 1, 1, 1)
    with pytest.raises(InvalidValue, match="The splits of CSLDCP here are 0, but received 1"):
        check_split(find_task("csldcp"), 1)
    with pytest.raises(InvalidValue, match="0, 1, 2, 3, 4, few_all, but received 5"):
        check_split(find_task("csl"), 5)


def test_a_split_may_be_typed_as_a_word():
    assert check_split(find_task("csl"), "3") == 3
    assert check_split(find_task("csl"), "few_all") == "few_all"


@pytest.mark.parametrize("method", METHODS)
def test_the_published_score_is_the_mean_of_the_published_figures(method):
    mean = sum(published_fewclue(method, task) for task in NAMES) / 9
    assert mean == pytest.approx(published_fewclue(method), abs=0.0006)


def test_published_figures_are_found_by_task():
    assert published_fewclue("pet", "ocnli") == 0.44
    assert published_fewclue("human", "wsc") == 0.98
    assert published_fewclue_spread("fine_tuning", "OCNLI") == 0.0034
    assert published_fewclue_spread("zero_shot", "OCNLI") is None
    with pytest.raises(InvalidValue, match="Did you mean 'p_tuning'"):
        published_fewclue("p-tuning")


def test_the_majority_is_never_below_chance_where_labels_are_balanced():
    for name in ("EPRSTMT", "TNEWS", "BUSTM", "CSL", "CHID", "CLUEWSC"):
        assert published_fewclue("majority", name) == pytest.approx(find_task(name).chance, abs=0.001)


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
def test_labels_are_those_of_the_official_lists(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    disciplines = find_file("FewCLUE", "csldcp/labels_all.txt").read_text(encoding="utf-8").split("\n")
    assert find_task("csldcp").labels == tuple(line.strip() for line in disciplines if line.strip())
    lines = find_file("FewCLUE", "tnews/label_index2en2zh.json").read_text(encoding="utf-8").splitlines()
    sections = [json.loads(line) for line in lines]
    assert find_task("tnews").words == {one["label"]: one["label_zh"] for one in sections}
    english = {one["label"]: one["label_desc"] for one in sections}
    for part in ("train", "dev"):
        for line in find_file("FewCLUE", f"iflytek/{part}_0.json").read_text(encoding="utf-8").split("\n"):
            if line.strip():
                record = json.loads(line)
                assert find_task("iflytek").words[str(record["label"])] == record["label_des"]
        for line in find_file("FewCLUE", f"tnews/{part}_few_all.json").read_text(encoding="utf-8").split("\n"):
            if line.strip():
                record = json.loads(line)
                assert english[str(record["label"])] == record["label_desc"]
