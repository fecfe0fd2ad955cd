"""Records that are filled seed by seed."""

import json

import pytest

from baihua.benchmarks.seed_cells import SeedCell, SeedRecord, as_json
from baihua.checks import InvalidValue

FACTS = as_json({"rate": 0.1, "layers": (1, 2), "seed": None})
RECORD = SeedRecord("toy/one", "accuracy", FACTS, {"a.txt": "sha256:1"}, "make toy")
CELLS = {2: SeedCell(0.5, {"seconds": 3.0}), 0: SeedCell(0.25, {"seconds": 1.0})}


def test_seeds_come_back_as_they_were_saved(tmp_path):
    RECORD.result(CELLS, num_examples=4).save(tmp_path)
    assert RECORD.known(tmp_path) == CELLS
    assert RECORD.known(tmp_path / "other") == {}
    assert RECORD.known(None) == {}


def test_other_settings_or_files_are_another_record(tmp_path):
    RECORD.result(CELLS).save(tmp_path)
    assert SeedRecord("toy/one", "accuracy", {**FACTS, "rate": 0.2}, RECORD.data, "").known(tmp_path) == {}
    assert SeedRecord("toy/one", "accuracy", FACTS, {"a.txt": "sha256:2"}, "").known(tmp_path) == {}


def test_values_stand_in_the_order_of_their_seeds():
    result = RECORD.result(CELLS)
    assert result.seeds == (0, 2)
    assert result.values == (0.25, 0.5)


def test_a_record_without_its_cells_is_named(tmp_path):
    path = RECORD.result(CELLS).save(tmp_path)
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["settings"]["of_each_seed"]["2"]
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InvalidValue, match="one.json"):
        RECORD.known(tmp_path)
