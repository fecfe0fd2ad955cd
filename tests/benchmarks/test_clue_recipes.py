"""Every recipe trains, with the optimizers of both kinds, and answers in the form that is handed in."""

import importlib
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_clue import write_tiny
from tiny_models import make_bert

from baihua.benchmarks import clue_recipes
from baihua.benchmarks.clue import learn
from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_recipes.lesson import Lesson
from baihua.benchmarks.clue_scores import score
from baihua.benchmarks.clue_settings import settings_of
from baihua.benchmarks.clue_submission import write_answers
from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.encoders.load import load_encoder

FOLDER = Path(clue_recipes.__file__).parent


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Return a function that makes a task and a lesson of it."""
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    make_bert(tmp_path / "model", num_hidden_layers=1, max_position_embeddings=128)

    def make(task, name, **changes):
        write_tiny(tmp_path / "data", task)
        encoder = load_encoder(str(tmp_path / "model"), max_length=64)
        settings = replace(settings_of(task, name), max_length=64, **changes)
        train = read_clue(task, "train")
        return Lesson(encoder, train, read_clue(task, "dev"), settings, show_progress=False)

    return make


@pytest.mark.parametrize("task", CLUE_TASKS)
def test_a_recipe_is_one_screen(task):
    source = (FOLDER / f"{task.lower()}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 80
    assert "Published" in source


@pytest.mark.parametrize("name", ["article", "modern"])
@pytest.mark.parametrize("task", CLUE_TASKS)
def test_a_recipe_answers_in_the_form_that_is_handed_in(task, name, tiny, tmp_path):
    lesson = tiny(task, name, epochs=2, batch_size=4)
    answer = importlib.import_module(f"baihua.benchmarks.clue_recipes.{task.lower()}").learn(lesson)
    test = read_clue(task, "test")
    answers = answer(test)
    assert len(answers) == len(test.ids)
    assert write_answers(tmp_path, test, answers).is_file()


@pytest.mark.parametrize("task", CLUE_TASKS)
def test_a_recipe_learns_a_few_examples_by_heart(task, tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    write_tiny(tmp_path, task)
    train = read_clue(task, "train")
    changes = {"epochs": 16, "batch_size": 4, "accumulation": 1, "learning_rate": 5e-3, "dropout": 0.0}
    settings = replace(settings_of(task), max_length=128, **changes)
    answer = learn(Lesson(load_encoder("bundled", max_length=128), train, None, settings, show_progress=False))
    assert next(iter(score(answer(train), train).values())) == 1.0
