"""The page of CLUE: all scores, and the mistakes where the answers are there."""

import json

import pytest
from tiny_clue import write_tiny
from tiny_models import make_bert

from baihua.benchmarks.clue import ClueRun, evaluate_clue
from baihua.benchmarks.clue_page import write_clue_page
from baihua.benchmarks.clue_tasks import CLUE_TASKS

QUICK = {"epochs": 1, "max_length": 64, "batch_size": 4}
TASKS = ["TNEWS", "CMRC2018", "CLUENER"]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    make_bert(tmp_path / "model", num_hidden_layers=1, max_position_embeddings=64)
    for task in CLUE_TASKS:
        write_tiny(tmp_path / "data", task)
    run = ClueRun(str(tmp_path / "model"), changes=QUICK)
    return evaluate_clue(TASKS, run, seeds=(0, 1), folder=tmp_path / "kept", show_progress=False)


def test_a_page_holds_scores_confusions_and_items(results, tmp_path):
    paths = write_clue_page(results, tmp_path / "page", tmp_path / "kept")
    assert [path.name for path in paths] == ["clue.md", "clue.html", "clue.json"]
    markdown, page = (path.read_text(encoding="utf-8") for path in paths[:2])
    for task in TASKS:
        assert f"| {task} |" in markdown
        assert f"{task}: 最难的题" in page
    assert "TNEWS: 最常见的混淆" in markdown
    assert "56.8" in markdown  # published, of these settings
    record = json.loads(paths[2].read_text(encoding="utf-8"))
    assert [one["answers_of_seeds"] for one in record] == [2, 2, 2]
    assert record[0]["hardest"][0]["wrong"] == 2
    assert sum(one["count"] for one in record[0]["confusions"]) <= 2 * results[0].num_examples


def test_without_answers_the_scores_are_there_alone(results, tmp_path):
    paths = write_clue_page(results, tmp_path / "page")
    assert "最难" not in paths[0].read_text(encoding="utf-8")
    (tmp_path / "kept" / "answers").rename(tmp_path / "elsewhere")
    write_clue_page(results, tmp_path / "page", tmp_path / "kept")
    assert "最难" not in paths[0].read_text(encoding="utf-8")


def test_answers_of_another_run_are_left_out(results, tmp_path):
    path = next((tmp_path / "kept" / "answers").rglob("TNEWS/dev/model/seed-0.json"))
    record = json.loads(path.read_text(encoding="utf-8"))
    record["facts"]["settings"]["epochs"] = 9
    path.write_text(json.dumps(record), encoding="utf-8")
    paths = write_clue_page(results, tmp_path / "page", tmp_path / "kept")
    assert json.loads(paths[2].read_text(encoding="utf-8"))[0]["answers_of_seeds"] == 1
