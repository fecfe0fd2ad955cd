"""``baihua evaluate clue`` and ``baihua submit clue``: a table, a submission, and what is wrong with a broken one."""

import json
import zipfile

import pytest
from tiny_clue import write_tiny
from tiny_models import make_bert

from baihua.benchmarks.clue_cost import Cost


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    make_bert(tmp_path / "model", num_hidden_layers=1, max_position_embeddings=64)
    return tmp_path / "model"


QUICK = ("--set", "epochs=1", "--set", "max_length=64", "--quiet")


def test_a_table_with_baseline_and_published_figure(run, model, tmp_path):
    write_tiny(tmp_path / "data", "TNEWS")
    code, out, said = run(
        "evaluate", "clue", "tnews", "--encoder", model, *QUICK, "--seeds", 2, "--save", tmp_path / "kept"
    )
    assert code == 0, said
    heading, row = out.splitlines()
    assert heading.split() == ["task", "train", "dev", "metric", "baseline", "score", "published", "seconds"]
    assert row.startswith("TNEWS")
    assert " ± " in row
    assert "56.8" in row
    assert (tmp_path / "kept" / "clue" / "article" / "TNEWS" / "dev" / "model.json").is_file()


def test_the_cost_is_told_before_and_a_page_written_after(run, model, tmp_path):
    write_tiny(tmp_path / "data", "TNEWS")
    words = ["evaluate", "clue", "TNEWS", "--encoder", model, *QUICK[:-1], "--save", tmp_path / "kept"]
    code, out, said = run(*words, "--page", tmp_path / "page")
    assert code == 0, said
    assert said.index("Estimated: TNEWS × 1 about") < said.index("training begins")
    assert "hardest items" in (tmp_path / "page" / "clue.md").read_text(encoding="utf-8")
    assert out.splitlines()[-1].endswith("clue.json")
    code, again, said = run(*words)
    assert "Estimated" not in said  # nothing is left to train
    assert again.splitlines() == out.splitlines()[:2]


@pytest.mark.parametrize(("gain", "advised"), [(2.04, True), (1.1, False)])
def test_bfloat16_is_advised_where_the_trial_was_faster(run, model, tmp_path, monkeypatch, gain, advised):
    write_tiny(tmp_path / "data", "TNEWS")
    monkeypatch.setattr("baihua.benchmarks.clue.cost_of", lambda *_: Cost(60.0, 10**9, 100, gain))
    code, _, said = run("evaluate", "clue", "TNEWS", "--encoder", model, *QUICK[:-1])
    assert code == 0, said
    assert ("at least 2.0 times as fast: --set precision=bfloat16" in said) == advised


def test_without_names_all_that_is_here(run, model, tmp_path):
    for task in ("AFQMC", "CHID"):
        write_tiny(tmp_path / "data", task)
    code, out, said = run("evaluate", "clue", "--encoder", model, *QUICK, "--settings", "modern", "--json")
    assert code == 0, said
    assert [one["task"] for one in json.loads(out)["results"]] == ["AFQMC", "CHID"]


def test_a_submission_is_checked_before_it_is_packed(run, model, tmp_path):
    write_tiny(tmp_path / "data", "AFQMC")
    out = tmp_path / "out"
    code, _, said = run("evaluate", "clue", "AFQMC", "--encoder", model, *QUICK, "--submission", out)
    assert code == 0, said
    code, shown, said = run("submit", "clue", out, "AFQMC", "--quiet")
    assert code == 0, said
    with zipfile.ZipFile(out / "submit.zip") as packed:
        assert packed.namelist() == ["afqmc_predict.json"]
    file = out / "afqmc_predict.json"
    file.write_text(file.read_text().replace('"label": "', '"label": "9'), encoding="utf-8")
    code, shown, said = run("submit", "clue", out, "AFQMC", "--quiet")
    assert code == 2
    assert "afqmc_predict.json" in said
    assert shown == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "clue", "TNEW"], "TNEWS"),
        (["evaluate", "clue", "--settings", "articles"], "Did you mean 'article'"),
        (["evaluate", "clue", "--set", "epoch=3"], "Did you mean 'epochs'"),
        (["evaluate", "clue", "--set", "epochs=many"], "must be of the kind int"),
        (["evaluate", "clue", "--seeds", "0"], "--seeds must be at least 1"),
        (["evaluate", "clue"], "no data of CLUE"),
    ],
)
def test_mistakes(run, words, said, tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    if "--seeds" in words:
        write_tiny(tmp_path, "TNEWS")
    code, _, error = run(*words)
    assert code == 2
    assert said in error
