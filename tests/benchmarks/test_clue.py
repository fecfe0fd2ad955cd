"""CLUE from the files to a record: scores, baselines, going on after a kill, and a submission that passes."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from tiny_clue import write_tiny
from tiny_models import make_bert

from baihua.benchmarks import clue
from baihua.benchmarks.clue import ClueRun, evaluate_clue
from baihua.benchmarks.clue_published import published_dev
from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_recipes.chid import BlankAnswers
from baihua.benchmarks.clue_scores import baseline, right_of, score
from baihua.benchmarks.clue_submission import build_submission
from baihua.benchmarks.clue_tasks import CLASSIFICATION, CLUE_TASKS
from baihua.benchmarks.clue_validator import check_submission
from baihua.checks import FileProblem, InvalidValue
from baihua.text.entities import Entity

QUICK = {"epochs": 1, "max_length": 64, "batch_size": 4}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    make_bert(tmp_path / "model", num_hidden_layers=1, max_position_embeddings=64)
    for task in CLUE_TASKS:
        write_tiny(tmp_path / "data", task)
    return ClueRun(str(tmp_path / "model"), changes=QUICK)


def test_right_answers_score_1_and_none_scores_0(tiny):
    for task in CLUE_TASKS:
        dev = read_clue(task, "dev")
        kind = CLUE_TASKS[task].kind
        if kind == "reading":
            right = [question.answers[0].text for passage in dev.examples for question in passage.questions]
        elif kind == "entities":
            right = [list(one.entities) for one in dev.examples]
        else:
            right = right_of(dev)
        assert set(score(right, dev).values()) <= {1.0} or task == "CLUENER"
        assert next(iter(score(right, dev).values())) == 1.0
        wrong = [[Entity(0, 1, "name")]] * len(dev) if kind == "entities" else ["没有的"] * len(dev.ids)
        assert next(iter(score(wrong, dev).values())) < 0.5


def test_blanks_answered_together_are_scored_beside_each_by_itself(tiny):
    dev = read_clue("CHID", "dev")
    right = right_of(dev)
    twice = [right[0], *right[:1], *right[2:]]  # the second blank takes the idiom of the first
    found = score(BlankAnswers(right, [1.0] * len(right), twice), dev)
    assert found == {"accuracy": 1.0, "alone": 1 - 1 / len(right)}


def test_the_baseline_is_the_commonest_label_or_a_guess(tiny):
    for task, record in CLUE_TASKS.items():
        train, dev = read_clue(task, "train"), read_clue(task, "dev")
        found = baseline(train, dev)
        if record.kind in CLASSIFICATION:
            label = Counter(train.labels).most_common(1)[0][0]
            assert found == dev.labels.count(label) / len(dev)
        elif task == "CHID":
            assert found == pytest.approx(0.1)
        elif task == "C3":
            assert 0.25 <= found <= 0.5
        else:
            assert found == 0


def test_records_are_kept_and_a_run_goes_on_with_what_is_missing(tiny, tmp_path, monkeypatch):
    tasks, trained = ["TNEWS", "AFQMC", "OCNLI"], []
    real = clue.learn

    def learn(lesson):
        trained.append((lesson.train.task, lesson.settings.seed))
        if len(trained) == 3:
            raise KeyboardInterrupt
        return real(lesson)

    monkeypatch.setattr(clue, "learn", learn)
    with pytest.raises(KeyboardInterrupt):
        evaluate_clue(tasks, tiny, seeds=(0, 1), folder=tmp_path / "kept", show_progress=False)
    found = evaluate_clue(tasks, tiny, seeds=(0, 1), folder=tmp_path / "kept", show_progress=False)
    assert trained == [("TNEWS", 0), ("TNEWS", 1), ("AFQMC", 0), ("AFQMC", 0), ("AFQMC", 1), ("OCNLI", 0), ("OCNLI", 1)]
    whole = evaluate_clue(tasks, tiny, seeds=(0, 1), show_progress=False)
    assert [one.values for one in found] == [one.values for one in whole]
    again = evaluate_clue(tasks, tiny, seeds=(1,), folder=tmp_path / "kept", show_progress=False)
    assert [one.values for one in again] == [one.values[1:] for one in whole]
    record = json.loads((tmp_path / "kept" / "clue" / "article" / "TNEWS" / "dev" / "model.json").read_text())
    assert record["settings"]["optimizer"] == "adafactor"
    assert record["published"] == 0.568


def test_other_numbers_are_another_record(tiny, tmp_path):
    evaluate_clue(["WSC"], tiny, folder=tmp_path / "kept", show_progress=False)
    other = replace(tiny, changes={**QUICK, "epochs": 2})
    (found,) = evaluate_clue(["WSC"], other, folder=tmp_path / "kept", show_progress=False)
    assert found.settings["epochs"] == 2


def test_other_numbers_do_not_go_on_from_a_checkpoint_left_behind(tiny, tmp_path, monkeypatch):
    real, folders = clue.learn, []

    def learn(lesson):
        folders.append(lesson.folder)
        answer = real(lesson)
        if len(folders) == 1:
            raise KeyboardInterrupt  # its checkpoints stay
        return answer

    monkeypatch.setattr(clue, "learn", learn)
    other = replace(tiny, changes={**QUICK, "dropout": 0.5})
    with pytest.raises(KeyboardInterrupt):
        evaluate_clue(["WSC"], tiny, folder=tmp_path / "kept", show_progress=False)
    for run in (other, tiny):
        evaluate_clue(["WSC"], run, folder=tmp_path / "kept", show_progress=False)
    assert folders[0] == folders[2] != folders[1]


def test_a_subset_is_of_the_first_examples(tiny):
    (found,) = evaluate_clue(["TNEWS"], replace(tiny, subset=5), show_progress=False)
    assert found.settings["num_train"] == 5
    with pytest.raises(InvalidValue, match="subset must be at least 1"):
        replace(tiny, subset=0)


def test_all_tasks_make_a_submission_that_passes(tiny, tmp_path):
    evaluate_clue(list(CLUE_TASKS), tiny, submission=tmp_path / "out", show_progress=False)
    path = build_submission(tmp_path / "out", "1.1")
    report = check_submission(path, "1.1")
    assert report.accepted, str(report)


def test_a_task_that_is_not_here_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    with pytest.raises(FileProblem):
        evaluate_clue(["CMNLI"], ClueRun("bundled"))


def test_published_figures():
    assert published_dev("CSL", "official") == 0.7963
    assert published_dev("CSL", "modern") is None
