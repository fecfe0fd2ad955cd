"""Cells of the P-tuning study: measured once, gone on with, and told apart by all that could change them."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from tiny_reviews import NUM_DEV, NUM_TRAIN, make_causal, make_masked, write_reviews

from baihua.checks import InvalidValue
from baihua.studies.claims import Setting
from baihua.studies.ptuning import cells as module
from baihua.studies.ptuning.cells import ALL, cells, place_of, settings_of
from baihua.studies.ptuning.record import Cell, read_cell, write_cell
from baihua.studies.ptuning.ways import (
    CAUSAL,
    CONTRASTIVE,
    FINE_TUNE,
    LINEAR,
    P_TUNING,
    P_TUNING_ALL,
    PET,
    ZERO_SHOT,
    Way,
    soft_tokens,
)
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.prompting.settings import PromptSettings
from baihua.text.template import Template

WAYS = (P_TUNING, P_TUNING_ALL, PET[1], ZERO_SHOT[0], LINEAR, FINE_TUNE, CONTRASTIVE, CAUSAL)
WATCHED = Way("watched-none", "p_tuning", P_TUNING.template, "prompt", watched=True)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_masked(folder / "model")
    make_causal(folder / "causal")
    write_reviews(folder / "sets")
    return folder


@pytest.fixture
def setting(models, monkeypatch, tmp_path):
    """The full scale with tiny models on our own reviews, and one step to a training."""
    monkeypatch.setenv("BAIHUA_DATA", str(models / "sets"))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "SMALL_STEPS", 2)
    monkeypatch.setattr(module, "settings_of", lambda way, sample, scale: settings_of(way, sample, "small"))
    forget()
    knobs = {"encoder": str(models / "model"), "causal": str(models / "causal"), "per_label": 4, "samples": (0, 1)}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield Setting(knobs, "full", record_folder=tmp_path / "records")
    forget()


def forget():
    module._cell.cache_clear()
    module.scored_texts.cache_clear()


def records(setting):
    return sorted(path.relative_to(setting.record_folder).as_posix() for path in setting.record_folder.rglob("*.json"))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_cell_knows_each_review_and_comes_back_from_its_record(setting, way, monkeypatch):
    first = cells(way, setting)
    for cell in first:
        assert cell.right.shape == (NUM_DEV,)
        assert cell.accuracy == cell.right.mean()
    encoder = "causal" if way.causal else "model"
    assert records(setting) == [
        f"few_shot/waimai_10k/{encoder}/{way.name}/4/sample-{sample:02d}.json" for sample in (0, 1)
    ]
    forget()
    monkeypatch.delattr(module, "_measure")
    for cell, again in zip(first, cells(way, setting), strict=True):
        assert (cell.right == again.right).all()
        assert again.accuracy == cell.accuracy


def test_a_watched_training_ends_where_an_unwatched_one_does(setting):
    """It is looked at, and otherwise the same training: the last look is the accuracy after it."""
    watched, plain = cells(WATCHED, setting), cells(P_TUNING, setting)
    assert [cell.accuracy for cell in watched] == [cell.accuracy for cell in plain]
    assert [step for step, _ in watched[0].looks] == [1, 2]
    assert watched[0].right is None


def test_all_reviews_are_learned_from_where_that_is_asked(setting):
    (cell,) = cells(LINEAR, setting, ALL, (0,))
    record = json.loads((setting.record_folder / place_of(LINEAR, ALL, 0, "model")).read_text(encoding="utf-8"))
    assert record["facts"]["per_label"] == "all"
    by_hand = cells(LINEAR, setting, NUM_TRAIN // 2, (0,))[0]  # as many as there are of each kind
    assert (cell.right == by_hand.right).all()


def test_what_could_change_a_cell_has_it_measured_again(setting, monkeypatch):
    cells(P_TUNING, setting)
    path = setting.record_folder / place_of(P_TUNING, 4, 1, "model")
    record = json.loads(path.read_text(encoding="utf-8"))
    record["accuracy"] = 0.123
    for fact, value in (("fingerprint", "other"), ("rates", [1.0, 1.0]), ("settings", {}), ("dev", "other")):
        path.write_text(json.dumps({**record, "facts": {**record["facts"], fact: value}}), encoding="utf-8")
        forget()
        assert cells(P_TUNING, setting)[1].accuracy != 0.123
    path.write_text(json.dumps(record), encoding="utf-8")
    forget()
    assert cells(P_TUNING, setting)[1].accuracy == 0.123


def test_records_name_no_folder_of_this_machine(setting, models):
    cells(CAUSAL, setting)
    for path in setting.record_folder.rglob("*.json"):
        assert str(models.parent) not in path.read_text(encoding="utf-8")


def test_the_small_scale_measures_one_sample_and_keeps_nothing(setting, monkeypatch):
    monkeypatch.setattr(module, "SMALL_LABELS", 8)
    small = replace(setting, scale="small")
    (cell,) = cells(P_TUNING, small, ALL)
    assert cell.right.shape == (NUM_DEV,)
    assert not setting.record_folder.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"right": null, "looks": 3, "accuracy": 1, "seconds": 1, "facts": {}}'])
def test_a_broken_record_is_named(tmp_path, text):
    path = tmp_path / "cell.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidValue, match="is not a whole record"):
        read_cell(path, {})


def test_a_record_comes_back_as_it_was(tmp_path):
    path = tmp_path / "a" / "cell.json"
    assert read_cell(path, {"a": 1}) is None
    write_cell(path, Cell(0.75, np.array([True, False, True, True]), ((3, 0.5), (6, 0.75)), 1.26), {"a": 1}, 2)
    found = read_cell(path, {"a": 1})
    assert (found.accuracy, found.right.tolist(), found.looks) == (
        0.75,
        [True, False, True, True],
        ((3, 0.5), (6, 0.75)),
    )
    assert read_cell(path, {"a": 2}) is None


def test_the_full_scale_trains_with_the_classifiers_own_numbers():
    assert settings_of(P_TUNING, 3, "full") == PromptSettings(seed=3)
    assert settings_of(FINE_TUNE, 3, "full") == ClassificationSettings(seed=3)
    changed = settings_of(Way("a", "p_tuning", changes={"auxiliary": False}), 0, "full")
    assert changed == PromptSettings(auxiliary=False)


@pytest.mark.parametrize("num", range(1, 18))
def test_so_many_soft_tokens_stand_around_the_blank(num):
    template = Template.parse(soft_tokens(num).template)
    assert (template.num_soft, template.num_masks) == (num, 1)
    assert str(template).startswith("{soft")


def test_ways_that_differ_have_names_of_their_own():
    ways = [*WAYS, *PET, *ZERO_SHOT, *(soft_tokens(num) for num in range(1, 17))]
    assert len({way.name for way in ways}) == len(set(ways))
