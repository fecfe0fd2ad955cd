"""FewCLUE run split by split: what a record holds, going on from it, and the answers for the leaderboard."""

import json
import warnings

import pytest
from tiny_fewclue import tiny_record, write_splits, write_tiny

from baihua.benchmarks import fewclue
from baihua.benchmarks.fewclue import answer_test, evaluate_fewclue
from baihua.benchmarks.fewclue_methods import FewClueRow
from baihua.benchmarks.fewclue_reader import read_fewclue
from baihua.benchmarks.fewclue_submission import read_answers
from baihua.checks import InvalidValue
from baihua.results import Result

DEV = ([0, 1], [2, 3], [4, 5], [6, 7], [8, 9])
ROW = FewClueRow("linear")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        write_splits(tmp_path, "EPRSTMT", DEV)
        yield tmp_path


def test_a_record_says_which_answers_were_right(folder, tmp_path):
    (result,) = evaluate_fewclue(["eprstmt"], ROW, splits=[0, 3], folder=tmp_path / "results")
    assert result.name == "fewclue/EPRSTMT/held/bundled/linear"
    assert result.seeds == (0, 3)
    assert result.num_examples == 8
    for split, value in zip(result.seeds, result.values, strict=True):
        kept = result.settings["of_each_seed"][str(split)]
        held = read_fewclue("EPRSTMT", "held", split)
        assert kept["num"] == len(kept["right"]) == len(held)
        assert value == kept["right"].count("1") / len(held)
    path = tmp_path / "results" / f"{result.name}.json"
    assert Result.from_dict(json.loads(path.read_text(encoding="utf-8"))) == result


def test_a_run_goes_on_with_the_splits_it_lacks(folder, tmp_path, monkeypatch):
    first = evaluate_fewclue(["EPRSTMT"], ROW, splits=[0, 1], folder=tmp_path / "results")[0]
    asked = []

    def watch(row, task, examples, train, dev, seed):
        asked.append(seed)
        return list(train.labels[:1]) * len(examples)

    monkeypatch.setattr(fewclue, "answer", watch)
    both = evaluate_fewclue(["EPRSTMT"], ROW, splits=[0, 1, 2], folder=tmp_path / "results")[0]
    assert asked == [2]
    assert both.values[:2] == first.values
    write_tiny(
        folder, "EPRSTMT", "train_0", [tiny_record("EPRSTMT", 77, "Positive"), tiny_record("EPRSTMT", 78, "Negative")]
    )
    evaluate_fewclue(["EPRSTMT"], ROW, splits=[0, 1], folder=tmp_path / "results")
    assert asked == [2, 0, 1]  # another file, so all anew


def test_a_broken_record_is_named(folder, tmp_path):
    evaluate_fewclue(["EPRSTMT"], ROW, splits=[0], folder=tmp_path / "results")
    path = tmp_path / "results/fewclue/EPRSTMT/held/bundled/linear.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"linear\.json"):
        evaluate_fewclue(["EPRSTMT"], ROW, splits=[0], folder=tmp_path / "results")


def test_published_figures_stand_beside_the_methods_they_are_of(folder):
    by_method = {
        method: evaluate_fewclue(["EPRSTMT"], FewClueRow(method), splits=[0])[0] for method in ("linear", "zero_shot")
    }
    assert by_method["linear"].published is None
    assert by_method["zero_shot"].published == 0.852


def test_answers_for_the_leaderboard_are_complete(folder, tmp_path):
    write_tiny(folder, "EPRSTMT", "test", [tiny_record("EPRSTMT", number) for number in range(50, 55)])
    path = answer_test("EPRSTMT", ROW, tmp_path / "answers", split=1, several=True)
    assert path.name == "eprstmt_predict_1.json"
    assert read_answers(path, "EPRSTMT").ids == (50, 51, 52, 53, 54)
