"""The records of the tasks: labels, sizes, names of files."""

import pytest

from baihua.benchmarks.clue_labels import TNEWS_OF_DATACLUE
from baihua.benchmarks.clue_tasks import CLUE_TASKS, KINDS, find_task, tasks_of_board
from baihua.checks import InvalidValue


def test_the_label_maps_are_those_of_the_official_files():
    counts = {name: len(task.labels) for name, task in CLUE_TASKS.items()}
    assert counts == {
        "AFQMC": 2,
        "TNEWS": 15,
        "IFLYTEK": 119,
        "CMNLI": 3,
        "OCNLI": 3,
        "WSC": 2,
        "CSL": 2,
        "CMRC2018": 0,
        "CHID": 10,
        "C3": 4,
        "CLUENER": 10,
    }
    news = CLUE_TASKS["TNEWS"]
    assert set(news.labels) == {str(number) for number in range(100, 117)} - {"105", "111"}
    assert news.descriptions["102"] == "news_entertainment"
    assert news.descriptions["116"] == "news_game"
    assert CLUE_TASKS["IFLYTEK"].labels == tuple(map(str, range(119)))
    assert CLUE_TASKS["IFLYTEK"].descriptions["118"] == "其他"
    assert CLUE_TASKS["OCNLI"].labels == CLUE_TASKS["CMNLI"].labels == ("entailment", "neutral", "contradiction")
    assert sorted(TNEWS_OF_DATACLUE.values()) == sorted(news.labels)
    assert {task.kind for task in CLUE_TASKS.values()} == set(KINDS)


def test_the_files_handed_in_have_the_official_names_and_counts():
    def of(version):
        return {(file := task.submission(version)).name: file.num_answers for task in CLUE_TASKS.values()}

    both = {
        "afqmc_predict.json": 3861,
        "iflytek_predict.json": 2600,
        "cmnli_predict.json": 13880,
        "ocnli_50k_predict.json": 3000,
        "csl_predict.json": 3000,
        "cmrc2018_predict.json": 2000,
        "cluener_predict.json": 1345,
    }
    old = {
        "tnews10_predict.json": 10000,
        "cluewsc10_predict.json": 290,
        "c310_predict.json": 3892,
        "chid10_predict.json": None,
    }
    new = {
        "tnews11_predict.json": 10000,
        "cluewsc11_predict.json": 2574,
        "c311_predict.json": 1625,
        "chid11_predict.json": None,
    }
    assert of("1.0") == both | old
    assert of("1.1") == both | new


def test_sizes_of_the_parts():
    sizes = {name: [task.size(part) for part in ("train", "dev", "test")] for name, task in CLUE_TASKS.items()}
    assert sizes["AFQMC"] == [34334, 4316, 3861]
    assert sizes["WSC"] == [1244, 304, 2574]
    assert sizes["CHID"] == [84709, 3218, 3447]
    assert CLUE_TASKS["WSC"].size("test", "1.0") == 290
    with pytest.raises(InvalidValue, match=r"Unknown version '1.2'"):
        CLUE_TASKS["WSC"].size("test", "1.2")
    with pytest.raises(InvalidValue, match="Did you mean 'train'"):
        CLUE_TASKS["WSC"].size("trains")


def test_each_board_asks_for_nine():
    assert [len(tasks_of_board(version)) for version in ("1.0", "1.1")] == [9, 9]
    names = {version: {task.name for task in tasks_of_board(version)} for version in ("1.0", "1.1")}
    assert names["1.0"] - names["1.1"] == {"CMNLI"}
    assert names["1.1"] - names["1.0"] == {"OCNLI"}
    assert not CLUE_TASKS["CLUENER"].boards


@pytest.mark.parametrize(
    ("spelt", "meant"),
    [
        ("tnews", "TNEWS"),
        ("CMRC", "CMRC2018"),
        ("CluEWSC2020", "WSC"),
        ("cluener2020", "CLUENER"),
        ("ocnli_50k", "OCNLI"),
    ],
)
def test_a_task_is_found_however_it_is_spelt(spelt, meant):
    assert find_task(spelt).name == meant


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(InvalidValue, match="Unknown task 'afqm'.*Did you mean 'AFQMC'"):
        find_task("afqm")
    with pytest.raises(InvalidValue, match="Unknown task 7"):
        find_task(7)
