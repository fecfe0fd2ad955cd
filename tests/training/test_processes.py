"""Two processes that train together, launched as a user would, end with one record and the same weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_clue import write_tiny
from tiny_models import make_bert

from baihua.training.processes import is_first, num_processes, num_steps, of_first

ROOT = Path(__file__).parents[2]


def test_one_process_is_the_first_of_one():
    assert (num_processes(), is_first(), num_steps(7), of_first((1, 2))) == (1, True, 7, (1, 2))


def test_of_two_processes_each_takes_half_of_the_batches(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert (num_processes(), is_first(), num_steps(7)) == (2, False, 4)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch was built without torch.distributed")
def test_two_processes_train_on_clue_and_one_answers(tmp_path):
    make_bert(tmp_path / "model", num_hidden_layers=1, max_position_embeddings=64)
    write_tiny(tmp_path / "data", "TNEWS")
    words = [
        "evaluate",
        "clue",
        "TNEWS",
        "--encoder",
        str(tmp_path / "model"),
        "--save",
        str(tmp_path / "kept"),
        "--json",
    ]
    words += [
        "--set",
        "epochs=2",
        "--set",
        "batch_size=4",
        "--set",
        "max_length=32",
    ]  # 15 texts, so that a batch is left over
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m"]
    command = [sys.executable, *launch, "baihua", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "BAIHUA_DATA": str(tmp_path / "data")}
    environment["ACCELERATE_USE_CPU"] = "true"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (answer,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    (found,) = json.loads(answer)["results"]
    record = json.loads(next((tmp_path / "kept").rglob("TNEWS/dev/model.json")).read_text(encoding="utf-8"))
    assert record["values"] == [found["score"]]
