"""``baihua evaluate sts``: what a training may be asked for, and that records keep the seeds they have."""

import json
import warnings

import pytest
from tiny_models import CHARACTERS
from tiny_sets import write_sts_b


@pytest.fixture
def data(monkeypatch, tmp_path):
    write_sts_b(tmp_path / "sets", 40)
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "sets"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield


def test_a_training_is_scored_and_a_record_keeps_its_seeds(data, bert_folder, answer, tmp_path):
    words = ("evaluate", "sts", "STS-B", "--encoder", bert_folder, "--pooling", "mean", "--device", "cpu")
    words += ("--training", "simcse", "--save", tmp_path / "results")
    assert len(answer(*words, "--seeds", 2)["results"]) == 3
    again = answer(*words)["results"]
    assert all(found["spread"] is None for found in again)
    path = tmp_path / "results" / f"{again[0]['name']}.json"
    assert json.loads(path.read_text(encoding="utf-8"))["seeds"] == [0, 1]


def test_sentences_from_a_file(data, bert_folder, answer, tmp_path):
    (tmp_path / "corpus.txt").write_text("\n".join(CHARACTERS[i : i + 8] for i in range(40)), encoding="utf-8")
    words = ("evaluate", "sts", "STS-B", "--encoder", bert_folder, "--pooling", "mean", "--device", "cpu")
    found = answer(*words, "--fit-on", tmp_path / "corpus.txt")["results"]
    assert [result["settings"]["fit_on"] for result in found] == ["corpus.txt"] * 3
    assert found[1]["name"].endswith("/full-on-corpus-txt")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--training", "simcs"), "Did you mean 'simcse'"),
        (("--training", "simcse", "--seeds", "0"), "--seeds counts trainings"),
        (("--training", "simcse", "--split", "test"), "trains and scores on valid"),
        (("--fit-on", "nowhere.txt"), "no file 'nowhere.txt'"),
    ],
)
def test_mistakes_are_said_in_a_sentence(data, bert_folder, run, more, message):
    code, _, said = run("evaluate", "sts", "STS-B", "--encoder", bert_folder, *more, "--lang", "en")
    assert code == 2
    assert message in said
