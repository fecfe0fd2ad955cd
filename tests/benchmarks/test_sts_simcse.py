"""The table's cells after SimCSE: seed by seed, kept as they come, gone on with, and never mixed with other settings."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from tiny_models import CHARACTERS
from tiny_sets import write_sts_b

from baihua.benchmarks import sts_simcse
from baihua.benchmarks.sts import evaluate_sts, sts_table
from baihua.benchmarks.sts_simcse import SimCSERow, evaluate_simcse
from baihua.benchmarks.sts_vectors import FitTexts
from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.contrastive.settings import ContrastiveSettings

SETTINGS = ContrastiveSettings(batch_size=16, learning_rate=1e-3, guard_every=0)


@pytest.fixture
def data(monkeypatch, tmp_path):
    write_sts_b(tmp_path / "sets", 80)
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "sets"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield


def row(**others) -> SimCSERow:
    return SimCSERow(**({"pooling": "mean", "settings": SETTINGS, "n_components": ("raw", "full", 4)} | others))


def run(folder, bert_folder, **others):
    return evaluate_simcse(str(bert_folder), ["STS-B"], row(**others), folder=folder, device="cpu")


def counted(monkeypatch) -> list[int]:
    """The seeds that are trained from here on."""
    seeds: list[int] = []
    train = sts_simcse.train_simcse

    def counting(encoder, texts, settings, **others):
        seeds.append(settings.seed)
        return train(encoder, texts, settings, **others)

    monkeypatch.setattr(sts_simcse, "train_simcse", counting)
    return seeds


def test_every_seed_has_its_value_and_training_changes_the_score(data, bert_folder, tmp_path):
    results = run(tmp_path, bert_folder, seeds=(0, 1))
    assert [result.settings["whitening"] for result in results] == ["raw", "full", "4"]
    assert results[0].name == "sts/STS-B/valid/model/mean/simcse/raw"
    for result in results:
        assert result.seeds == (0, 1)
        assert result.values[0] != result.values[1]
        assert json.loads((tmp_path / f"{result.name}.json").read_text(encoding="utf-8"))["values"] == list(
            result.values
        )
    before = evaluate_sts(
        load_encoder(str(bert_folder), device="cpu"), ["STS-B"], poolings=["mean"], n_components=["raw"]
    )
    assert abs(results[0].values[0] - before[0].mean) > 1e-4


def test_what_is_recorded_is_not_trained_again_and_more_seeds_are_added(data, bert_folder, tmp_path, monkeypatch):
    first = run(tmp_path, bert_folder, seeds=(0,))
    trained = counted(monkeypatch)
    again = run(tmp_path, bert_folder, seeds=(0, 2))
    assert trained == [2]
    assert [result.values[0] for result in again] == [result.values[0] for result in first]
    alone = run(None, bert_folder, seeds=(2,))
    assert [result.values[0] for result in alone] == pytest.approx([result.values[1] for result in again], abs=1e-6)


def test_a_record_of_other_settings_is_measured_anew(data, bert_folder, tmp_path, monkeypatch):
    run(tmp_path, bert_folder, seeds=(0, 1))
    trained = counted(monkeypatch)
    results = run(tmp_path, bert_folder, settings=replace(SETTINGS, batch_size=8))
    assert trained == [0]
    assert results[0].seeds == (0,)


def test_the_control_leaves_the_encoder_as_it_is(data, bert_folder, monkeypatch):
    fingerprints = []
    train = sts_simcse.train_simcse

    def watched(encoder, texts, settings, **others):
        before = {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}
        report = train(encoder, texts, settings, **others)
        fingerprints.append(all(bool((before[name] == t).all()) for name, t in encoder.model.state_dict().items()))
        return report

    monkeypatch.setattr(sts_simcse, "train_simcse", watched)
    results = run(None, bert_folder, settings=replace(SETTINGS, train="projection"))
    assert fingerprints == [True]
    assert results[0].name == "sts/STS-B/valid/model/mean/projection/raw"


def test_the_table_sets_trained_rows_under_the_others(data, bert_folder):
    plain = evaluate_sts(
        load_encoder(str(bert_folder), device="cpu"), ["STS-B"], poolings=["mean"], n_components=["raw", "full", 4]
    )
    trained = run(None, bert_folder)
    table = sts_table([*plain, *trained])
    assert [line["encoder"] for line in table] == ["model", "model + simcse"]
    assert table[1]["STS-B"] == [100 * result.mean for result in trained]


def test_sentences_from_elsewhere_are_named_in_the_record(data, bert_folder):
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list(CHARACTERS), 9)) for _ in range(40)]
    found = run(None, bert_folder, fit_on=FitTexts("corpus.txt", texts, "sha256:00"))
    assert found[0].settings["fit_on"] == "corpus.txt"
    assert found[0].data["corpus.txt"] == "sha256:00"
    assert found[0].values != run(None, bert_folder)[0].values


def test_one_training_serves_every_set_where_the_sentences_are_the_same(data, bert_folder, monkeypatch, tmp_path):
    folder = tmp_path / "sets"
    (folder / "BQ").mkdir()
    (folder / "BQ" / "BQ.valid.data").write_text((folder / "STS-B" / "STS-B.valid.data").read_text("utf-8"), "utf-8")
    texts = FitTexts("corpus.txt", [f"{first}{second}好的" for first in CHARACTERS[:8] for second in CHARACTERS[8:16]])
    trained = counted(monkeypatch)
    both = evaluate_simcse(str(bert_folder), ["STS-B", "BQ"], row(fit_on=texts, seeds=(0, 1)), device="cpu")
    assert trained == [0, 1]
    assert both[0].values == both[3].values


def test_what_cannot_be_trained_is_refused(data):
    with pytest.raises(InvalidValue, match="is no transformer"):
        evaluate_simcse("static", ["STS-B"], SimCSERow(pooling="mean"))
    with pytest.raises(InvalidValue, match="fit_on"):
        evaluate_simcse("bundled", ["STS-B"], SimCSERow(fit_on="dev"))
