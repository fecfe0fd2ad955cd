"""A calibration as a record: it comes back as it was, and nothing else is taken for one."""

import json

import numpy as np
import pytest

from baihua.checks import FileProblem, InvalidValue
from baihua.tasks.calibration_file import Calibration
from baihua.training.calibration import FalseMatchRate, MatchCalibration


def make(with_match=True):
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    match = MatchCalibration.fit(rng.normal(0.3 + 0.2 * labels, 0.1), labels, prior=0.1)
    background = FalseMatchRate.fit(rng.normal(0.2, 0.1, size=3000))
    return Calibration(background, match if with_match else None, 2000, "abc")


@pytest.mark.parametrize("with_match", [True, False])
def test_it_comes_back_as_it_was(with_match, tmp_path):
    found = make(with_match)
    assert Calibration.load(found.save(tmp_path / "calibration.json")) == found
    assert Calibration.from_json(found.to_json()) == found


def test_it_says_what_its_parts_say():
    found = make()
    pair, hit = found.explain(0.45), found.explain(0.45, size=5000)
    assert pair["false_match_rate"] == found.background.rate(0.45)
    assert hit["expected_false"] == 5000 * found.background.rate(0.45)
    assert pair["probability"] == hit["probability"] == found.match.probability(0.45)
    assert (pair["probability_low"], pair["probability_high"]) == found.match.interval(0.45)
    assert found.sentences(0.45) == [found.background.sentence(0.45), found.match.sentence(0.45)]
    alone = make(with_match=False)
    assert list(alone.explain(0.45)) == ["false_match_rate"]
    assert alone.sentences(0.45) == [alone.background.sentence(0.45)]


def test_scores_of_another_embedder_are_refused():
    make().check("abc")
    with pytest.raises(InvalidValue, match="made with another encoder, pooling or whitening"):
        make().check("abd")


def spoil(*path, value=None, remove=False):
    def change(record):
        place = record
        for name in path[:-1]:
            place = place[name]
        if remove:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        spoil("kind", value="result"),
        spoil("kind", remove=True),
        spoil("fingerprint", value=7),
        spoil("num_documents", value="2000"),
        spoil("num_documents", value=-1),
        spoil("match_calibration", remove=True),
        spoil("match_calibration", "slope", value="steep"),
        spoil("match_calibration", "prior", value=2.0),
        spoil("match_calibration", "covariance", value=[1.0]),
        spoil("match_calibration", "reliability", value=[{"predicted": 0.5}]),
        spoil("false_match_rate", value=None),
        spoil("false_match_rate", "scores", value=[]),
        spoil("false_match_rate", "rates", value=[0.5]),
        spoil("false_match_rate", "rates", 0, value=float("nan")),
        spoil("false_match_rate", "shapes", value=["a"]),
        spoil("false_match_rate", "scales", remove=True),
    ],
)
def test_a_damaged_record_is_refused(change, tmp_path):
    record = make().to_dict()
    change(record)
    with pytest.raises(InvalidValue, match="Calibrate again"):
        Calibration.from_dict(record)
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(FileProblem, match="calibration.json is no calibration"):
        Calibration.load(path)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"kind": "calibr', b"\xff\xfe", b"null"])
def test_a_file_that_is_none_is_refused(content, tmp_path):
    path = tmp_path / "calibration.json"
    path.write_bytes(content)
    with pytest.raises(FileProblem, match="is no calibration"):
        Calibration.load(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileProblem, match="Cannot read the calibration"):
        Calibration.load(tmp_path / "none.json")
