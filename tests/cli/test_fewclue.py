"""``baihua evaluate fewclue``: a table, records, and the files of a submission."""

import json
import warnings

import pytest
from tiny_fewclue import tiny_record, write_splits, write_tiny

DEV = ([0, 1], [2, 3], [4, 5], [6, 7], [8, 9])


@pytest.fixture
def data(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "sets"))
    write_splits(tmp_path / "sets", "EPRSTMT", DEV)
    write_tiny(tmp_path / "sets", "EPRSTMT", "test", [tiny_record("EPRSTMT", number) for number in range(50, 53)])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield


def test_methods_are_scored_side_by_side_and_recorded(data, answer, tmp_path):
    words = (
        "evaluate",
        "fewclue",
        "eprstmt",
        "--method",
        "linear",
        "--method",
        "zero_shot",
        "--save",
        tmp_path / "results",
    )
    found = answer(*words, "--split", 0, "--split", 1)["results"]
    assert [(one["method"], one["splits"], one["num_examples"]) for one in found] == [
        ("linear", [0, 1], 8),
        ("zero_shot", [0, 1], 8),
    ]
    path = tmp_path / "results/fewclue/EPRSTMT/held/bundled/linear.json"
    assert json.loads(path.read_text(encoding="utf-8"))["seeds"] == [0, 1]


def test_the_table_has_a_row_per_method(data, run):
    code, out, said = run("evaluate", "fewclue", "EPRSTMT", "--method", "linear", "--split", 0)
    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert [line[0] for line in lines] == ["method", "questions", "chance", "linear"]
    assert lines[2][1] == "50.0"
    assert "95 % interval" in said


def test_a_submission_is_written(data, answer, tmp_path):
    words = ("evaluate", "fewclue", "EPRSTMT", "--method", "linear", "--submission", tmp_path / "answers")
    (path,) = answer(*words)["files"]
    assert path.endswith("eprstmt_predict.json")
    lines = (tmp_path / "answers" / "eprstmt_predict.json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [50, 51, 52]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("EPRSTM",), "Did you mean 'EPRSTMT'"),
        (("EPRSTMT", "--method", "ptuning"), "p_tuning"),
        (("EPRSTMT", "--method", "linear", "--split", "7"), "splits of EPRSTMT"),
        (("EPRSTMT", "--submission", "answers"), "Give one --method"),
    ],
)
def test_mistakes_are_said_in_a_sentence(data, run, more, message):
    code, _, said = run("evaluate", "fewclue", *more)
    assert code == 2
    assert message in said
