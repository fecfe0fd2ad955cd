import json
import math

import pytest

from baihua.checks import FileProblem, InvalidValue
from baihua.results import Result, Verdict, load_records, package_versions

CLAIM = {"zh": "白化有用", "en": "whitening helps"}


def test_a_result_comes_back_the_same(tmp_path):
    result = Result(
        "sts/STS-B/valid/bundled",
        "spearman",
        (0.6, 0.7),
        seeds=(0, 1),
        settings={"pooling": "mean", "k": None},
        data={"STS-B.valid.data": "sha256:00"},
        num_examples=1458,
        seconds=1.5,
        published=0.6166,
        source="https://kexue.fm/archives/8321",
    )
    path = result.save(tmp_path)
    assert path == tmp_path / "sts/STS-B/valid/bundled.json"
    assert load_records(tmp_path) == ([result], [])


def test_mean_and_spread():
    result = Result("x", "accuracy", (0.2, 0.4, 0.6), seeds=(0, 1, 2))
    assert result.mean == pytest.approx(0.4)
    assert result.spread == pytest.approx(0.2)
    assert Result("x", "accuracy", (0.2,)).spread == 0


def test_nan_is_null_in_the_file(tmp_path):
    path = Result("x", "spearman", (math.nan,)).save(tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["values"] == [None]
    assert math.isnan(load_records(tmp_path)[0][0].values[0])


def test_a_verdict_carries_its_results(tmp_path):
    verdict = Verdict(
        "whitening", 3, CLAIM, "kexue.fm 8321", "not confirmed", {"zh": "降了", "en": "it fell"},
        results=(Result("a", "spearman", (0.1,)),), settings={"k": 64},
    )  # fmt: skip
    assert verdict.save(tmp_path) == tmp_path / "study/whitening/claim-03.json"
    assert load_records(tmp_path) == ([], [verdict])


def test_what_is_no_record_is_passed_over_and_what_is_broken_is_named(tmp_path):
    (tmp_path / "bench.json").write_text('{"rows": []}', encoding="utf-8")
    assert load_records(tmp_path) == ([], [])
    (tmp_path / "torn.json").write_text('{"kind": "res', encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"torn\.json is not valid JSON"):
        load_records(tmp_path)


def test_bad_records_are_refused(tmp_path):
    with pytest.raises(InvalidValue, match="one value per seed"):
        Result("x", "spearman", (0.1,), seeds=(0, 1))
    with pytest.raises(InvalidValue, match="one value per seed"):
        Result("x", "spearman", ())
    with pytest.raises(InvalidValue, match="Unknown outcome 'confirm'.*Did you mean 'confirmed'"):
        Verdict("whitening", 1, CLAIM, "", "confirm", CLAIM)
    with pytest.raises(InvalidValue, match="lacks Chinese or English"):
        Verdict("whitening", 1, {"en": "only"}, "", "confirmed", CLAIM)
    with pytest.raises(FileProblem, match="There is no results folder"):
        load_records(tmp_path / "nowhere")


def test_records_are_frozen():
    with pytest.raises(AttributeError):
        Result("x", "spearman", (0.1,)).name = "y"  # type: ignore[misc]


def test_versions_are_those_installed():
    import numpy

    assert package_versions(["numpy", "no-such-package"])["numpy"] == numpy.__version__
