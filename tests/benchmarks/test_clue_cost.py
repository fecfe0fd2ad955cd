"""What is said before a training is near what it then takes."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_clue import write_tiny
from tiny_models import make_bert

from baihua.benchmarks.clue_cost import estimate_cost, memory_of, row_lengths, rows_of_a_batch
from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_settings import settings_of
from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.encoders.load import load_encoder
from baihua.tasks.choosing.joined import joined_rows


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    for task in CLUE_TASKS:
        write_tiny(tmp_path / "data", task)
    return read_clue


@pytest.fixture
def encoder(tmp_path):
    make_bert(tmp_path / "model", num_hidden_layers=1, max_position_embeddings=64)
    return load_encoder(str(tmp_path / "model"), max_length=64)


@pytest.mark.parametrize("task", CLUE_TASKS)
def test_every_task_has_a_price(task, read, encoder):
    train, dev = read(task, "train"), read(task, "dev")
    settings = replace(settings_of(task), max_length=64)
    cost = estimate_cost(encoder, train, dev, settings)
    assert cost.seconds > 0
    assert 0 < cost.tokens <= 64 * len(row_lengths(train, 64))
    assert cost.bfloat16 > 0


def test_nothing_is_to_be_gained_by_what_is_asked_for(read, encoder):
    settings = replace(settings_of("TNEWS"), max_length=64, precision="bfloat16")
    assert estimate_cost(encoder, read("TNEWS", "train"), read("TNEWS", "dev"), settings).bfloat16 == 1.0


def test_tokens_are_about_those_that_are_read(read, encoder):
    train = read("AFQMC", "train")
    rows = joined_rows(encoder, [(one.text_a, one.text_b) for one in train.examples], 64)
    assert np.abs(row_lengths(train, 64) - np.array(rows.lengths)).max() <= 3


def test_choices_go_through_together(read):
    assert rows_of_a_batch(read("C3", "train"), settings_of("C3")) == 16
    assert rows_of_a_batch(read("CHID", "train"), settings_of("CHID")) == 120
    assert rows_of_a_batch(read("TNEWS", "train"), settings_of("TNEWS")) == 32


def test_memory_is_that_of_weights_and_states(encoder):
    weights = sum(weight.numel() for weight in encoder.model.parameters())
    assert memory_of(encoder, 0, "float32") == 16 * weights
    assert memory_of(encoder, 100, "float32") - 16 * weights == 100 * 68 * encoder.width
