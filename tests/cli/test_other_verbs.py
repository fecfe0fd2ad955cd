"""The verbs that measure, report, convert and fetch: their answers as one JSON object, their mistakes as sentences."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.numpy import load_file

from baihua.results import Result, load_records
from baihua.studies.claims import load_study
from baihua.text.encodings import decode

SIMPLE_CLAIM = ("study", "whitening", "--claim", "1", "--set", "num=300")


def test_demo_ends_well_on_a_gbk_terminal(tmp_path):
    words = [sys.executable, "-m", "baihua", "demo", "--plots", str(tmp_path), "--lang", "zh"]
    environment = {**os.environ, "PYTHONIOENCODING": "gbk"}
    with (tmp_path / "demo.txt").open("wb") as out:
        ended = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, env=environment, check=False)
    assert ended.returncode == 0, ended.stderr.decode("gbk")
    text, encoding = decode((tmp_path / "demo.txt").read_bytes(), "demo.txt")
    assert encoding.lower() == "gb18030"
    assert "白化" in text


def test_study_shows_the_turned_knob_beside_the_default(run, answer, tmp_path):
    found = answer(*SIMPLE_CLAIM, "--set", "centering=0")
    assert [verdict["outcome"] for verdict in found["verdicts"]] == ["confirmed", "not confirmed"]
    assert found["verdicts"][1]["settings"]["centering"] == 0
    code, out, _ = run(*SIMPLE_CLAIM, "--set", "centering=0", "--save", tmp_path, "--lang", "zh")
    assert code == 0
    lines = out.splitlines()
    assert ("成立" in lines[-2], "不成立" in lines[-1]) == (True, True)
    _, verdicts = load_records(tmp_path)
    assert [(verdict.number, verdict.outcome) for verdict in verdicts] == [(1, "confirmed")]


def test_study_lists_every_claim_with_its_knobs(run, answer):
    claims = load_study("whitening")
    assert [claim["number"] for claim in answer("study", "whitening", "--list")["claims"]] == [
        claim.number for claim in claims
    ]
    text = run("study", "whitening", "--list", "--lang", "zh")[1]
    assert all(claim.claim["zh"] in text for claim in claims)
    assert "旋钮：" in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["study", "whitning"], "Did you mean 'whitening'?"),
        (["study", "whitening", "--claim", "99"], "There is no claim 99."),
        (["study", "whitening", "--set", "k=3"], "--set goes with --claim N"),
        (["study", "whitening", "--claim", "1", "--set", "kk=3"], "Did you mean 'k'?"),
        (["study", "whitening", "--claim", "1", "--scale", "big"], "Expected one of 'small', 'full'"),
        (["data", "list", "LCMQC"], "Did you mean 'LCQMC'?"),
        (["data", "add", "missing.zip"], "missing.zip"),
        (["data", "download", "LCMQC"], "Did you mean 'LCQMC'?"),
        (["evaluate", "sts", "STSB", "--split", "dev"], "split"),
        (["evaluate", "sts", "--max-pairs", "1"], "--max-pairs must be a whole number of at least 2"),
        (["convert", "missing-folder"], "missing-folder"),
        (["report", "--results", "missing-folder"], "missing-folder"),
        (["report", "--results", ".", "--readme", "missing.md"], "missing.md"),
    ],
)
def test_mistakes(words, sentence, run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, out, said = run(*words)
    assert (code, out) == (2, "")
    assert sentence in said
    assert said.count("\n") == 1


@pytest.fixture
def sentence_pairs(tmp_path, monkeypatch):
    """A folder with a small file in the place of STS-B's."""
    pairs = [
        ("怎么退款", "如何退款", 5),
        ("怎么退款", "今天下雨", 0),
        ("手机没电", "手机没电了", 4),
        ("你好", "再见", 1),
    ]
    folder = tmp_path / "data" / "STS-B"
    folder.mkdir(parents=True)
    text = "".join(f"{first}\t{second}\t{label}\n" for first, second, label in pairs)
    (folder / "STS-B.valid.data").write_text(text, encoding="utf-8")
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("sentence_pairs")
def test_evaluate_saves_what_it_prints(run, answer, tmp_path):
    found = answer("evaluate", "sts", "STS-B", "--encoder", "static", "--save", tmp_path / "results")["results"]
    results, _ = load_records(tmp_path / "results")
    assert {item["name"]: item["value"] for item in found} == {result.name: result.mean for result in results}
    assert len(found) == 3
    code, out, _ = run("evaluate", "sts", "STS-B", "--encoder", "static", "--lang", "zh")
    assert code == 0
    assert out.splitlines()[0].split() == ["编码器", "合成", "白化", "STS-B", "平均"]
    assert out.splitlines()[1].startswith("static")


def test_report_writes_pages_and_readme_tables(run, answer, tmp_path):
    Result("bench/fit", "seconds", (1.5,), versions={}).save(tmp_path / "results")
    found = answer("report", "--results", tmp_path / "results", "-o", tmp_path / "docs" / "report")
    assert found["written"] == [str(tmp_path / "docs" / f"report.{kind}") for kind in ("md", "html")]
    readme = tmp_path / "README.md"
    readme.write_text("<!-- report:begin -->\n<!-- report:end -->\n", encoding="utf-8")
    words = ("report", "--results", tmp_path / "results", "--readme", readme)
    assert run(*words, "--check")[0] == 1
    assert "|" not in readme.read_text(encoding="utf-8")
    assert run(*words)[0] == 0
    assert "baihua embed" in readme.read_text(encoding="utf-8")
    assert run(*words, "--check")[0] == 0


def test_convert_lists_what_it_did(bert_folder, answer, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(bert_folder, folder)
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): torch.tensor(value) for name, value in tensors.items()}
    torch.save(old, folder / "pytorch_model.bin")
    found = answer("convert", folder)
    assert found["missing"] == []
    assert "embeddings.LayerNorm.gamma" in found["renamed"]
    assert load_file(folder / "model.safetensors").keys() == tensors.keys()


@pytest.mark.usefixtures("sentence_pairs")
def test_data_list_says_where_everything_comes_from(run, answer):
    files = answer("data", "list", "STS-B")["files"]
    assert {"name", "file", "bytes", "sha256", "address", "licence", "commercial_use", "here"} <= set(files[0])
    text = run("data", "list", "--lang", "zh")[1]
    assert "可否商用" in text
    assert all(name in text for name in ("ATEC", "BQ", "LCQMC", "PAWSX", "STS-B"))


def test_json_is_one_line_and_one_object(run):
    for words in (["data", "list"], ["study", "whitening", "--list"], [*SIMPLE_CLAIM]):
        code, out, _ = run(*words, "--json")
        assert code == 0
        assert out.count("\n") == 1
        assert isinstance(json.loads(out), dict)
