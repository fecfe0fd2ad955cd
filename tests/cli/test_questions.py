"""The verbs about questions, from a file to a folder, an answer and a score."""

import json

import pytest

from baihua.__main__ import main

CONTEXTS = [f"{a}机在{b}天" for a in "手电充进" for b in "好坏今气"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from tiny_models import make_bert

    folder = tmp_path_factory.mktemp("questions") / "model"
    make_bert(folder, num_hidden_layers=1)
    return folder


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    path = tmp_path_factory.mktemp("questions") / "reading.csv"
    rows = "".join(f"{context},是什么,{context[3]}\n" for context in CONTEXTS)
    path.write_text("上下文,问题,答案\n" + rows, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def choices(tmp_path_factory):
    path = tmp_path_factory.mktemp("questions") / "choices.csv"
    rows = "".join(f"{context},是什么,{context[3]},{context[0]},A\n" for context in CONTEXTS)
    path.write_text("文章,问题,A,B,答案\n" + rows, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finder(model, reading, tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions") / "finder"
    options = ["--epochs", "60", "--learning-rate", "0.003", "--max-length", "32", "--quiet"]
    assert main(["train", "answer", str(reading), "-o", str(folder), "--encoder", str(model), *options]) == 0
    return folder


@pytest.fixture(scope="module")
def ranker(model, choices, tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions") / "ranker"
    options = ["--epochs", "5", "--learning-rate", "0.003", "--max-length", "32", "--quiet", "--dev", str(choices)]
    assert main(["train", "choose", str(choices), "-o", str(folder), "--encoder", str(model), *options]) == 0
    return folder


def test_answers_are_found_written_and_scored(run, finder, reading, tmp_path):
    code, out, _ = run("evaluate", "answer", finder, reading, "--json")
    scores = json.loads(out)
    assert code == 0
    assert scores["exact_match"] > 0.7
    assert scores["f1"] >= scores["exact_match"]
    code, _, _ = run("predict", "answer", finder, reading, "-o", tmp_path / "a.csv")
    assert code == 0
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "id,question,answer,start,end,score"
    assert len(lines) == 17


def test_one_asks_a_text_at_once(run, finder, tmp_path):
    (tmp_path / "text.txt").write_text(CONTEXTS[0], encoding="utf-8")
    code, out, _ = run("predict", "answer", finder, tmp_path / "text.txt", "--question", "是什么", "--json")
    (row,) = json.loads(out)["answers"]
    assert code == 0
    assert CONTEXTS[0][row["start"] : row["end"]] == row["answer"]


def test_choices_are_made_written_and_scored(run, ranker, choices, tmp_path):
    code, out, _ = run("evaluate", "choose", ranker, choices, "--json")
    scores = json.loads(out)
    assert code == 0
    assert scores["accuracy"] > 0.7
    assert scores["chance"] == 0.5
    code, out, _ = run("predict", "choose", ranker, choices, "-o", tmp_path / "a.jsonl", "--json")
    assert code == 0
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 16
    assert all(0.5 <= row["probability"] <= 1 for row in rows)


@pytest.mark.parametrize("verb", ["answer", "choose"])
def test_mistakes_are_one_sentence(run, verb, finder, ranker, reading, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("上下文,问题,A,B\n好,谁,甲,乙\n", encoding="utf-8")
    code, _, error = run("train", verb, empty, "-o", tmp_path / "out", "--quiet")
    assert code == 2
    assert "answer" in error
    code, _, error = run("train", verb, reading, "-o", tmp_path, "--quiet")
    assert code == 2
    assert "not written over" in error
    code, _, error = run("evaluate", verb, tmp_path / "none", reading, "--quiet")
    assert code == 2
    assert error.count("\n") == 1
    out = tmp_path / "out"
    code, _, error = run("train", verb, reading, "-o", out, "--checkpoints", out / "in", "--quiet")
    assert code == 2
    assert "--checkpoints" in error
